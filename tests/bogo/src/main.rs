//! The shim of BoringSSL's BoGo suite: the runner, a peer that misbehaves in a thousand ways, starts this program once for
//! each test, tells by flags what to do, and judges what it does. See README.md.
mod config;
mod exchange;
mod expect;
mod options;
mod seen;
mod services;
mod suites;

use std::fmt;
use std::process::ExitCode;

/// Why a test ends here.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It needs what the library or this program does not do: told to the runner by the exit code 89.
    Unimplemented(String),
    /// The connection failed; the text holds the error's names, which config.json maps to BoringSSL's.
    Failed(String),
}

impl Stop {
    pub(crate) fn unimplemented(what: impl fmt::Display) -> Self {
        Self::Unimplemented(what.to_string())
    }

    pub(crate) fn failed(what: impl fmt::Display) -> Self {
        Self::Failed(what.to_string())
    }
}

const UNIMPLEMENTED: u8 = 89;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Unimplemented(what)) => {
            eprintln!("not implemented: {what}");
            ExitCode::from(UNIMPLEMENTED)
        }
        Err(Stop::Failed(what)) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

/// All connections of a test: the first, and those that resume its session.
fn run() -> Result<(), Stop> {
    if std::env::args().any(|flag| flag == "-is-handshaker-supported") {
        println!("No");
        return Ok(());
    }
    let (first, resumed) = options::parse(std::env::args().skip(1))?;
    let kept = services::Kept::new(&first)?;
    exchange::connect(&first, &kept, false)?;
    for _ in 0..first.number("-resume-count")?.unwrap_or(0) {
        exchange::connect(&resumed, &kept, true)?;
    }
    Ok(())
}
