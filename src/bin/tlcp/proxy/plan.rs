//! What the gateway does, built from its settings: files read, certificates and keys checked. A plan that was built can be
//! put into force; one that cannot be built changes nothing.
use super::settings::{HostPort, Listen, Originate, Settings, Site, Terminate, Timeouts};
use crate::options::Common;
use crate::problem::Problem;
use std::collections::HashMap;
use std::sync::Arc;
use tlcp::aio::TlcpAcceptor;
use tlcp::cert::ServerName;
use tlcp::config::{ClientConfig, ServerConfig, ServerConfigs};
use tlcp::crypto::default_provider;
use tlcp::error::ConfigError;
use tlcp::message::RequestedName;
use tlcp::session::{MemoryStore, RotatingTicketer, SessionStore, Ticketer};
use tlcp::suite::{AeadAlgorithm, Certificates, TLCP, TLS12};

/// Seconds until the key that seals tickets is replaced.
const TICKET_KEY: u64 = 12 * 60 * 60;
/// How many sessions are kept of clients, and how many with servers, each for at most so many seconds.
const SESSIONS: usize = 16_384;
const SESSION: u64 = 2 * 60 * 60;

/// Where sessions are. They outlive every plan: a name that a new plan leaves as it was keeps its own.
pub(super) struct Stores {
    clients: Arc<dyn SessionStore>,
    servers: Arc<dyn SessionStore>,
    tickets: Arc<dyn Ticketer>,
}

impl Stores {
    pub(super) fn new() -> Result<Self, Problem> {
        let store = || Arc::new(MemoryStore::new(SESSIONS, SESSION));
        let tickets = RotatingTicketer::new(default_provider(), AeadAlgorithm::Aes256Gcm, TICKET_KEY)?;
        Ok(Self { clients: store(), servers: store(), tickets: Arc::new(tickets) })
    }
}

/// All ports.
pub(super) struct Plan {
    pub(super) services: Vec<(Listen, Service)>,
    /// How many names are served.
    pub(super) names: usize,
}

/// What is done with the connections of a port.
pub(super) struct Service {
    pub(super) listener: Arc<str>,
    pub(super) timeouts: Timeouts,
    pub(super) work: Work,
}

pub(super) enum Work {
    Terminate(Terminator),
    Originate(Originator),
}

/// Protected connections in, plain ones out.
pub(super) struct Terminator {
    /// Of any of its configurations: it reads hellos.
    pub(super) acceptor: TlcpAcceptor,
    default: Option<Arc<Backend>>,
    refuse_unknown_names: bool,
    names: HashMap<String, Arc<Backend>>,
}

/// A name's configurations, and where its connections go.
pub(super) struct Backend {
    pub(super) configs: ServerConfigs,
    pub(super) to: HostPort,
    pub(super) label: Arc<str>,
    pub(super) proxy_protocol: bool,
}

/// Plain connections in, protected ones out.
pub(super) struct Originator {
    pub(super) config: Arc<ClientConfig>,
    pub(super) to: HostPort,
    pub(super) label: Arc<str>,
    pub(super) name: ServerName<'static>,
}

impl Plan {
    pub(super) fn build(settings: &Settings, stores: &Stores) -> Result<Self, Problem> {
        let mut services = Vec::new();
        let timeouts = settings.common.timeouts;
        let service =
            |listen: &Listen, work| Service { listener: listen.text.as_str().into(), timeouts, work };
        for terminate in &settings.terminate {
            let work = Work::Terminate(Terminator::build(terminate, timeouts, stores)?);
            services.push((terminate.listen.clone(), service(&terminate.listen, work)));
        }
        for originate in &settings.originate {
            let work = Work::Originate(Originator::build(originate, timeouts, stores)?);
            services.push((originate.listen.clone(), service(&originate.listen, work)));
        }
        let names = settings.terminate.iter().flat_map(|terminate| &terminate.sites);
        Ok(Self { services, names: names.map(|site| site.names.len()).sum() })
    }
}

impl Terminator {
    fn build(terminate: &Terminate, timeouts: Timeouts, stores: &Stores) -> Result<Self, Problem> {
        let build = |site: &Site| Backend::build(site, &terminate.listen, timeouts, stores).map(Arc::new);
        let default = terminate.default.as_ref().map(build).transpose()?;
        let mut names = HashMap::new();
        let mut any = default.clone();
        for site in &terminate.sites {
            let backend = build(site)?;
            any.get_or_insert_with(|| backend.clone());
            names.extend(site.names.iter().map(|name| (name.clone(), backend.clone())));
        }
        let any = any.ok_or_else(|| Problem::new("a port without an identity"))?;
        Ok(Self {
            acceptor: TlcpAcceptor::new(any.configs.clone()),
            default,
            refuse_unknown_names: terminate.refuse_unknown_names,
            names,
        })
    }

