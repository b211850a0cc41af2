//! Interleaved timing: every contender runs in every round.

use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(150);

/// Seconds per call of each contender in each round: `[contender][round]`.
pub(crate) struct Samples(Vec<[f64; ROUNDS]>);

impl Samples {
    /// How many contenders ran.
    pub(crate) fn contenders(&self) -> usize {
        self.0.len()
    }

    /// The median of one contender's rounds.
    pub(crate) fn median(&self, contender: usize) -> f64 {
        middle(self.0[contender])
    }

    /// The first contender's speed over this one's: the median of the ratios round by round.
    pub(crate) fn speed_up(&self, contender: usize) -> f64 {
        let mut ratios = self.0[contender];
        for (ratio, first) in ratios.iter_mut().zip(self.0[0]) {
            *ratio /= first;
        }
        middle(ratios)
    }
}

/// Runs all contenders in turn; `call` does one unit of work with a contender and returns the time that counts.
pub(crate) fn run<T: ?Sized>(
    contenders: &mut [Box<T>],
    mut call: impl FnMut(&mut T, usize) -> Duration,
) -> Samples {
    let mut samples = Samples(vec![[0.0; ROUNDS]; contenders.len()]);
    for (index, contender) in contenders.iter_mut().enumerate() {
        call(contender, index);
    }
    for round in 0..ROUNDS {
        for (index, contender) in contenders.iter_mut().enumerate() {
            samples.0[index][round] = one_round(|| call(contender, index));
        }
    }
    samples
}

fn one_round(mut call: impl FnMut() -> Duration) -> f64 {
    let (mut counted, mut calls) = (Duration::ZERO, 0_u32);
    let start = Instant::now();
    while start.elapsed() < ROUND {
        counted += call();
        calls += 1;
    }
    counted.as_secs_f64() / f64::from(calls)
}

fn middle(mut samples: [f64; ROUNDS]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[ROUNDS / 2]
}
