//! Hellos taken apart, to be changed and put together again.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::script::message;
use tlcp::wire::{ExtensionType, HandshakeType};

/// A ClientHello or ServerHello. A ServerHello has one suite and one compression method, without lengths.
#[derive(Clone, Debug)]
pub struct Hello {
    pub kind: HandshakeType,
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suites: Vec<u16>,
    pub compressions: Vec<u8>,
    /// `None`: without the field.
    pub extensions: Option<Vec<(u16, Vec<u8>)>>,
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(n);
        self.0 = rest;
        head
    }

    fn number(&mut self, width: usize) -> usize {
        self.take(width).iter().fold(0, |n, b| n << 8 | usize::from(*b))
    }

    fn vector(&mut self, width: usize) -> &'a [u8] {
        let n = self.number(width);
        self.take(n)
    }
}

impl Hello {
    pub fn read(raw: &[u8]) -> Self {
        let kind = HandshakeType(raw[0]);
        let is_client = kind == HandshakeType::CLIENT_HELLO;
        let mut c = Cursor(&raw[4..]);
        let version = c.number(2) as u16;
        let random = c.take(32).try_into().unwrap();
        let session_id = c.vector(1).to_vec();
        let suites = if is_client { c.vector(2) } else { c.take(2) };
        let suites = suites.chunks(2).map(|s| u16::from_be_bytes([s[0], s[1]])).collect();
        let compressions = if is_client { c.vector(1) } else { c.take(1) }.to_vec();
        let extensions = (!c.0.is_empty()).then(|| {
            let mut block = Cursor(c.vector(2));
            let mut found = Vec::new();
            while !block.0.is_empty() {
                found.push((block.number(2) as u16, block.vector(2).to_vec()));
            }
            found
        });
        Self { kind, version, random, session_id, suites, compressions, extensions }
    }

    pub fn to_message(&self) -> Vec<u8> {
        let is_client = self.kind == HandshakeType::CLIENT_HELLO;
        let mut body = [&self.version.to_be_bytes()[..], &self.random].concat();
        body.extend(vector(1, &self.session_id));
        let suites: Vec<u8> = self.suites.iter().flat_map(|s| s.to_be_bytes()).collect();
        if is_client {
            body.extend(vector(2, &suites));
            body.extend(vector(1, &self.compressions));
        } else {
            body.extend(suites);
            body.extend(&self.compressions);
        }
        if let Some(extensions) = &self.extensions {
            let extension =
                |(kind, data): &(u16, Vec<u8>)| [&kind.to_be_bytes()[..], &vector(2, data)].concat();
            body.extend(vector(2, &extensions.iter().flat_map(extension).collect::<Vec<u8>>()));
        }
        message(self.kind, &body)
    }

    /// With this extension, in place of one of the same type.
    pub fn with(mut self, kind: ExtensionType, data: &[u8]) -> Self {
        let extensions = self.extensions.get_or_insert_default();
        match extensions.iter_mut().find(|(k, _)| *k == kind.0) {
            Some((_, old)) => *old = data.to_vec(),
            None => extensions.push((kind.0, data.to_vec())),
        }
        self
    }

    /// With this extension at the end, whatever is there already.
    pub fn and(mut self, kind: u16, data: &[u8]) -> Self {
        self.extensions.get_or_insert_default().push((kind, data.to_vec()));
        self
    }
}

/// `data` behind its length in `width` bytes.
pub fn vector(width: usize, data: &[u8]) -> Vec<u8> {
    [&(data.len() as u64).to_be_bytes()[8 - width..], data].concat()
}

/// The data of a server_name extension with these (type, name) entries.
pub fn server_names(entries: &[(u8, &[u8])]) -> Vec<u8> {
    let entry = |(kind, name): &(u8, &[u8])| [&[*kind][..], &vector(2, name)].concat();
    vector(2, &entries.iter().flat_map(entry).collect::<Vec<u8>>())
}

/// The data of an ALPN extension with these names.
pub fn protocol_names(names: &[&[u8]]) -> Vec<u8> {
    vector(2, &names.iter().flat_map(|n| vector(1, n)).collect::<Vec<u8>>())
}
