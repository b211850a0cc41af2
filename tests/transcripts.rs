//! Recorded handshakes of other stacks: parser, key schedule, signatures, key agreement and record layer reproduce every
//! value that stands in them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod support {
    pub(crate) mod conversation;
    pub(crate) mod keys;
    pub(crate) mod recording;
    pub(crate) mod vectors;
}

use support::conversation::{Conversation, KeyRing, Record, Side};
use support::keys::copy;
use support::vectors::{Tally, VectorFile, files};
use tlcp::cert::Expected;
use tlcp::crypto::{
    AgreementPeer, AgreementRole, Digest, Draw, MasterSecret, PreMasterSecret, Provider, PublicKey, Random,
    SECRET_LEN, Shared, TrafficKeys, portable,
};
use tlcp::error::CryptoError;
use tlcp::key_schedule::{
    ConnectionKeys, Sender, connection_keys, master_prf, master_secret, master_seed, verify_data,
};
use tlcp::message::{
    CertificateRequest, CertificateVerify, ClientKeyExchange, Credential, Finished, Handshake,
    ServerKeyExchange,
};
use tlcp::record::{HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer};
use tlcp::suite::{KeyExchange, Protection};
use tlcp::wire::HandshakeType as H;

fn providers() -> Vec<Provider> {
    vec![
        portable::provider(),
        #[cfg(target_pointer_width = "64")]
        tlcp::crypto::native::provider().with_keys(&tlcp::crypto::native::sm2::KEYS),
    ]
}

/// One value, drawn again and again.
struct Fixed(Draw, Vec<u8>);
impl Random for Fixed {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        assert_eq!(draw, self.0);
        out.copy_from_slice(&self.1);
        Ok(())
    }
}

/// R-KEY-1…6, R-HS-17, R-HS-18, R-HS-23, R-HS-27, R-SM2-5, R-REC-19…28: handshakes with all their values.
#[test]
fn reproduces_every_value_of_recorded_handshakes() {
    let mut tally = Tally::new("handshakes");
    for file in files("handshakes", "json") {
        let Some((values, later)) = tally.attempt(&file.name, || reproduces(&file)) else { continue };
        // Files with keys and certificates alone hold no handshake.
        if values > 0 || file.is_extra {
            tally.add(&file, values, later);
        }
    }
    tally.finish();
}

/// How many values were reproduced, and how many could not be.
fn reproduces(file: &VectorFile) -> (usize, usize) {
    let conversations = Conversation::of_json(file);
    let (mut values, mut later) = (0, 0);
    for provider in providers() {
        let keys = KeyRing::load(&provider);
        (values, later) = (0, 0);
        for conversation in &conversations {
            let check = Check::run(&provider, &keys, conversation);
            values += check.values;
            later += check.later.len();
            assert!(check.later.is_empty() || !conversation.is_ours || file.is_extra, "{:?}", check.later);
            let unused = conversation.values.unused();
            assert!(unused.is_empty() || file.is_extra, "{}: {unused:?} were not looked at", file.name);
        }
        assert!(values > 0 || conversations.is_empty() || file.is_extra, "{}: nothing is used", file.name);
    }
    (values, later)
}

/// The same of whole streams, from their key logs and the parties' private keys.
#[test]
fn reproduces_the_handshakes_in_recorded_streams() {
    let mut tally = Tally::new("streams");
    for file in files("streams", "c2s") {
        let reproduce = || {
            let (mut values, mut later) = (0, 0);
            for provider in providers() {
                let keys = KeyRing::load(&provider);
                let Some(conversation) = Conversation::of_stream(&file) else { continue };
                let check = Check::run(&provider, &keys, &conversation);
                (values, later) = (check.values, check.later.len());
            }
            (values, later)
        };
        if let Some((values, later)) = tally.attempt(&file.name, reproduce) {
            tally.add(&file, values, later);
        }
    }
    tally.finish();
}

/// Checks one conversation and counts what was reproduced.
struct Check<'a> {
    provider: &'a Provider,
    keys: &'a KeyRing,
    conversation: &'a Conversation,
    values: usize,
    /// What the library does not do yet, or what the recording holds no key for.
    later: Vec<&'static str>,
}

