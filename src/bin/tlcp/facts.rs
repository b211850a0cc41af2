//! What stands in a handshake message, for people.
use tlcp::cert::Description;
use tlcp::error::Error;
use tlcp::message::{
    CertificateRequest, CertificateStatus, CertificateVerify, ClientExtensions, ClientHello,
    ClientKeyExchange, Credential, DigitallySigned, EphemeralPoint, Finished, Handshake, KeyAgreementInfo,
    NewSessionTicket, RequestedName, ServerHello, ServerKeyExchange, SessionId,
};
use tlcp::suite::{Certificates, HashAlgorithm, KeyKind, SecretSource, Suite};
use tlcp::wire::{DecodeError, HandshakeType};

/// A field and its value.
pub(crate) type Fact = (&'static str, String);

/// What the messages so far have fixed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) suite: Option<&'static Suite>,
    offered: SessionId,
    pub(crate) resumed: bool,
    certificates: usize,
    /// Messages and bytes of the transcript.
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Seen {
    /// The facts in `message`, sent by the client or the server; it is the next one.
    pub(crate) fn read(&mut self, message: Handshake<'_>, from_client: bool) -> Vec<Fact> {
        let facts = self.parse(message, from_client).unwrap_or_else(|e| vec![("malformed", e.to_string())]);
        if message.kind != HandshakeType::HELLO_REQUEST {
            self.messages += 1;
            self.bytes += message.body.len() + Handshake::HEADER_LEN;
        }
        facts
    }

    fn parse(&mut self, message: Handshake<'_>, from_client: bool) -> Result<Vec<Fact>, Error> {
        let body = message.body;
        Ok(match message.kind {
            HandshakeType::CLIENT_HELLO => self.client_hello(&ClientHello::read(body)?),
            HandshakeType::SERVER_HELLO => self.server_hello(&ServerHello::read(body)?),
            HandshakeType::CERTIFICATE if self.is_by_identity() => identity(&Credential::read_ibc(body)?),
            HandshakeType::CERTIFICATE => self.certificates(&Credential::read(body, usize::MAX)?),
            HandshakeType::SERVER_KEY_EXCHANGE => self.server_key_exchange(body)?,
            HandshakeType::CERTIFICATE_REQUEST => {
                let request = CertificateRequest::read(body, self.names_scheme())?;
                if self.is_by_identity() { identity_request(&request) } else { certificate_request(&request) }
            }
            HandshakeType::SERVER_HELLO_DONE => vec![("", String::from("no content: the client's turn"))],
            HandshakeType::CLIENT_KEY_EXCHANGE => self.client_key_exchange(body)?,
            HandshakeType::CERTIFICATE_VERIFY => self.certificate_verify(body)?,
            HandshakeType::CERTIFICATE_STATUS => {
                let length = CertificateStatus::read(body)?.len();
                vec![("OCSP response", format!("{length} bytes, which nobody here looks into"))]
            }
            HandshakeType::NEW_SESSION_TICKET => {
                let ticket = NewSessionTicket::read(body)?;
                let text = format!("{} bytes, good for {} s", ticket.ticket.len(), ticket.lifetime);
                vec![("ticket", text)]
            }
            HandshakeType::FINISHED => self.finished(body, from_client)?,
            _ => Vec::new(),
        })
    }

    fn client_hello(&mut self, hello: &ClientHello) -> Vec<Fact> {
        *self = Self { offered: hello.session_id, ..Self::default() };
        let session = match hello.session_id.is_empty() {
            true => String::from("none: a full handshake"),
            false => format!("{}: asks to resume this session", short(hello.session_id.as_slice())),
        };
        let suites: Vec<_> = hello.cipher_suites.iter().map(ToString::to_string).collect();
        let mut facts = vec![
            ("client_version", format!("{} ({:#06x})", hello.version, hello.version.0)),
            ("random", short(&hello.random)),
            ("session_id", session),
            ("cipher_suites", suites.join(", ")),
        ];
        facts.extend(client_extensions(&hello.extensions));
        facts
    }

    fn server_hello(&mut self, hello: &ServerHello) -> Vec<Fact> {
        self.suite = Suite::find(hello.cipher_suite);
        self.resumed = !hello.session_id.is_empty() && hello.session_id == self.offered;
        let id = short(hello.session_id.as_slice());
        let session = match (hello.session_id.is_empty(), self.resumed) {
            (true, _) if hello.extensions.session_ticket => String::from("none: a ticket will come"),
            (true, _) => String::from("none: this session cannot be resumed"),
            (false, true) => format!("{id}: the one asked for, so the session is resumed"),
            (false, false) => format!("{id}: new, may be resumed later"),
        };
        let mut facts = vec![
            ("server_version", format!("{} ({:#06x})", hello.version, hello.version.0)),
            ("random", short(&hello.random)),
            ("session_id", session),
            ("cipher_suite", format!("{} ({:#06x})", hello.cipher_suite, hello.cipher_suite.0)),
        ];
        if hello.extensions.server_name {
            facts.push(("server_name", String::from("was used to choose the certificates")));
        }
        if let Some(name) = &hello.extensions.alpn {
            facts.push(("alpn", String::from_utf8_lossy(name).escape_debug().to_string()));
        }
        facts
    }

    fn certificates(&mut self, credential: &Credential) -> Vec<Fact> {
        let list = credential.certificates();
        self.certificates = list.len();
        if list.is_empty() {
            return vec![("certificate_list", String::from("empty: no certificate to show"))];
        }
        list.iter().map(|der| certificate(der)).collect()
    }

    fn server_key_exchange(&self, body: &[u8]) -> Result<Vec<Fact>, DecodeError> {
        if self.secret() == SecretSource::Agreed && self.is_by_identity() {
            let exchange = KeyAgreementInfo::read_signed(body)?;
            let mut facts = agreement(&exchange.info);
            facts.push(self.signature(&exchange.signed, "both randoms and all of this"));
            return Ok(facts);
        }
        if self.secret() != SecretSource::Encrypted {
            let exchange = ServerKeyExchange::read_ephemeral(body, self.names_scheme())?;
            let mut facts: Vec<Fact> = exchange.ephemeral.iter().flat_map(|(p, _)| ephemeral(p)).collect();
            facts.push(self.signature(&exchange.signed, "both randoms and this point"));
            return Ok(facts);
        }
        let exchange = ServerKeyExchange::read_signature(body, self.names_scheme())?;
        let what = if self.is_by_identity() { "its identity" } else { "the encryption certificate" };
        Ok(vec![self.signature(&exchange.signed, &format!("both randoms and {what}"))])
    }

    /// Whether the parties show identities.
    fn is_by_identity(&self) -> bool {
        self.suite.is_some_and(|suite| suite.certificates() == Certificates::Identity)
    }

    fn names_scheme(&self) -> bool {
        self.suite.is_some_and(|s| s.protocol.names_signature_scheme)
    }

    /// Encrypted where no suite was seen.
    fn secret(&self) -> SecretSource {
        self.suite.map_or(SecretSource::Encrypted, |s| s.key_exchange.secret)
    }

    /// Of both parties' keys: SM2 where no suite was seen.
    fn key_kind(&self) -> KeyKind {
        self.suite.map_or(KeyKind::Sm2, |s| s.key_exchange.authenticates)
    }

    fn signature(&self, signed: &DigitallySigned<'_>, over: &str) -> Fact {
        let how = match (signed.scheme, self.key_kind()) {
            (Some(scheme), _) => scheme.to_string(),
            (None, KeyKind::Rsa) => String::from("RSA with SHA-256"),
            (None, KeyKind::Sm9) => String::from("SM9 with SM3"),
            (None, _) => String::from("SM2 with SM3"),
        };
        ("signature", format!("{how}, {} bytes, over {over}", signed.signature.len()))
    }

    fn client_key_exchange(&self, body: &[u8]) -> Result<Vec<Fact>, DecodeError> {
        match self.secret() {
            SecretSource::Agreed if self.is_by_identity() => {
                return Ok(agreement(&KeyAgreementInfo::read_client(body)?));
            }
            SecretSource::Agreed => return Ok(ephemeral(&ClientKeyExchange::read_ephemeral(body)?).into()),
            SecretSource::Ephemeral => return Ok(vec![public(ClientKeyExchange::read_point(body)?)]),
            _ => {}
        }
        let (kind, cipher) = match self.key_kind() {
            KeyKind::Rsa => ("RSA", ClientKeyExchange::read_rsa_encrypted(body)?),
            KeyKind::Sm9 => ("SM9", ClientKeyExchange::read_ibc_encrypted(body)?),
            _ => ("SM2", ClientKeyExchange::read_encrypted(body)?),
        };
        let text = format!("{} bytes of {kind} ciphertext, for the server's encryption key", cipher.len());
        Ok(vec![("pre_master_secret", text)])
    }

    fn certificate_verify(&self, body: &[u8]) -> Result<Vec<Fact>, DecodeError> {
        let signed = CertificateVerify::read(body, self.names_scheme())?;
        let what = match signed.scheme {
            Some(_) => format!("the {} messages so far", self.messages),
            None => {
                let hash = name(self.key_kind().fixed_hash());
                format!("the {hash} hash of the {} messages so far", self.messages)
            }
        };
        Ok(vec![self.signature(&signed, &what)])
    }

    fn finished(&self, body: &[u8], from_client: bool) -> Result<Vec<Fact>, DecodeError> {
        let length = Finished::read(body)?.len();
        let hash = name(self.suite.map_or(HashAlgorithm::Sm3, |s| s.prf));
        let label = if from_client { "client finished" } else { "server finished" };
        let (checker, messages) = (if from_client { "the server" } else { "the client" }, self.messages);
        Ok(vec![
            (
                "verify_data",
                format!("{length} bytes = PRF(master_secret, \"{label}\", {hash} of {messages} messages)"),
            ),
            ("", format!("{checker} computes the same and ends the connection if it differs")),
        ])
    }
}

fn name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha256 => "SHA-256",
        HashAlgorithm::Sha384 => "SHA-384",
        _ => "SM3",
    }
}

