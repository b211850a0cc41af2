//! ClientHellos that hold as much as a ClientHello may, and are answered all the same.
#![allow(unreachable_pub)]

/// The body of a ClientHello with these suites and extensions.
fn hello(suites: &[u8], extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let vector = |data: &[u8]| [&(data.len() as u16).to_be_bytes()[..], data].concat();
    let extension = |(kind, data): &(u16, Vec<u8>)| [&kind.to_be_bytes()[..], &vector(data)].concat();
    let extensions: Vec<u8> = extensions.iter().flat_map(extension).collect();
    let fixed = [&[1, 1][..], &[7; 32], &[0]].concat();
    [fixed, vector(suites), vec![1, 0], vector(&extensions)].concat()
}

/// The bodies of hellos, every list in turn filled with as many entries as 32 KiB hold.
pub fn hostile_hellos() -> Vec<(&'static str, Vec<u8>)> {
    let u16s = |n: u16| (0..n).flat_map(|i| (0xffff - i).to_be_bytes()).collect::<Vec<u8>>();
    let vector = |data: &[u8]| [&(data.len() as u16).to_be_bytes()[..], data].concat();
    let one = |kind: u16, data: Vec<u8>| hello(&[0xe0, 0x53], &[(kind, data)]);
    let name = [0, 0, 9].into_iter().chain(*b"localhost");
    let names = [1, 0, 1, b'x'].repeat(8000).into_iter().chain(name).collect::<Vec<u8>>();
    let empty: Vec<_> = (100..8200).map(|kind| (kind, Vec::new())).collect();
    vec![
        ("cipher_suites", hello(&u16s(16_300), &[])),
        ("the same suite", hello(&[0xe0, 0x53].repeat(16_300), &[])),
        ("extensions", hello(&[0xe0, 0x53], &empty)),
        ("server_name", one(0, vector(&names))),
        ("trusted_ca_keys", one(3, vector(&[0; 32_000]))),
        ("status_request", one(5, [&[1][..], &vector(&[7; 16_000]), &vector(&[7; 16_000])].concat())),
        ("supported_groups", one(10, vector(&u16s(16_000)))),
        ("signature_algorithms", one(13, vector(&u16s(16_000)))),
        ("protocol names", one(16, vector(&[1, b'x'].repeat(16_000)))),
        ("client_id", one(66, vector(&[7; 32_000]))),
        ("padding", one(21, vec![0; 32_000])),
    ]
}
