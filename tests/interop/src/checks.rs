//! What any two implementations must manage together: each check takes the server's and the client's.

use crate::exchange::{Closer, Script};
use crate::pair::{Meeting, meet};
use crate::party::{ClientAuth, ClientSettings, Implementation, Report, ServerSettings, Suite, settings};
use crate::pki;
use tlcp::error::{CertificateError, CertificateProblem, Error, PeerIncompatible};

type Party<'a> = &'a dyn Implementation;

/// Every suite without and with a client certificate, in full and then resumed with the same result.
///
/// # Panics
/// If it fails.
pub fn every_suite_runs_in_full_and_then_resumes(server: Party, client: Party) {
    for suite in Suite::all() {
        for mutual in [false, true] {
            // ECDHE takes both ends' encryption certificates: always mutual.
            if mutual || !suite.is_ecdhe() {
                full_then_resumed(server, client, suite, mutual);
            }
        }
    }
}

fn full_then_resumed(server: Party, client: Party, suite: Suite, mutual: bool) {
    let (server_settings, client_settings) = settings(suite, mutual);
    let (server, client) = (server.server(&server_settings), client.client(&client_settings));
    for resumed in [false, true, true] {
        let expected = |peer: Option<Vec<u8>>| Report {
            suite: suite.id(),
            resumed,
            server_name: Some(pki::SERVER_NAME.to_owned()),
            protocol: None,
            peer,
            clean_close: true,
        };
        let met = meet(&*server, &*client, &Script::SHORT).unwrap(&format!("{suite:?} mutual: {mutual}"));
        let client_certificate = mutual.then(|| pki::der(&suite.pki().client.sign_certificate));
        assert_eq!(met.0, expected(client_certificate), "server, {suite:?}");
        assert_eq!(
            met.1,
            expected(Some(pki::der(&suite.pki().server.sign_certificate))),
            "client, {suite:?}"
        );
    }
}

/// 4 MiB each way in every suite, closed by either end.
///
/// # Panics
/// If it fails.
pub fn four_mebibytes_go_each_way(server: Party, client: Party) {
    for suite in Suite::all() {
        for closer in [Closer::Client, Closer::Server] {
            let (server_settings, client_settings) = settings(suite, suite.is_ecdhe());
            let (server, client) = (server.server(&server_settings), client.client(&client_settings));
            let script = Script { closer, ..Script::LONG };
            let (server, client) =
                meet(&*server, &*client, &script).unwrap(&format!("{suite:?}, {closer:?}"));
            assert!(server.clean_close && client.clean_close, "{suite:?}, {closer:?}");
        }
    }
}

/// A connection on which nothing is said, closed by either end.
///
/// # Panics
/// If it fails.
pub fn an_empty_connection_closes_cleanly(server: Party, client: Party) {
    for closer in [Closer::Client, Closer::Server] {
        let (server_settings, client_settings) = settings(Suite::EccGcm, false);
        let (server, client) = (server.server(&server_settings), client.client(&client_settings));
        let script = Script { upstream: 0, downstream: 0, closer };
        let (server, client) = meet(&*server, &*client, &script).unwrap(&format!("{closer:?}"));
        assert!(server.clean_close && client.clean_close, "{closer:?}");
    }
}

/// The server's preference among the client's protocols wins, in full and resumed handshakes.
///
/// # Panics
/// If it fails.
pub fn the_server_chooses_the_protocol(server: Party, client: Party) {
    let (mut server_settings, mut client_settings) = settings(Suite::EccGcm, false);
    server_settings.protocols = vec!["h2".to_owned(), "http/1.1".to_owned()];
    client_settings.protocols = vec!["http/1.1".to_owned(), "h2".to_owned(), "other".to_owned()];
    let (server, client) = (server.server(&server_settings), client.client(&client_settings));
    for resumed in [false, true] {
        let (server, client) = meet(&*server, &*client, &Script::SHORT).unwrap("protocols");
        assert_eq!((server.resumed, client.resumed), (resumed, resumed));
        assert_eq!(server.protocol.as_deref(), Some(&b"h2"[..]));
        assert_eq!(client.protocol.as_deref(), Some(&b"h2"[..]));
    }
}

/// The server picks its own favourite of two suites both enabled.
///
/// # Panics
/// If it fails.
pub fn two_common_suites_give_one(server: Party, client: Party) {
    let (mut server_settings, mut client_settings) = settings(Suite::EccGcm, false);
    server_settings.suites = vec![Suite::EccCbc, Suite::EccGcm];
    client_settings.suites = vec![Suite::EccGcm, Suite::EccCbc];
    let (server, client) = (server.server(&server_settings), client.client(&client_settings));
    let (server, client) = meet(&*server, &*client, &Script::SHORT).unwrap("suites");
    assert_eq!(server.suite, client.suite);
    assert!([Suite::EccGcm.id(), Suite::EccCbc.id()].contains(&server.suite));
}

/// Where a client certificate is optional, a client may have one or not.
///
/// # Panics
/// If it fails.
pub fn an_optional_client_certificate_may_be_missing(server: Party, client: Party) {
    for with_certificate in [false, true] {
        let (mut server_settings, client_settings) = settings(Suite::EccGcm, with_certificate);
        server_settings.client_auth = ClientAuth::Optional { root: pki::root() };
        let (server, client) = (server.server(&server_settings), client.client(&client_settings));
        let (server, _) = meet(&*server, &*client, &Script::SHORT).unwrap("optional");
        assert_eq!(server.peer.is_some(), with_certificate);
    }
}

