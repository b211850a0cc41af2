//! The printed table: one row per measure, one column per contender, one ratio per contender after the first.

use crate::rounds::Samples;

/// Column heads.
pub(crate) fn head(title: &str, names: &[&str]) {
    print!("\n| {title:44} |");
    for name in names {
        print!(" {name:>16} |");
    }
    for name in &names[1..] {
        print!(" {:>16} |", format!("{} / {name}", names[0]));
    }
    println!();
    println!("|{}", "---|".repeat(2 * names.len()));
}

/// One row; `amount` per call in `unit`: calls (1.0) or megabytes.
pub(crate) fn row(label: &str, unit: &str, amount: f64, samples: &Samples) {
    print!("| {label:44} |");
    for contender in 0..samples.contenders() {
        print!(" {:>16} |", format!("{:.0} {unit}", amount / samples.median(contender)));
    }
    for contender in 1..samples.contenders() {
        print!(" {:>16} |", format!("{:.2}", samples.speed_up(contender)));
    }
    println!();
}
