//! What the runner wants to be true of a complete handshake.
use crate::Stop;
use crate::options::{Options, base64, hex_list};
use crate::seen::Log;
use tlcp::conn::{Connection, Endpoint};
use tlcp::wire::{NamedGroup, SignatureScheme};

/// A handshake of one connection, complete.
pub(crate) struct Outcome<'a, S: Endpoint> {
    pub(crate) options: &'a Options,
    pub(crate) connection: &'a Connection<S>,
    pub(crate) log: &'a Log,
    /// Whether the connection is to resume the session of the one before.
    pub(crate) resumes: bool,
    /// Whether a session was kept.
    pub(crate) stored: bool,
}

impl<S: Endpoint> Outcome<'_, S> {
    pub(crate) fn check(&self) -> Result<(), Stop> {
        self.check_session()?;
        self.check_hellos()?;
        self.check_keys()?;
        self.check_peer()?;
        self.check_own()
    }

    /// Two values that must be the same.
    fn same<T: PartialEq + std::fmt::Debug>(&self, what: &str, is: T, wanted: T) -> Result<(), Stop> {
        if is == wanted { Ok(()) } else { Err(Stop::failed(format!("{what} is {is:?}, not {wanted:?}"))) }
    }

    /// Something that must be true, if the flag is there.
    fn demand(&self, flag: &str, is: bool) -> Result<(), Stop> {
        if !self.options.has(flag) || is { Ok(()) } else { Err(Stop::failed(format!("not as {flag} wants"))) }
    }

    fn check_session(&self) -> Result<(), Stop> {
        let (o, c) = (self.options, self.connection);
        let resumed = self.resumes && !o.has("-expect-session-miss");
        self.same("is_resumed", c.is_resumed(), resumed)?;
        if !o.has("-server") {
            let new = !o.has("-expect-no-session") && (!resumed || o.has("-expect-ticket-renewal"));
            self.same("a session kept", self.stored, new)?;
        }
        if !self.resumes {
            self.demand("-expect-session-id", self.stored)?;
            self.demand("-expect-no-session-id", !self.stored)?;
        }
        Ok(())
    }

    fn check_hellos(&self) -> Result<(), Stop> {
        let (o, c) = (self.options, self.connection);
        if let Some(version) = o.number("-expect-version")? {
            self.same("version", c.version().0, version)?;
        }
        if let Some(name) = o.text("-expect-server-name") {
            self.same("server_name", c.server_name(), Some(name))?;
        }
        let protocol = if o.has("-server") { "-select-alpn" } else { "-expect-alpn" };
        self.same("alpn", c.alpn(), o.text(protocol).map(str::as_bytes))?;
        if let Some(list) = o.text("-expect-advertised-alpn") {
            self.same("the protocols offered", self.log.offered_alpn.as_slice(), list.as_bytes())?;
        }
        self.demand("-expect-secure-renegotiation", self.log.secure_renegotiation)?;
        self.demand("-expect-no-secure-renegotiation", !self.log.secure_renegotiation)?;
        self.demand("-expect-extended-master-secret", c.exporter().is_some())
    }

    fn check_keys(&self) -> Result<(), Stop> {
        let o = self.options;
        if let Some(suite) = o.number("-expect-cipher")? {
            self.same("cipher_suite", self.connection.cipher_suite().map(|suite| suite.id.0), Some(suite))?;
        }
        if self.connection.is_resumed() {
            return Ok(()); // It holds no group and no signature.
        }
        if let Some(group) = o.number("-expect-curve-id")? {
            self.same("the group", self.log.group, Some(NamedGroup(group)))?;
        }
        let takes: Vec<SignatureScheme> =
            o.numbers("-expect-peer-verify-pref")?.into_iter().map(SignatureScheme).collect();
        if !takes.is_empty() {
            self.same("what the peer takes", &self.log.peer_takes, &takes)?;
        }
        match o.number("-expect-peer-signature-algorithm")? {
            Some(scheme) => {
                self.same("the peer's scheme", self.log.peer_scheme, Some(SignatureScheme(scheme)))
            }
            None => Ok(()),
        }
    }

    fn check_peer(&self) -> Result<(), Stop> {
        let (o, c) = (self.options, self.connection);
        if let Some(response) = o.text("-expect-ocsp-response").filter(|_| !c.is_resumed()) {
            self.same("ocsp_response", c.ocsp_response(), Some(base64(response)?.as_slice()))?;
        }
        let shown = c.peer_certificates().unwrap_or_default();
        if let Some(path) = o.text("-expect-peer-cert-file") {
            let text = std::fs::read_to_string(path).map_err(Stop::failed)?;
            self.same("the peer's certificates", certificates(&text)?, shown.to_vec())?;
        }
        if o.has("-expect-no-peer-cert") {
            return self.same("certificates of the peer", shown.len(), 0);
        }
        if !o.has("-server") || o.has("-require-any-client-certificate") {
            self.same("whether the peer showed a certificate", shown.is_empty(), false)?;
        }
        Ok(())
    }

    /// What the server asked of us, and what we showed.
    fn check_own(&self) -> Result<(), Stop> {
        let (o, log) = (self.options, self.log);
        let request = log.request.as_ref();
        if let Some(types) = o.text("-expect-certificate-types") {
            let is = request.map(|request| request.types.iter().map(|kind| kind.0).collect::<Vec<u8>>());
            self.same("certificate_types", is, Some(base64(types)?))?;
        }
        if let Some(list) = o.text("-expect-client-ca-list") {
            let wanted = if list.starts_with('<') { Vec::new() } else { hex_list(list)? };
            let is = request.map(|r| r.authorities.iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
            self.same("certificate_authorities", is, Some(wanted))?;
        }
        let Some(number) = o.number::<i32>("-expect-selected-credential")? else { return Ok(()) };
        let mut used = None;
        for credential in o.credentials() {
            let text = std::fs::read_to_string(credential.text("-cert-file").unwrap_or_default());
            let own = certificates(&text.map_err(Stop::failed)?)?;
            if own.first().map(AsRef::as_ref) == log.own_certificate.as_deref() {
                used = used.or(Some(credential.number));
            }
        }
        self.same("the credential used", used, Some(number))
    }
}

/// The certificates of a PEM file, as DER.
fn certificates(pem: &str) -> Result<Vec<Box<[u8]>>, Stop> {
    let bodies = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let body =
        |text: &str| text.split("-----END").next().unwrap_or_default().split_whitespace().collect::<String>();
    bodies.map(|text| base64(&body(text)).map(Box::from)).collect()
}
