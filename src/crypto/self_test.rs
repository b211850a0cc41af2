//! Known answers: what a provider must pass before anything is trusted to it.
#[cfg(feature = "sm9")]
mod sm9;
#[cfg(feature = "tls12")]
mod tls12;

use super::hex::hex;
use super::{
    Aead, AgreementPeer, AgreementRole, CbcLane, Digest, Draw, MacLane, MasterSeed, PreMasterSecret,
    PrivateKey, Provider, PublicKey, Random, SECRET_LEN, Shared, SignatureAlgorithm,
};
use crate::error::CryptoError;
use crate::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use crate::wire::ProtocolVersion;
use alloc::sync::Arc;

/// GM/T 0002 Appendix A: a key, and here an IV and a block too.
const SM4: [u8; 16] = hex("0123456789ABCDEFFEDCBA9876543210");
/// GM/T 0003.5 Annex A.2 and C.2: private key, nonce of signature and encryption, public key.
const D: [u8; 32] = hex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8");
const K: [u8; 32] = hex("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21");
const P: [u8; 65] = hex(concat!(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
));

/// A test of one primitive: `Some` if it is right.
type Test = fn(&Provider) -> Option<()>;

/// Runs every primitive of `provider` on known answers, from the standards where they have any, and with spoilt
/// signatures, tags and points. Takes a few milliseconds.
///
/// # Errors
/// [`CryptoError::SelfTest`] with the name of the first primitive that is wrong.
pub fn self_test(provider: &Provider) -> Result<(), CryptoError> {
    const TESTS: [(&str, Test); 11] = [
        ("hash", hash),
        ("HMAC", hmac),
        ("PRF", prf),
        ("SM4-GCM", sm4_gcm),
        ("SM4-CBC", sm4_cbc),
        ("record MAC", record_mac),
        ("SM2 keys", sm2_keys),
        ("SM2 signature", sm2_signature),
        ("SM2 encryption", sm2_encryption),
        ("SM2 key exchange", sm2_key_exchange),
        ("RSA", rsa),
    ];
    let tests = TESTS.iter();
    #[cfg(feature = "tls12")]
    let tests = tests.chain(&tls12::TESTS);
    #[cfg(feature = "sm9")]
    let tests = tests.chain(&sm9::TESTS);
    for (name, test) in tests {
        test(provider).ok_or(CryptoError::SelfTest(name))?;
    }
    Ok(())
}

/// `Some` if it is true: each test is a chain of these.
fn check(right: bool) -> Option<()> {
    right.then_some(())
}

/// The bytes for one purpose, and none for another.
struct Fixed(Draw, [u8; 32]);

impl Random for Fixed {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        if draw != self.0 || out.len() != self.1.len() {
            return Err(CryptoError::NoRandomness);
        }
        out.copy_from_slice(&self.1);
        Ok(())
    }
}

fn is(digest: &Digest, expected: &[u8]) -> Option<()> {
    check(digest.as_ref() == expected)
}

