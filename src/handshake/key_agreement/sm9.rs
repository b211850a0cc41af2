//! IBSDH, where both identities are known before the first point is made (R-IBC-3).
use super::{ClientAgreement, Parties, check_signature};
use crate::cert::sm9::Identifier;
use crate::cert::{Identity, KeyUse, PeerKeys};
use crate::crypto::sm9::Usage;
use crate::crypto::{AgreementPeer, PublicKey};
use crate::error::{CertificateProblem, CryptoError, Error, PeerIncompatible};
use crate::handshake::{Agreed, Context};
use crate::message::KeyAgreementInfo;
use crate::wire::HandshakeType;
use alloc::boxed::Box;

/// As the server knows them from client_id: whoever that is, must have its key from the same key centre.
pub(in crate::handshake) fn parties(
    identity: &Identity,
    client_id: &[u8],
    cx: &Context<'_>,
) -> Result<Parties, Error> {
    let server = identity.public_key(KeyUse::Agree).clone();
    let PublicKey::Sm9(key) = &server else { return Err(CryptoError::BadKey.into()) };
    let client = cx.provider.keys.sm9_public(Usage::Agree, Identifier::of(client_id).data, key.master())?;
    Ok(Parties { server, client })
}

/// Reads the server's point and checks its signature, and that it means us (R-IBC-7).
pub(super) fn receive(
    agreed: &Agreed,
    keys: &PeerKeys,
    body: &[u8],
    cx: &Context<'_>,
) -> Result<ClientAgreement, Error> {
    let message = HandshakeType::SERVER_KEY_EXCHANGE;
    let exchange = KeyAgreementInfo::read_signed(body)?;
    let signed = agreed.signed_params(&[], exchange.bytes);
    let scheme = keys.sign().kind().fixed_scheme();
    check_signature(message, keys.sign(), scheme, &signed, exchange.signed.signature, cx)?;
    let server = keys.encrypt().ok_or(CertificateProblem::MissingEncryptionCertificate)?;
    let own = cx.policy.client_id.as_deref().ok_or(PeerIncompatible::NoClientIdentity)?;
    let (expected_server, expected_client) =
        (server.identity().unwrap_or_default(), Identifier::of(own).data);
    let expected = KeyAgreementInfo {
        point: exchange.info.point,
        server: expected_server,
        client: expected_client,
        hid: KeyAgreementInfo::HID,
    };
    super::check_info(&exchange.info, &expected, message)?;
    Ok(ClientAgreement::Agree(Box::new(AgreementPeer::sm9(server.clone(), exchange.info.point))))
}