fn client_extensions(extensions: &ClientExtensions) -> Vec<Fact> {
    let mut facts = Vec::new();
    match &extensions.server_name {
        RequestedName::None => {}
        RequestedName::Host(name) => facts.push(("server_name", name.to_string())),
        RequestedName::Unservable => facts.push(("server_name", String::from("not the name of a host"))),
    }
    if let Some(groups) = &extensions.supported_groups {
        let groups: Vec<_> = groups.iter().map(ToString::to_string).collect();
        facts.push(("supported_groups", groups.join(", ")));
    }
    if let Some(schemes) = &extensions.signature_schemes {
        let schemes: Vec<_> = schemes.iter().map(ToString::to_string).collect();
        facts.push(("signature_algorithms", schemes.join(", ")));
    }
    let others: Vec<&str> = [
        (extensions.extended_master_secret, "extended_master_secret"),
        (extensions.session_ticket.is_some(), "session_ticket"),
        (extensions.encrypt_then_mac, "encrypt_then_mac"),
        (extensions.status_request, "status_request"),
        (extensions.renegotiation_info.is_some(), "renegotiation_info"),
    ]
    .into_iter()
    .filter_map(|(is_there, name)| is_there.then_some(name))
    .collect();
    if !others.is_empty() {
        facts.push(("also", others.join(", ")));
    }
    if let Some(id) = &extensions.client_id {
        facts.push(("client_id", printable(id)));
    }
    if !extensions.alpn.is_empty() {
        let names: Vec<_> = extensions.alpn.iter().map(|n| String::from_utf8_lossy(n)).collect();
        facts.push(("alpn", names.join(", ").escape_debug().to_string()));
    }
    facts
}

