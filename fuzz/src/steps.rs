//! Structured input: what a peer and a caller may do, step by step. Much of it is what the connection waits for, so that
//! runs come far; the rest is not.
use crate::accepting::{self, CIPHERTEXT, POINT, SIGNATURE};
use crate::drive::Driven;
use crate::random::Repeatable;
use crate::world::{Mode, SESSION_ID, SM9_CLIENT, SM9_SERVER, WORLD, accepting_identity};
use arbitrary::Arbitrary;
use tlcp::cert::CertificateForm;
use tlcp::conn::Endpoint;
use tlcp::crypto::TrafficKeys;
use tlcp::message::{
    CertificateRequest, CertificateStatus, CertificateVerify, ClientKeyExchange, Credential, DigitallySigned,
    DistinguishedNames, Finished, KeyAgreementInfo, NewSessionTicket, ServerKeyExchange,
};
use tlcp::record::{MAX_PLAINTEXT, Sealer};
use tlcp::suite::{Certificates, KeyKind, SecretSource, Suite};
use tlcp::wire::{ContentType, HandshakeType, SignatureScheme};

/// A signature that verifies: in TLS with its scheme, which fits the suite's keys.
fn signed(suite: &Suite) -> DigitallySigned<'static> {
    let scheme = suite.key_exchange.authenticates.fixed_scheme();
    let scheme = suite.protocol.names_signature_scheme.then_some(scheme);
    DigitallySigned { scheme, signature: &SIGNATURE }
}

/// The input of a target.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    pub mode: Mode,
    /// What the peer does where it has a choice.
    pub peer: Peer,
    pub steps: Vec<Step<'a>>,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Peer {
    /// A server asks for a certificate; a client shows one.
    certificate: bool,
    /// A client offers the session, a server resumes it.
    resume: bool,
    long_exchange: bool,
}

#[derive(Arbitrary, Debug)]
pub enum Step<'a> {
    /// What the connection waits for.
    Expected,
    /// The same, with some bytes changed.
    Changed {
        at: u16,
        mask: &'a [u8],
    },
    /// The same, its length field telling the truth about what was cut off or added.
    Resized {
        keep: u16,
        more: &'a [u8],
    },
    /// The same in two records.
    Split(u16),
    /// The same with another message in its record.
    Joined {
        kind: u8,
        body: &'a [u8],
    },
    Hello(Hello<'a>),
    Certificates(Vec<Shown<'a>>),
    Message {
        kind: u8,
        body: &'a [u8],
    },
    ChangeCipherSpec,
    Alert {
        level: u8,
        description: u8,
    },
    Data(&'a [u8]),
    Record {
        content_type: u8,
        content: &'a [u8],
    },
    Unprotected {
        content_type: u8,
        version: u16,
        content: &'a [u8],
    },
    Raw(&'a [u8]),
    Many {
        content_type: u8,
        content: u8,
        times: u8,
    },
    Read(u16),
    Write(u16),
    Flush(u16),
    Close,
    Trim,
    Tick(u8),
    End,
    Answer(bool),
}

#[derive(Arbitrary, Debug)]
pub struct Hello<'a> {
    version: u16,
    session_id: &'a [u8],
    suites: Vec<u16>,
    compression: Vec<u8>,
    extensions: Vec<(Kind, &'a [u8])>,
}

/// An extension's type: mostly one that is read.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Kind {
    ServerName,
    TrustedCaKeys,
    StatusRequest,
    SupportedGroups,
    SignatureAlgorithms,
    Alpn,
    ClientId,
    MaxFragmentLength,
    PointFormats,
    EncryptThenMac,
    ExtendedMasterSecret,
    SessionTicket,
    RenegotiationInfo,
    Other(u16),
}

impl Kind {
    fn value(self) -> u16 {
        match self {
            Self::ServerName => 0,
            Self::TrustedCaKeys => 3,
            Self::StatusRequest => 5,
            Self::SupportedGroups => 10,
            Self::SignatureAlgorithms => 13,
            Self::Alpn => 16,
            Self::ClientId => 66,
            Self::MaxFragmentLength => 1,
            Self::PointFormats => 11,
            Self::EncryptThenMac => 22,
            Self::ExtendedMasterSecret => 23,
            Self::SessionTicket => 35,
            Self::RenegotiationInfo => 0xff01,
            Self::Other(kind) => kind,
        }
    }
}

#[derive(Arbitrary, Debug)]
pub enum Shown<'a> {
    ServerSign,
    ServerEncrypt,
    ClientSign,
    ClientEncrypt,
    Intermediate,
    Bytes(&'a [u8]),
}

/// What is sent, record by record.
struct Sender<'a, S: Endpoint> {
    driven: Driven<S>,
    mode: Mode,
    peer: Peer,
    sealer: Sealer,
    /// Which of the server's messages are the client's to expect, and the other way round.
    is_client: bool,
    steps: &'a [Step<'a>],
}

