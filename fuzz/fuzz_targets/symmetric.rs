//! Native symmetric code is equal to portable code: SM3, HMAC, PRF, SM4-GCM, SM4-CBC with HMAC.
#![no_main]
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tlcp::crypto::{CbcLane, Digest, MacLane, Provider};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use tlcp_fuzz::providers;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    sha256: bool,
    key: [u8; 16],
    mac_key: [u8; 32],
    nonce: [u8; 12],
    header: [u8; 13],
    out: u8,
    cuts: [u16; 3],
    length: u16,
    /// Longer than fuzzers like to make inputs: `data` is repeated.
    times: u8,
    data: &'a [u8],
}

impl Input<'_> {
    fn hash(&self) -> HashAlgorithm {
        if self.sha256 { HashAlgorithm::Sha256 } else { HashAlgorithm::Sm3 }
    }

    fn mac(&self) -> MacAlgorithm {
        if self.sha256 { MacAlgorithm::Sha256 } else { MacAlgorithm::Sm3 }
    }

    fn data(&self) -> Vec<u8> {
        let mut data = self.data.repeat(usize::from(self.times) % 64 + 1);
        data.truncate(1 << 14);
        data
    }

    fn parts<'d>(&self, mut data: &'d [u8]) -> Vec<&'d [u8]> {
        let mut parts = Vec::new();
        for cut in self.cuts {
            let (part, rest) = data.split_at(usize::from(cut).min(data.len()));
            parts.push(part);
            data = rest;
        }
        parts.push(data);
        parts
    }
}

fuzz_target!(|input: Input<'_>| {
    let data = input.data();
    let all = providers();
    for operation in [hashes, gcm, cbc, cbc_lanes, secret_length] {
        let results: Vec<Vec<u8>> = all.iter().map(|provider| operation(provider, &input, &data)).collect();
        assert!(results.windows(2).all(|w| w[0] == w[1]));
    }
});

fn hashes(provider: &Provider, input: &Input<'_>, data: &[u8]) -> Vec<u8> {
    let (hashes, hash) = (provider.hashes, input.hash());
    let parts = input.parts(data);
    let mut running = hashes.start(hash);
    let mut out = Vec::new();
    for part in &parts {
        running.update(part);
        out.extend_from_slice(running.current().as_ref());
    }
    let whole = hashes.digest(hash, &parts);
    assert!(out.ends_with(whole.as_ref()));
    let key = data.get(..usize::from(input.length % 200)).unwrap_or(&input.mac_key);
    out.extend_from_slice(hashes.hmac(hash, key, &parts).as_ref());
    let mut prf = vec![0; usize::from(input.out)];
    hashes.prf(hash, key, &input.nonce, &parts, &mut prf);
    out.extend(prf);
    out
}

fn gcm(provider: &Provider, input: &Input<'_>, data: &[u8]) -> Vec<u8> {
    let aead = provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &input.key).unwrap();
    let (aad, text) = data.split_at(usize::from(input.cuts[0]).min(data.len()));
    let mut sealed = text.to_vec();
    let tag = aead.seal(&input.nonce, aad, &mut sealed);
    let mut opened = sealed.clone();
    assert_eq!(aead.open(&input.nonce, aad, &mut opened, &tag), Ok(()));
    assert_eq!(opened, text);
    let mut wrong = tag;
    wrong[usize::from(input.cuts[1] % 16)] ^= 1 << (input.cuts[2] % 8);
    assert!(aead.open(&input.nonce, aad, &mut opened.clone(), &wrong).is_err());
    [&sealed[..], &tag].concat()
}

fn cbc(provider: &Provider, input: &Input<'_>, data: &[u8]) -> Vec<u8> {
    let cbc = provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, input.mac(), &input.key, &input.mac_key).unwrap();
    let (mut iv, mut encrypted) = ([0; 16], data.to_vec());
    iv[..12].copy_from_slice(&input.nonce);
    cbc.encrypt_lanes(&mut [CbcLane { iv, in_out: &mut encrypted }]);
    let mut decrypted = encrypted.clone();
    cbc.decrypt(&iv, &mut decrypted);
    assert_eq!(decrypted, data);
    cbc.decrypt(&iv, &mut decrypted);
    [encrypted, decrypted].concat()
}

fn cbc_lanes(provider: &Provider, input: &Input<'_>, data: &[u8]) -> Vec<u8> {
    let cbc = provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, input.mac(), &input.key, &input.mac_key).unwrap();
    let mut buffer = data.to_vec();
    let size = usize::from(input.length).max(data.len() / 20 + 1);
    let mut macs: Vec<MacLane<'_>> =
        data.chunks(size).map(|data| MacLane { header: input.header, data, mac: Digest::new(&[]) }).collect();
    cbc.mac_lanes(&mut macs);
    let mut out: Vec<u8> = macs.iter().flat_map(|lane| lane.mac.as_ref().to_vec()).collect();
    let mut lanes: Vec<CbcLane<'_>> =
        buffer.chunks_mut(size).map(|in_out| CbcLane { iv: input.key, in_out }).collect();
    cbc.encrypt_lanes(&mut lanes);
    out.extend(buffer);
    out
}

/// R-REC-35, whatever the secret length within its bounds: the same as the plain MAC.
fn secret_length(provider: &Provider, input: &Input<'_>, data: &[u8]) -> Vec<u8> {
    let cbc = provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, input.mac(), &input.key, &input.mac_key).unwrap();
    let least = data.len().saturating_sub(255);
    let length = least + usize::from(input.length) % (data.len() - least + 1);
    let secret = cbc.mac_secret_length(&input.header, data, length, least);
    let mut lanes = [MacLane { header: input.header, data: &data[..length], mac: Digest::new(&[]) }];
    cbc.mac_lanes(&mut lanes);
    assert_eq!(secret, lanes[0].mac);
    secret.as_ref().to_vec()
}