impl<'a> Check<'a> {
    fn run(provider: &'a Provider, keys: &'a KeyRing, conversation: &'a Conversation) -> Self {
        let mut check = Self { provider, keys, conversation, values: 0, later: Vec::new() };
        check.hellos();
        check.messages();
        if !conversation.is_resumed() {
            if conversation.is_ours {
                check.certificates();
            } else {
                // The RSA suites without the feature `rsa`: their certificates, signatures and ciphertexts.
                check.later.extend(["certificates", "ServerKeyExchange", "ClientKeyExchange"]);
                check.equal("sign_pub", &[], &["sign_pub"]);
                check.equal("enc_pub", &[], &["enc_pub"]);
            }
        }
        check.master();
        check.records();
        let (name, values, later) = (&conversation.name, check.values, &check.later);
        println!("{name}: {}: {values} values reproduced; left out: {later:?}", provider.name);
        check
    }

    fn assert(&mut self, good: bool, what: &str) {
        assert!(good, "{}: {what}", self.conversation.name);
        self.values += 1;
    }

    /// `ours` is what the recording says under one of `names`, if it says so.
    fn equal(&mut self, what: &str, ours: &[u8], names: &[&str]) {
        if let Some(theirs) = self.conversation.values.bytes(names) {
            assert_eq!(hex::encode(ours), hex::encode(theirs), "{}: {what}", self.conversation.name);
            self.values += 1;
        }
    }

    fn hellos(&mut self) {
        let c = self.conversation;
        self.equal("client_random", &c.client_hello.random, &["client_random"]);
        self.equal("server_random", &c.server_hello.random, &["server_random"]);
        self.equal("suite", &c.suite.id.0.to_be_bytes(), &["suite"]);
        self.assert(c.client_hello.cipher_suites.contains(&c.suite.id), "the suite was offered");
        let echoed = c.server_hello.session_id == c.client_hello.session_id;
        let resumed = echoed && !c.client_hello.session_id.is_empty();
        self.assert(resumed == c.is_resumed(), "R-SES-9");
    }

    /// Every message is read, and written back to the same bytes.
    fn messages(&mut self) {
        let c = self.conversation;
        for raw in c.client.messages.iter().chain(&c.server.messages) {
            let message = Handshake::of(raw).unwrap();
            if let Some(written) = self.written(message) {
                self.assert(written == *raw, "a message is written back alike");
            }
        }
        let mut transcript = c.messages_before_finished().concat();
        if !c.is_resumed() {
            transcript.extend(Finished::to_message(&self.client_verify_data()).unwrap().to_bytes());
            self.equal("handshake_messages", &transcript, &["handshake_messages"]);
        }
    }

    fn written(&self, message: Handshake<'_>) -> Option<Vec<u8>> {
        let (c, body) = (self.conversation, message.body);
        let is_ecdhe = c.suite.key_exchange == KeyExchange::ECDHE;
        let written = match message.kind {
            H::CLIENT_HELLO if body.ends_with(&[1, 0]) => c.client_hello.to_message(),
            H::SERVER_HELLO if c.server_hello.extensions.kinds.is_empty() => c.server_hello.to_message(),
            H::CERTIFICATE => Credential::read(body, 10).unwrap().to_message(),
            H::CERTIFICATE_REQUEST => CertificateRequest::read(body, false).unwrap().to_message(),
            H::CERTIFICATE_VERIFY => {
                CertificateVerify::to_message(&CertificateVerify::read(body, false).unwrap())
            }
            H::SERVER_KEY_EXCHANGE if is_ecdhe => {
                let exchange = ServerKeyExchange::read_ephemeral(body, false).unwrap();
                ServerKeyExchange::to_message(exchange.ephemeral.unwrap().1, &exchange.signed)
            }
            H::SERVER_KEY_EXCHANGE => {
                let exchange = ServerKeyExchange::read_signature(body, false).unwrap();
                ServerKeyExchange::to_message(&[], &exchange.signed)
            }
            H::CLIENT_KEY_EXCHANGE if is_ecdhe => {
                let point = ClientKeyExchange::read_ephemeral(body).unwrap().point;
                ClientKeyExchange::ephemeral(point, body.len() == 71)
            }
            H::CLIENT_KEY_EXCHANGE if c.is_ours => ClientKeyExchange::encrypted(c.ciphertext(body).unwrap()),
            _ => return None,
        };
        Some(written.unwrap().to_bytes())
    }

