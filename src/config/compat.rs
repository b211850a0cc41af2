//! Quirks of peers as data (`docs/en/peers.md` tells of them): a choice at run time, never a cargo feature. What cannot be confused is
//! accepted always; only what must be one way or the other is chosen here.
use crate::cert::CertificateForm;

/// How to be understood by stacks that read the standard otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compat {
    /// Send the ECDHE ClientKeyExchange with a two-byte length, 71 bytes (R-HS-23). Both forms are read always.
    pub client_key_exchange_71: bool,
    /// As a client, sign CertificateVerify over the messages themselves, not over their hash (R-HS-27).
    pub raw_certificate_verify: bool,
    /// As a server, accept CertificateVerify over the messages themselves too, from clients whose ClientHello has at
    /// most 512 bytes: so that one server serves GmSSL and all others (R-HS-47).
    pub accept_raw_certificate_verify: bool,
    /// What a client sends of its pair in ECC suites (R-HS-13); in ECDHE suites always both.
    pub client_certificate_form: CertificateForm,
    /// Accept the older ids of the SM2 curve, 249, 0 and 30, in ECDHE parameters (R-HS-18).
    pub old_curve_ids: bool,
}

impl Default for Compat {
    /// Talks to Tongsuo, openHiTLS, gotlcp and Kona.
    fn default() -> Self {
        Self {
            client_key_exchange_71: false,
            raw_certificate_verify: false,
            accept_raw_certificate_verify: true,
            client_certificate_form: CertificateForm::Dual,
            old_curve_ids: true,
        }
    }
}

impl Compat {
    /// Talks to GmSSL, in every mode it has.
    pub fn gmssl() -> Self {
        Self {
            client_key_exchange_71: true,
            raw_certificate_verify: true,
            accept_raw_certificate_verify: true,
            client_certificate_form: CertificateForm::SignOnly,
            old_curve_ids: true,
        }
    }

    /// The preset with this name: `default` or `gmssl`.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::default()),
            "gmssl" => Some(Self::gmssl()),
            _ => None,
        }
    }
}