/// GM/T 0004 Appendix A, FIPS 180-2 Appendix B.
fn hash(provider: &Provider) -> Option<()> {
    const SM3_ABC: [u8; 32] = hex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    const SM3_LONG: [u8; 32] = hex("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    const SHA256_ABC: [u8; 32] = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let hashes = provider.hashes;
    is(&hashes.digest(HashAlgorithm::Sha256, &[b"a", b"", b"bc"]), &SHA256_ABC)?;
    is(&hashes.digest(HashAlgorithm::Sm3, &[b"ab", b"c"]), &SM3_ABC)?;
    let mut running = hashes.start(HashAlgorithm::Sm3);
    running.update(b"a");
    running.update(b"bc");
    is(&running.current(), &SM3_ABC)?;
    running.update(b"d");
    (1..16).for_each(|_| running.update(b"abcd"));
    is(&running.current(), &SM3_LONG)
}

/// GB/T 15852.2; RFC 4231 test case 2.
fn hmac(provider: &Provider) -> Option<()> {
    const TEXT: &[u8] = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    const KEY: [u8; 32] = hex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
    const SM3: [u8; 32] = hex("ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a");
    const SHA256: [u8; 32] = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    is(&provider.hashes.hmac(HashAlgorithm::Sm3, &KEY, &[TEXT, TEXT]), &SM3)?;
    let text: &[u8] = b"what do ya want for nothing?";
    is(&provider.hashes.hmac(HashAlgorithm::Sha256, b"Jefe", &[text]), &SHA256)
}

/// The widely used example of P_SHA256, and the same with SM3.
fn prf(provider: &Provider) -> Option<()> {
    const SECRET: [u8; 16] = hex("9bbe436ba940f017b17652849a71db35");
    const SEED: [u8; 16] = hex("a0ba9f936cda311827a6f796ffd5198c");
    const SHA256: [u8; 100] = hex(concat!(
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa0",
        "22f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
    ));
    const SM3: [u8; 100] = hex(concat!(
        "c51bd59022a9886cc166e1745c7fbd98e4751864c4655ff51718c2d1d0b7582336f3bf2cb3ac4b19fdb5f7980504fb6ec9d6",
        "089a6d8c85a020fb180945bfad088c87cde4cd2fd38a2c8acb36a728307d08b2d952b5643823a332835466af0074fea094b3"
    ));
    let (first, second) = SEED.split_at(3);
    for (algorithm, expected) in [(HashAlgorithm::Sha256, SHA256), (HashAlgorithm::Sm3, SM3)] {
        let mut out = [0; 100];
        provider.hashes.keyed_prf(algorithm, &SECRET).expand(b"test label", &[first, second], &mut out);
        check(out == expected)?;
    }
    Some(())
}

/// RFC 8998 A.1
fn sm4_gcm(provider: &Provider) -> Option<()> {
    const NONCE: [u8; 12] = hex("00001234567800000000ABCD");
    const AAD: [u8; 20] = hex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
    const PLAIN: [u8; 64] = hex(concat!(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD",
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    ));
    const CIPHER: [u8; 64] = hex(concat!(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735",
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
    ));
    const TAG: [u8; 16] = hex("83DE3541E4C2B58177E065A9BF7B62EC");
    let gcm = provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &SM4).ok()?;
    check(provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &[0; 15]).is_err())?;
    let mut text = PLAIN;
    check(gcm.seal(&NONCE, &AAD, &mut text) == TAG && text == CIPHER)?;
    refuses_what_was_changed(&*gcm, &NONCE, &AAD, &CIPHER, &TAG)?;
    gcm.open(&NONCE, &AAD, &mut text, &TAG).ok()?;
    check(text == PLAIN)
}

fn refuses_what_was_changed(
    aead: &dyn Aead,
    nonce: &[u8; 12],
    aad: &[u8],
    cipher: &[u8],
    tag: &[u8; 16],
) -> Option<()> {
    let opens = |nonce: &[u8; 12], aad: &[u8], tag: &[u8; 16], first: u8| {
        let mut text = cipher.to_vec();
        text.iter_mut().take(1).for_each(|byte| *byte ^= first);
        aead.open(nonce, aad, &mut text, tag).is_ok()
    };
    let mut bad_tag = *tag;
    bad_tag[15] ^= 1;
    let mut bad_nonce = *nonce;
    bad_nonce[11] ^= 1;
    check(!opens(nonce, aad, tag, 1))?;
    check(!opens(nonce, aad, &bad_tag, 0))?;
    check(!opens(&bad_nonce, aad, tag, 0))?;
    check(!opens(nonce, aad.get(1..)?, tag, 0))
}

/// draft-ribose-cfrg-sm4 A.2.2, in a lane beside another.
fn sm4_cbc(provider: &Provider) -> Option<()> {
    const CIPHER: [u8; 32] = hex("2677f46b09c122cc975533105bd4a22af6125f7275ce552c3a2bbcf533de8a3b");
    let cbc = provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, &SM4, &[0; 32]).ok()?;
    for (key, mac_key) in [(&SM4[..15], &[0; 32][..]), (&SM4, &[0; 31]), (&SM4, &[])] {
        check(provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, key, mac_key).is_err())?;
    }
    let plain = [SM4, SM4];
    let mut text = plain;
    let mut other = SM4;
    let mut lanes =
        [CbcLane { iv: SM4, in_out: text.as_flattened_mut() }, CbcLane { iv: [0; 16], in_out: &mut other }];
    cbc.encrypt_lanes(&mut lanes);
    // With an IV of zero, CBC is the block cipher: GM/T 0002 A.1.
    check(text.as_flattened() == CIPHER && other == hex("681EDF34D206965E86B3E94F536E4246"))?;
    cbc.decrypt(&SM4, text.as_flattened_mut());
    check(text == plain)
}

