//! What the program says of the certificates that it is given: its own before anybody connects, the peer's afterwards.
use super::program::{Folder, Server, run};
use std::fs;
use tlcp::crypto::{default_provider, random::SystemRandom};
use tlcp::pki::{DAY, Issued, Options, Pki, Template};

/// Replaces the folder's files by those of a PKI whose certificates expire at this second.
fn expiring(folder: &Folder, not_after: u64) {
    let options = Options { not_before: not_after - 300 * DAY, not_after, ..Options::new(0) };
    let pki = Pki::new(&options, &default_provider(), &SystemRandom).unwrap();
    for (name, text) in pki.files() {
        folder.write(name, &text);
    }
}

#[test]
fn an_expired_identity_is_not_served_without_a_word() {
    let folder = Folder::new();
    assert!(!Server::start(&folder, &[]).stop().contains("warning"));
    expiring(&folder, 1_700_000_000);
    let log = Server::start(&folder, &[]).stop();
    let line = "warning: --identity: the signing certificate CN=localhost, O=TLCP test, C=CN has expired at 2023-11-14 22:13:20 \
                UTC; the encryption certificate CN=localhost";
    assert!(log.starts_with(line), "{log}");
}

#[test]
fn what_is_of_no_use_among_the_cas_is_told_of() {
    let folder = Folder::new();
    let foreign = fs::read_to_string("vectors/certs/foreign-roots.pem").unwrap();
    let own = fs::read_to_string(folder.file("ca.crt")).unwrap();
    folder.write("ca.crt", &format!("{foreign}{own}"));
    let server = Server::start(&folder, &["--www", &folder.file("")]);
    let line = "warning: --ca: not used: file 1, block 1 (CERTIFICATE): CN=P-256 root: its key is not an SM2 key on the named \
                curve, and 1 more";
    let client = server.client(&folder, &["--get", "/ca.crt"], &[]).succeeded();
    assert!(client.err().starts_with(line), "{}", client.err());
    assert!(server.stop().starts_with(line));
}

/// Whatever is in the lists: they would not be asked.
#[test]
fn revocation_lists_without_a_ca_are_refused() {
    let folder = Folder::new();
    let (identity, list) = (folder.file("server.pem"), folder.write("lists.pem", "no list"));
    let server = ["server", "--listen", "127.0.0.1:x", "--identity", &identity, "--crl", &list];
    let client = ["client", "--connect", "localhost:1", "--insecure", "--crl", &list];
    for arguments in [&server[..], &client] {
        run(arguments, &[]).failed_with(1, &["--ca: is missing, and --crl has lists", "leave --crl away"]);
    }
    let gateway = "[[terminate]]\nlisten = '127.0.0.1:0'\nto = '127.0.0.1:1'\nidentity = 'server.pem'\ncrl = 'lists.pem'\n";
    let file = folder.write("gateway.toml", gateway);
    run(&["proxy", "--check", &file], &[])
        .failed_with(1, &["gateway.toml: terminate[0].ca: is missing, and ", "terminate[0].crl has lists"]);
}

/// Both make a folder of one PKI.
#[test]
fn the_ca_of_the_other_protocol_is_known_as_such() {
    let folder = Folder::new();
    run(&["pki", "--out", &folder.file(""), "--tls", "--force"], &[]).succeeded();
    let [of_tlcp, of_tls] = ["ca.crt", "tls-ca.crt"].map(|name| folder.file(name));
    for (more, said) in [
        (&["--tls12", "--ca", &of_tlcp][..], "they are CAs for TLCP"),
        (&["--ca", &of_tls], "they are CAs for TLS 1.2"),
    ] {
        run(&[&["client", "--connect", "localhost:1"], more].concat(), &[])
            .failed_with(1, &["--ca: ", said, "ca.crt for TLCP and tls-ca.crt for TLS 1.2"]);
    }
}

/// One password on each line.
#[test]
fn passwords_of_several_keys_stand_in_one_file() {
    let folder = Folder::new();
    let vector = |name: &str| format!("vectors/{name}");
    let passwords = folder.write("passwords", "abc\r\n123456\n");
    let files = [
        "streams/pki/sm2-server-double.crt",
        "keys/openssl-sign-abc.pem",
        "keys/tongsuo-sm4-cbc-hmacWithSM3.pem",
    ];
    let [certificates, sign, encrypt] = files.map(vector);
    let options = [
        "client",
        "--connect",
        "127.0.0.1:1",
        "--identity",
        &certificates,
        &sign,
        &encrypt,
        "--password-file",
    ];
    // it gets as far as to try to connect
    let ca = folder.file("ca.crt");
    let try_with = |passwords: &str| run(&[&options[..], &[passwords, "--ca", &ca]].concat(), &[]).err();
    assert!(!try_with(&passwords).contains("password"), "{}", try_with(&passwords));
    let one = folder.write("one", "abc\n");
    assert!(try_with(&one).contains("the password is wrong"), "{}", try_with(&one));
}

/// Replaces the folder's root and the server's pair: who signs them how, and the two subjects.
fn issue(folder: &Folder, user_id: &[u8], subjects: [&str; 2]) {
    let (provider, random, hosts) = (default_provider(), SystemRandom, [String::from("localhost")]);
    let template = |name| Template::new(1_700_000_000, 4_000_000_000).common_name(name).user_id(user_id);
    let ca = Issued::self_signed(&template("ca").for_ca(None), &provider, &random).unwrap();
    let [sign, encrypt] = subjects.map(template);
    let issue = |t: &Template<'_>| ca.issue(t, &provider, &random).unwrap();
    let pair = [issue(&sign.names(&hosts).for_signing()), issue(&encrypt.for_encryption())];
    folder.write("ca.crt", &ca.certificate_pem());
    folder.write(
        "server.pem",
        &pair.map(|half| format!("{}{}", half.certificate_pem(), *half.key_pem())).concat(),
    );
}

/// R-HS-46, R-SM2-8: what only the other policy takes is an error that names it.
#[test]
fn the_policy_that_would_take_the_servers_pair_is_named() {
    let folder = Folder::new();
    for (user_id, subjects, said) in [
        (&b"1234567812345678"[..], ["server sign", "server enc"], "do not belong together"),
        (b"", ["server", "server"], "its signature does not verify"),
    ] {
        issue(&folder, user_id, subjects);
        let server = Server::start(&folder, &["--echo"]);
        server.client(&folder, &[], b"").failed_with(5, &[said, "--cert-policy gm"]);
        server.client(&folder, &["--cert-policy", "gm"], b"").succeeded();
    }
}
