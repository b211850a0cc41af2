//! Identities in place of certificates, from files.
use crate::program::{Folder, Server, run};

/// R-IBC-1, R-IBC-6: both kinds of client at one server, by what they trust.
#[test]
fn identities_under_a_key_centre_serve_beside_certificates() {
    let folder = Folder::new();
    run(&["pki", "--out", &folder.file(""), "--sm9", "--force"], &[]).succeeded();
    let (known, centre) = (folder.file("sm9-server.pem"), folder.file("sm9-centre.pem"));
    let server = Server::start(&folder, &["--identity", &known, "--key-centre", &centre, "--echo"]);
    let connect = format!("localhost:{}", server.port);
    let own = folder.file("sm9-client.pem");
    let client = |more: &[&str]| {
        let options = ["client", "--connect", &connect, "--key-centre", &centre, "--identity", &own];
        run(&[&options[..], more].concat(), b"echoed")
    };
    for (options, suite) in [
        (&["--trace", "--suite", "IBSDH_SM4_CBC_SM3"][..], "IBSDH_SM4_CBC_SM3"),
        (&["--trace", "--suite", "ibc-sm4-gcm-sm3"], "IBC_SM4_GCM_SM3"),
    ] {
        let done = client(options).succeeded();
        assert_eq!(done.out(), "echoed");
        let told = done.err();
        assert!(told.contains(suite) && told.contains("server localhost"), "{told}");
        assert!(told.contains("ibc_id") && !told.contains("malformed"), "{told}");
    }
    client(&["--expect-id", "someone-else"]).failed_with(5, &["it is for another name"]);
    let certificates = server.client(&folder, &[], b"echoed").succeeded();
    assert!(certificates.err().contains("ECC_SM4_GCM_SM3"), "{}", certificates.err());
    assert!(server.stop().contains("IBSDH_SM4_CBC_SM3, full handshake, for localhost, client client"));
}

/// Key files of other makers do not say whose they are.
#[test]
fn says_that_a_key_centre_is_missing() {
    let folder = Folder::new();
    run(&["pki", "--out", &folder.file(""), "--sm9", "--force"], &[]).succeeded();
    let known = folder.file("sm9-server.pem");
    let options = ["server", "--listen", "127.0.0.1:0", "--identity", &known];
    run(&options, &[]).failed_with(1, &["trust its key centre", "--key-centre"]);
}
