//! Certificates for tests.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::{fs, path::PathBuf, sync::Mutex};
use tlcp::crypto::{Draw, Random};
use tlcp::error::CryptoError;

/// A file of the test vectors.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A file of the SM2 certificates in `streams/pki`.
pub(crate) fn pki_file(name: &str) -> Vec<u8> {
    vector(&format!("streams/pki/sm2-{name}"))
}

/// The certificates in such a file, as DER.
pub(crate) fn stream_pki(name: &str) -> Vec<Vec<u8>> {
    certificates(&pki_file(name))
}

/// The certificates in a PEM file, as DER.
pub(crate) fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    CertificateDer::pem_slice_iter(pem).map(|der| der.unwrap().to_vec()).collect()
}

/// An element of DER around `parts`.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let header = match content.len() {
        0..0x80 => vec![tag, length[3]],
        0x80..0x100 => vec![tag, 0x81, length[3]],
        0x100..0x1_0000 => vec![tag, 0x82, length[2], length[3]],
        _ => vec![tag, 0x83, length[1], length[2], length[3]],
    };
    [header, content].concat()
}

/// DER of the subject's name.
pub(crate) fn subject(certificate: &[u8]) -> Vec<u8> {
    let der = CertificateDer::from(certificate);
    let anchor = webpki::anchor_from_trusted_cert(&der).unwrap();
    let length = u8::try_from(anchor.subject.len()).expect("a short name");
    assert!(length < 0x80);
    [&[0x30, length], anchor.subject.as_ref()].concat()
}

/// The same bytes for the same seed; nothing for production.
pub(crate) struct TestRandom(Mutex<u64>);

impl TestRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

impl Random for TestRandom {
    /// splitmix64
    fn fill(&self, _draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        let mut state = self.0.lock().unwrap();
        for byte in out {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (z ^ (z >> 27)).to_be_bytes()[0];
        }
        Ok(())
    }
}
