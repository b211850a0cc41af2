//! An identity from any pile of files, and the pair of a peer.
use std::{fs, path::PathBuf};
use tlcp::cert::{CertificateForm, Identity, KeyUse};
use tlcp::crypto::portable::provider;

fn pki(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/streams/pki").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn identity(names: &[&str]) -> Result<Identity, String> {
    let files: Vec<Vec<u8>> = names.iter().map(|n| pki(n)).collect();
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    Identity::from_pile(&files, None, &provider()).map_err(|e| e.0.into())
}

#[test]
fn smoke() {
    let i = identity(&[
        "sm2-server-double.crt",
        "sm2-server-sign.key",
        "sm2-server-enc.key",
        "sm2-ca-bundle.crt",
    ])
    .unwrap();
    println!("{i:?}");
    println!("{}", identity(&["sm2-server-double.crt", "sm2-server-sign.key"]).unwrap_err());
    println!(
        "{}",
        identity(&[
            "sm2-server-sign.crt",
            "sm2-client-sign.crt",
            "sm2-client-sign.key",
            "sm2-server-sign.key",
            "sm2-client-enc.key"
        ])
        .unwrap_err()
    );
    println!("{:?}", i.message(CertificateForm::Dual).len());
    println!("{:?}", i.key(KeyUse::Sign));
}
