//! IBCSysParams of GM/T 0081: what a key centre says of itself.
use super::identifier::{Identifier, SM9};
use crate::cert::{PeerKeys, time};
use crate::crypto::PublicKey;
use crate::error::CertificateProblem;
use crate::wire::der::{self, BadDer, Der, IA5_STRING, INTEGER, OCTET_STRING, OID, SEQUENCE};

/// A view of a key centre's system parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SystemParameters<'a> {
    /// districtName, ASCII.
    pub(crate) district: &'a [u8],
    /// districtSerial: the digits of its INTEGER.
    pub(crate) serial: &'a [u8],
    /// Unix seconds: of the parameters and of their issuer's identity.
    pub(crate) not_before: u64,
    /// Unix seconds, inclusive.
    pub(crate) not_after: u64,
    /// encMastPublicKey: 04 || …, 65 bytes.
    pub(crate) encrypt: &'a [u8],
    /// signMastPublicKey: 04 || …, 129 bytes.
    pub(crate) sign: &'a [u8],
}

/// Its parts before the algorithms are looked at.
struct Fields<'a> {
    district: &'a [u8],
    serial: &'a [u8],
    validity: [u64; 2],
    algorithms: Der<'a>,
    issuer: Identifier<'a>,
}

impl<'a> SystemParameters<'a> {
    /// Reads them, with nothing behind. Whether the keys are points, only a provider knows.
    ///
    /// # Errors
    /// `MalformedParameters`; `UnsupportedParameters` if SM9 is not among the algorithms (R-IBC-9).
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, CertificateProblem> {
        let malformed = |BadDer| CertificateProblem::MalformedParameters;
        let Fields { district, serial, validity, algorithms, issuer } = fields(der).map_err(malformed)?;
        let [encrypt, sign] = masters(algorithms)
            .map_err(malformed)?
            .ok_or(CertificateProblem::UnsupportedParameters("SM9 is not among their algorithms"))?;
        let [not_before, not_after] = validity;
        let (not_before, not_after) = (not_before.max(issuer.not_before), not_after.min(issuer.not_after));
        Ok(Self { district, serial, not_before, not_after, encrypt, sign })
    }

    /// Whether these are keys under its master keys.
    pub(crate) fn made(&self, keys: &PeerKeys) -> bool {
        let under = |key: &PublicKey, master| matches!(key, PublicKey::Sm9(key) if key.master() == master);
        match keys {
            PeerKeys::Identity { sign, encrypt } => under(sign, self.sign) && under(encrypt, self.encrypt),
            PeerKeys::Pair { .. } | PeerKeys::Single { .. } => false,
        }
    }

    /// Whether these are the same key centre's: of one name and number, with the same keys (R-IBC-4).
    pub(crate) fn is(&self, other: &SystemParameters<'_>) -> bool {
        (self.district, self.serial) == (other.district, other.serial)
            && (self.encrypt, self.sign) == (other.encrypt, other.sign)
    }
}

/// SEQUENCE { version INTEGER 2, districtName IA5String, districtSerial INTEGER, validity, ibcPublicParameters,
/// ibcIdentityType OID, issuerID Identifier, ibcParamExtensions OPTIONAL }
fn fields(der: &[u8]) -> Result<Fields<'_>, BadDer> {
    let mut fields = der::only(der, SEQUENCE)?;
    if fields.expect(INTEGER)? != [2] {
        return Err(BadDer);
    }
    let district = fields.expect(IA5_STRING)?;
    let serial = fields.expect(INTEGER)?;
    let mut validity = fields.enter(SEQUENCE)?;
    let times = [validity.next()?, validity.next()?];
    validity.finish()?;
    let algorithms = fields.enter(SEQUENCE)?;
    fields.expect(OID)?;
    let issuer = Identifier::read(fields.next()?.whole)?;
    fields.optional(SEQUENCE)?;
    fields.finish()?;
    if district.is_empty() || !district.is_ascii() || serial.is_empty() || algorithms.is_empty() {
        return Err(BadDer);
    }
    let [from, to] = times.map(|t| time::read(t.tag, t.value));
    Ok(Fields { district, serial, validity: [from?, to?], algorithms, issuer })
}

/// The keys of the first entry that is SM9's: for encryption, for signatures.
fn masters(mut algorithms: Der<'_>) -> Result<Option<[&[u8]; 2]>, BadDer> {
    let mut found = None;
    while !algorithms.is_empty() {
        let mut entry = algorithms.enter(SEQUENCE)?;
        let (algorithm, data) = (entry.expect(OID)?, entry.expect(OCTET_STRING)?);
        entry.finish()?;
        if algorithm == SM9 && found.is_none() {
            let mut data = der::only(data, SEQUENCE)?;
            data.expect(OCTET_STRING)?;
            let keys = [data.whole_bits()?, data.whole_bits()?];
            data.finish()?;
            if keys.map(<[u8]>::len) != [65, 129] {
                return Err(BadDer);
            }
            found = Some(keys);
        }
    }
    Ok(found)
}
