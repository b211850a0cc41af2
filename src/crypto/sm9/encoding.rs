//! The DER of GM/T 0081: signatures, ciphertexts, master public keys, and private keys in PKCS#8. Strict: every value has
//! one encoding, and only that is read; where gmsm and GmSSL write a thing in two ways, both are.
use super::{MasterKind, Usage};
use crate::wire::ciphertext::Sm9Cipher;
use crate::wire::der::{self, BIT_STRING, Der, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, element, padded};
use ::der::asn1::UintRef;
use ::der::{Decode, Encode};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// 1.2.156.10197.1.302; the algorithms have one more number.
const SM9: [u8; 8] = [0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2e];
/// Signatures.
const SIGN: u8 = 1;
/// Key exchange.
const AGREE: u8 = 2;
/// Encryption.
const ENCRYPT: u8 = 3;

/// The labels of PEM blocks that hold the DER of a master public key (GmSSL, gmsm): for signatures, and for encryption
/// and key exchange.
pub const MASTER_PUBLIC_LABELS: [&str; 2] = ["SM9 SIGN MASTER PUBLIC KEY", "SM9 ENC MASTER PUBLIC KEY"];

/// How an encrypted message is hidden (GM/T 0081 `encryptType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// By the key stream of the KDF: what the suites use (R-IBC-2).
    Xor,
    /// By SM4-ECB, padded as in PKCS#7: the other one of the standard's examples.
    Sm4Ecb,
    /// By SM4-CBC, padded alike, the IV in front.
    Sm4Cbc,
}

impl Mode {
    fn number(self) -> u8 {
        match self {
            Self::Xor => 0,
            Self::Sm4Ecb => 1,
            Self::Sm4Cbc => 2,
        }
    }
}

/// SM9Signature ::= SEQUENCE { h OCTET STRING, S BIT STRING }; numbers of any value.
pub struct Signature {
    /// Big-endian.
    pub h: [u8; 32],
    /// 04 || x || y
    pub s: [u8; 65],
}

impl Signature {
    /// `None` if it is not strict DER or a part has another length.
    pub fn read(input: &[u8]) -> Option<Self> {
        let mut body = der::only(input, SEQUENCE).ok()?;
        let h = body.expect(OCTET_STRING).ok()?.try_into().ok()?;
        let s = body.whole_bits().ok()?.try_into().ok()?;
        body.is_empty().then_some(Self { h, s })
    }

    /// The DER.
    pub fn write(&self) -> Vec<u8> {
        element(SEQUENCE, &[&element(OCTET_STRING, &[&self.h]), &bits(&self.s)])
    }
}

/// SM9Cipher ::= SEQUENCE { encryptType INTEGER, C1 BIT STRING, C3 OCTET STRING, C2 OCTET STRING }; C1 need not be a
/// point.
pub struct Ciphertext<'a> {
    /// How C2 is made.
    pub mode: Mode,
    /// 04 || x || y
    pub c1: [u8; 65],
    /// The hash.
    pub c3: [u8; 32],
    /// The encrypted message.
    pub c2: &'a [u8],
}

impl<'a> Ciphertext<'a> {
    /// `None` if it is not strict DER, of another mode, or a part has another length.
    pub fn read(input: &'a [u8]) -> Option<Self> {
        let Sm9Cipher { mode, c1, c3, c2 } = Sm9Cipher::read(input).ok()?;
        let mode = match mode.as_bytes() {
            [0] => Mode::Xor,
            [1] => Mode::Sm4Ecb,
            [2] => Mode::Sm4Cbc,
            _ => return None,
        };
        Some(Self { mode, c1: c1.as_bytes()?.try_into().ok()?, c3: c3.try_into().ok()?, c2 })
    }

    /// The DER; C2 must be shorter than 16 MiB.
    pub fn write(&self) -> Vec<u8> {
        let mode = element(INTEGER, &[&[self.mode.number()]]);
        let [c3, c2] = [&self.c3, self.c2].map(|part| element(OCTET_STRING, &[part]));
        element(SEQUENCE, &[&mode, &bits(&self.c1), &c3, &c2])
    }
}

/// The master public key in this DER, encoded as a point: a BIT STRING (GM/T 0081, gmsm) or a SEQUENCE of one (GmSSL). Its
/// length tells the kind; whether it is a point, only a provider knows.
pub fn read_master_public(input: &[u8]) -> Option<(MasterKind, &[u8])> {
    let mut rest = inside(input);
    let point = rest.whole_bits().ok()?;
    let kinds = [MasterKind::Sign, MasterKind::Encrypt];
    let kind = kinds.into_iter().find(|kind| kind.public_len() == point.len())?;
    rest.is_empty().then_some((kind, point))
}

/// A master public key, encoded as a point, in a BIT STRING (GM/T 0081).
pub fn write_master_public(point: &[u8]) -> Vec<u8> {
    bits(point)
}