    /// The pair, the server's signature, the key exchange, the client's signature.
    fn certificates(&mut self) {
        let c = self.conversation;
        let credential = c.certificates(&c.server).unwrap();
        let keys = credential.keys(Expected::Pair, self.provider.keys).unwrap();
        let encryption_key = keys.encrypt().unwrap();
        self.equal("sign_pub", point(keys.sign()), &["sign_pub"]);
        self.equal("enc_pub", point(encryption_key), &["enc_pub"]);
        self.server_signature(keys.sign(), credential.encryption_certificate(&keys).unwrap());
        match c.suite.key_exchange {
            KeyExchange::ECDHE => self.agreement(encryption_key),
            _ => self.decryption(encryption_key),
        }
        self.client_signature();
    }

    /// R-HS-17, R-HS-18, R-HS-20, R-RSA-3
    fn server_signature(&mut self, key: &PublicKey, encryption_certificate: &[u8]) {
        let c = self.conversation;
        let body = c.server.message(H::SERVER_KEY_EXCHANGE).unwrap().body;
        let length = u32::try_from(encryption_certificate.len()).unwrap().to_be_bytes();
        let (exchange, rest) = match c.suite.key_exchange {
            KeyExchange::ECDHE => {
                let exchange = ServerKeyExchange::read_ephemeral(body, false).unwrap();
                (exchange, exchange.ephemeral.unwrap().1.to_vec())
            }
            _ => {
                let exchange = ServerKeyExchange::read_signature(body, false).unwrap();
                (exchange, [&length[1..], encryption_certificate].concat())
            }
        };
        let signed = [&c.client_hello.random[..], &c.server_hello.random, &rest].concat();
        let good = self.verifies(key, &signed, exchange.signed.signature);
        self.assert(good, "ServerKeyExchange's signature");
        let other = self.verifies(key, &signed[1..], exchange.signed.signature);
        self.assert(!other, "the signature is over these bytes alone");
    }

    fn verifies(&self, key: &PublicKey, signed: &[u8], signature: &[u8]) -> bool {
        let algorithm = self.conversation.signature_algorithm();
        self.provider.keys.verify(algorithm, key, &[signed], signature).is_ok()
    }

    /// R-SM2-3, R-HS-43, R-RSA-1: ClientKeyExchange of ECC and RSA, with the server's private key.
    fn decryption(&mut self, encryption_key: &PublicKey) {
        let c = self.conversation;
        let body = c.client.message(H::CLIENT_KEY_EXCHANGE).unwrap().body;
        let ciphertext = c.ciphertext(body).unwrap();
        if let Some(scalar) = c.values.bytes(&["enc_private_key"]) {
            let key = self.provider.keys.sm2_private(&scalar).unwrap();
            self.assert(key.public() == encryption_key, "enc_private_key is the certificate's");
        }
        let Some(key) = self.keys.find(encryption_key) else {
            self.later.push("ClientKeyExchange: the recording has no private key that opens it");
            return;
        };
        let found = c.decrypt(&**key, ciphertext);
        self.equal("premaster", &found, &["premaster", "pre_master_secret"]);
        let secret =
            PreMasterSecret::select(Ok(&found), c.client_hello.version, PreMasterSecret::zeroed(SECRET_LEN));
        let master = self.master_of(Shared::PreMaster(secret));
        self.assert(*master.expose() == c.master, "the ciphertext's master secret");
    }

