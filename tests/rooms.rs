//! Inside a room too, imports have one direction: no file imports one beside it that imports it back, at once or by
//! others between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/sources.rs"]
mod sources;

use sources::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};

/// The rooms that are held to it.
const ROOMS: [&str; 1] = ["src/crypto"];

/// Who imports whom, by path without `.rs`.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The files beside this one that it names by `super::…`, in `use` lines and in code. Its tests are not part of it.
fn named(source: &Source) -> BTreeSet<String> {
    let (folder, _) = source.path.rsplit_once('/').unwrap();
    let own = source.code().take_while(|(_, line)| !line.starts_with("mod tests {"));
    let beside = own.flat_map(|(_, line)| line.split("super::").skip(1).collect::<Vec<_>>());
    let name =
        |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap().to_owned();
    beside.map(name).filter(|name| !name.is_empty()).map(|name| format!("{folder}/{name}")).collect()
}

fn reaches(imports: &Imports, from: &str, to: &str) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(file) = open.pop() {
        for next in imports.get(file).into_iter().flatten() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

/// The files from which imports lead back to themselves.
fn circular(all: &[Source]) -> Vec<String> {
    let path = |source: &Source| source.path.trim_end_matches(".rs").to_owned();
    let imports: Imports = all.iter().map(|source| (path(source), named(source))).collect();
    imports.keys().filter(|file| reaches(&imports, file, file)).cloned().collect()
}

#[test]
fn no_file_imports_one_beside_it_that_imports_it_back() {
    let mut all = sources(&ROOMS, "rs");
    all.retain(|source| !source.path.contains("/tests"));
    assert!(all.len() > 40, "{} files: is this the right folder?", all.len());
    assert_eq!(circular(&all), Vec::<String>::new());
}

#[test]
fn the_reader_finds_circles_and_nothing_else() {
    let file = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let circle = [
        file("src/a/one.rs", "use super::two::Two;"),
        file("src/a/two.rs", "fn f() { super::three::f() }"),
        file("src/a/three.rs", "use super::one; // super::four"),
        file("src/a/four.rs", "use super::one::One;"),
    ];
    assert_eq!(circular(&circle), ["src/a/one", "src/a/three", "src/a/two"]);
    assert_eq!(circular(&circle[1..]), Vec::<String>::new());
}
