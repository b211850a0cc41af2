//! The kernels of every level that this processor has, AVX-512 and GFNI among them.
use super::{HEADER, NONCE};
use crate::crypto::native::single_step::{Secrets, check};
use crate::crypto::native::symmetric::Level;
use crate::crypto::native::symmetric::cbc::Cbc;
use crate::crypto::native::symmetric::gcm::Gcm;
use crate::crypto::native::symmetric::hmac::HmacKey;
use crate::crypto::{CbcHmac, CbcLane, Digest, MacLane};
use alloc::{format, vec::Vec};
use core::hint::black_box;

/// Long enough for the widest registers, and for what is left of them.
const LENGTH: usize = 700;

fn sealing(level: Level) {
    let secret = |s: &Secrets| Some((s.bytes::<16>(), s.bytes::<LENGTH>()));
    check(&format!("{level:?}: key schedule of SM4, sealing with GCM"), secret, |(key, mut data)| {
        let gcm = Gcm::new(level, &key);
        black_box(gcm.seal(&NONCE, &HEADER, &mut data));
        black_box(gcm.seal(&NONCE, &HEADER, &mut data[..5]));
    });
}

fn opening(level: Level) {
    let sealed = |s: &Secrets| {
        let (gcm, mut data) = (Gcm::new(level, &s.bytes()), s.bytes::<LENGTH>());
        let tag = gcm.seal(&NONCE, &HEADER, &mut data);
        Some((gcm, data, tag))
    };
    check(&format!("{level:?}: opening with GCM"), sealed, |(gcm, mut data, tag)| {
        assert!(gcm.open(&NONCE, &HEADER, &mut data, &tag).is_ok());
    });
    let forged = |s: &Secrets| {
        let [place, bit] = s.bytes();
        sealed(s).map(|(gcm, data, mut tag)| {
            tag[usize::from(place % 16)] ^= 1 << (bit % 8);
            (gcm, data, tag)
        })
    };
    check(&format!("{level:?}: opening what is forged"), forged, |(gcm, mut data, tag)| {
        assert!(gcm.open(&NONCE, &HEADER, &mut data, &tag).is_err());
    });
}

fn cbc(level: Level) {
    let secret = |s: &Secrets| Some((s.bytes::<16>(), s.bytes::<32>(), [s.bytes::<320>(), s.bytes()]));
    check(&format!("{level:?}: keys, MAC and CBC both ways"), secret, |(key, mac_key, texts)| {
        let cbc = Cbc::new(level, &key, &mac_key);
        for count in [1, 9] {
            let header = HEADER;
            let lane = |i: usize| MacLane { header, data: &texts[i % 2], mac: Digest::new(&[]) };
            let mut macs: Vec<MacLane<'_>> = (0..count).map(lane).collect();
            cbc.mac_lanes(&mut macs);
            let mut records: Vec<[u8; 320]> = (0..count).map(|i| texts[i % 2]).collect();
            let mut lanes: Vec<CbcLane<'_>> =
                records.iter_mut().map(|in_out| CbcLane { iv: [1; 16], in_out }).collect();
            cbc.encrypt_lanes(&mut lanes);
            cbc.decrypt(&[1; 16], &mut records[0]);
        }
    });
}

/// R-REC-35 steps 2 to 4
fn secret_length(level: Level) {
    let secret = |s: &Secrets| {
        let [length] = s.bytes();
        Some((Cbc::new(level, &s.bytes(), &s.bytes::<32>()), s.bytes::<607>(), 352 + usize::from(length)))
    };
    check(&format!("{level:?}: a MAC over a secret length"), secret, |(cbc, data, length)| {
        black_box(cbc.mac_secret_length(&HEADER, &data, length, 352));
    });
}

fn hmac(level: Level) {
    let secret = |s: &Secrets| Some((s.bytes::<48>(), s.bytes::<80>(), s.bytes::<200>()));
    check(&format!("{level:?}: HMAC and PRF"), secret, |(short, long, data)| {
        let mut out = [0; 100];
        HmacKey::new(level, &short).expand(b"label", &[&data[..77]], &mut out);
        black_box(HmacKey::new(level, &long).mac(&[&data]));
    });
}

#[test]
#[ignore = "steps through thousands of instructions"]
fn symmetric_kernels_go_one_way() {
    const OPERATIONS: [fn(Level); 5] = [sealing, opening, cbc, secret_length, hmac];
    for level in Level::all() {
        OPERATIONS.iter().for_each(|operation| operation(level));
    }
}