/// The MAC of a record is the HMAC of header and content, also when the length is secret.
fn record_mac(provider: &Provider) -> Option<()> {
    let key: [u8; 32] = core::array::from_fn(|i| i as u8);
    let data: [u8; 300] = core::array::from_fn(|i| (i * 7) as u8);
    let both = [(MacAlgorithm::Sm3, HashAlgorithm::Sm3), (MacAlgorithm::Sha256, HashAlgorithm::Sha256)];
    for (mac, algorithm) in both {
        let cbc = provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, mac, &SM4, &key).ok()?;
        for length in [45usize, 51, 106, 115, 179, 256, 300] {
            let content = data.get(..length)?;
            let [.., high, low] = length.to_be_bytes();
            let header = [0, 0, 0, 0, 0, 0, 1, 2, 23, 1, 1, high, low];
            let mut lanes = [MacLane { header, data: content, mac: Digest::new(&[]) }];
            cbc.mac_lanes(&mut lanes);
            let [lane] = lanes;
            is(&lane.mac, provider.hashes.hmac(algorithm, &key, &[&header, content]).as_ref())?;
            is(&cbc.mac_secret_length(&header, &data, length, 45), lane.mac.as_ref())?;
        }
    }
    Some(())
}

/// R-SM2-6, and the range of a private key.
fn sm2_keys(provider: &Provider) -> Option<()> {
    const N: [u8; 32] = hex("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");
    let keys = provider.keys;
    check(*keys.sm2_private(&D).ok()?.public() == keys.sm2_public(&P).ok()?)?;
    let mut off_curve = P;
    off_curve[64] ^= 1;
    let mut compressed = P;
    compressed[0] = 3;
    for bad in [&off_curve[..], &compressed, compressed.get(..33)?, P.get(..64)?, &[0], &[]] {
        check(keys.sm2_public(bad).is_err())?;
    }
    let n_minus = |less: u8| {
        let mut out = N;
        out[31] -= less;
        out
    };
    keys.sm2_private(&n_minus(2)).ok()?;
    for bad in [&n_minus(1)[..], &N, &[0; 32], &[1; 31], &[0xff; 32]] {
        check(keys.sm2_private(bad).is_err())?;
    }
    Some(())
}

