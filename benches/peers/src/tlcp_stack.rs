//! Our own two ends.

use std::sync::Arc;
use tlcp::config::{ClientConfig, ServerConfig};
use tlcp::crypto::native::sm2::{Sm2Keys, Sm2Options};
use tlcp::crypto::{Provider, default_provider};
use tlcp_interop::party::{ClientSettings, ServerSettings};
use tlcp_interop::tlcp_party::Tlcp;
use tlcp_measure::connection::{Costs, Stack};
use tlcp_measure::ends::{self, Ends};

/// Whether what is remembered of peers is kept from handshake to handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caches {
    Warm,
    Cold,
}

/// The default provider without its tables for public keys that come again.
pub(crate) fn without_hot_keys() -> Provider {
    static KEYS: Sm2Keys = Sm2Keys::new(Sm2Options::LEAN);
    default_provider().named("native, cold").with_keys(&KEYS)
}

/// Configurations are shared by all connections, as in an application; a cold stack makes new ones, outside the time
/// that counts, for each full handshake.
pub(crate) struct TlcpStack {
    provider: Provider,
    caches: Caches,
    server_settings: ServerSettings,
    client_settings: ClientSettings,
    server: Arc<ServerConfig>,
    /// Without and with sessions.
    clients: [Arc<ClientConfig>; 2],
    open: Ends,
    buffers: [Vec<u8>; 2],
}

impl TlcpStack {
    pub(crate) fn new(
        provider: Provider,
        caches: Caches,
        server_settings: &ServerSettings,
        client_settings: &ClientSettings,
    ) -> Self {
        let (server, clients) = configurations(provider, server_settings, client_settings);
        let (open, _) = ends::handshake(&clients[1], &server, &client_settings.name);
        Self {
            provider,
            caches,
            server_settings: server_settings.clone(),
            client_settings: client_settings.clone(),
            server,
            clients,
            open,
            buffers: [vec![7; 1 << 20], vec![0; 1 << 16]],
        }
    }
}

impl Stack for TlcpStack {
    fn handshake(&mut self, resume: bool) -> Costs {
        if self.caches == Caches::Cold && !resume {
            (self.server, self.clients) =
                configurations(self.provider, &self.server_settings, &self.client_settings);
        }
        let client = &self.clients[usize::from(resume)];
        let (ends, costs) = ends::handshake(client, &self.server, &self.client_settings.name);
        assert_eq!(ends.1.connection().is_resumed(), resume);
        costs
    }

    fn bulk(&mut self, size: usize, count: usize) -> Costs {
        ends::bulk(&mut self.open, &mut self.buffers, size, count)
    }
}

fn configurations(
    provider: Provider,
    server: &ServerSettings,
    client: &ClientSettings,
) -> (Arc<ServerConfig>, [Arc<ClientConfig>; 2]) {
    let tlcp = Tlcp { provider, ..Tlcp::default() };
    let clients = [false, true].map(|resumes| {
        let tlcp = Tlcp { resumes, ..tlcp.clone() };
        Arc::new(tlcp.client_config(client).expect("client"))
    });
    (Arc::new(tlcp.server_config(server).expect("server")), clients)
}
