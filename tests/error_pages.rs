//! The guide's pages about errors hold every kind that `Error::kind` gives, with what `Display` and `Error::hint` say of it.
//! `UPDATE_ERRORS=1 cargo test --all-features --test error_pages` writes what is generated of them anew; of the Chinese page
//! the meanings and remedies are by hand, and stay.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tlcp::error::{
    AnswerError, CertificateError, CertificatePlace, CertificateProblem as C, ConfigError, CryptoError,
    Error, FaultyCertificate, PeerIncompatible as I, PeerMisbehaved as P,
};
use tlcp::wire::{
    AlertDescription, ContentType, ExtensionType, HandshakeType, Problem, ProtocolVersion, Reader,
};

/// One of each kind, in the order of the page.
fn examples() -> Vec<Error> {
    let mut all = vec![
        Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE),
        Error::ClosedInHandshake { heard: true },
        Error::ClosedInHandshake { heard: false },
        Error::HandshakeTimeout,
        Error::Truncated,
    ];
    all.extend(incompatible().map(Error::from));
    all.extend(problems().map(example_of));
    all.extend(misbehaved().map(Error::from));
    all.push(Reader::new("ServerHello", &[]).error("session_id", Problem::LengthOutOfRange).into());
    all.extend([
        CryptoError::NoRandomness.into(),
        AnswerError("the device is gone").into(),
        Error::KeyExhausted,
        ConfigError::new("no identity: pass the certificate pair that the server shows").into(),
        Error::Misuse("write before the handshake is complete"),
    ]);
    all
}

fn incompatible() -> impl Iterator<Item = I> {
    [
        I::NoCommonCipherSuite,
        I::NoCertificateRequest,
        I::ClientCertificateMissing,
        I::NoClientIdentity,
        I::NoServerIdentity,
        I::UnrecognizedName,
        I::NoApplicationProtocol,
        I::NoCommonSignatureScheme,
        I::NoCommonGroup,
        I::NoExtendedMasterSecret,
        I::NoSecureRenegotiation,
        I::ClientIdMissing,
    ]
    .into_iter()
}

fn problems() -> impl Iterator<Item = C> {
    [
        C::UnknownIssuer,
        C::NameMismatch,
        C::Expired,
        C::NotYetValid,
        C::Revoked,
        C::InconsistentPair,
        C::MissingEncryptionCertificate,
        C::WrongUsage("keyUsage lacks digitalSignature"),
        C::BadSignature,
        C::UnsupportedKey,
        C::UnsupportedSignature,
        C::Malformed,
        C::AccessDenied,
        C::Other("a certificate of more than 16 KiB"),
        C::UnknownKeyCentre,
        C::MalformedParameters,
        C::UnsupportedParameters("they have expired"),
        C::IdentityOutOfDate,
    ]
    .into_iter()
}

/// Most are about one certificate.
fn example_of(problem: C) -> Error {
    let of_all = [C::InconsistentPair, C::MissingEncryptionCertificate, C::UnknownKeyCentre];
    let of_sm9 =
        matches!(problem, C::MalformedParameters | C::UnsupportedParameters(_) | C::IdentityOutOfDate);
    if of_sm9 || of_all.contains(&problem) {
        return problem.into();
    }
    let server = FaultyCertificate::new(CertificatePlace::Sign, "CN=bank.example", "");
    CertificateError::of(problem, server).into()
}

fn misbehaved() -> impl Iterator<Item = P> {
    [
        P::NotTlcp { looks_like: "HTTP" },
        P::ProtocolVersion { message: "ServerHello", version: ProtocolVersion::TLS12 },
        P::BadSignature { message: HandshakeType::SERVER_KEY_EXCHANGE },
        P::WrongVerifyData,
        P::BadRecordMac,
        P::RecordOverflow { length: 20_000 },
        P::UnexpectedMessage { state: "AwaitServerHello", message: HandshakeType::FINISHED },
        P::UnexpectedChangeCipherSpec { state: "AwaitCertificate" },
        P::UnexpectedRecord {
            content_type: ContentType::APPLICATION_DATA,
            why: "the handshake is not complete",
            clause: "R-SM-4",
        },
        P::IllegalParameter {
            message: "ServerHello",
            field: "cipher_suite",
            expected: "one that was offered",
            clause: "R-CS-5",
        },
        P::UnsupportedExtension(ExtensionType::SERVER_NAME),
        P::TooMany { what: "warning alerts" },
        P::InappropriateFallback,
    ]
    .into_iter()
}

