//! SM3 and the SM4 modes alone: what a record costs before any protocol.

use crate::symmetric::Primitives;
use crate::{tlcp_primitives, tongsuo_primitives};
use std::hint::black_box;
use tlcp_measure::clock::Stopwatch;
use tlcp_measure::rounds;
use tlcp_measure::table::{Table, Unit};

fn all() -> Vec<Box<dyn Primitives>> {
    vec![
        Box::new(tlcp_primitives::Tlcp::new("tlcp", tlcp::crypto::default_provider())),
        Box::new(tlcp_primitives::Tlcp::new("portable", tlcp::crypto::portable::provider())),
        Box::new(tongsuo_primitives::Tongsuo::new()),
        #[cfg(feature = "libgcrypt")]
        Box::new(crate::gcrypt::Libgcrypt::new()),
    ]
}

/// What one row does; `message` is restored from `sealed` first where the row opens.
struct Message {
    plain: Vec<u8>,
    sealed: Vec<u8>,
    tag: [u8; 16],
}

type Work = fn(&mut dyn Primitives, &mut Message);

const ROWS: [(&str, Work); 5] = [
    ("SM3", |one, m| {
        black_box(one.sm3(&m.plain));
    }),
    ("SM4-GCM seal", |one, m| {
        black_box(one.gcm_seal(&mut m.plain));
    }),
    // The copy is a few percent at most, and the same for all.
    ("SM4-GCM copy and open", |one, m| {
        m.plain.copy_from_slice(&m.sealed);
        assert!(one.gcm_open(&mut m.plain, &m.tag));
    }),
    ("SM4-CBC encrypt", |one, m| one.cbc_encrypt(&mut m.plain)),
    ("SM4-CBC decrypt", |one, m| one.cbc_decrypt(&mut m.plain)),
];

/// Prints the table, after all implementations gave the same answers.
pub(crate) fn compare(filter: &str) {
    let mut all = all();
    agree(&mut all);
    let names: Vec<_> = all.iter().map(|one| one.name()).collect();
    let pairs: Vec<_> = (1..names.len()).map(|theirs| (0, theirs)).collect();
    let table = Table::new("primitives", &names, &pairs);
    for (what, work) in ROWS {
        for length in [64, 1344, 16_384] {
            let label = format!("{what}, {length} bytes");
            if label.contains(filter) {
                row(&table, &mut all, &label, length, work);
            }
        }
    }
}

/// Calls per timed unit: enough that reading the clock does not show.
const BATCH: usize = 32;

fn row(table: &Table, all: &mut [Box<dyn Primitives>], label: &str, length: usize, work: Work) {
    let mut messages: Vec<_> = all.iter_mut().map(|one| message(one.as_mut(), length)).collect();
    let [samples] = rounds::run(all, |one, index| {
        let mut watch = Stopwatch::start();
        (0..BATCH).for_each(|_| work(one, &mut messages[index]));
        Some([watch.lap()])
    });
    table.row(label, Unit::Megabytes((length * BATCH) as f64 / 1e6), &samples);
}

fn message(one: &mut dyn Primitives, length: usize) -> Message {
    let plain: Vec<u8> = (0..length).map(|i| i as u8).collect();
    let mut sealed = plain.clone();
    let tag = one.gcm_seal(&mut sealed);
    Message { plain, sealed, tag }
}

/// A wrong implementation is not worth timing.
fn agree(all: &mut [Box<dyn Primitives>]) {
    let answers: Vec<_> = all
        .iter_mut()
        .map(|one| {
            let Message { plain, sealed, tag } = message(one.as_mut(), 1344);
            let (mut opened, mut encrypted) = (sealed.clone(), plain.clone());
            assert!(one.gcm_open(&mut opened, &tag) && opened == plain, "{}", one.name());
            assert!(!one.gcm_open(&mut opened, &[0; 16]), "{}", one.name());
            one.cbc_encrypt(&mut encrypted);
            let mut decrypted = encrypted.clone();
            one.cbc_decrypt(&mut decrypted);
            assert!(decrypted == plain, "{}", one.name());
            (one.sm3(&plain), sealed, tag, encrypted)
        })
        .collect();
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "the implementations differ");
}