/// What a PKCS#8 container of SM9 holds; nothing in it was checked beyond its lengths.
#[derive(Debug)]
#[non_exhaustive]
pub enum PrivateKeyInfo {
    /// A key centre's master key.
    Master {
        /// Which of the two.
        kind: MasterKind,
        /// Big-endian.
        scalar: Zeroizing<[u8; 32]>,
    },
    /// A user's.
    User {
        /// What it may be for: gmsm writes keys for key exchange under the algorithm of encryption.
        usages: &'static [Usage],
        /// Encoded as a point.
        key: Zeroizing<Vec<u8>>,
        /// The master public key, where it is there, encoded as a point.
        master: Option<Vec<u8>>,
    },
}

impl PrivateKeyInfo {
    /// Reads `PrivateKeyInfo` of PKCS#8; `None` if it is malformed or of another algorithm.
    pub fn read(input: &[u8]) -> Option<Self> {
        let mut body = der::only(input, SEQUENCE).ok()?;
        if body.expect(INTEGER) != Ok(&[0]) {
            return None;
        }
        let mut algorithm = body.enter(SEQUENCE).ok()?;
        let inner = body.expect(OCTET_STRING).ok()?;
        body.finish().ok()?;
        match number(&mut algorithm)? {
            None => {
                let kind = match number(&mut algorithm)? {
                    Some(SIGN) => MasterKind::Sign,
                    Some(ENCRYPT) => MasterKind::Encrypt,
                    _ => return None,
                };
                algorithm.is_empty().then_some(())?;
                read_master(kind, inner)
            }
            Some(of) => {
                let parameters = algorithm.optional(NULL).ok()?.unwrap_or_default();
                (parameters.is_empty() && algorithm.is_empty()).then_some(())?;
                read_user(of, inner)
            }
        }
    }
}

/// SEQUENCE { INTEGER, BIT STRING OPTIONAL } or the INTEGER alone.
fn read_master(kind: MasterKind, inner: &[u8]) -> Option<PrivateKeyInfo> {
    let mut rest = inside(inner);
    let scalar = UintRef::from_der(rest.next().ok()?.whole).ok()?;
    let scalar = Zeroizing::new(padded(scalar)?);
    if !rest.is_empty() {
        (rest.whole_bits().ok()?.len() == kind.public_len()).then_some(())?;
    }
    rest.is_empty().then_some(PrivateKeyInfo::Master { kind, scalar })
}

/// SEQUENCE { BIT STRING, BIT STRING OPTIONAL } or the first alone.
fn read_user(of: u8, inner: &[u8]) -> Option<PrivateKeyInfo> {
    let usages: &[Usage] = match of {
        SIGN => &[Usage::Sign],
        AGREE => &[Usage::Agree],
        ENCRYPT => &[Usage::Encrypt, Usage::Agree],
        _ => return None,
    };
    let kind = usages.first()?.master();
    let mut rest = inside(inner);
    let key = rest.whole_bits().ok()?;
    let master = if rest.is_empty() { None } else { Some(rest.whole_bits().ok()?) };
    let fits = key.len() == kind.user_key_len() && master.is_none_or(|m| m.len() == kind.public_len());
    (fits && rest.is_empty()).then(|| PrivateKeyInfo::User {
        usages,
        key: Zeroizing::new(key.to_vec()),
        master: master.map(<[u8]>::to_vec),
    })
}

/// A user's private key and the master public key it belongs to, both encoded as points, in PKCS#8 as gmsm writes it.
pub fn write_user_private(usage: Usage, key: &[u8], master: &[u8]) -> Zeroizing<Vec<u8>> {
    let number = match usage {
        Usage::Sign => SIGN,
        // GM/T 0081 has a number for it; gmsm reads it only under that of encryption.
        Usage::Agree | Usage::Encrypt => ENCRYPT,
    };
    let algorithm = [identifier(Some(number)), element(NULL, &[])].concat();
    let (key, master) = (Zeroizing::new(bits(key)), bits(master));
    private_key_info(&algorithm, &[&key, &master])
}

/// A master key, 32 bytes big-endian, and its public key in PKCS#8, as gmsm and GmSSL write it.
pub fn write_master_private(kind: MasterKind, scalar: &[u8; 32], public: &[u8]) -> Zeroizing<Vec<u8>> {
    let number = match kind {
        MasterKind::Sign => SIGN,
        MasterKind::Encrypt => ENCRYPT,
    };
    let algorithm = [identifier(None), identifier(Some(number))].concat();
    let scalar = UintRef::new(scalar).and_then(|scalar| scalar.to_der());
    // 32 bytes are never too long
    let scalar = Zeroizing::new(scalar.unwrap_or_default());
    private_key_info(&algorithm, &[&scalar, &bits(public)])
}

/// PrivateKeyInfo ::= SEQUENCE { INTEGER 0, algorithm, OCTET STRING { SEQUENCE { inner } } }
fn private_key_info(algorithm: &[u8], inner: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let key = Zeroizing::new(element(SEQUENCE, inner));
    let key = Zeroizing::new(element(OCTET_STRING, &[&key]));
    let version = element(INTEGER, &[&[0]]);
    Zeroizing::new(element(SEQUENCE, &[&version, &element(SEQUENCE, &[algorithm]), &key]))
}