/// GM/T 0003.5 Annex A.2
fn sm2_signature(provider: &Provider) -> Option<()> {
    const SIGNATURE: [u8; 72] = hex(concat!(
        "3046022100F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3",
        "022100B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    ));
    let key = provider.keys.sm2_private(&D).ok()?;
    let parts: [&[u8]; 2] = [b"message ", b"digest"];
    let made = key.sign(SignatureAlgorithm::SM2, &parts, &Fixed(Draw::SignatureNonce, K)).ok()?;
    check(made == SIGNATURE)?;
    let verifies = |id, text: &[u8], signature: &[u8]| {
        let algorithm = SignatureAlgorithm::Sm2Sm3 { user_id: id };
        provider.keys.verify(algorithm, key.public(), &[text], signature).is_ok()
    };
    let (id, text) = (super::DEFAULT_USER_ID, b"message digest");
    check(verifies(id, text, &SIGNATURE) && !verifies(b"", text, &SIGNATURE))?;
    check(!verifies(id, b"message digesu", &SIGNATURE) && !verifies(id, text, SIGNATURE.get(..71)?))?;
    for place in 0..SIGNATURE.len() {
        let mut bad = SIGNATURE;
        *bad.get_mut(place)? ^= 1;
        check(!verifies(id, text, &bad))?;
    }
    Some(())
}

/// GM/T 0003.5 Annex C.2, in the DER of GM/T 0009.
fn sm2_encryption(provider: &Provider) -> Option<()> {
    const DER: [u8; 126] = hex(concat!(
        "307C022004EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73",
        "022100E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0",
        "042059983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766",
        "041321886CA989CA9C7D58087307CA93092D651EFA"
    ));
    let text = b"encryption standard";
    let public = provider.keys.sm2_public(&P).ok()?;
    let made = provider.keys.encrypt(&public, text, &Fixed(Draw::EncryptionNonce, K)).ok()?;
    check(made == DER)?;
    let key = provider.keys.sm2_private(&D).ok()?;
    check(**key.decrypt(&DER).ok()? == text[..])?;
    check(key.decrypt(DER.get(..125)?).is_err())?;
    for place in 0..DER.len() {
        let mut bad = DER;
        *bad.get_mut(place)? ^= 1;
        check(key.decrypt(&bad).is_err())?;
    }
    Some(())
}

/// A key, a signature and an encryption that OpenSSL 3.0 made; nothing, if the provider has no RSA.
fn rsa(provider: &Provider) -> Option<()> {
    const SIGNATURE: &[u8; 256] = include_bytes!("self_test/rsa.signature");
    const CIPHERTEXT: &[u8; 256] = include_bytes!("self_test/rsa.ciphertext");
    let key = match provider.keys.rsa_private(include_bytes!("self_test/rsa.key")) {
        Ok(key) => key,
        Err(CryptoError::Unsupported) => return Some(()),
        Err(_) => return None,
    };
    let algorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
    let parts: [&[u8]; 2] = [b"message ", b"digest"];
    check(key.sign(algorithm, &parts, &Counter).ok()? == SIGNATURE)?;
    let verifies = |text: &[u8], signature: &[u8]| {
        provider.keys.verify(algorithm, key.public(), &[text], signature).is_ok()
    };
    check(verifies(b"message digest", SIGNATURE) && !verifies(b"message digesu", SIGNATURE))?;
    check(!verifies(b"message digest", SIGNATURE.get(..255)?))?;
    let secret = |last: u8, major: u8| {
        let mut ciphertext = *CIPHERTEXT;
        ciphertext[255] ^= last;
        let version = ProtocolVersion(u16::from_be_bytes([major, 1]));
        key.decrypt_secret(&ciphertext, version, PreMasterSecret::zeroed(SECRET_LEN), &Counter).ok()
    };
    let expected: [u8; SECRET_LEN] = core::array::from_fn(|i| i.checked_sub(2).map_or(1, |i| i as u8));
    check(secret(0, 1)?.expose() == expected)?;
    check(secret(1, 1)?.expose() == [0; SECRET_LEN] && secret(0, 3)?.expose() == [0; SECRET_LEN])?;
    let made = provider.keys.encrypt(key.public(), &expected, &Counter).ok()?;
    let version = ProtocolVersion::TLCP;
    let back = key.decrypt_secret(&made, version, PreMasterSecret::zeroed(SECRET_LEN), &Counter).ok()?;
    check(back.expose() == expected)
}

/// No randomness at all: what is drawn of it changes nothing that is looked at.
struct Counter;

impl Random for Counter {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        out.iter_mut().zip((1..=255).cycle()).for_each(|(o, n)| *o = n);
        Ok(())
    }
}

/// One party of the key exchange: private keys, and the points that go with them.
struct Party {
    key: Arc<dyn PrivateKey>,
    ephemeral: Fixed,
    point: [u8; 65],
}

/// GM/T 0003.5 Annex B.2, with 48 bytes of key: A starts, B answers.
fn sm2_key_exchange(provider: &Provider) -> Option<()> {
    const SHARED: [u8; 48] = hex(concat!(
        "6C89347354DE2484C60B4AB1FDE4C6E579391A21FA6CB72A",
        "E8754EC21AD8B7034692F6BA1FA89D3CF33128F1A9028710"
    ));
    let a = Party {
        key: provider
            .keys
            .sm2_private(&hex::<32>("81EB26E941BB5AF16DF116495F90695272AE2CD63D6C4AE1678418BE48230029"))
            .ok()?,
        ephemeral: Fixed(
            Draw::PrivateKey,
            hex("D4DE15474DB74D06491C440D305E012400990F3E390C7E87153C12DB2EA60BB3"),
        ),
        point: hex(concat!(
            "0464CED1BDBC99D590049B434D0FD73428CF608A5DB8FE5CE07F15026940BAE40E",
            "376629C7AB21E7DB260922499DDB118F07CE8EAAE3E7720AFEF6A5CC062070C0"
        )),
    };
    let b = Party {
        key: provider
            .keys
            .sm2_private(&hex::<32>("785129917D45A9EA5437A59356B82338EAADDA6CEB199088F14AE10DEFA229B5"))
            .ok()?,
        ephemeral: Fixed(
            Draw::PrivateKey,
            hex("7E07124814B309489125EAED101113164EBF0F3458C5BD88335C1F9D596243D6"),
        ),
        point: hex(concat!(
            "04ACC27688A6F7B706098BC91FF3AD1BFF7DC2802CDB14CCCCDB0A90471F9BD707",
            "2FEDAC0494B2FFC4D6853876C79B8F301C6573AD0AA50F39FC87181E1A1B46FE"
        )),
    };
    agree(&a, &b, &SHARED)?;
    refuses_bad_ephemeral_points(&a, b.key.public())
}

fn agree(a: &Party, b: &Party, expected: &[u8; 48]) -> Option<()> {
    let initiator = AgreementPeer::sm2(a.key.public().clone(), &a.point);
    let responder = AgreementPeer::sm2(b.key.public().clone(), &b.point);
    let at_a = a.key.start_agreement(&AgreementRole::Initiator(None), &a.ephemeral).ok()?;
    let at_b = b.key.start_agreement(&AgreementRole::Responder(initiator.clone()), &b.ephemeral).ok()?;
    check(*at_a.share() == initiator.share && *at_b.share() == responder.share)?;
    for shared in [at_a.finish(&responder, &no_seed()), at_b.finish(&initiator, &no_seed())] {
        let Ok(Shared::PreMaster(secret)) = shared else { return None };
        check(secret.expose() == expected)?;
    }
    Some(())
}

/// Only a device uses it.
fn no_seed() -> MasterSeed {
    MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() }
}

