//! `tlcp`: the library on the command line. Makes certificates, serves, connects, and shows a handshake message by
//! message. It uses the public API alone.
/// A line on standard output. Unlike `println!`, a reader that is gone (`| head`) is no reason to panic.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout().lock(), $($text)*);
    }};
}

/// A line on standard error, likewise: a server must not end because nobody reads its log any more.
macro_rules! log {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($text)*);
    }};
}

mod address;
mod answer;
mod client;
mod completions;
mod demo;
mod facts;
mod http;
mod options;
mod patience;
mod pipe;
mod pki;
mod problem;
mod progress;
mod proxy;
mod server;
mod socket;
mod trace;

use clap::Command;
use problem::Problem;
use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = command().get_matches();
    let outcome = match matches.subcommand() {
        Some(("demo", _)) => demo::run(),
        Some(("pki", options)) => pki::run(options),
        Some(("server", options)) => server::run(options),
        Some(("client", options)) => client::run(options),
        Some(("completions", options)) => completions::run(options, &mut command()),
        Some(("proxy", options)) => proxy::run(options),
        _ => Err(Problem::new("no such command").advise("run `tlcp --help`")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            log!("error: {problem}");
            ExitCode::from(problem.code())
        }
    }
}

fn command() -> Command {
    Command::new("tlcp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("TLCP (GB/T 38636-2020): TLS with SM2, SM3, SM4 and two certificates per party")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("demo")
                .about("Shows handshakes and data over TCP, message by message; needs nothing"),
        )
        .subcommand(pki::command())
        .subcommand(server::command())
        .subcommand(client::command())
        .subcommand(completions::command())
        .subcommand(proxy::command())
}
