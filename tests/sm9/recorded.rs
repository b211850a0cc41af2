//! What gotlcp's handshakes were recorded with: every secret and every scalar.
use crate::vectors::{VectorFile, files};
use serde_json::Value;

/// One recorded handshake.
pub(crate) struct Handshake {
    pub(crate) name: String,
    pub(crate) json: Value,
    /// From the client, from the server: whole records.
    pub(crate) sides: [Vec<Vec<u8>>; 2],
}

impl Handshake {
    fn of(name: String, json: Value) -> Self {
        let side = |key: &str| json[key].as_array().unwrap().iter().map(bytes).collect();
        let sides = [side("sent"), side("recv")];
        Self { name, json, sides }
    }

    pub(crate) fn bytes(&self, key: &str) -> Vec<u8> {
        bytes(&self.json[key])
    }

    pub(crate) fn find(&self, key: &str) -> Option<Vec<u8>> {
        self.json.get(key).map(bytes)
    }

    pub(crate) fn suite(&self) -> u16 {
        u16::from_str_radix(self.json["suite"].as_str().unwrap(), 16).unwrap()
    }

    /// The messages of a side before ChangeCipherSpec, each of which has a record of its own.
    pub(crate) fn messages(&self, side: usize) -> impl Iterator<Item = &[u8]> {
        let plain = self.sides[side].iter().take_while(|record| record[0] == 22);
        plain.map(|record| &record[5..])
    }
}

/// The bytes that stand in hexadecimal.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// Every file of the folder `sm9`, ours and extra ones, that holds a whole handshake.
pub(crate) fn handshakes() -> Vec<(VectorFile, Handshake)> {
    let all = files("sm9", "json").into_iter().map(|file| (file.json(), file));
    let whole = all.filter(|(json, _)| json.get("sent").is_some() && json.get("master").is_some());
    whole.map(|(json, file)| (Handshake::of(file.stem(), json), file)).map(|(h, f)| (f, h)).collect()
}

/// The one with this name.
pub(crate) fn handshake(name: &str) -> Handshake {
    let found = handshakes().into_iter().find(|(_, handshake)| handshake.name == name);
    found.unwrap_or_else(|| panic!("{name} is not there")).1
}

/// The handshakes that fail.
pub(crate) fn provoked() -> Vec<Handshake> {
    let all = files("sm9", "json").into_iter().map(|file| file.json());
    let lists = all.filter_map(|json| json.get("handshakes")?.as_array().cloned());
    lists.flatten().map(|json| Handshake::of(json["name"].as_str().unwrap().into(), json)).collect()
}

/// A key centre's and its users' keys.
pub(crate) fn keys() -> Value {
    let text = include_str!("../../vectors/sm9/keys.json");
    serde_json::from_str(text).unwrap()
}
