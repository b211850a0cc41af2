//! Known answers of SM9: the examples of GB/T 38635.2 Annexes A, B and D.
use super::{Fixed, check, no_seed};
use crate::crypto::hex::hex;
use crate::crypto::sm9::{MasterKey, MasterKind, Usage};
use crate::crypto::{
    AgreementPeer, AgreementRole, Draw, PreMasterSecret, PrivateKey, Provider, SECRET_LEN, Shared,
    SignatureAlgorithm, StartedAgreement,
};
use crate::error::CryptoError;
use crate::wire::ProtocolVersion;
use alloc::sync::Arc;

/// What is tested beside the rest; nothing of it, if the provider has no SM9.
pub(super) const TESTS: [(&str, super::Test); 3] =
    [("SM9 signature", signature), ("SM9 encryption", encryption), ("SM9 key exchange", key_exchange)];

/// Annex A: master key, its public key, nonce; the signature, h and S in their DER.
const SIGN_MASTER: [u8; 32] = hex("000130e78459d78545cb54c587e02cf480ce0b66340f319f348a1d5b1f2dc5f4");
const SIGN_PUBLIC: [u8; 129] = hex(concat!(
    "049f64080b3084f733e48aff4b41b565011ce0711c5e392cfb0ab1b6791b94c40829dba116152d1f786ce843ed24a3b5",
    "73414d2177386a92dd8f14d65696ea5e3269850938abea0112b57329f447e3a0cbad3e2fdb1a77f335e89e1408d0ef1c",
    "2541e00a53dda532da1a7ce027b7a46f741006e85f5cdff0730e75c05fb4e3216d"
));
const SIGN_KEY: [u8; 65] = hex(concat!(
    "04a5702f05cf1315305e2d6eb64b0deb923db1a0bcf0caff90523ac8754aa6982078559a844411f9825c109f5ee3f52d",
    "720dd01785392a727bb1556952b2b013d3"
));
const SIGN_NONCE: [u8; 32] = hex("00033c8616b06704813203dfd00965022ed15975c662337aed648835dc4b1cbe");
const SIGNATURE: [u8; 104] = hex(concat!(
    "30660420823c4b21e4bd2dfe1ed92c606653e996668563152fc33f55d7bfbb9bd9705adb0342000473bf96923ce58b6a",
    "d0e13e9643a406d8eb98417c50ef1b29cef9adb48b6d598c856712f1c2e0968ab7769f42a99586aed139d5b8b3e15891",
    "827cc2aced9baa05"
));
/// Annex D: master key, nonce; the ciphertext in its DER.
const ENCRYPT_MASTER: [u8; 32] = hex("0001edee3778f441f8dea3d9fa0acc4e07ee36c93f9a08618af4ad85cede1c22");
const ENCRYPT_NONCE: [u8; 32] = hex("0000aac0541779c8fc45e3e2cb25c12b5d2576b2129ae8bb5ee2cbe5ec9e785c");
const CIPHERTEXT: [u8; 129] = hex(concat!(
    "307f020100034200042445471164490618e1ee20528ff1d545b0f14c8bcaa44544f03dab5dac07d8ff42ffca97d57cdd",
    "c05ea405f2e586feb3a6930715532b8000759f13059ed59ac00420ba672387bcd6de5016a158a52bb2e7fc429197bcab",
    "70b25afee37a2b9db9f36704141b5f5b0e951489682f3e64e1378cdd5da9513b1c"
));
/// Annex B: master key, ephemeral keys and what goes with them; 48 bytes of key.
const AGREE_MASTER: [u8; 32] = hex("0002e65b0762d042f51f0d23542b13ed8cfa2e9a0e7206361e013a283905e31f");
const EPHEMERAL_A: [u8; 32] = hex("00005879dd1d51e175946f23b1b41e93ba31c584ae59a426ec1046a4d03b06c8");
const EPHEMERAL_B: [u8; 32] = hex("00018b98c44bef9f8537fb7d071b2c928b3bc65bd3d69e1eee213564905634fe");
const POINT_A: [u8; 65] = hex(concat!(
    "047cba5b19069ee66aa79d490413d11846b9ba76dd22567f809cf23b6d964bb265a9760c99cb6f706343fed056370858",
    "64958d6c90902aba7d405fbedf7b781599"
));
const POINT_B: [u8; 65] = hex(concat!(
    "04861e91485fb7623d2794f495031a35598b493bd45be37813abc710fcc1f3448232d906a469ebc1216a802a7052d561",
    "7cd430fb56fba729d41d9bd668e9eb9600"
));
const SHARED: [u8; 48] =
    hex("c5c13a8f59a97cdeae64f16a2272a9e7dd228cb67912cce1fbe3616c954bcbf38bcfc41537898bb3facb8d39ff592a22");

/// `None` where there is no SM9.
fn master(provider: &Provider, kind: MasterKind, scalar: &[u8]) -> Option<Option<Arc<dyn MasterKey>>> {
    match provider.keys.sm9_master(kind, scalar) {
        Ok(master) => Some(Some(master)),
        Err(CryptoError::Unsupported) => Some(None),
        Err(_) => None,
    }
}

