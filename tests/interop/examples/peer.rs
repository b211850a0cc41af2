//! One end over TCP on the loopback address, for runs against programs of other projects:
//!
//! `peer server|client --port P [--cert F --key F --enc-cert F --enc-key F --chain F] --ca F --suite ECC_SM4_GCM_SM3[,..]
//! [--auth none|request|require] [--name N] [--alpn P] [--bytes N] [--times N] [--no-cache] [--with tlcp|tongsuo]
//! [--compat default|gmssl] [--keylog F]`
//!
//! The server echoes until close_notify; the client sends, compares the echo, closes, and connects again with its session.
//! One line per connection; the exit code is 0 if all of them went well. The last three options choose the
//! implementation, and for `tlcp` the quirks to allow for and a file for the secrets.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tlcp::config::{Compat, KeyLog, KeyLogFile};
use tlcp_interop::exchange;
use tlcp_interop::party::{
    ClientAuth, ClientSettings, Implementation, Outcome, Report, ServerSettings, Suite,
};
use tlcp_interop::pki::Pair;
use tlcp_interop::tlcp_party::Tlcp;
use tlcp_interop::tongsuo_party::Tongsuo;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let role = arguments.next().unwrap_or_default();
    let options = Options::read(arguments);
    let implementation = options.implementation();
    let good = match role.as_str() {
        "server" => serve(&*implementation, &options),
        "client" => connect(&*implementation, &options),
        _ => panic!("server or client?"),
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve(implementation: &dyn Implementation, options: &Options) -> bool {
    let server = implementation.server(&options.server());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port())).expect("the port");
    println!("listening {}", options.port());
    let mut good = true;
    for _ in 0..options.number("times", 1) {
        let (stream, _) = listener.accept().expect("a connection");
        good &= tell("served", &server.serve(Box::new(stream), &exchange::echo));
    }
    good
}

fn connect(implementation: &dyn Implementation, options: &Options) -> bool {
    let client = implementation.client(&options.client());
    let length = options.number("bytes", 1000);
    let mut good = true;
    for _ in 0..options.number("times", 1) {
        let stream = reach((Ipv4Addr::LOCALHOST, options.port()));
        let outcome = client.connect(Box::new(stream), &|channel| exchange::call_echo(channel, length));
        good &= tell("ok", &outcome);
    }
    good
}

/// The server may have been started with us.
fn reach(address: (Ipv4Addr, u16)) -> TcpStream {
    let attempts = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(50));
        TcpStream::connect(address)
    });
    attempts.take(100).find_map(Result::ok).expect("a server on the port")
}

fn tell(word: &str, outcome: &Outcome) -> bool {
    match outcome {
        Ok(Report { suite, resumed, server_name, protocol, peer, clean_close }) => {
            let protocol = protocol.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            println!(
                "{word} suite={suite:04x} resumed={} sni={} alpn={protocol} peer={} close_notify={clean_close}",
                u8::from(*resumed),
                server_name.as_deref().unwrap_or("-"),
                if peer.is_some() { "yes" } else { "-" },
            );
            true
        }
        Err(failure) => {
            println!("FAIL {failure}");
            false
        }
    }
}

struct Options(HashMap<String, String>);

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut options = HashMap::new();
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{name} needs a value"));
            let value = if name == "--no-cache" { String::new() } else { value() };
            options.insert(name.trim_start_matches("--").to_owned(), value);
        }
        Self(options)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn number(&self, name: &str, default: usize) -> usize {
        self.text(name).map_or(default, |text| text.parse().expect("a number"))
    }

    fn implementation(&self) -> Box<dyn Implementation> {
        let log = |path: &str| -> Arc<dyn KeyLog> {
            Arc::new(KeyLogFile::open(path).unwrap_or_else(|error| panic!("{path}: {error}")))
        };
        match self.text("with") {
            None | Some("tlcp") => Box::new(Tlcp {
                compat: Compat::by_name(self.text("compat").unwrap_or("default")).expect("--compat"),
                key_log: self.text("keylog").map(log),
                resumes: self.text("no-cache").is_none(),
                ..Tlcp::default()
            }),
            Some("tongsuo") => Box::new(Tongsuo),
            Some(other) => panic!("--with {other}?"),
        }
    }

    fn port(&self) -> u16 {
        self.text("port").and_then(|text| text.parse().ok()).expect("--port")
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.text(name).map(|path| std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}")))
    }

    fn identity(&self) -> Option<Pair> {
        Some(Pair {
            sign_certificate: self.file("cert")?,
            sign_key: self.file("key")?,
            encryption_certificate: self.file("enc-cert")?,
            encryption_key: self.file("enc-key")?,
            intermediate: self.file("chain")?,
        })
    }

    fn suites(&self) -> Vec<Suite> {
        let named = |name: &str| match name {
            "ECDHE_SM4_GCM_SM3" => Suite::EcdheGcm,
            "ECC_SM4_GCM_SM3" => Suite::EccGcm,
            "ECDHE_SM4_CBC_SM3" => Suite::EcdheCbc,
            "ECC_SM4_CBC_SM3" => Suite::EccCbc,
            "RSA_SM4_GCM_SM3" => Suite::RsaGcm,
            "RSA_SM4_GCM_SHA256" => Suite::RsaGcmSha256,
            "RSA_SM4_CBC_SM3" => Suite::RsaCbc,
            "RSA_SM4_CBC_SHA256" => Suite::RsaCbcSha256,
            other => panic!("unknown suite {other}"),
        };
        self.text("suite").map_or(Suite::SM2.to_vec(), |names| names.split(',').map(named).collect())
    }

    fn protocols(&self) -> Vec<String> {
        self.text("alpn").map(str::to_owned).into_iter().collect()
    }

    fn server(&self) -> ServerSettings {
        let root = || self.file("ca").expect("--ca");
        ServerSettings {
            suites: self.suites(),
            identity: self.identity().expect("--cert --key --enc-cert --enc-key --chain"),
            client_auth: match self.text("auth") {
                Some("require") => ClientAuth::Required { root: root() },
                Some("request") => ClientAuth::Optional { root: root() },
                _ => ClientAuth::None,
            },
            protocols: self.protocols(),
            now: now(),
        }
    }

    fn client(&self) -> ClientSettings {
        ClientSettings {
            suites: self.suites(),
            identity: self.identity(),
            server_root: self.file("ca").expect("--ca"),
            name: self.text("name").unwrap_or("localhost").to_owned(),
            protocols: self.protocols(),
            now: now(),
        }
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    since.expect("a clock after 1970").as_secs()
}
