//! Tongsuo as server and as client.

use crate::exchange::{Channel, Talk};
use crate::party::{
    Client, ClientAuth, ClientSettings, Failure, Implementation, Outcome, Report, Server, ServerSettings,
    Suite, Transport,
};
use crate::pki::Pair;
use std::io::{self, Read, Write};
use std::sync::Mutex;
use tongsuo::error::ErrorStack;
use tongsuo::pkey::PKey;
use tongsuo::ssl::{
    AlpnError, ErrorCode, HandshakeError, NameType, ShutdownState, Ssl, SslContext, SslContextBuilder,
    SslMethod, SslOptions, SslRef, SslSession, SslSessionCacheMode, SslStream, SslVerifyMode,
};
use tongsuo::x509::X509;

/// `SSL_AD_REASON_OFFSET`: a received fatal alert N is the error reason 1000 + N.
const ALERT_REASON: i32 = 1000;

/// Tongsuo's name of a suite.
#[must_use]
pub const fn cipher_name(suite: Suite) -> &'static str {
    match suite {
        Suite::EcdheGcm => "ECDHE-SM2-SM4-GCM-SM3",
        Suite::EccGcm => "ECC-SM2-SM4-GCM-SM3",
        Suite::EcdheCbc => "ECDHE-SM2-SM4-CBC-SM3",
        Suite::EccCbc => "ECC-SM2-SM4-CBC-SM3",
        Suite::RsaGcm => "RSA-SM4-GCM-SM3",
        Suite::RsaGcmSha256 => "RSA-SM4-GCM-SHA256",
        Suite::RsaCbc => "RSA-SM4-CBC-SM3",
        Suite::RsaCbcSha256 => "RSA-SM4-CBC-SHA256",
    }
}

/// Tongsuo 8.4.0, as the crate `tongsuo` builds it.
pub struct Tongsuo;

impl Implementation for Tongsuo {
    fn name(&self) -> &'static str {
        "Tongsuo"
    }

    fn server(&self, settings: &ServerSettings) -> Box<dyn Server> {
        Box::new(TongsuoServer { context: server_context(settings).expect("server settings") })
    }

    fn client(&self, settings: &ClientSettings) -> Box<dyn Client> {
        let context = client_context(settings).expect("client settings");
        Box::new(TongsuoClient { context, name: settings.name.clone(), session: Mutex::new(None) })
    }
}

/// Tongsuo as server, with its own in-memory session cache.
struct TongsuoServer {
    context: SslContext,
}

/// Tongsuo as client; offers the session of the last connection that ended well.
struct TongsuoClient {
    context: SslContext,
    name: String,
    session: Mutex<Option<SslSession>>,
}

impl Server for TongsuoServer {
    fn serve(&self, stream: Box<dyn Transport>, talk: &Talk) -> Outcome {
        let ssl = Ssl::new(&self.context).map_err(|error| failed(&error))?;
        let stream = ssl.accept(stream).map_err(handshake_failure)?;
        run(stream, talk).map(|(report, _)| report)
    }
}

impl Client for TongsuoClient {
    fn connect(&self, stream: Box<dyn Transport>, talk: &Talk) -> Outcome {
        let mut slot = self.session.lock().expect("session");
        let ssl =
            client_ssl(&self.context, &self.name, slot.take().as_ref()).map_err(|error| failed(&error))?;
        let stream = ssl.connect(stream).map_err(handshake_failure)?;
        let (report, session) = run(stream, talk)?;
        *slot = session;
        Ok(report)
    }
}

/// A server's context: NTLS on, tickets off (sessions go by id), certificates judged at `settings.now`.
///
/// # Errors
/// Tongsuo's, for a setting it refuses.
pub fn server_context(settings: &ServerSettings) -> Result<SslContext, ErrorStack> {
    let mut builder = common(SslMethod::ntls_server(), &settings.suites, settings.now)?;
    identify(&mut builder, &settings.identity)?;
    builder.set_session_id_context(b"interop")?;
    builder.set_session_cache_mode(SslSessionCacheMode::SERVER);
    // Without a callback Tongsuo does not acknowledge server_name.
    builder.set_servername_callback(|_, _| Ok(()));
    let mode = match &settings.client_auth {
        ClientAuth::None => SslVerifyMode::NONE,
        ClientAuth::Optional { .. } => SslVerifyMode::PEER,
        ClientAuth::Required { .. } => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
    };
    builder.set_verify(mode);
    if let ClientAuth::Optional { root } | ClientAuth::Required { root } = &settings.client_auth {
        trust(&mut builder, root)?;
        for root in X509::stack_from_pem(root)? {
            builder.add_client_ca(&root)?;
        }
    }
    if !settings.protocols.is_empty() {
        let ours = protocol_list(&settings.protocols);
        builder.set_alpn_select_callback(move |_, theirs| {
            tongsuo::ssl::select_next_proto(&ours, theirs).ok_or(AlpnError::ALERT_FATAL)
        });
    }
    Ok(builder.build())
}

/// A client's context; the name and a session go into each connection.
///
/// # Errors
/// Tongsuo's, for a setting it refuses.
pub fn client_context(settings: &ClientSettings) -> Result<SslContext, ErrorStack> {
    let mut builder = common(SslMethod::ntls_client(), &settings.suites, settings.now)?;
    if let Some(identity) = &settings.identity {
        identify(&mut builder, identity)?;
    }
    trust(&mut builder, &settings.server_root)?;
    builder.set_verify(SslVerifyMode::PEER);
    if !settings.protocols.is_empty() {
        builder.set_alpn_protos(&protocol_list(&settings.protocols))?;
    }
    Ok(builder.build())
}

