//! Certificate and CertificateRequest (GB/T 38636 6.4.5.3, 6.4.5.5).
use super::{DistinguishedNames, Message, encode};
use crate::error::{Error, PeerMisbehaved};
use crate::wire::{
    ClientCertificateType, DecodeError, HandshakeType, Overlong, Problem, Reader, SignatureScheme, Writer,
    codes,
};
use alloc::{boxed::Box, vec::Vec};

/// What a peer says it is. On this floor because sessions and certificates, both above, need it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// DER certificates in the order they came: sign, encrypt, CA certificates (R-HS-10).
    Certificates(Vec<Box<[u8]>>),
    /// An identity under a key centre, in SM9's suites (R-HS-15).
    Ibc {
        /// ibc_id: an Identifier of GM/T 0090 in DER, or the bare identity.
        id: Box<[u8]>,
        /// ibc_parameter: IBCSysParams of GM/T 0081 in DER. Not signed, so that nothing in it is believed (R-IBC-4).
        parameter: Box<[u8]>,
    },
}

impl Credential {
    /// Reads the body of a Certificate message: `opaque certificate_list<0..2^24-1>` of at most `most`
    /// `opaque<1..2^24-1>`, which are counted while they are read (R-REC-43).
    ///
    /// # Errors
    /// `Decode` names the field; `IllegalParameter` for one certificate too many (R-REC-38).
    pub fn read(body: &[u8], most: usize) -> Result<Self, Error> {
        let mut r = Reader::new("Certificate", body);
        let list = r.vector24("certificate_list", 0)?;
        let mut list = r.within(list);
        r.finish("certificate_list")?;
        let mut certificates = Vec::new();
        while !list.is_empty() {
            if certificates.len() == most {
                return Err(PeerMisbehaved::illegal(
                    "Certificate",
                    "certificate_list",
                    "fewer certificates",
                    "R-REC-38",
                )
                .into());
            }
            certificates.push(Box::from(list.vector24("ASN.1Cert", 1)?));
        }
        Ok(Self::Certificates(certificates))
    }

    /// Reads the body of a Certificate message of SM9's suites: `opaque ibc_id<1..2^16-1>; opaque ibc_parameter<1..2^24-1>`;
    /// or the empty list of who has none (R-SM-6), which is none of these.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read_ibc(body: &[u8]) -> Result<Self, DecodeError> {
        const NOTHING: [u8; 3] = [0; 3];
        if body == NOTHING {
            return Ok(Self::Certificates(Vec::new()));
        }
        let mut r = Reader::new("Certificate", body).citing("R-HS-15");
        let id = Box::from(r.vector16("ibc_id", 1)?);
        let parameter = Box::from(r.vector24("ibc_parameter", 1)?);
        r.finish("ibc_parameter")?;
        Ok(Self::Ibc { id, parameter })
    }

    /// Writes the body of a Certificate message of SM9's suites.
    pub(crate) fn write_ibc(w: &mut Writer, id: &[u8], parameter: &[u8]) {
        w.vector16(|w| w.bytes(id));
        w.vector24(|w| w.bytes(parameter));
    }

    /// Writes the body of a Certificate message.
    pub(crate) fn write<'a>(w: &mut Writer, certificates: impl IntoIterator<Item = &'a [u8]>) {
        w.vector24(|w| {
            for der in certificates {
                w.vector24(|w| w.bytes(der));
            }
        });
    }

    /// The message Certificate.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(&self) -> Result<Message, Overlong> {
        encode(HandshakeType::CERTIFICATE, |w| match self {
            Self::Certificates(list) => Self::write(w, list.iter().map(AsRef::as_ref)),
            Self::Ibc { id, parameter } => Self::write_ibc(w, id, parameter),
        })
    }

    /// The certificates, in the order they came.
    pub fn certificates(&self) -> &[Box<[u8]>] {
        match self {
            Self::Certificates(list) => list,
            Self::Ibc { .. } => &[],
        }
    }

    /// The identity as it was sent, where that is what the peer shows.
    pub fn ibc_id(&self) -> Option<&[u8]> {
        match self {
            Self::Certificates(_) => None,
            Self::Ibc { id, .. } => Some(id),
        }
    }

    /// Whether the peer showed nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Certificates(list) if list.is_empty())
    }
}

/// CertificateRequest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The certificate types the server takes; unknown ones are ignored (R-HS-21).
    pub types: Vec<ClientCertificateType>,
    /// How a client may sign, where the protocol names schemes: not in TLCP.
    pub signature_schemes: Option<Vec<SignatureScheme>>,
    /// DER distinguished names of acceptable CAs; none: any. Shared: a server's connections all send the same.
    pub authorities: DistinguishedNames,
}

impl CertificateRequest {
    /// Reads the body, with a list of signature schemes or without.
    ///
    /// # Errors
    /// [`DecodeError`] names the field.
    pub fn read(body: &[u8], names_schemes: bool) -> Result<Self, DecodeError> {
        let mut r = Reader::new("CertificateRequest", body);
        let types = r.vector8("certificate_types", 1)?.iter().map(|t| ClientCertificateType(*t)).collect();
        let signature_schemes = if names_schemes { Some(read_schemes(&mut r)?) } else { None };
        let names = r.vector16("certificate_authorities", 0)?;
        let names = r.within(names);
        r.finish("certificate_authorities")?;
        let authorities = DistinguishedNames::read(names, "DistinguishedName")?;
        Ok(Self { types, signature_schemes, authorities })
    }

    /// The message.
    ///
    /// # Errors
    /// [`Overlong`] if a vector outgrows its length prefix.
    pub fn to_message(&self) -> Result<Message, Overlong> {
        encode(HandshakeType::CERTIFICATE_REQUEST, |w| {
            w.vector8(|w| self.types.iter().for_each(|t| w.u8(t.0)));
            if let Some(schemes) = &self.signature_schemes {
                w.vector16(|w| schemes.iter().for_each(|scheme| w.u16(scheme.0)));
            }
            self.authorities.write(w);
        })
    }
}

fn read_schemes(r: &mut Reader<'_>) -> Result<Vec<SignatureScheme>, DecodeError> {
    let list = r.vector16("supported_signature_algorithms", 2)?;
    let half = r.error("supported_signature_algorithms", Problem::LengthOutOfRange);
    Ok(codes(list, SignatureScheme).ok_or(half)?.into_vec())
}