/// A session the server no longer has leads to a full handshake.
///
/// # Panics
/// If it fails.
pub fn a_forgotten_session_gives_a_full_handshake(server: Party, client: Party) {
    let (server_settings, client_settings) = settings(Suite::EccGcm, false);
    let client = client.client(&client_settings);
    for _ in 0..2 {
        let fresh = server.server(&server_settings);
        let (server, client) = meet(&*fresh, &*client, &Script::SHORT).unwrap("forgotten session");
        assert!(!server.resumed && !client.resumed);
    }
}

/// Who finds the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refuser {
    Client,
    Server,
}

/// One reason to refuse: what to change, who refuses, the alert the other end must see (any of them), and the library's
/// error where it is the one that refuses.
struct Refusal {
    what: &'static str,
    change: fn(&mut ServerSettings, &mut ClientSettings),
    refuser: Refuser,
    alerts: &'static [u8],
    error: Error,
}

// The alerts are R-AL-8's; Tongsuo sends the same.
const REFUSALS: [Refusal; 8] = [
    Refusal {
        what: "the server's issuer is not trusted",
        change: |_, client| client.server_root = pki::other_root(),
        refuser: Refuser::Client,
        alerts: &[48],
        error: Error::Certificate(CertificateError::new(CertificateProblem::UnknownIssuer)),
    },
    Refusal {
        what: "the server's certificates have expired",
        change: |_, client| client.now = pki::EXPIRED_AT,
        refuser: Refuser::Client,
        alerts: &[45],
        error: Error::Certificate(CertificateError::new(CertificateProblem::Expired)),
    },
    Refusal {
        what: "the server's certificates are for another name",
        change: |_, client| client.name = "elsewhere.example".to_owned(),
        refuser: Refuser::Client,
        alerts: &[42],
        error: Error::Certificate(CertificateError::new(CertificateProblem::NameMismatch)),
    },
    Refusal {
        what: "no common suite",
        change: |_, client| client.suites = vec![Suite::EccCbc],
        refuser: Refuser::Server,
        alerts: &[40],
        error: Error::PeerIncompatible(PeerIncompatible::NoCommonCipherSuite),
    },
    Refusal {
        what: "the client has no certificate",
        change: |_, client| client.identity = None,
        refuser: Refuser::Server,
        alerts: &[40],
        error: Error::PeerIncompatible(PeerIncompatible::ClientCertificateMissing),
    },
    Refusal {
        what: "the client's issuer is not trusted",
        change: |server, _| server.client_auth = ClientAuth::Required { root: pki::other_root() },
        refuser: Refuser::Server,
        // A client that heeds the announced names sends no certificate instead: then it is missing.
        alerts: &[48, 40],
        error: Error::Certificate(CertificateError::new(CertificateProblem::UnknownIssuer)),
    },
    Refusal {
        what: "the client's certificates have expired",
        change: |server, _| server.now = pki::EXPIRED_AT,
        refuser: Refuser::Server,
        alerts: &[45],
        error: Error::Certificate(CertificateError::new(CertificateProblem::Expired)),
    },
    Refusal {
        what: "no common application protocol",
        change: |server, client| {
            server.protocols = vec!["h2".to_owned()];
            client.protocols = vec!["http/1.1".to_owned()];
        },
        refuser: Refuser::Server,
        alerts: &[120],
        error: Error::PeerIncompatible(PeerIncompatible::NoApplicationProtocol),
    },
];

/// The same error, whichever certificate it is about.
fn says(error: &Error, wanted: &Error) -> bool {
    match (error, wanted) {
        (Error::Certificate(error), Error::Certificate(wanted)) => error.problem == wanted.problem,
        _ => error == wanted,
    }
}

/// Each refusal ends in errors at both ends; the refused one names the alert.
///
/// # Panics
/// If it fails.
pub fn refusals_reach_the_other_end_as_alerts(server: Party, client: Party) {
    for refusal in &REFUSALS {
        let (mut server_settings, mut client_settings) = settings(Suite::EccGcm, true);
        (refusal.change)(&mut server_settings, &mut client_settings);
        let ends = (server.server(&server_settings), client.client(&client_settings));
        let Meeting { server, client } = meet(&*ends.0, &*ends.1, &Script::SHORT);
        let (Err(server), Err(client)) = (&server, &client) else {
            panic!("{}: not refused: {server:?} {client:?}", refusal.what);
        };
        let (refuser, refused) = match refusal.refuser {
            Refuser::Client => (client, server),
            Refuser::Server => (server, client),
        };
        let alert = refused.alert_received.unwrap_or_else(|| panic!("{}: no alert: {refused}", refusal.what));
        assert!(refusal.alerts.contains(&alert), "{}: {refused}", refusal.what);
        assert!(refuser.alert_sent.is_none_or(|sent| sent == alert), "{}: {refuser}", refusal.what);
        assert!(
            refuser.error.as_ref().is_none_or(|e| says(e, &refusal.error)),
            "{}: {refuser}",
            refusal.what
        );
    }
}