    /// The configurations for a client that asks for this name; none, if it is to be refused.
    pub(super) fn backend(&self, name: &RequestedName) -> Option<&Arc<Backend>> {
        let by_name = name.host().and_then(|host| {
            let above = || host.split_once('.').and_then(|(_, above)| self.names.get(&format!("*.{above}")));
            self.names.get(host).or_else(above)
        });
        let is_unknown = !matches!(name, RequestedName::None) && by_name.is_none();
        match is_unknown && self.refuse_unknown_names {
            true => None,
            false => by_name.or(self.default.as_ref()),
        }
    }
}

impl Backend {
    fn build(site: &Site, listen: &Listen, timeouts: Timeouts, stores: &Stores) -> Result<Self, Problem> {
        let options = Common::load(site.written.clone())?;
        let advise = |e: ConfigError| {
            let names = ["identity", "ca", "suite"].map(|option| site.written.name(option));
            Problem::from(e).during(place(&site.written.before)).advise(format!("see {}", names.join(", ")))
        };
        // No session of one port or name is resumed at another.
        let tag = format!("{} {}", listen.text, site.names.join(" "));
        let mut configs: Option<ServerConfigs> = None;
        for protocol in [&TLCP, &TLS12].into_iter().filter(|protocol| options.serves(protocol)) {
            let builder = match protocol.certificates {
                Certificates::Single => ServerConfig::tls12_builder().tickets(stores.tickets.clone()),
                _ => ServerConfig::builder(),
            };
            let builder = options
                .set_up(builder, protocol, None)?
                .client_auth(site.client_auth)
                .sessions(Some(stores.clients.clone()))
                .session_tag(tag.as_bytes())
                .handshake_timeout(timeouts.handshake);
            let identities = options.identities(protocol);
            let builder = identities.fold(builder, |builder, identity| builder.identity(identity.clone()));
            let config = Arc::new(builder.build().map_err(advise)?);
            configs = Some(match configs {
                Some(configs) => configs.with(config).map_err(advise)?,
                None => config.into(),
            });
        }
        let configs = configs.ok_or_else(|| {
            advise(ConfigError::new("no suite that was named is for an identity that was given"))
        })?;
        let label = site.to.to_string().into();
        Ok(Self { configs, to: site.to.clone(), label, proxy_protocol: site.proxy_protocol })
    }
}

impl Originator {
    fn build(originate: &Originate, timeouts: Timeouts, stores: &Stores) -> Result<Self, Problem> {
        let written = &originate.written;
        let options = Common::load(written.clone())?;
        let (builder, protocol) = match originate.is_tls {
            true => (ClientConfig::tls12_builder(), &TLS12),
            false => (ClientConfig::builder(), &TLCP),
        };
        let builder = options
            .set_up(builder, protocol, None)?
            .sessions(Some(stores.servers.clone()))
            .session_tag(format!("{} {}", originate.listen.text, originate.connect).as_bytes())
            .handshake_timeout(timeouts.handshake);
        if !options.identities.is_empty() && options.identities(protocol).next().is_none() {
            let what = format!(
                "{}: no certificate is of the kind that the protocol needs",
                written.name("identity")
            );
            let advice = "TLCP needs a pair of SM2 certificates, TLS 1.2 a single one; see `protocol`";
            return Err(Problem::new(what).advise(advice));
        }
        let identities = options.identities(protocol);
        let builder = identities.fold(builder, |builder, identity| builder.identity(identity.clone()));
        let config = builder.build().map_err(|e| {
            let names = ["identity", "ca", "suite", "protocol"].map(|option| written.name(option));
            Problem::from(e).during(place(&written.before)).advise(format!("see {}", names.join(", ")))
        })?;
        let to = originate.connect.clone();
        let (label, name) = (to.to_string().into(), originate.name.clone());
        Ok(Self { config: Arc::new(config), to, label, name })
    }
}

/// `gateway.toml: terminate[0].` as the beginning of a sentence.
fn place(before: &str) -> &str {
    match before.trim_end_matches('.') {
        "--" => "the flags",
        place => place,
    }
}
