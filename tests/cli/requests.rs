//! What the program makes for and as a CA besides certificates: requests and revocation lists.
use super::program::{Folder, Server, run};
use std::fs;

#[test]
fn requests_come_with_their_keys() {
    let folder = Folder::new();
    let out = folder.file("requests");
    let request = |more: &[&str]| run(&[&["pki", "request", "--out", &out], more].concat(), &[]);
    request(&["--host", "a.example", "--tls"]).succeeded();
    for name in ["sign", "encrypt", "tls"] {
        let read = |end| fs::read_to_string(format!("{out}/{name}.{end}")).unwrap();
        assert!(read("csr").starts_with("-----BEGIN CERTIFICATE REQUEST-----"), "{name}");
        assert!(read("key").starts_with("-----BEGIN PRIVATE KEY-----"), "{name}");
    }
    request(&["--host", "a.example"]).failed_with(1, &["sign.csr is there already", "--force"]);
    request(&["--subject", "CN=a.example,C=CN", "--force"]).succeeded();
    for subject in ["nobody", "CN=", "", "C=CN, CN=a.example"] {
        request(&["--subject", subject, "--force"])
            .failed_with(1, &[&format!("--subject {subject:?}: no name"), "CN=www.example.com,"]);
    }
    request(&[]).failed_with(2, &["--subject"]);
}

/// R-HS-41: by the rules that clients compare names by.
#[test]
fn a_host_that_no_client_can_ask_for_is_refused_with_the_options_name() {
    let folder = Folder::new();
    let (out, long) = (folder.file("hosts"), "a".repeat(70_000));
    let commands = [&["pki"][..], &["pki", "request"]];
    for command in commands {
        for host in
            ["", "a b", "银行.cn", "a.example.", "*.cn", "*", "w*.a.example", "*.192.0.2.1", "[::1]", &long]
        {
            run(&[command, &["--out", &out, "--host", "good.example", "--host", host]].concat(), &[])
                .failed_with(1, &["error: --host \"", "no client can ask for it", "do:    give a DNS name"]);
        }
        assert!(!std::path::Path::new(&out).exists());
    }
    let good = [
        "www.a.example",
        "*.a.example",
        "xn--3krt65a.cn",
        "192.0.2.1",
        "2001:db8::1",
        "my_host",
        "LOCALHOST",
    ];
    let hosts: Vec<&str> = good.iter().flat_map(|host| ["--host", host]).collect();
    for command in commands {
        run(&[command, &["--out", &out, "--force"], &hosts].concat(), &[]).succeeded();
    }
}

/// R-HS-51
#[test]
fn a_revoked_client_is_refused() {
    let folder = Folder::new();
    let lists = folder.file("lists.pem");
    let revoke = |ca: &str, revoked: &[&str]| {
        let (certificate, key) = (folder.file(&format!("{ca}.crt")), folder.file(&format!("{ca}.key")));
        let out = folder.file(&format!("{ca}.crl"));
        let arguments = ["pki", "revoke", "--force", "--ca", &certificate, "--ca-key", &key, "--out", &out];
        run(&[&arguments, revoked].concat(), &[]).succeeded();
        fs::read_to_string(out).unwrap()
    };
    let identity = folder.file("client.pem");
    let connects = |revoked: &[&str]| {
        fs::write(&lists, revoke("ca", &[]) + &revoke("intermediate", revoked)).unwrap();
        let server =
            Server::start(&folder, &["--www", &folder.file(""), "--client-auth", "require", "--crl", &lists]);
        server.client(&folder, &["--identity", &identity, "--get", "/ca.crt"], &[])
    };
    connects(&[&folder.file("server-sign.crt")]).succeeded();
    let revoked = folder.file("client-encrypt.crt");
    connects(&[&revoked]).failed_with(6, &["the alert certificate_revoked"]);
    // on the root's list it would not be
    let [ca, key, out] = ["ca.crt", "ca.key", "none.crl"].map(|name| folder.file(name));
    run(&["pki", "revoke", "--ca", &ca, "--ca-key", &key, "--out", &out, &revoked], &[]).failed_with(
        1,
        &["was issued by CN=Intermediate CA, O=TLCP test, C=CN, not by CN=Root CA", "--ca-key"],
    );
    assert!(!std::path::Path::new(&out).exists());
}