fn user(
    provider: &Provider,
    master: &dyn MasterKey,
    usage: Usage,
    identity: &[u8],
) -> Option<Arc<dyn PrivateKey>> {
    let key = master.user_key(usage, identity).ok()?;
    check(provider.keys.sm9_private(usage, b"Mallory", master.public(), &key).is_err())?;
    provider.keys.sm9_private(usage, identity, master.public(), &key).ok()
}

fn signature(provider: &Provider) -> Option<()> {
    let Some(master) = master(provider, MasterKind::Sign, &SIGN_MASTER)? else { return Some(()) };
    check(*master.public() == SIGN_PUBLIC)?;
    check(**master.user_key(Usage::Sign, b"Alice").ok()? == SIGN_KEY)?;
    let key = user(provider, &*master, Usage::Sign, b"Alice")?;
    let parts: [&[u8]; 2] = [b"Chinese IBS", b" standard"];
    let made = key.sign(SignatureAlgorithm::Sm9Sm3, &parts, &Fixed(Draw::SignatureNonce, SIGN_NONCE)).ok()?;
    check(made == SIGNATURE)?;
    let verifies = |text: &[u8], signature: &[u8]| {
        provider.keys.verify(SignatureAlgorithm::Sm9Sm3, key.public(), &[text], signature).is_ok()
    };
    let text = b"Chinese IBS standard";
    check(verifies(text, &SIGNATURE) && !verifies(b"Chinese IBS standare", &SIGNATURE))?;
    check(!verifies(text, SIGNATURE.get(..103)?))?;
    for place in [0, 2, 10, 35, 40, 70, 103] {
        let mut bad = SIGNATURE;
        *bad.get_mut(place)? ^= 1;
        check(!verifies(text, &bad))?;
    }
    let mut off_curve = SIGN_PUBLIC;
    off_curve[128] ^= 1;
    check(provider.keys.sm9_public(Usage::Sign, b"Alice", &off_curve).is_err())
}

fn encryption(provider: &Provider) -> Option<()> {
    let Some(master) = master(provider, MasterKind::Encrypt, &ENCRYPT_MASTER)? else { return Some(()) };
    let key = user(provider, &*master, Usage::Encrypt, b"Bob")?;
    let text = b"Chinese IBE standard";
    let nonce = Fixed(Draw::EncryptionNonce, ENCRYPT_NONCE);
    check(provider.keys.encrypt(key.public(), text, &nonce).ok()? == CIPHERTEXT)?;
    check(**key.decrypt(&CIPHERTEXT).ok()? == text[..])?;
    for place in [0, 4, 10, 60, 80, 120, CIPHERTEXT.len() - 1] {
        let mut bad = CIPHERTEXT;
        *bad.get_mut(place)? ^= 1;
        check(key.decrypt(&bad).is_err())?;
        let substitute = PreMasterSecret::zeroed(SECRET_LEN);
        let found = key.decrypt_secret(&bad, ProtocolVersion::TLCP, substitute, &nonce).ok()?;
        check(found.expose() == [0; SECRET_LEN])?;
    }
    Some(())
}

fn key_exchange(provider: &Provider) -> Option<()> {
    let Some(master) = master(provider, MasterKind::Encrypt, &AGREE_MASTER)? else { return Some(()) };
    let a = user(provider, &*master, Usage::Agree, b"Alice")?;
    let b = user(provider, &*master, Usage::Agree, b"Bob")?;
    let initiator = AgreementPeer::sm9(a.public().clone(), &POINT_A);
    let responder = AgreementPeer::sm9(b.public().clone(), &POINT_B);
    let role = AgreementRole::Initiator(Some(b.public().clone()));
    let at_a = a.start_agreement(&role, &Fixed(Draw::PrivateKey, EPHEMERAL_A)).ok()?;
    let role = AgreementRole::Responder(initiator.clone());
    let at_b = b.start_agreement(&role, &Fixed(Draw::PrivateKey, EPHEMERAL_B)).ok()?;
    check(*at_a.share() == initiator.share && *at_b.share() == responder.share)?;
    let finish = |started: &dyn StartedAgreement, peer: &AgreementPeer| {
        let Ok(Shared::PreMaster(secret)) = started.finish(peer, &no_seed()) else { return None };
        check(secret.expose() == SHARED)
    };
    finish(&*at_a, &responder)?;
    finish(&*at_b, &initiator)?;
    let mut off_curve = POINT_B;
    off_curve[64] ^= 1;
    check(at_a.finish(&AgreementPeer::sm9(b.public().clone(), &off_curve), &no_seed()).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::default_provider;

    /// R-IBC-1: they run, and are not passed over.
    #[test]
    fn the_default_provider_passes_and_has_sm9() {
        let provider = default_provider();
        assert!(matches!(master(&provider, MasterKind::Sign, &SIGN_MASTER), Some(Some(_))));
        for (name, test) in TESTS {
            assert_eq!(test(&provider), Some(()), "{name}");
        }
    }
}