/// The alerts of which something is to be said, and one for all others.
const ALERTS: [AlertDescription; 17] = [
    AlertDescription::HANDSHAKE_FAILURE,
    AlertDescription::INSUFFICIENT_SECURITY,
    AlertDescription::UNKNOWN_CA,
    AlertDescription::BAD_CERTIFICATE,
    AlertDescription::UNSUPPORTED_CERTIFICATE,
    AlertDescription::CERTIFICATE_UNKNOWN,
    AlertDescription::CERTIFICATE_REQUIRED,
    AlertDescription::CERTIFICATE_EXPIRED,
    AlertDescription::CERTIFICATE_REVOKED,
    AlertDescription::DECRYPT_ERROR,
    AlertDescription::DECODE_ERROR,
    AlertDescription::ILLEGAL_PARAMETER,
    AlertDescription::PROTOCOL_VERSION,
    AlertDescription::UNRECOGNIZED_NAME,
    AlertDescription::NO_APPLICATION_PROTOCOL,
    AlertDescription::INTERNAL_ERROR,
    AlertDescription::BAD_RECORD_MAC,
];

fn hint(error: &Error) -> &'static str {
    error.hint().unwrap_or("—")
}

fn kinds() -> Vec<[String; 3]> {
    let row = |e: &Error| [format!("`{}`", e.kind()), e.to_string(), hint(e).to_string()];
    examples().iter().map(row).collect()
}

fn alerts() -> Vec<[String; 2]> {
    let row =
        |a: &AlertDescription| [format!("`{a}` ({})", a.0), hint(&Error::AlertReceived(*a)).to_string()];
    ALERTS.iter().map(row).collect()
}

fn line(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The cells of each row of the table behind the line `marker`, by the first one.
fn rows<'p>(page: &'p str, marker: &str) -> BTreeMap<&'p str, Vec<&'p str>> {
    let table = page.split_once(marker).expect(marker).1.trim_start();
    let rows = table.lines().take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0], cells)
    })
    .collect()
}

/// The page with another table behind the line `marker`.
fn with_table(page: &str, marker: &str, table: &str) -> String {
    let (before, rest) = page.split_once(marker).expect(marker);
    let after = rest.trim_start();
    let old: usize = after.lines().take_while(|l| l.starts_with('|')).map(|l| l.len() + 1).sum();
    format!("{before}{marker}\n\n{table}{}", &after[old..])
}

const KINDS: &str = "<!-- generated: kinds -->";
const ALERTS_MARKER: &str = "<!-- generated: alerts -->";

fn english(page: &str) -> String {
    let mut of_kinds = line(&["kind", "such as", "what to do"]) + &line(&["---"; 3]);
    for [kind, says, hint] in &kinds() {
        of_kinds += &line(&[kind, says, hint]);
    }
    let mut of_alerts = line(&["alert", "what to do"]) + &line(&["---"; 2]);
    for [alert, hint] in &alerts() {
        of_alerts += &line(&[alert, hint]);
    }
    with_table(&with_table(page, KINDS, &of_kinds), ALERTS_MARKER, &of_alerts)
}

/// Meaning and remedy stay; what the program prints is between them.
fn chinese(page: &str) -> String {
    let by_hand = |old: &BTreeMap<&str, Vec<&str>>, name: &String, cell: usize| {
        old.get(name.as_str()).and_then(|cells| cells.get(cell)).map_or(String::new(), ToString::to_string)
    };
    let old = rows(page, KINDS);
    let mut of_kinds = line(&["种类", "含义", "处理办法", "程序的提示"]) + &line(&["---"; 4]);
    for [kind, _, hint] in &kinds() {
        of_kinds += &line(&[kind, &by_hand(&old, kind, 1), &by_hand(&old, kind, 2), hint]);
    }
    let old = rows(page, ALERTS_MARKER);
    let mut of_alerts = line(&["报警", "处理办法", "程序的提示"]) + &line(&["---"; 3]);
    for [alert, hint] in &alerts() {
        of_alerts += &line(&[alert, &by_hand(&old, alert, 1), hint]);
    }
    with_table(&with_table(page, KINDS, &of_kinds), ALERTS_MARKER, &of_alerts)
}

fn check(path: &str, generate: fn(&str) -> String) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    let page = std::fs::read_to_string(&path).unwrap();
    let wanted = generate(&page);
    if std::env::var_os("UPDATE_ERRORS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(page == wanted, "{path:?} is not up to date: see this test's first lines");
    }
    wanted
}

#[test]
fn the_examples_have_every_kind_once() {
    let source = include_str!("../src/error/kind.rs").split("#[cfg(test)]").next().unwrap();
    let words = source.split('"').skip(1).step_by(2);
    let in_source: BTreeSet<&str> = words.collect();
    let of_examples: Vec<&str> = examples().iter().map(Error::kind).collect();
    assert_eq!(of_examples.iter().copied().collect::<BTreeSet<_>>(), in_source);
    assert_eq!(of_examples.len(), in_source.len());
}

#[test]
fn the_english_page_is_as_the_library_speaks() {
    check("docs/en/errors.md", english);
}

#[test]
fn the_chinese_page_explains_each_kind_and_each_alert() {
    let page = check("docs/zh-CN/errors.md", chinese);
    for marker in [KINDS, ALERTS_MARKER] {
        for (name, cells) in rows(&page, marker) {
            assert!(
                cells.iter().all(|cell| !cell.is_empty()),
                "{name} is not explained in docs/zh-CN/errors.md"
            );
        }
    }
}
