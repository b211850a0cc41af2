//! Whether the time that something takes depends on a secret, measured.
#![allow(clippy::unwrap_used)]
use crate::crypto::random::{Draw, Random, SystemRandom};
use alloc::vec::Vec;
use std::println;

/// Welch's t of two classes of timings; the slowest tenth of both, where the machine interfered, is left out.
pub(super) fn t_value(classes: &mut [Vec<f64>; 2]) -> f64 {
    let mut all: Vec<f64> = classes.concat();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() * 9 / 10];
    let moments = classes.each_mut().map(|class| {
        class.retain(|t| *t < limit);
        let n = class.len() as f64;
        let mean = class.iter().sum::<f64>() / n;
        let variance = class.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance / n)
    });
    let [(m0, v0), (m1, v1)] = moments;
    (m0 - m1) / (v0 + v1).sqrt()
}

/// Times `run` with a fixed secret (true) and with random ones (false), in random order, 20 000 in all.
pub(super) fn compare<T>(name: &str, mut make: impl FnMut(bool) -> T, mut run: impl FnMut(&T)) {
    let inputs: Vec<(bool, T)> = (0..20_000)
        .map(|_| {
            let mut coin = [0];
            SystemRandom.fill(Draw::Public, &mut coin).unwrap();
            let fixed = coin[0] & 1 == 0;
            (fixed, make(fixed))
        })
        .collect();
    let mut classes = [Vec::new(), Vec::new()];
    for (fixed, input) in &inputs {
        let start = std::time::Instant::now();
        run(input);
        classes[usize::from(*fixed)].push(start.elapsed().as_nanos() as f64);
    }
    let t = t_value(&mut classes);
    println!("{name}: t = {t:.2}");
    assert!(t.abs() < 10.0, "{name}: t = {t}");
}
