//! Floor 5: from the pre_master_secret to keys and verify_data. Pure functions (GB/T 38636 6.5).
use crate::crypto::{Digest, Hashes, MasterSecret, MasterSeed, Prf, Shared, TrafficKeys};
use crate::error::{CryptoError, Error};
use crate::message::Finished;
use crate::suite::{Protection, Suite};
use alloc::boxed::Box;
use core::fmt;

/// The label of the master secret, and the one with extended_master_secret (R-EMS-2).
const MASTER_SECRET: &str = "master secret";
const EXTENDED_MASTER_SECRET: &str = "extended master secret";

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
    let seed = client_random.iter().chain(server_random).copied().collect();
    MasterSeed { prf: suite.prf, label: MASTER_SECRET, seed }
}

/// The same with extended_master_secret: the hash of all messages up to ClientKeyExchange (R-EMS-2).
pub fn extended_master_seed(suite: &Suite, session_hash: &Digest) -> MasterSeed {
    MasterSeed { prf: suite.prf, label: EXTENDED_MASTER_SECRET, seed: session_hash.as_ref().into() }
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

/// The PRF with the master_secret, from which all else of a connection is made.
pub fn master_prf(hashes: &dyn Hashes, suite: &Suite, master: &MasterSecret) -> Box<dyn Prf> {
    hashes.keyed_prf(suite.prf, master.expose())
}

/// key_block = PRF(master_secret, "key expansion", server_random || client_random), split as in GB/T 38636 6.5.2:
/// MAC keys, cipher keys, IVs, each the client's first. `master` is [`master_prf`]; `protection` is the suite's, or what
/// the hellos made of it.
///
/// # Errors
/// [`CryptoError::BadKey`] if the suite's lengths do not fit [`TrafficKeys`].
pub fn connection_keys(
    master: &dyn Prf,
    suite: &Suite,
    protection: Protection,
    [client_random, server_random]: [&[u8; 32]; 2],
) -> Result<ConnectionKeys, CryptoError> {
    let [client, server] = TrafficKeys::both(suite.protocol.version, protection, |block| {
        master.expand(b"key expansion", &[server_random, client_random], block);
    })?;
    Ok(ConnectionKeys { client, server })
}

/// verify_data = PRF(master_secret, label, Hash(handshake_messages))[0..12]; `master` is [`master_prf`].
pub fn verify_data(master: &dyn Prf, sender: Sender, transcript: &Digest) -> [u8; Finished::LEN] {
    let label: &[u8] = match sender {
        Sender::Client => b"client finished",
        Sender::Server => b"server finished",
    };
    let mut out = [0; Finished::LEN];
    master.expand(label, &[transcript.as_ref()], &mut out);
    out
}

/// Makes keys for others from a connection's master secret (RFC 5705, R-T12-26). Wiped on drop.
pub struct Exporter {
    master: Box<dyn Prf>,
    randoms: [[u8; 32]; 2],
    tls_unique: [u8; Finished::LEN],
}

impl Exporter {
    /// The labels of the protocol itself, whose secrets must not be had this way.
    const OWN_LABELS: [&'static [u8]; 5] = [
        b"client finished",
        b"server finished",
        b"master secret",
        b"key expansion",
        b"extended master secret",
    ];

    /// `master`: [`master_prf`]; `randoms`: the client's, the server's; `tls_unique`: verify_data of the handshake's first
    /// Finished.
    pub(crate) fn new(master: Box<dyn Prf>, randoms: [[u8; 32]; 2], tls_unique: [u8; Finished::LEN]) -> Self {
        Self { master, randoms, tls_unique }
    }

    /// PRF(master_secret, label, client_random || server_random [|| uint16 length || context]), filling `out`. No context
    /// and an empty one differ.
    ///
    /// # Errors
    /// `Misuse` for a label that the protocol itself uses, and a context of more than 65,535 bytes.
    pub fn export(&self, label: &[u8], context: Option<&[u8]>, out: &mut [u8]) -> Result<(), Error> {
        if Self::OWN_LABELS.contains(&label) {
            return Err(Error::Misuse("the label of an exporter is one of the protocol's own"));
        }
        let length = u16::try_from(context.map_or(0, <[u8]>::len))
            .map_err(|_| Error::Misuse("the context of an exporter is longer than 65535 bytes"))?
            .to_be_bytes();
        let [client, server] = &self.randoms;
        let without: [&[u8]; 2] = [client, server];
        match context {
            None => self.master.expand(label, &without, out),
            Some(context) => {
                let seed: [&[u8]; 4] = [client, server, &length, context];
                self.master.expand(label, &seed, out);
            }
        }
        Ok(())
    }

    /// `tls-unique` of RFC 5929: verify_data of the first Finished of this handshake.
    pub fn tls_unique(&self) -> &[u8; Finished::LEN] {
        &self.tls_unique
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter(..)")
    }
}
