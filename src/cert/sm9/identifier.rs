//! Identifier of GM/T 0090: an identity with the time it is good for (R-IBC-8).
use crate::cert::time;
use crate::wire::der::{self, BadDer, Der, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, UTC_TIME, context};

/// 1.2.156.10197.1.302
pub(crate) const SM9: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2e];

/// What ibc_id and client_id hold: an Identifier, or a bare identity, which is always good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identifier<'a> {
    /// identityData: what SM9 takes as the identity (R-IBC-7).
    pub(crate) data: &'a [u8],
    /// Unix seconds.
    pub(crate) not_before: u64,
    /// Unix seconds, inclusive.
    pub(crate) not_after: u64,
}

impl<'a> Identifier<'a> {
    /// Whatever is no Identifier in strict DER is a bare identity.
    pub(crate) fn of(id: &'a [u8]) -> Self {
        Self::read(id).unwrap_or(Self { data: id, not_before: 0, not_after: u64::MAX })
    }

    /// SEQUENCE { version INTEGER DEFAULT 1, ibcType OID, [0] alias OPTIONAL, identityData OCTET STRING, validStart Time, [1]
    /// validEnd OPTIONAL, [2] extensions OPTIONAL }
    pub(super) fn read(der: &'a [u8]) -> Result<Self, BadDer> {
        const ALIAS: u8 = 0x80;
        const VALID_END: u8 = 0x81;
        let mut fields = der::only(der, der::SEQUENCE)?;
        if !matches!(fields.optional(INTEGER)?, None | Some([1])) || fields.expect(OID)? != SM9 {
            return Err(BadDer);
        }
        if fields.optional(ALIAS)?.is_none() {
            fields.optional(context(0))?;
        }
        let data = fields.expect(OCTET_STRING)?;
        let start = fields.next()?;
        let not_before = time::read(start.tag, start.value)?;
        let not_after = match fields.optional(VALID_END)? {
            Some(time) => end(time)?,
            None => fields.optional(context(1))?.map_or(Ok(u64::MAX), end)?,
        };
        fields.optional(context(2))?;
        fields.finish()?;
        if data.is_empty() { Err(BadDer) } else { Ok(Self { data, not_before, not_after }) }
    }

    pub(super) fn is_valid_at(&self, now: u64) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }
}

/// The contents of validEnd: a whole time, or what stands in one.
fn end(contents: &[u8]) -> Result<u64, BadDer> {
    match contents.len() {
        13 => time::read(UTC_TIME, contents),
        _ if contents.first().is_some_and(u8::is_ascii_digit) => time::read(GENERALIZED_TIME, contents),
        _ => {
            let mut der = Der::new(contents);
            let whole = der.next()?;
            der.finish()?;
            time::read(whole.tag, whole.value)
        }
    }
}
