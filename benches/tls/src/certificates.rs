//! A CA and a server's certificate, made by OpenSSL for each run.
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name};

/// The name that the server is for.
pub(crate) const NAME: &str = "localhost";

/// The kind of the server's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    P256,
    Rsa2048,
}

/// What both ends are given.
pub(crate) struct Material {
    pub(crate) ca: X509,
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

impl Key {
    fn make(self) -> PKey<Private> {
        match self {
            Self::P256 => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
                PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key")
            }
            Self::Rsa2048 => PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key"),
        }
    }
}

impl Material {
    pub(crate) fn new(key: Key) -> Self {
        let ca_key = Key::P256.make();
        let mut ca = builder(1, "test CA", &ca_key);
        let ca_name = name("test CA");
        ca.set_issuer_name(&ca_name).expect("issuer");
        ca.append_extension(BasicConstraints::new().critical().ca().build().expect("CA")).expect("CA");
        ca.sign(&ca_key, MessageDigest::sha256()).expect("sign");
        let ca = ca.build();
        let key = key.make();
        let mut leaf = builder(2, NAME, &key);
        leaf.set_issuer_name(&ca_name).expect("issuer");
        let usage = KeyUsage::new().digital_signature().build().expect("usage");
        leaf.append_extension(usage).expect("usage");
        let context = leaf.x509v3_context(Some(&ca), None);
        let names = SubjectAlternativeName::new().dns(NAME).build(&context).expect("names");
        leaf.append_extension(names).expect("names");
        leaf.sign(&ca_key, MessageDigest::sha256()).expect("sign");
        Self { ca, certificate: leaf.build(), key }
    }
}

fn name(text: &str) -> X509Name {
    let mut name = X509Name::builder().expect("a name");
    name.append_entry_by_nid(Nid::COMMONNAME, text).expect("a name");
    name.build()
}

fn builder(serial: u32, subject: &str, key: &PKey<Private>) -> X509Builder {
    let mut out = X509::builder().expect("a certificate");
    let serial = BigNum::from_u32(serial).and_then(|n| n.to_asn1_integer()).expect("a number");
    out.set_version(2).expect("version");
    out.set_serial_number(&serial).expect("serial");
    out.set_subject_name(&name(subject)).expect("subject");
    out.set_not_before(&Asn1Time::days_from_now(0).expect("now")).expect("from");
    out.set_not_after(&Asn1Time::days_from_now(2).expect("later")).expect("to");
    out.set_pubkey(key).expect("key");
    out
}
