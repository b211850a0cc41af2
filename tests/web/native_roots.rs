//! The operating system's roots: found where its environment says, in a process of its own.
use super::*;
use std::process::Command;

/// What [`child`] prints with this environment.
fn roots_of(variable: &str, value: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", "native_roots::child", "--nocapture"]).env_remove("SSL_CERT_DIR");
    let out = command.env("TLCP_NATIVE_ROOTS", "1").env(variable, value).output().unwrap();
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout).unwrap()
}

/// Not a test by itself: tells what the builder makes of the environment.
#[test]
fn child() {
    if std::env::var_os("TLCP_NATIVE_ROOTS").is_none() {
        return;
    }
    match WebPkiVerifier::builder(&provider()).policy(CertPolicy::Web).native_roots() {
        Ok(builder) => {
            let verifier = builder.build().unwrap();
            println!("roots: {}, skipped: {}", verifier.authorities().len(), verifier.skipped().len());
        }
        Err(e) => println!("refused: {e}"),
    }
}

/// R-HS-41: a bundle of all sorts gives the roots that the policy takes; none at all is an error that says what to do.
#[test]
fn trusts_what_the_operating_system_trusts() {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
    let text = roots_of("SSL_CERT_FILE", &format!("{vectors}/web/roots.crt"));
    assert!(text.contains("roots: 4, skipped: 0"), "{text}");
    let text = roots_of("SSL_CERT_FILE", &format!("{vectors}/streams/pki/sm2-root.crt"));
    assert!(
        text.contains("refused: ") && text.contains("its key is of no kind that its CAs may have"),
        "{text}"
    );
    let text = roots_of("SSL_CERT_FILE", &format!("{vectors}/none"));
    assert!(text.contains("refused: the operating system has no root certificates"), "{text}");
    assert!(text.contains("SSL_CERT_FILE"), "{text}");
}
