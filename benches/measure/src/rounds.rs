//! Interleaved timing: every contender runs in every round.

use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(150);
const FEWEST: usize = 3;

/// Seconds per call of each contender in each round, for one of the times that a call takes; none for a contender that
/// cannot do it.
pub struct Samples(Vec<Option<[f64; ROUNDS]>>);

impl Samples {
    /// How many contenders there are.
    pub fn contenders(&self) -> usize {
        self.0.len()
    }

    /// The median of one contender's rounds.
    pub fn median(&self, contender: usize) -> Option<f64> {
        self.0[contender].map(middle)
    }

    /// How many times faster `ours` is than `theirs`: the median of the ratios round by round.
    pub fn speed_up(&self, ours: usize, theirs: usize) -> Option<f64> {
        let (mut ratios, ours) = (self.0[theirs]?, self.0[ours]?);
        for (ratio, ours) in ratios.iter_mut().zip(ours) {
            *ratio /= ours;
        }
        Some(middle(ratios))
    }
}

/// Runs all contenders in turn; `call` does one unit of work with a contender and returns the times that count, or
/// nothing if it cannot.
pub fn run<T: ?Sized, const N: usize>(
    contenders: &mut [Box<T>],
    mut call: impl FnMut(&mut T, usize) -> Option<[Duration; N]>,
) -> [Samples; N] {
    let mut all: Vec<Option<[[f64; ROUNDS]; N]>> = Vec::new();
    for (index, contender) in contenders.iter_mut().enumerate() {
        all.push(call(contender, index).map(|_| [[0.0; ROUNDS]; N]));
    }
    for round in 0..ROUNDS {
        for (index, contender) in contenders.iter_mut().enumerate() {
            let Some(samples) = &mut all[index] else { continue };
            let times = one_round(|| call(contender, index));
            samples.iter_mut().zip(times).for_each(|(rounds, time)| rounds[round] = time);
        }
    }
    std::array::from_fn(|time| Samples(all.iter().map(|of_one| of_one.map(|times| times[time])).collect()))
}

/// The median call of the round, of each time on its own: a call that was interrupted does not show.
fn one_round<const N: usize>(mut call: impl FnMut() -> Option<[Duration; N]>) -> [f64; N] {
    let mut calls: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    let start = Instant::now();
    while start.elapsed() < ROUND || calls[0].len() < FEWEST {
        let times = call().expect("it could the first time");
        calls.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
    }
    calls.map(|mut all| {
        all.sort();
        all[all.len() / 2].as_secs_f64()
    })
}

fn middle(mut samples: [f64; ROUNDS]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[ROUNDS / 2]
}