    /// R-SM2-5, R-HS-23: the client's part of the key exchange, with its ephemeral scalar.
    fn agreement(&mut self, server_static: &PublicKey) {
        let c = self.conversation;
        let credential = c.certificates(&c.client).unwrap();
        let keys = credential.keys(Expected::Pair, self.provider.keys).unwrap();
        let Some(ephemeral) = c.values.bytes(&["client_eph"]) else { return };
        let key = self.keys.find(keys.encrypt().unwrap()).expect("the client's encryption key");
        let exchange = c.server.message(H::SERVER_KEY_EXCHANGE).unwrap().body;
        let peer = ServerKeyExchange::read_ephemeral(exchange, false).unwrap().ephemeral.unwrap().0.point;
        let random = Fixed(Draw::PrivateKey, ephemeral);
        let peer = AgreementPeer::sm2(server_static.clone(), peer);
        let started = key.start_agreement(&AgreementRole::Responder(peer.clone()), &random).unwrap();
        let seed = master_seed(c.suite, &c.client_hello.random, &c.server_hello.random);
        let (ours, shared) = (&*started.share().bytes, started.finish(&peer, &seed).unwrap());
        let body = c.client.message(H::CLIENT_KEY_EXCHANGE).unwrap().body;
        self.assert(ClientKeyExchange::read_ephemeral(body).unwrap().point == ours, "ClientKeyExchange");
        let Shared::PreMaster(secret) = shared else { panic!("no device") };
        self.equal("premaster", secret.expose(), &["premaster"]);
        let master = self.master_of(Shared::PreMaster(secret));
        self.assert(*master.expose() == c.master, "the agreement's master secret");
    }

    /// R-HS-27, R-HS-28: over the hash; GmSSL's over the messages themselves. Never both.
    fn client_signature(&mut self) {
        let c = self.conversation;
        let Some(message) = c.client.message(H::CERTIFICATE_VERIFY) else { return };
        let signature = CertificateVerify::read(message.body, false).unwrap().signature;
        let credential = c.certificates(&c.client).unwrap();
        let key = credential.keys(Expected::PairOrSign, self.provider.keys).unwrap().sign().clone();
        let mut before = c.messages_before_finished();
        before.retain(|raw| raw[0] != H::CERTIFICATE_VERIFY.0);
        let messages = before.concat();
        let algorithm = c.suite.key_exchange.authenticates.fixed_hash();
        let hash = self.provider.hashes.digest(algorithm, &[&messages]);
        let forms = [hash.as_ref(), &messages].map(|signed| self.verifies(&key, signed, signature));
        let is_gmssl = c.name.contains("gs_");
        self.assert(
            forms == [!is_gmssl, is_gmssl] || (c.is_extra && forms[0] != forms[1]),
            "CertificateVerify",
        );
    }

    fn hash(&self, parts: &[&[u8]]) -> Digest {
        self.provider.hashes.digest(self.conversation.suite.prf, parts)
    }

    fn master_of(&self, shared: Shared) -> MasterSecret {
        let c = self.conversation;
        let seed = master_seed(c.suite, &c.client_hello.random, &c.server_hello.random);
        master_secret(self.provider.hashes, shared, &seed)
    }

    /// R-KEY-1, R-KEY-2: pre_master_secret to master_secret to key block.
    fn master(&mut self) {
        let c = self.conversation;
        if let Some(bytes) = c.values.bytes(&["premaster", "pre_master_secret"]) {
            let mut secret = PreMasterSecret::zeroed(SECRET_LEN);
            secret.expose_mut().copy_from_slice(&bytes);
            let master = self.master_of(Shared::PreMaster(secret));
            self.equal("master", master.expose(), &["master", "master_secret"]);
        }
        let ConnectionKeys { client, server } = self.connection_keys();
        let parts = [
            [client.mac_key(), server.mac_key()].concat(),
            [client.key(), server.key()].concat(),
            [client.iv(), server.iv()].concat(),
        ];
        // The recorded block may go on with IVs that CBC does not use (GB/T 38636 6.5.2).
        let ours = parts.concat();
        if let Some(theirs) = c.values.bytes(&["key_block"]) {
            self.assert(theirs.starts_with(&ours), "key_block");
        }
    }

    fn connection_keys(&self) -> ConnectionKeys {
        let c = self.conversation;
        let (client, server) = (&c.client_hello.random, &c.server_hello.random);
        let master = MasterSecret::from_bytes(&c.master);
        let master = master_prf(self.provider.hashes, c.suite, &master);
        connection_keys(&*master, c.suite, c.suite.protection, [client, server]).unwrap()
    }

    fn verify_data(&self, sender: Sender, messages: &[&[u8]]) -> [u8; 12] {
        let (hashes, master) = (self.provider.hashes, MasterSecret::from_bytes(&self.conversation.master));
        let master = master_prf(hashes, self.conversation.suite, &master);
        verify_data(&*master, sender, &self.hash(messages))
    }

