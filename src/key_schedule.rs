//! Floor 5: from the pre_master_secret to keys and verify_data. Pure functions (spec section 2).
use crate::crypto::{Digest, Hashes, MasterSecret, MasterSeed, Shared, TrafficKeys};
use crate::error::CryptoError;
use crate::message::Finished;
use crate::suite::Suite;
use alloc::boxed::Box;
use zeroize::Zeroizing;

/// The label of the master secret.
const MASTER_SECRET: &str = "master secret";

/// Who computes a verify_data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// "client finished"
    Client,
    /// "server finished"
    Server,
}

/// The two directions' keys.
pub struct ConnectionKeys {
    /// What the client writes with.
    pub client: TrafficKeys,
    /// What the server writes with.
    pub server: TrafficKeys,
}

/// What the PRF makes the master secret from beside the pre_master_secret: client_random || server_random.
pub fn master_seed(suite: &Suite, client_random: &[u8; 32], server_random: &[u8; 32]) -> MasterSeed {
    let seed: Box<[u8]> = [&client_random[..], server_random].concat().into();
    MasterSeed { prf: suite.prf, label: MASTER_SECRET, seed }
}

/// master_secret = PRF(pre_master_secret, "master secret", client_random || server_random)[0..48].
pub fn master_secret(hashes: &dyn Hashes, shared: Shared, seed: &MasterSeed) -> MasterSecret {
    match shared {
        Shared::Master(master) => master,
        Shared::PreMaster(pre_master) => {
            let mut out = MasterSecret::zeroed();
            hashes.prf(seed.prf, pre_master.expose(), seed.label.as_bytes(), &[&seed.seed], out.expose_mut());
            out
        }
    }
}

/// key_block = PRF(master_secret, "key expansion", server_random || client_random), split as spec section 2.2:
/// MAC keys, cipher keys, IVs, each the client's first.
///
/// # Errors
/// [`CryptoError::BadKey`] if the suite's lengths do not fit [`TrafficKeys`].
pub fn connection_keys(
    hashes: &dyn Hashes,
    suite: &Suite,
    master: &MasterSecret,
    client_random: &[u8; 32],
    server_random: &[u8; 32],
) -> Result<ConnectionKeys, CryptoError> {
    let (mac, key, iv) = suite.protection.key_lengths();
    let mut block = Zeroizing::new([0u8; 2 * TrafficKeys::MAX]);
    let block = block.get_mut(..2 * (mac + key + iv)).ok_or(CryptoError::BadKey)?;
    hashes.prf(suite.prf, master.expose(), b"key expansion", &[server_random, client_random], block);
    let mut rest: &[u8] = block;
    let mut take = |n: usize| {
        let (head, tail) = rest.split_at_checked(n).unwrap_or((&[], &[]));
        rest = tail;
        head
    };
    let [client_mac, server_mac] = [take(mac), take(mac)];
    let [client_key, server_key] = [take(key), take(key)];
    let [client_iv, server_iv] = [take(iv), take(iv)];
    let keys = |mac, key, iv| TrafficKeys::new(suite.protocol.version, suite.protection, mac, key, iv);
    Ok(ConnectionKeys {
        client: keys(client_mac, client_key, client_iv)?,
        server: keys(server_mac, server_key, server_iv)?,
    })
}

/// verify_data = PRF(master_secret, label, Hash(handshake_messages))[0..12].
pub fn verify_data(
    hashes: &dyn Hashes,
    suite: &Suite,
    master: &MasterSecret,
    sender: Sender,
    transcript: &Digest,
) -> [u8; Finished::LEN] {
    let label: &[u8] = match sender {
        Sender::Client => b"client finished",
        Sender::Server => b"server finished",
    };
    let mut out = [0; Finished::LEN];
    hashes.prf(suite.prf, master.expose(), label, &[transcript.as_ref()], &mut out);
    out
}
