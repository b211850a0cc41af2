//! An SM9 identity as our own: who we are, our keys, our key centre's parameters (R-HS-15).
use super::{Half, Identity, fingerprint_of};
use crate::cert::sm9::{Identifier, MAX_ID, MAX_PARAMETERS, SystemParameters};
use crate::cert::{Key, end_point, time};
use crate::crypto::Provider;
use crate::crypto::sm9::Usage;
use crate::error::{ConfigError, CryptoError};
use crate::message::{self, Credential, Message};
use crate::suite::Certificates;
use crate::wire::HandshakeType;
use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};

/// The private keys of an SM9 identity, here or elsewhere, one for each use.
#[derive(Debug, Clone)]
pub struct IbcKeys {
    /// hid 1: always needed.
    pub sign: Key,
    /// hid 3: a server's in IBC suites.
    pub encrypt: Option<Key>,
    /// hid 2: either party's in IBSDH suites.
    pub agree: Option<Key>,
}

impl Identity {
    /// An SM9 identity: `id` is what is sent, an Identifier of GM/T 0090 in DER or the bare identity, and `parameters` are those
    /// of the key centre that made the keys, IBCSysParams in DER. Keys that are here are checked: they must be this
    /// identity's, for their use.
    ///
    /// # Errors
    /// Says what does not fit.
    pub fn ibc(
        id: &[u8],
        parameters: &[u8],
        keys: IbcKeys,
        provider: &Provider,
    ) -> Result<Self, ConfigError> {
        let centre = SystemParameters::read(parameters)
            .map_err(|e| ConfigError::new(format!("the key centre's parameters: {e}")))?;
        if !(1..=MAX_ID).contains(&id.len()) {
            return Err(ConfigError::new("an identity has 1 to 1024 bytes, as it is sent"));
        }
        if parameters.len() > MAX_PARAMETERS {
            return Err(ConfigError::new("the key centre's parameters are over 8 KiB, which peers refuse"));
        }
        let identifier = Identifier::of(id);
        let sent: Arc<[u8]> = Arc::from(id);
        let half = |usage: Usage, key: Key| {
            let master = if usage == Usage::Sign { centre.sign } else { centre.encrypt };
            half(&sent, (usage, identifier.data, master), key, provider)
        };
        let sign = half(Usage::Sign, keys.sign)?;
        let encrypt = keys.encrypt.map(|key| half(Usage::Encrypt, key)).transpose()?;
        let agree = keys.agree.map(|key| half(Usage::Agree, key)).transpose()?;
        let message = certificate_message(id, parameters)?;
        let not_before = centre.not_before.max(identifier.not_before);
        let not_after = centre.not_after.min(identifier.not_after);
        let named = identifier.data.to_ascii_lowercase().into_boxed_slice();
        Ok(Self {
            allows: [true, encrypt.is_some(), agree.is_some()],
            dual: message.clone(),
            sign_only: message,
            dns_names: Vec::from([named]),
            fingerprint: fingerprint_of(
                &[b"ibc", &(id.len() as u64).to_be_bytes(), id, parameters],
                provider,
            )?,
            end_point: end_point(Certificates::Identity, id, provider.hashes),
            not_before,
            not_after,
            intermediates: Vec::new(),
            schemes: None,
            ocsp_response: None,
            issuers: Vec::from([Box::from(centre.district)]),
            report: report(identifier.data, &centre, [&encrypt, &agree].map(Option::is_some)).into(),
            signed_by: Vec::new(),
            sign,
            encrypt,
            agree,
            of: Certificates::Identity,
        })
    }

    /// Of an SM9 identity: what is sent as ibc_id and client_id.
    pub fn ibc_id(&self) -> Option<&Arc<[u8]>> {
        (self.of == Certificates::Identity).then_some(&self.sign.certificate)
    }
}

/// A key with what it must belong to: use, identityData, master public key.
fn half(
    sent: &Arc<[u8]>,
    (usage, data, master): (Usage, &[u8], &[u8]),
    key: Key,
    provider: &Provider,
) -> Result<Half, ConfigError> {
    let public = provider.keys.sm9_public(usage, data, master).map_err(|e| {
        ConfigError::new(match e {
            CryptoError::Unsupported => format!("the provider {} has no SM9", provider.name),
            _ => String::from("the key centre's parameters: a master public key is no point of its group"),
        })
    })?;
    match &key {
        Key::Here(private) if private.public() != &public => Err(ConfigError::new(format!(
            "{}: a private key is not this identity's for {}, under these parameters",
            String::from_utf8_lossy(data).escape_debug(),
            name(usage)
        ))),
        _ => Ok(Half { certificate: sent.clone(), public, key }),
    }
}

/// What reports call a key.
pub(in crate::cert) fn name(usage: Usage) -> &'static str {
    match usage {
        Usage::Sign => "signatures",
        Usage::Agree => "key exchange",
        Usage::Encrypt => "encryption",
    }
}

fn certificate_message(id: &[u8], parameters: &[u8]) -> Result<Message, ConfigError> {
    message::encode(HandshakeType::CERTIFICATE, |w| Credential::write_ibc(w, id, parameters))
        .map(Message::shared)
        .map_err(|_| ConfigError::new("the identity and its parameters do not fit into a message"))
}

fn report(data: &[u8], centre: &SystemParameters<'_>, [encrypts, agrees]: [bool; 2]) -> String {
    let keys = [(true, Usage::Sign), (encrypts, Usage::Encrypt), (agrees, Usage::Agree)];
    let keys: Vec<_> = keys.into_iter().filter(|(has, _)| *has).map(|(_, usage)| name(usage)).collect();
    format!(
        "SM9 identity: {}; key centre {}; keys for {}; parameters valid from {} to {}\n",
        String::from_utf8_lossy(data).escape_debug(),
        String::from_utf8_lossy(centre.district).escape_debug(),
        keys.join(", "),
        time::text(centre.not_before),
        time::text(centre.not_after),
    )
}