    fn client_verify_data(&self) -> [u8; 12] {
        let c = self.conversation;
        let mut messages = c.messages_before_finished();
        if !c.is_resumed() {
            return self.verify_data(Sender::Client, &messages);
        }
        let server = Finished::to_message(&self.server_verify_data()).unwrap().to_bytes();
        messages.push(&server);
        self.verify_data(Sender::Client, &messages)
    }

    fn server_verify_data(&self) -> [u8; 12] {
        let c = self.conversation;
        let mut messages = c.messages_before_finished();
        if c.is_resumed() {
            return self.verify_data(Sender::Server, &messages);
        }
        let client = Finished::to_message(&self.client_verify_data()).unwrap().to_bytes();
        let ticket = c.ticket();
        messages.extend([&client[..], &ticket]);
        self.verify_data(Sender::Server, &messages)
    }

    /// R-KEY-3, R-KEY-6, and every protected record of both directions.
    fn records(&mut self) {
        let c = self.conversation;
        let [client, server] = [self.client_verify_data(), self.server_verify_data()];
        self.equal("client verify_data", &client, &["client_verify_data"]);
        self.equal("server verify_data", &server, &["server_verify_data"]);
        if !c.is_resumed() {
            let before = c.messages_before_finished();
            let finished = Finished::to_message(&client).unwrap().to_bytes();
            let ticket = c.ticket();
            let after = [&before[..], &[&finished[..], &ticket]].concat();
            let hashes = [self.hash(&before), self.hash(&after)];
            self.equal("transcript", hashes[0].as_ref(), &["transcript_sm3_client"]);
            self.equal("transcript", hashes[1].as_ref(), &["transcript_sm3_server"]);
        }
        let keys = self.connection_keys();
        self.direction(&c.client, &keys.client, &client);
        self.direction(&c.server, &keys.server, &server);
    }

    fn direction(&mut self, side: &Side, keys: &TrafficKeys, verify_data: &[u8; 12]) {
        let mut opener = Opener::new(keys, self.provider.ciphers).unwrap();
        for (number, record) in (0_u64..).zip(side.protected()) {
            let mut fragment = record.fragment().to_vec();
            let content = opener.open(record.content_type, &mut fragment);
            let content = content.unwrap_or_else(|e| panic!("{}: {e}", self.conversation.name));
            let content = &fragment[content];
            if number == 0 {
                self.assert(*content == Finished::to_message(verify_data).unwrap().to_bytes(), "Finished");
            }
            let sealed = self.sealed(keys, number, record, content);
            self.assert(sealed == record.fragment(), "sealed again, a record is the same");
        }
    }

    /// The record made anew from its content, with the IV or nonce that it has.
    fn sealed(&self, keys: &TrafficKeys, number: u64, record: &Record, content: &[u8]) -> Vec<u8> {
        let ciphers = self.provider.ciphers;
        let (explicit, _) = record.fragment().split_at(8);
        if let Protection::Aead(algorithm) = keys.protection()
            && explicit != number.to_be_bytes()
        {
            // Our sealer's nonce is the sequence number (R-REC-27); the cipher takes any.
            let nonce: [u8; 12] = [keys.iv(), explicit].concat().try_into().unwrap();
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            let aad = [&number.to_be_bytes()[..], &record.raw[..3], &length].concat();
            let mut text = content.to_vec();
            let tag = ciphers.aead(algorithm, keys.key()).unwrap().seal(&nonce, &aad, &mut text);
            return [explicit, &text, &tag].concat();
        }
        let iv = Fixed(Draw::RecordIv, record.fragment()[..16].to_vec());
        let (mut sealer, mut out) = (Sealer::new(copy(keys), ciphers).unwrap(), Vec::new());
        for _ in 0..number {
            sealer.seal(record.content_type, &[0], MAX_PLAINTEXT, &iv, &mut Vec::new()).unwrap();
        }
        sealer.seal(record.content_type, content, MAX_PLAINTEXT, &iv, &mut out).unwrap();
        out.split_off(HEADER_LEN)
    }
}

fn point(key: &PublicKey) -> &[u8] {
    match key {
        PublicKey::Sm2(point) => &point[..],
        // No recording tells it.
        PublicKey::Rsa(_) => &[],
        _ => panic!("another kind of key"),
    }
}
