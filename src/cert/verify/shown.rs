//! A certificate as rustls-webpki is to see it, where that is not as it is.
use crate::cert::x509::{EXTENDED_KEY_USAGE, X509};
use crate::wire::der::{self, BadDer, Der, OID, SEQUENCE, context, element};
use alloc::vec::Vec;

/// A certificate as webpki is to see it.
pub(super) struct Shown<'a> {
    certificate: Vec<u8>,
    tbs: Vec<u8>,
    signed: &'a [u8],
}

impl<'a> Shown<'a> {
    /// webpki refuses an extendedKeyUsage without a purpose wherever it stands, but on an encryption certificate it is
    /// ignored, whatever it holds (R-SM2-9): so this one is shown without. `None`: there is no need.
    pub(super) fn without_empty_purposes(certificate: &X509<'a>) -> Result<Option<Self>, BadDer> {
        if certificate.extended_key_usage != Some(&[]) {
            return Ok(None);
        }
        let mut whole = der::only(certificate.der, SEQUENCE)?;
        let (signed, algorithm, signature) = (whole.next()?, whole.next()?, whole.next()?);
        let mut fields = Der::new(signed.value);
        let mut kept = Vec::new();
        while !fields.is_empty() {
            let field = fields.next()?;
            if field.tag == context(3) {
                let list = extensions_without_purposes(field.value)?;
                kept.push(element(field.tag, &[&element(SEQUENCE, &[&list])]));
            } else {
                kept.push(field.whole.to_vec());
            }
        }
        let tbs = element(SEQUENCE, &[&kept.concat()]);
        let certificate = element(SEQUENCE, &[&tbs, algorithm.whole, signature.whole]);
        Ok(Some(Self { certificate, tbs, signed: signed.whole }))
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// What was signed, where webpki sees `message`.
    pub(super) fn signed<'m>(&'m self, message: &'m [u8]) -> &'m [u8] {
        if self.tbs == message { self.signed } else { message }
    }
}

fn extensions_without_purposes(list: &[u8]) -> Result<Vec<u8>, BadDer> {
    let mut list = der::only(list, SEQUENCE)?;
    let mut kept = Vec::new();
    while !list.is_empty() {
        let extension = list.next()?;
        if Der::new(extension.value).expect(OID)? != EXTENDED_KEY_USAGE {
            kept.extend_from_slice(extension.whole);
        }
    }
    Ok(kept)
}