fn certificate(der: &[u8]) -> Fact {
    let Ok(certificate) = Description::read(der) else {
        return ("certificate", format!("{} bytes that do not parse", der.len()));
    };
    let usage = certificate.key_usage.unwrap_or_default();
    let any = |names: &[&str]| usage.iter().any(|u| names.contains(u));
    let signs = any(&["digitalSignature", "nonRepudiation"]);
    let encrypts = any(&["keyEncipherment", "dataEncipherment", "keyAgreement"]);
    let name = match (certificate.is_ca, signs, encrypts) {
        (true, ..) => "CA certificate",
        (_, true, false) => "to sign",
        (_, false, true) => "to encrypt",
        _ => "certificate",
    };
    let usage = if usage.is_empty() { String::from("no keyUsage") } else { usage.join(" ") };
    (name, format!("{}; {usage}; {} bytes", certificate.subject, der.len()))
}

fn certificate_request(request: &CertificateRequest) -> Vec<Fact> {
    let types: Vec<_> = request.types.iter().map(ToString::to_string).collect();
    let mut facts = vec![("certificate_types", types.join(", "))];
    if request.authorities.is_empty() {
        facts.push(("certificate from", String::from("any CA")));
    }
    facts.extend(request.authorities.iter().map(|name| ("certificate from", Description::name(name))));
    facts
}

/// Who it is, in place of certificates.
fn identity(credential: &Credential) -> Vec<Fact> {
    match credential {
        Credential::Ibc { id, parameter } => vec![
            ("ibc_id", printable(id)),
            ("ibc_parameter", format!("{} bytes: which key centre's user it is", parameter.len())),
        ],
        _ => vec![("", String::from("empty: no identity to show"))],
    }
}

fn identity_request(request: &CertificateRequest) -> Vec<Fact> {
    let types: Vec<_> = request.types.iter().map(ToString::to_string).collect();
    let centres: Vec<_> = request.authorities.iter().map(printable).collect();
    let centres = if centres.is_empty() { String::from("any") } else { centres.join(", ") };
    vec![("certificate_types", types.join(", ")), ("key centres", centres)]
}

/// What both sides of IBSDH send.
fn agreement(info: &KeyAgreementInfo<'_>) -> Vec<Fact> {
    vec![public(info.point), ("userID_A", printable(info.server)), ("userID_B", printable(info.client))]
}

/// Any bytes as text.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_debug().to_string()
}

fn ephemeral(point: &EphemeralPoint<'_>) -> [Fact; 2] {
    [("curve", format!("{} ({})", point.named_curve, point.named_curve.0)), public(point.point)]
}

fn public(point: &[u8]) -> Fact {
    ("ephemeral point", format!("{}, {} bytes", short(point), point.len()))
}

/// The first bytes in hexadecimal.
pub(crate) fn short(bytes: &[u8]) -> String {
    let head: String = bytes.iter().take(8).map(|b| format!("{b:02x}")).collect();
    if bytes.len() > 8 { format!("{head}...") } else { head }
}
