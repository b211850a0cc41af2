//! The key centre of the recordings, its users, and our own ends as one of them.
use crate::recorded::{bytes, keys};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tlcp::cert::{IbcKeys, Identity, Key, KeyCentres, ServerName};
use tlcp::config::{ClientConfig, ClientConfigBuilder, ServerConfig, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, Connection, Endpoint, ServerConnection, Time};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::sm9::Usage;
use tlcp::crypto::{Draw, Provider, Random, default_provider};
use tlcp::error::{CryptoError, Error};

/// 2026-11-21 12:00, when the recordings were made.
pub(crate) const NOW: u64 = 1_795_262_400;

pub(crate) fn at(seconds: u64) -> Time {
    Time { unix: NOW + seconds, monotonic: Duration::from_secs(seconds) }
}

/// Identities by the names of `keys.json`, under the parameters of its key centre or others.
pub(crate) struct Town {
    pub(crate) provider: Provider,
    pub(crate) keys: Value,
    pub(crate) parameters: Vec<u8>,
}

impl Town {
    pub(crate) fn new(provider: Provider) -> Self {
        let keys = keys();
        let parameters = bytes(&keys["kgc"]["ibc_parameter"]);
        Self { provider, keys, parameters }
    }

    pub(crate) fn here() -> Self {
        Self::new(default_provider())
    }

    /// The private keys of `who`, for his own identity.
    pub(crate) fn keys_of(&self, who: &str) -> IbcKeys {
        let data = bytes(&self.keys[who]["identity_data"]);
        let key = |usage: Usage, name: &str, master: &str| {
            let master = bytes(&self.keys["kgc"][master]);
            let private = bytes(&self.keys[who][name]);
            Key::Here(self.provider.keys.sm9_private(usage, &data, &master, &private).unwrap())
        };
        IbcKeys {
            sign: key(Usage::Sign, "sign_priv", "sign_master_pub"),
            encrypt: Some(key(Usage::Encrypt, "enc_priv", "enc_master_pub")),
            agree: Some(key(Usage::Agree, "kx_priv", "enc_master_pub")),
        }
    }

    pub(crate) fn identity(&self, who: &str) -> Arc<Identity> {
        self.identity_under(who, &self.parameters)
    }

    pub(crate) fn identity_under(&self, who: &str, parameters: &[u8]) -> Arc<Identity> {
        let id = bytes(&self.keys[who]["identity"]);
        Arc::new(Identity::ibc(&id, parameters, self.keys_of(who), &self.provider).unwrap())
    }

    /// Trusts its key centre alone, for the server of the recordings.
    pub(crate) fn centres(&self) -> KeyCentres {
        self.centres_of(&self.parameters)
    }

    pub(crate) fn centres_of(&self, parameters: &[u8]) -> KeyCentres {
        KeyCentres::new().trust(parameters, &self.provider).unwrap().expect_server(b"server@kgc.example")
    }

    pub(crate) fn client(&self) -> ClientConfigBuilder {
        ClientConfig::builder_with(self.provider, Arc::new(SystemRandom)).key_centres(self.centres())
    }

    pub(crate) fn server(&self) -> ServerConfigBuilder {
        ServerConfig::builder_with(self.provider, Arc::new(SystemRandom)).key_centres(self.centres())
    }
}

/// A connection of ours to a server without a name.
pub(crate) fn connect(config: ClientConfigBuilder) -> ClientConnection {
    let name = ServerName::try_from("192.0.2.1").unwrap();
    ClientConnection::new(Arc::new(config.build().unwrap()), name, at(0)).unwrap()
}

pub(crate) fn accept(config: ServerConfigBuilder) -> ServerConnection {
    ServerConnection::new(Arc::new(config.build().unwrap()), at(0))
}

/// What a connection sends.
pub(crate) fn output<S: Endpoint>(connection: &mut Connection<S>) -> Vec<u8> {
    connection.take_output()
}

/// Carries bytes between both ends until neither has more: how the handshake ended for each.
pub(crate) fn shake(client: &mut ClientConnection, server: &mut ServerConnection) -> [Result<(), Error>; 2] {
    let mut ends = [Ok(()), Ok(())];
    loop {
        let (to_server, to_client) = (output(client), Vec::new());
        if !to_server.is_empty() && ends[1].is_ok() {
            ends[1] = receive(server, &to_server);
        }
        let to_client = [to_client, output(server)].concat();
        if !to_client.is_empty() && ends[0].is_ok() {
            ends[0] = receive(client, &to_client);
        }
        if to_server.is_empty() && to_client.is_empty() {
            return ends;
        }
    }
}

pub(crate) fn receive<S: Endpoint>(connection: &mut Connection<S>, bytes: &[u8]) -> Result<(), Error> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let n = connection.receive(rest, at(0))?;
        rest = &rest[n..];
        assert!(n > 0 || connection.request().is_none(), "everything is answered at once");
    }
    Ok(())
}

/// The draws of a recording: each purpose has its own values, in their order.
#[derive(Default)]
pub(crate) struct Draws {
    recorded: Mutex<Vec<(Draw, VecDeque<Vec<u8>>)>>,
    or_system: bool,
}

impl Draws {
    /// For purposes without a value, the machine's randomness.
    pub(crate) fn or_system() -> Self {
        Self { or_system: true, ..Self::default() }
    }

    pub(crate) fn with(self, draw: Draw, values: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.recorded.lock().unwrap().push((draw, values.into_iter().collect()));
        self
    }
}

impl Random for Draws {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        let mut draws = self.recorded.lock().unwrap();
        let found = draws.iter_mut().find(|(of, _)| *of == draw);
        if found.is_none() && self.or_system {
            return SystemRandom.fill(draw, out);
        }
        let (_, values) = found.unwrap_or_else(|| panic!("nothing was recorded for {draw:?}"));
        out.copy_from_slice(&values.pop_front().unwrap_or_else(|| panic!("one more {draw:?}")));
        Ok(())
    }
}
