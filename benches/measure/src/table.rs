//! The printed tables: one row per measure, one column per contender, then the ratios.

use crate::rounds::Samples;

/// What a row shows of the seconds that one call takes.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Calls per second.
    PerSecond,
    /// Megabytes per second, so many to a call.
    Megabytes(f64),
    /// Nanoseconds for each of so many to a call.
    Nanoseconds(usize),
    /// Microseconds for each of so many to a call.
    Microseconds(usize),
}

impl Unit {
    fn show(self, seconds: f64) -> String {
        match self {
            Self::PerSecond => format!("{:.0} /s", 1.0 / seconds),
            Self::Megabytes(amount) => format!("{:.0} MB/s", amount / seconds),
            Self::Nanoseconds(count) => format!("{:.0} ns", seconds * 1e9 / count as f64),
            Self::Microseconds(count) => format!("{:.1} µs", seconds * 1e6 / count as f64),
        }
    }
}

/// A table with a column for each contender, and one for each pair of them that is compared: ours, theirs.
pub struct Table {
    pairs: Vec<(usize, usize)>,
}

impl Table {
    /// Prints the head.
    pub fn new(title: &str, names: &[&str], pairs: &[(usize, usize)]) -> Self {
        print!("\n| {title:44} |");
        names.iter().for_each(|name| print!(" {name:>17} |"));
        for (ours, theirs) in pairs {
            print!(" {:>20} |", format!("{} / {}", names[*ours], names[*theirs]));
        }
        println!("\n|---|{}", "---:|".repeat(names.len() + pairs.len()));
        Self { pairs: pairs.to_vec() }
    }

    /// Prints one row.
    pub fn row(&self, label: &str, unit: Unit, samples: &Samples) {
        print!("| {label:44} |");
        for contender in 0..samples.contenders() {
            print!(" {:>17} |", samples.median(contender).map_or("–".to_owned(), |time| unit.show(time)));
        }
        for (ours, theirs) in &self.pairs {
            let ratio = samples.speed_up(*ours, *theirs);
            print!(" {:>20} |", ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}")));
        }
        println!();
    }
}
