//! Parameters of key centres and identities as a peer may send them: whatever they hold, nothing of it is trusted, and only
//! what equals the trusted copy finds its keys.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tlcp::cert::{Identity, KeyCentres, PeerClaim, PeerKeys, PeerRole};
use tlcp::crypto::random::SystemRandom;
use tlcp::message::Credential;
use tlcp::pki::{KeyCentre, Options};
use tlcp::suite::{KeyExchange, SUITES, Suite};
use tlcp_fuzz::world::provider;

const NOW: u64 = 1_795_219_200;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    id: &'a [u8],
    /// Changes to good parameters; or parameters of the fuzzer's own.
    edits: Option<Vec<(u16, u8)>>,
    parameters: &'a [u8],
    agrees: bool,
}

static CENTRE: LazyLock<(KeyCentre, KeyCentres)> = LazyLock::new(|| {
    let centre = KeyCentre::new("fuzz.test", &Options::new(NOW), &provider(), &SystemRandom).unwrap();
    let centres = centre.centres(&provider()).unwrap();
    (centre, centres)
});

fuzz_target!(|input: Input<'_>| {
    let (centre, centres) = &*CENTRE;
    let mut parameters = input.parameters.to_vec();
    if let Some(edits) = &input.edits {
        parameters = centre.parameters().to_vec();
        let length = parameters.len();
        edits.iter().for_each(|(at, byte)| parameters[usize::from(*at) % length] = *byte);
    } else {
        let _ = KeyCentres::new().trust(&parameters, &provider());
        let _ = KeyCentres::new().trust_files(&[&parameters, input.id], &provider());
        let _ = Identity::ibc_from_pile(Some(input.id), &[&parameters], [], &provider());
    }
    let body = [
        &u16::try_from(input.id.len()).unwrap_or(0).to_be_bytes()[..],
        input.id,
        &u32::try_from(parameters.len()).unwrap().to_be_bytes()[1..],
        &parameters,
    ];
    let Ok(credential) = Credential::read_ibc(&body.concat()) else { return };
    let exchange = if input.agrees { KeyExchange::IBSDH } else { KeyExchange::IBC };
    let suite: &Suite = SUITES.iter().find(|suite| suite.key_exchange == exchange).unwrap();
    let Ok(keys) = centres.keys(&credential, suite, provider().keys) else { return };
    let PeerKeys::Identity { sign, .. } = &keys else { panic!("keys of certificates") };
    assert!(!sign.identity().unwrap_or_default().is_empty());
    let claim = PeerClaim::new(PeerRole::Client, credential.into(), keys);
    let _ = centres.verify(&claim, NOW);
});
