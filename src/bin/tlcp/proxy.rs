//! `tlcp proxy`: the gateway. Ends TLCP and TLS 1.2 in front of plain backends, and begins them in front of servers.
mod access;
mod dial;
mod flags;
mod header;
mod journal;
mod keys;
mod limits;
mod metrics;
mod plan;
mod ports;
mod relay;
mod serve;
mod settings;
mod signals;

use crate::options::path;
use crate::patience::runtime;
use crate::problem::Problem;
use clap::ArgMatches;
use journal::Journal;
use limits::Limits;
use metrics::Metrics;
use plan::{Plan, Stores};
use ports::Ports;
use serve::Gateway;
use settings::Settings;
use signals::{Signal, Signals};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinHandle;

pub(crate) use flags::command;

pub(crate) fn run(matches: &ArgMatches) -> Result<(), Problem> {
    let read = || match path(matches, "config").or(path(matches, "check")) {
        Some(file) => Settings::of_file(file),
        None => Settings::of_flags(matches),
    };
    let (mut settings, stores) = (read()?, Stores::new()?);
    if let Some(file) = path(matches, "check") {
        for log in settings.take_key_logs().iter().chain(&settings.common.access.file) {
            journal::check(log).map_err(|e| log_problem(log, e))?;
        }
        let plan = Plan::build(&settings, &stores)?;
        say!("{}: good: {} ports, {} names", file.display(), plan.services.len(), plan.names);
        return Ok(());
    }
    let plan = Plan::build(&settings, &stores)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let mut running = Running::start(&settings, plan, stores).await?;
        while signals.next().await == Signal::Reload {
            running.reload(read()).await;
        }
        running.drain(&mut signals).await;
        Ok(())
    });
    // Not even for a name that is being looked up, or a file that does not open.
    runtime.shutdown_background();
    outcome
}

fn log_problem(path: &Path, e: io::Error) -> Problem {
    let advice = "see whether its folder is there, and whether this user may write there";
    Problem::from(e).during(format!("the log {}", path.display())).advise(advice)
}

/// A gateway at work.
struct Running {
    gateway: Arc<Gateway>,
    stores: Stores,
    ports: Ports,
    metrics: Option<(SocketAddr, JoinHandle<()>)>,
    /// How long connections may go on when it is to end.
    patience: Duration,
}

impl Running {
    async fn start(settings: &Settings, plan: Plan, stores: Stores) -> Result<Self, Problem> {
        let metrics = Arc::new(Metrics::default());
        let journal = Journal::start(metrics.clone())?;
        let gateway = Gateway::new(metrics, Limits::new(settings.common.most), journal);
        let patience = settings.common.timeouts.drain;
        let mut running =
            Self { gateway: Arc::new(gateway), stores, ports: Ports::default(), metrics: None, patience };
        running.apply(settings, plan).await?;
        Ok(running)
    }

    /// All that can fail comes first, and what comes after it cannot fail.
    async fn apply(&mut self, settings: &Settings, plan: Plan) -> Result<(), Problem> {
        let common = &settings.common;
        let log = match &common.access.file {
            Some(path) => Some(journal::open(path).await.map_err(|e| log_problem(path, e))?),
            None => None,
        };
        let metrics = match common.metrics {
            Some(address) if self.metrics.as_ref().is_none_or(|(old, _)| *old != address) => {
                let bound = std::net::TcpListener::bind(address);
                Some((address, bound.map_err(|e| Problem::from(e).during(format!("metrics at {address}")))?))
            }
            _ => None,
        };
        self.ports.apply(plan, &self.gateway).await?;
        self.gateway.is_json.store(common.access.format == access::Format::Json, Ordering::Relaxed);
        self.gateway.journal.write_to(log);
        self.gateway.limits.set(common.most);
        self.patience = common.timeouts.drain;
        if let Some((_, task)) = self.metrics.take_if(|_| metrics.is_some() || common.metrics.is_none()) {
            task.abort();
        }
        if let Some((address, listener)) = metrics {
            say!("metrics on {}", listener.local_addr()?);
            let (counted, limits) = (self.gateway.metrics.clone(), self.gateway.limits.clone());
            self.metrics = Some((address, metrics::serve(listener, counted, limits)?));
        }
        let ports = self.ports.len().to_string();
        self.gateway.event("serving", &[("ports", &ports)]);
        Ok(())
    }

    /// Settings that are not good change nothing.
    async fn reload(&mut self, settings: Result<Settings, Problem>) {
        let planned = settings.and_then(|settings| {
            let plan = Plan::build(&settings, &self.stores)?;
            Ok((settings, plan))
        });
        let outcome = match planned {
            Ok((settings, plan)) => self.apply(&settings, plan).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(()) => self.gateway.metrics.reloaded("ok"),
            Err(problem) => {
                self.gateway.metrics.reloaded("failed");
                let error = problem.line();
                self.gateway.event("reload_failed", &[("error", &error), ("effect", "nothing was changed")]);
            }
        }
    }

    /// Takes nobody in any more, and waits for those who are there; not for ever, and not past a second signal.
    async fn drain(mut self, signals: &mut Signals) {
        self.ports.close(&self.gateway).await;
        let limits = self.gateway.limits.clone();
        let left = limits.in_all().to_string();
        self.gateway.event("draining", &[("connections", &left)]);
        let all_free = signals::or_end(signals, limits.all_free());
        let _ = tokio::time::timeout(self.patience, all_free).await;
        let cut = limits.in_all().to_string();
        self.gateway.event("ended", &[("connections_cut", &cut)]);
        self.gateway.journal.flush();
    }
}
