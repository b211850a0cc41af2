//! Private keys that live elsewhere: in a device, behind a service, in another thread as here. The handshake hands out
//! each use of a key as a value, and goes on when the answer comes; no thread of the connection blocks meanwhile.
//!
//! `cargo run --example hsm_key --features pki`
use std::error::Error;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use tlcp::cert::Key;
use tlcp::crypto::{PrivateKey, StartedAgreement, random::SystemRandom};
use tlcp::error::AnswerError;
use tlcp::handshake::{Answer, Request, Started};
use tlcp::pki::{Options, Pki};
use tlcp::{ClientConfig, ClientConnection, Clock, Identity, ServerConfig, ServerConnection, ServerName};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let (clock, provider) = (Clock::start(), tlcp::default_provider());
    let pki = Pki::new(&Options::new(clock.now().unix), &provider, &SystemRandom)?;
    let device = Device::start(pki.server.sign.key().clone(), pki.server.encrypt.key().clone());

    // The server knows its certificates; of its keys it knows names only.
    let chain: [&[u8]; 2] = [&pki.server.sign.certificate, &pki.intermediate.certificate];
    let sign = (&chain[..], Key::Elsewhere("slot 1".into()));
    let encrypt = (&pki.server.encrypt.certificate[..], Key::Elsewhere("slot 2".into()));
    let identity = Arc::new(Identity::with_keys(sign, encrypt, &provider)?);
    let verifier = Arc::new(pki.verifier(&provider)?);
    let server = Arc::new(ServerConfig::builder().identity(identity).verifier(verifier.clone()).build()?);
    let client =
        ClientConfig::builder().identity(Arc::new(pki.client_identity(&provider)?)).verifier(verifier);
    let client = Arc::new(client.build()?);

    let mut client = ClientConnection::new(client, ServerName::try_from("localhost")?, clock.now())?;
    let mut server = ServerConnection::new(server, clock.now());
    while client.is_handshaking() || server.is_handshaking() {
        let taken = server.receive(client.pending_output(), clock.now())?;
        client.sent(taken);
        // An event loop would come back here when the device reports; until then, other connections have their turn.
        if let Some(request) = server.request() {
            device.requests.send(request)?;
        }
        match device.answers.try_recv() {
            Ok(answer) => server.answer(answer, clock.now())?,
            Err(TryRecvError::Empty) => thread::yield_now(),
            Err(gone) => return Err(gone.into()),
        }
        let taken = client.receive(server.pending_output(), clock.now())?;
        server.sent(taken);
    }
    let suite = server.cipher_suite().map_or_else(String::new, |suite| suite.id.to_string());
    println!("{suite}: the server's keys never left the device");
    Ok(())
}

/// A thread with the keys: a stand-in for an HSM.
struct Device {
    requests: Sender<Box<Request>>,
    answers: Receiver<Answer>,
}

impl Device {
    fn start(sign: Arc<dyn PrivateKey>, encrypt: Arc<dyn PrivateKey>) -> Self {
        let (requests, asked) = channel::<Box<Request>>();
        let (told, answers) = channel();
        thread::spawn(move || {
            for request in asked {
                println!("device: {}", name(&request));
                if told.send(answer(&*sign, &*encrypt, *request)).is_err() {
                    return;
                }
            }
        });
        Self { requests, answers }
    }
}

fn name(request: &Request) -> &'static str {
    match request {
        Request::Sign(_) => "sign ServerKeyExchange with slot 1",
        Request::Decrypt(_) => "decrypt the pre_master_secret with slot 2",
        Request::StartAgreement { .. } => "start a key exchange with slot 2",
        Request::FinishAgreement { .. } => "finish the key exchange with slot 2",
        _ => "something else",
    }
}

/// Every request has one fitting answer; what the device cannot do at all is `Failed`.
fn answer(sign: &dyn PrivateKey, encrypt: &dyn PrivateKey, request: Request) -> Answer {
    const FAILED: Answer = Answer::Failed(AnswerError("the device failed"));
    match request {
        Request::Sign(question) => question.answer(sign, &SystemRandom),
        // Whether the ciphertext was good goes in, and never comes out: the answer hides it.
        Request::Decrypt(question) => {
            let found = encrypt.decrypt(question.ciphertext());
            question.answer(found.as_ref().map(|secret| &secret[..]).map_err(|e| *e))
        }
        // A device keeps what it started; what goes out is our share, and a handle by which to find it again.
        Request::StartAgreement { role, .. } => {
            let started = encrypt.start_agreement(&role, &SystemRandom);
            Answer::AgreementStarted(started.map(|started| Started::Elsewhere {
                share: started.share().clone(),
                handle: Arc::new(started),
            }))
        }
        Request::FinishAgreement { started: Started::Elsewhere { handle, .. }, peer, seed } => {
            match handle.downcast_ref::<Arc<dyn StartedAgreement>>() {
                Some(started) => Answer::AgreementFinished(started.finish(&peer, &seed)),
                None => FAILED,
            }
        }
        _ => FAILED,
    }
}