fn refuses_bad_ephemeral_points(a: &Party, peer: &PublicKey) -> Option<()> {
    let good = AgreementPeer::sm2(peer.clone(), &a.point);
    let initiator = a.key.start_agreement(&AgreementRole::Initiator(None), &a.ephemeral).ok()?;
    let responder = a.key.start_agreement(&AgreementRole::Responder(good.clone()), &a.ephemeral).ok()?;
    let mut off_curve = a.point;
    off_curve[64] ^= 1;
    for bad in [&off_curve[..], a.point.get(..64)?, &[4; 65], &[0], &[]] {
        let bad = AgreementPeer::sm2(peer.clone(), bad);
        check(initiator.finish(&bad, &no_seed()).is_err() && responder.finish(&bad, &no_seed()).is_err())?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{HashContext, Hashes, Prf, portable};
    use alloc::boxed::Box;

    #[test]
    fn passes_the_portable_provider() {
        assert_eq!(self_test(&portable::provider()), Ok(()));
    }

    /// Hashes that forget a part.
    struct Forgetful;

    impl Hashes for Forgetful {
        fn start(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
            portable::provider().hashes.start(algorithm)
        }
        fn digest(&self, algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest {
            portable::provider().hashes.digest(algorithm, parts)
        }
        fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Digest {
            portable::provider().hashes.hmac(algorithm, key, &parts[..1])
        }
        fn keyed_prf(&self, algorithm: HashAlgorithm, secret: &[u8]) -> Box<dyn Prf> {
            portable::provider().hashes.keyed_prf(algorithm, secret)
        }
    }

    #[test]
    fn names_the_primitive_that_is_wrong() {
        let wrong = Provider { hashes: &Forgetful, ..portable::provider() };
        assert_eq!(self_test(&wrong), Err(CryptoError::SelfTest("HMAC")));
    }
}
