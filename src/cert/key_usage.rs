//! The extension keyUsage.
use crate::wire::der::{self, BIT_STRING, BadDer};

/// The bits of keyUsage: bit 0 of the standard is the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUsageBits(u16);

impl KeyUsageBits {
    pub(crate) const DIGITAL_SIGNATURE: u16 = 1 << 15;
    pub(crate) const NON_REPUDIATION: u16 = 1 << 14;
    pub(crate) const KEY_ENCIPHERMENT: u16 = 1 << 13;
    pub(crate) const DATA_ENCIPHERMENT: u16 = 1 << 12;
    pub(crate) const KEY_AGREEMENT: u16 = 1 << 11;
    pub(crate) const KEY_CERT_SIGN: u16 = 1 << 10;
    pub(crate) const CRL_SIGN: u16 = 1 << 9;
    const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];
    pub(super) const SIGN: u16 = Self::DIGITAL_SIGNATURE | Self::NON_REPUDIATION;
    pub(super) const ENCRYPT: u16 = Self::KEY_ENCIPHERMENT | Self::DATA_ENCIPHERMENT | Self::KEY_AGREEMENT;

    /// From the extension's value: a BIT STRING of at most 9 bits.
    pub(super) fn read(value: &[u8]) -> Result<Self, BadDer> {
        match *der::contents(value, BIT_STRING)? {
            [0] => Ok(Self(0)),
            [0..=7, a] => Ok(Self(u16::from_be_bytes([a, 0]))),
            [0..=7, a, b] => Ok(Self(u16::from_be_bytes([a, b]))),
            _ => Err(BadDer),
        }
    }

    pub(crate) fn has_any(self, bits: u16) -> bool {
        self.0 & bits != 0
    }

    /// The names of the bits that are set, as RFC 5280 writes them.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .zip((0..16).rev())
            .filter(move |(_, bit)| self.has_any(1 << bit))
            .map(|(n, _)| n)
    }
}