/// Runs all steps; whether the handshake came to its end.
pub fn run<S: Endpoint>(driven: Driven<S>, input: &Input<'_>, is_client: bool) -> bool {
    let (mode, peer) = (input.mode, input.peer);
    let sealer = Sealer::plain(mode.suites()[0].protocol.version);
    let mut sender = Sender { driven, mode, peer, sealer, is_client, steps: &input.steps };
    for step in sender.steps.iter().take(64) {
        sender.step(step);
    }
    let connected = sender.driven.connection.cipher_suite().is_some();
    sender.driven.end();
    sender.driven.write(b"too late");
    connected
}

impl<S: Endpoint> Sender<'_, S> {
    fn step(&mut self, step: &Step<'_>) {
        match step {
            Step::Expected => self.expected(|message| vec![message]),
            Step::Changed { at, mask } => self.expected(|mut message| {
                let at = usize::from(*at) % message.len();
                message[at..].iter_mut().zip(*mask).for_each(|(byte, mask)| *byte ^= mask);
                vec![message]
            }),
            Step::Resized { keep, more } => self.expected(|message| {
                let body = message.get(4..).unwrap_or_default();
                let body = &body[..usize::from(*keep).min(body.len())];
                vec![handshake(message[0], &[body, more].concat())]
            }),
            Step::Split(at) => self.expected(|message| {
                let (head, tail) = message.split_at(usize::from(*at) % message.len());
                vec![head.to_vec(), tail.to_vec()]
            }),
            Step::Joined { kind, body } => {
                self.expected(|message| vec![[message, handshake(*kind, body)].concat()]);
            }
            Step::Hello(hello) => self.record(ContentType::HANDSHAKE, &hello.to_message(self.is_client)),
            Step::Certificates(list) => {
                let list = list.iter().take(12).map(|c| c.bytes().into()).collect();
                let message = Credential::Certificates(list).to_message().unwrap().to_bytes();
                self.record(ContentType::HANDSHAKE, &message);
            }
            Step::Message { kind, body } => self.record(ContentType::HANDSHAKE, &handshake(*kind, body)),
            Step::ChangeCipherSpec => self.change_cipher_spec(),
            Step::Alert { level, description } => self.record(ContentType::ALERT, &[*level, *description]),
            Step::Data(data) => self.record(ContentType::APPLICATION_DATA, data),
            Step::Record { content_type, content } => self.record(ContentType(*content_type), content),
            Step::Many { content_type, content, times } => {
                for _ in 0..*times {
                    self.record(ContentType(*content_type), &[*content][..usize::from(*content != 0)]);
                }
            }
            other => self.caller(other),
        }
    }

    /// Bytes that are no records of ours, and what the caller does.
    fn caller(&mut self, step: &Step<'_>) {
        match step {
            Step::Unprotected { content_type, version, content } => {
                let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
                let header = [&[*content_type], &version.to_be_bytes()[..], &length].concat();
                self.driven.feed(&[&header, *content].concat());
            }
            Step::Raw(bytes) => self.driven.feed(bytes),
            Step::Read(length) => drop(self.driven.read(usize::from(*length))),
            Step::Write(length) => self.driven.write(&vec![0x77; usize::from(*length)]),
            Step::Flush(most) => self.driven.flush(usize::from(*most)),
            Step::Close => self.driven.close(),
            Step::Trim => self.driven.trim(),
            Step::Tick(seconds) => self.driven.tick(*seconds),
            Step::End => self.driven.end(),
            Step::Answer(accept) => self.driven.answer(self.mode, *accept),
            _ => {}
        }
    }

    /// Sends what the connection waits for, as `change` makes it.
    fn expected(&mut self, change: impl FnOnce(Vec<u8>) -> Vec<Vec<u8>>) {
        if self.driven.connection.awaits_answer() {
            return self.driven.answer(self.mode, true);
        }
        let state = self.driven.connection.state();
        if state.ends_with("ChangeCipherSpec") {
            return self.change_cipher_spec();
        }
        match self.message(state) {
            Some(message) => {
                for fragment in change(message).iter().filter(|f| !f.is_empty()) {
                    self.record(ContentType::HANDSHAKE, fragment);
                }
            }
            None => self.record(ContentType::APPLICATION_DATA, b"data"),
        }
    }

    fn message(&self, state: &str) -> Option<Vec<u8>> {
        let suite = self.mode.suites()[0];
        let is_tls = suite.protocol.names_signature_scheme;
        let certificates =
            |identity: &tlcp::cert::Identity| identity.message(CertificateForm::Dual).to_bytes();
        Some(match state {
            "AwaitClientHello" | "AwaitServerHello" => {
                Hello::good(suite, self.peer, self.is_client).to_message(self.is_client)
            }
            "AwaitCertificate" if self.is_client => certificates(&accepting_identity(self.mode, false)),
            "AwaitCertificate" if self.peer.certificate || suite.key_exchange.is_mutual() => {
                certificates(&accepting_identity(self.mode, true))
            }
            "AwaitCertificate" => Credential::Certificates(Vec::new()).to_message().unwrap().to_bytes(),
            "AwaitServerKeyExchange" => server_key_exchange(suite),
            "AwaitStatusOrKeyExchange" if self.peer.long_exchange => certificate_status(),
            "AwaitStatusOrKeyExchange" => server_key_exchange(suite),
            "AwaitStatusRequestOrDone" if self.peer.long_exchange => certificate_status(),
            "AwaitTicket" | "AwaitResumedTicket" => {
                NewSessionTicket { lifetime: 9, ticket: &[7; 30] }.to_message().unwrap().to_bytes()
            }
            "AwaitRequestOrDone" | "AwaitStatusRequestOrDone"
                if self.peer.certificate || suite.key_exchange.is_mutual() =>
            {
                // A client's key is of P-256, whatever the suite.
                let kind = if is_tls { KeyKind::Ecdsa } else { suite.key_exchange.authenticates };
                let types = vec![kind.certificate_type()];
                let authorities = DistinguishedNames::default();
                let signature_schemes = is_tls.then(|| vec![SignatureScheme::ECDSA_SHA256]);
                CertificateRequest { types, signature_schemes, authorities }.to_message().unwrap().to_bytes()
            }
            "AwaitRequestOrDone" | "AwaitStatusRequestOrDone" | "AwaitDone" => {
                handshake(HandshakeType::SERVER_HELLO_DONE.0, &[])
            }
            "AwaitClientKeyExchange" => match suite.key_exchange.secret {
                SecretSource::Agreed if self.mode.is_sm9() => info().to_client_message(),
                _ if self.mode.is_sm9() => ClientKeyExchange::encrypted(&accepting::sm9_ciphertext()),
                SecretSource::Agreed => ClientKeyExchange::ephemeral(&POINT, self.peer.long_exchange),
                SecretSource::Ephemeral => ClientKeyExchange::point(&POINT),
                _ => ClientKeyExchange::encrypted(&CIPHERTEXT),
            }
            .unwrap()
            .to_bytes(),
            "AwaitCertificateVerify" => {
                // A client's key is of P-256, whatever the suite.
                let scheme = is_tls.then_some(SignatureScheme::ECDSA_SHA256);
                let signed = DigitallySigned { scheme, signature: &SIGNATURE };
                CertificateVerify::to_message(&signed).unwrap().to_bytes()
            }
            _ if state.ends_with("Finished") => Finished::to_message(&[0; 12]).unwrap().to_bytes(),
            _ => return None,
        })
    }

    fn change_cipher_spec(&mut self) {
        self.record(ContentType::CHANGE_CIPHER_SPEC, &[1]);
        let suite = self.mode.suites()[0];
        let (mac, key, iv) = suite.protection.key_lengths();
        let zeros = [0; 32];
        let keys = TrafficKeys::new(
            suite.protocol.version,
            suite.protection,
            &zeros[..mac],
            &zeros[..key],
            &zeros[..iv],
        )
        .unwrap();
        self.sealer = Sealer::new(keys, accepting::provider().ciphers).unwrap();
    }

    /// One record, or a few if `content` is long; as the connection's keys want it.
    fn record(&mut self, content_type: ContentType, content: &[u8]) {
        let mut out = Vec::new();
        if self.sealer.seal(content_type, content, MAX_PLAINTEXT, &Repeatable::from(3), &mut out).is_err() {
            // An empty message, which the sealer refuses to make.
            let [major, minor] = self.mode.suites()[0].protocol.version.0.to_be_bytes();
            out = vec![content_type.0, major, minor, 0, 0];
        }
        self.driven.feed(&out);
    }
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], body].concat()
}

