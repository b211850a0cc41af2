//! No file imports one that imports it back, also inside a module: in the library, the fuzz crate, the peers' benches and
//! the interop crate. A file and the folder beside it are one room: `foo.rs` names what is in `foo/`, and `foo/bar.rs`
//! may name what `foo.rs` defines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/sources.rs"]
mod sources;

use sources::sources;
use std::collections::{BTreeMap, BTreeSet};

/// `crypto/native.rs` is `["crypto", "native"]`, the root of a crate is `[]`.
type Place = Vec<String>;

fn place(path: &str, root: &str) -> Place {
    let inside = path.strip_prefix(root).unwrap().trim_start_matches('/').trim_end_matches(".rs");
    inside.split('/').map(String::from).filter(|part| part != "lib" && part != "main").collect()
}

/// The paths in `text` that begin with `crate::` or `super::`, braces unfolded.
fn paths(text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back();
            // `super::super::` is found at its first word.
            if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                unfold(&text[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads `a::b::{c, d::e}` behind `before`; what is left of `text`.
fn unfold<'a>(mut text: &'a str, before: &mut Place, found: &mut Vec<Place>) -> &'a str {
    let depth = before.len();
    loop {
        text = text.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        before.push(text[..end].to_owned());
        text = &text[end..];
        let Some(rest) = text.strip_prefix("::") else { break };
        text = rest;
        if let Some(mut inside) = rest.strip_prefix('{') {
            loop {
                inside = unfold(inside, before, found).trim_start();
                let Some(next) = inside.strip_prefix(',') else { break };
                inside = next;
            }
            before.truncate(depth);
            return inside.strip_prefix('}').unwrap_or(inside);
        }
    }
    found.push(before.clone());
    before.truncate(depth);
    text
}

/// The file that `path`, written in `at`, leads to.
fn file_of(path: &[String], at: &Place, files: &BTreeSet<Place>) -> Option<Place> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    let base = if supers == 0 { 0 } else { at.len().checked_sub(supers)? };
    let rest = path.iter().skip(supers.max(1));
    let full: Place = at[..base].iter().chain(rest).cloned().collect();
    (1..=full.len()).rev().map(|n| full[..n].to_vec()).find(|place| files.contains(place))
}

/// The pairs of files that import one another, in the crate whose sources are in `root`.
fn pairs(files: &[(Place, String)]) -> Vec<String> {
    let all: BTreeSet<Place> = files.iter().map(|(place, _)| place.clone()).collect();
    let imports: BTreeMap<&Place, BTreeSet<Place>> = files
        .iter()
        .map(|(at, code)| (at, paths(code).iter().filter_map(|path| file_of(path, at, &all)).collect()))
        .collect();
    let related = |a: &Place, b: &Place| a.starts_with(b) || b.starts_with(a);
    let mut found = Vec::new();
    for (a, of_a) in &imports {
        for b in of_a.iter().filter(|b| *a < *b && !related(a, b) && imports[b].contains(*a)) {
            found.push(format!("{} and {} import one another", a.join("/"), b.join("/")));
        }
    }
    found
}

#[test]
fn no_two_files_import_one_another() {
    let mut found = Vec::new();
    for root in ["src", "src/bin/tlcp", "fuzz/src", "benches/peers/src", "tests/interop/src"] {
        let mut all = sources(&[root], "rs");
        all.retain(|s| root != "src" || !s.path.starts_with("src/bin/"));
        let files = all.iter().map(|s| {
            // A file's tests may look up.
            let code = s.code().map(|(_, line)| line).take_while(|line| !line.starts_with("#[cfg(test)]"));
            let code: Vec<&str> = code.collect();
            (place(&s.path, root), code.join("\n"))
        });
        let files: Vec<_> = files.collect();
        found.extend(pairs(&files).into_iter().map(|pair| format!("{root}: {pair}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn finds_cycles_however_they_are_written() {
    let file = |path: &str, code: &str| (place(path, ""), code.to_owned());
    let two = |a: &str, b: &str| {
        pairs(&[file("m/a.rs", a), file("m/b.rs", b), file("m.rs", "mod a; mod b;")]).len()
    };
    assert_eq!(two("use super::b::B;", "use crate::m::a::A;"), 1);
    assert_eq!(two("use crate::m::{x, b::{self, C}};", "fn f() { super::super::m::a::g() }"), 1);
    assert_eq!(two("use super::{X, b};", "use super::a::{A};"), 1);
    assert_eq!(two("use super::b::B;", "use super::C;"), 0);
    // A folder's file defines what the files in it use.
    let parent = [file("m.rs", "mod a;\nuse crate::m::a::A;"), file("m/a.rs", "use super::M;")];
    assert_eq!(pairs(&parent).len(), 0);
}
