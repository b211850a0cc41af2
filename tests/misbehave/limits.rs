//! The limits are the configuration's, not constants (R-REC-38). Their defaults are tested with what they limit.
use crate::script::{Item, Lab, message};
use crate::{ECC, MUTUAL, place, said};
use tlcp::config::Limits;
use tlcp::message::MessageLimits;
use tlcp::wire::{AlertDescription as A, ContentType, HandshakeType as H};

/// What a server with these limits makes of a script, and what one with the usual ones does.
fn refused(lab: &Lab, limits: Limits, script: &[Item], alert: A, text: &str) {
    let server = lab.world.server().suites(&[lab.case.suite]).client_auth(lab.case.auth);
    lab.to_server_of(server.limits(limits), script).refused(alert, text);
    assert_eq!(lab.to_server(script).error, None);
}

/// The limit of one message, one byte under what the honest client sends of it.
fn one_under(lab: &Lab, kind: H, set: fn(&mut MessageLimits, usize)) {
    let script = &lab.client[..=place(&lab.client, kind)];
    let body = said(script, kind).len() - 4;
    let mut limits = Limits::default();
    set(&mut limits.messages, body);
    let server = lab.world.server().suites(&[lab.case.suite]).client_auth(lab.case.auth);
    assert_eq!(lab.to_server_of(server.limits(limits), script).error, None, "{kind}");
    set(&mut limits.messages, body - 1);
    refused(lab, limits, script, A::ILLEGAL_PARAMETER, "length");
}

/// R-REC-38
#[test]
fn the_limits_of_messages_are_as_configured() {
    one_under(&ECC, H::CLIENT_HELLO, |limits, n| limits.client_hello = n);
    one_under(&ECC, H::CLIENT_KEY_EXCHANGE, |limits, n| limits.key_exchange = n);
    one_under(&MUTUAL, H::CERTIFICATE, |limits, n| limits.certificate = n);
}

/// R-REC-38
#[test]
fn the_number_of_certificates_is_as_configured() {
    // The honest client shows a pair and a CA.
    let mut limits = Limits::default();
    limits.certificates = 2;
    let script = &MUTUAL.client[..=place(&MUTUAL.client, H::CERTIFICATE)];
    refused(&MUTUAL, limits, script, A::ILLEGAL_PARAMETER, "Certificate: certificate_list");
}

/// R-REC-38
#[test]
fn patience_is_as_configured() {
    let mut limits = Limits::default();
    let patience = &mut limits.patience;
    (patience.empty_records, patience.warnings, patience.renegotiations) = (2, 1, 0);
    let record = |kind, content: &[u8]| Item::Record(kind, content.to_vec());
    let empty = vec![record(ContentType::APPLICATION_DATA, &[]); 3];
    let warnings = vec![record(ContentType::ALERT, &[1, 90]); 2];
    let hello = [record(ContentType::HANDSHAKE, &said(&ECC.client, H::CLIENT_HELLO))];
    for (odd, text) in [(&empty[..], "empty records"), (&warnings, "warning alerts"), (&hello, "renegotiate")]
    {
        let script = [&ECC.client[..], odd].concat();
        refused(&ECC, limits, &script, A::UNEXPECTED_MESSAGE, text);
    }
    let request = record(ContentType::HANDSHAKE, &message(H::HELLO_REQUEST, &[]));
    let client = ECC.world.client().suites(&[ECC.case.suite]).limits(limits);
    let outcome = ECC.to_client_of(client, &[&ECC.server[..], &[request]].concat());
    outcome.refused(A::UNEXPECTED_MESSAGE, "renegotiate");
}