fn server_key_exchange(suite: &Suite) -> Vec<u8> {
    let is_sm9 = suite.certificates() == Certificates::Identity;
    let params = match suite.key_exchange.secret {
        SecretSource::Agreed if is_sm9 => info().to_bytes(),
        SecretSource::Agreed => [&[3, 0, 41, 65][..], &POINT].concat(),
        SecretSource::Ephemeral => [&[3, 0, 23, 65][..], &POINT].concat(),
        _ => Vec::new(),
    };
    ServerKeyExchange::to_message(&params, &signed(suite)).unwrap().to_bytes()
}

/// What both parties of IBSDH say.
fn info() -> KeyAgreementInfo<'static> {
    KeyAgreementInfo { point: &POINT, server: SM9_SERVER, client: SM9_CLIENT, hid: KeyAgreementInfo::HID }
}

fn certificate_status() -> Vec<u8> {
    CertificateStatus::to_message(&[7; 20]).unwrap().to_bytes()
}

impl Hello<'_> {
    fn good(suite: &Suite, peer: Peer, for_client: bool) -> Self {
        let mut extensions: Vec<(Kind, &'static [u8])> = Vec::new();
        if suite.protocol.names_signature_scheme {
            extensions.extend([(Kind::ExtendedMasterSecret, &[][..]), (Kind::RenegotiationInfo, &[0])]);
            if for_client && peer.long_exchange {
                extensions.push((Kind::StatusRequest, &[]));
            }
            if !for_client {
                let schemes = &[0, 6, 4, 3, 4, 1, 8, 4];
                extensions.extend([
                    (Kind::SignatureAlgorithms, &schemes[..]),
                    (Kind::SupportedGroups, &[0, 2, 0, 23]),
                ]);
                extensions.push((Kind::SessionTicket, &[]));
            }
        }
        if suite.certificates() == Certificates::Identity && !for_client {
            extensions.push((Kind::ClientId, b"\0\x06client"));
        }
        Self {
            version: suite.protocol.version.0,
            session_id: if peer.resume { &SESSION_ID } else { &[] },
            suites: vec![suite.id.0],
            compression: vec![0],
            extensions,
        }
    }

    /// A ServerHello for a client, a ClientHello for a server.
    fn to_message(&self, for_client: bool) -> Vec<u8> {
        let mut out = self.version.to_be_bytes().to_vec();
        out.extend([0x44; 32]);
        let id = &self.session_id[..self.session_id.len().min(255)];
        out.push(u8::try_from(id.len()).unwrap());
        out.extend_from_slice(id);
        let suites: Vec<u8> = self.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
        if for_client {
            out.extend(suites.iter().take(2));
            out.extend(self.compression.iter().take(1));
        } else {
            out.extend((suites.len() as u16).to_be_bytes());
            out.extend(suites);
            out.push(self.compression.len() as u8);
            out.extend(&self.compression);
        }
        let mut extensions = Vec::new();
        for (kind, data) in &self.extensions {
            extensions.extend(kind.value().to_be_bytes());
            extensions.extend((data.len() as u16).to_be_bytes());
            extensions.extend_from_slice(data);
        }
        if !extensions.is_empty() {
            out.extend((extensions.len() as u16).to_be_bytes());
            out.extend(extensions);
        }
        let kind = if for_client { HandshakeType::SERVER_HELLO } else { HandshakeType::CLIENT_HELLO };
        handshake(kind.0, &out)
    }
}

impl Shown<'_> {
    fn bytes(&self) -> &[u8] {
        let pki = &WORLD.pki;
        match self {
            Self::ServerSign => &pki.server.sign.certificate,
            Self::ServerEncrypt => &pki.server.encrypt.certificate,
            Self::ClientSign => &pki.client.sign.certificate,
            Self::ClientEncrypt => &pki.client.encrypt.certificate,
            Self::Intermediate => &pki.intermediate.certificate,
            Self::Bytes(bytes) => bytes,
        }
    }
}