/// One client connection before its handshake.
///
/// # Errors
/// Tongsuo's.
pub fn client_ssl(context: &SslContext, name: &str, session: Option<&SslSession>) -> Result<Ssl, ErrorStack> {
    let mut ssl = Ssl::new(context)?;
    ssl.set_hostname(name)?;
    ssl.param_mut().set_host(name)?;
    if let Some(session) = session {
        // SAFETY: the session was made by a connection of this same context.
        unsafe { ssl.set_session(session)? };
    }
    Ok(ssl)
}

fn common(method: SslMethod, suites: &[Suite], now: u64) -> Result<SslContextBuilder, ErrorStack> {
    let mut builder = SslContextBuilder::new(method)?;
    builder.enable_ntls();
    builder.set_options(SslOptions::NO_TICKET);
    builder.set_cipher_list(&suites.iter().map(|&suite| cipher_name(suite)).collect::<Vec<_>>().join(":"))?;
    builder.verify_param_mut().set_time(i64::try_from(now).expect("a time before the year 292277026596"));
    Ok(builder)
}

fn identify(builder: &mut SslContextBuilder, pair: &Pair) -> Result<(), ErrorStack> {
    builder.set_sign_certificate(&*X509::from_pem(&pair.sign_certificate)?)?;
    builder.set_sign_private_key(&*PKey::private_key_from_pem(&pair.sign_key)?)?;
    builder.set_enc_certificate(&*X509::from_pem(&pair.encryption_certificate)?)?;
    builder.set_enc_private_key(&*PKey::private_key_from_pem(&pair.encryption_key)?)?;
    builder.add_extra_chain_cert(X509::from_pem(&pair.intermediate)?)
}

/// Every certificate of a PEM file becomes an anchor.
fn trust(builder: &mut SslContextBuilder, roots: &[u8]) -> Result<(), ErrorStack> {
    for root in X509::stack_from_pem(roots)? {
        builder.cert_store_mut().add_cert(root)?;
    }
    Ok(())
}

fn protocol_list(protocols: &[String]) -> Vec<u8> {
    let prefixed = |name: &String| {
        let length = u8::try_from(name.len()).expect("a protocol name of at most 255 bytes");
        [&[length], name.as_bytes()].concat()
    };
    protocols.iter().flat_map(prefixed).collect()
}

fn run(stream: SslStream<Box<dyn Transport>>, talk: &Talk) -> Result<(Report, Option<SslSession>), Failure> {
    let mut channel = TongsuoChannel(stream);
    let clean_close = talk(&mut channel).map_err(|error| io_failure(&error))?;
    let ssl = channel.0.ssl();
    Ok((report(ssl, clean_close), ssl.session().map(ToOwned::to_owned)))
}

fn report(ssl: &SslRef, clean_close: bool) -> Report {
    let suite = ssl.current_cipher().map_or("", |cipher| cipher.name());
    Report {
        suite: Suite::all().find(|&known| cipher_name(known) == suite).map_or(0, Suite::id),
        resumed: ssl.session_reused(),
        server_name: ssl.servername(NameType::HOST_NAME).map(str::to_owned),
        protocol: ssl.selected_alpn_protocol().map(<[u8]>::to_vec),
        peer: ssl.peer_certificate().and_then(|certificate| certificate.to_der().ok()),
        clean_close,
    }
}

/// `SslStream`, but with a clean end told from a cut one.
struct TongsuoChannel(SslStream<Box<dyn Transport>>);

impl Read for TongsuoChannel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.ssl_read(buffer) {
            Ok(length) => Ok(length),
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(0),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

impl Write for TongsuoChannel {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.ssl_write(buffer).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Channel for TongsuoChannel {
    fn send_close(&mut self) -> io::Result<()> {
        self.0.shutdown().map(|_| ()).map_err(io::Error::other)
    }

    fn received_close(&mut self) -> bool {
        self.0.get_shutdown().contains(ShutdownState::RECEIVED)
    }
}

fn handshake_failure(error: HandshakeError<Box<dyn Transport>>) -> Failure {
    match error {
        HandshakeError::SetupFailure(stack) => failed(&stack),
        HandshakeError::Failure(middle) | HandshakeError::WouldBlock(middle) => tls_failure(middle.error()),
    }
}

fn io_failure(error: &io::Error) -> Failure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<tongsuo::ssl::Error>()) {
        Some(inner) => tls_failure(inner),
        None => Failure { text: error.to_string(), ..Failure::default() },
    }
}

fn tls_failure(error: &tongsuo::ssl::Error) -> Failure {
    match error.ssl_error() {
        Some(stack) => failed(stack),
        None => Failure { text: error.to_string(), ..Failure::default() },
    }
}

fn failed(stack: &ErrorStack) -> Failure {
    let alert = |error: &tongsuo::error::Error| u8::try_from(error.reason_code() - ALERT_REASON).ok();
    Failure {
        alert_received: stack.errors().iter().find_map(alert),
        text: stack.to_string(),
        ..Failure::default()
    }
}