/// The last number of an object identifier of SM9; `Some(None)` for the one that has none.
fn number(rest: &mut Der<'_>) -> Option<Option<u8>> {
    match rest.expect(OID).ok()?.strip_prefix(&SM9)? {
        [] => Some(None),
        [number] => Some(Some(*number)),
        _ => None,
    }
}

fn identifier(number: Option<u8>) -> Vec<u8> {
    element(OID, &[&SM9, number.as_slice()])
}

/// What is in a SEQUENCE, or what stands there without one.
fn inside(input: &[u8]) -> Der<'_> {
    der::only(input, SEQUENCE).unwrap_or(Der::new(input))
}

/// A BIT STRING of whole bytes.
fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use serde_json::Value;

    fn keys() -> Value {
        serde_json::from_str(include_str!("../../../vectors/sm9/keys.json")).unwrap()
    }

    fn bytes(value: &Value) -> Vec<u8> {
        hex::decode(value.as_str().unwrap()).unwrap()
    }

    /// R-IBC-8: what gmsm wrote is read, and written again to the byte.
    #[test]
    fn reads_and_writes_the_pkcs8_of_gmsm() {
        let all = keys();
        let kgc = &all["kgc"];
        for who in ["server", "client"] {
            for (what, usage, master) in [
                ("sign", Usage::Sign, "sign_master_pub"),
                ("kx", Usage::Agree, "enc_master_pub"),
                ("enc", Usage::Encrypt, "enc_master_pub"),
            ] {
                let der = bytes(&all[who][format!("{what}_pkcs8")]);
                let raw = bytes(&all[who][format!("{what}_priv")]);
                let Some(PrivateKeyInfo::User { usages, key, master: found }) = PrivateKeyInfo::read(&der)
                else {
                    panic!("{who} {what}")
                };
                assert!(usages.contains(&usage));
                assert_eq!((&*key, found), (&raw, Some(bytes(&kgc[master]))));
                assert_eq!(*write_user_private(usage, &raw, &bytes(&kgc[master])), der);
            }
        }
        for (what, kind) in [("sign", MasterKind::Sign), ("enc", MasterKind::Encrypt)] {
            let der = bytes(&kgc[format!("{what}_master_pkcs8")]);
            let raw: [u8; 32] = bytes(&kgc[format!("{what}_master_priv")]).try_into().unwrap();
            let public = bytes(&kgc[format!("{what}_master_pub")]);
            let Some(PrivateKeyInfo::Master { kind: found, scalar }) = PrivateKeyInfo::read(&der) else {
                panic!("{what}")
            };
            assert_eq!((found, *scalar), (kind, raw));
            assert_eq!(*write_master_private(kind, &raw, &public), der);
        }
    }

    /// The form of gmsm, and GmSSL's, whose example is from gmsm's own tests.
    #[test]
    fn reads_master_public_keys_of_gmsm_and_gmssl() {
        let all = keys();
        for (what, kind) in [("sign", MasterKind::Sign), ("enc", MasterKind::Encrypt)] {
            let der = bytes(&all["kgc"][format!("{what}_master_pub_der")]);
            let point = bytes(&all["kgc"][format!("{what}_master_pub")]);
            assert_eq!(read_master_public(&der), Some((kind, &point[..])));
            assert_eq!(write_master_public(&point), der);
            assert_eq!(read_master_public(&element(SEQUENCE, &[&der])), Some((kind, &point[..])));
            assert_eq!(read_master_public(&[&der[..], &[0]].concat()), None);
        }
    }

    #[test]
    fn refuses_private_keys_cut_anywhere_or_followed_by_anything() {
        let all = keys();
        for what in ["sign_pkcs8", "enc_pkcs8"] {
            let der = bytes(&all["server"][what]);
            for end in 0..der.len() {
                assert!(PrivateKeyInfo::read(&der[..end]).is_none());
            }
            assert!(PrivateKeyInfo::read(&[&der[..], &[0]].concat()).is_none());
        }
    }

    #[test]
    fn reads_back_signatures_and_ciphertexts_and_refuses_other_modes() {
        let signature = Signature { h: [0x91; 32], s: [4; 65] }.write();
        assert_eq!(signature.len(), 104);
        let read = Signature::read(&signature).unwrap();
        assert_eq!((read.h, read.s), ([0x91; 32], [4; 65]));
        for mode in [Mode::Xor, Mode::Sm4Ecb, Mode::Sm4Cbc] {
            let der = Ciphertext { mode, c1: [4; 65], c3: [3; 32], c2: &[7; 200] }.write();
            let read = Ciphertext::read(&der).unwrap();
            assert_eq!((read.mode, read.c1, read.c3, read.c2), (mode, [4; 65], [3; 32], &[7; 200][..]));
            for at in 0..der.len() {
                assert!(Ciphertext::read(&der[..at]).is_none());
            }
        }
        let mut der = Ciphertext { mode: Mode::Xor, c1: [4; 65], c3: [3; 32], c2: &[7] }.write();
        assert_eq!(der[2..5], [2, 1, 0]);
        for other in [3, 4, 8, 0x80, 0xff] {
            der[4] = other;
            assert!(Ciphertext::read(&der).is_none());
        }
    }
}
