//! Every requirement in scope is cited by a test, or stands below with the reason why none can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/sources.rs"]
mod sources;

use sources::{Source, sources};
use std::collections::BTreeSet;

/// Requirements that no test of this crate cites.
const UNTESTED: &[(&str, &str)] = &[(
    "R-DG-1",
    "a connection is one byte stream: there is nothing here that could try again with another protocol",
)];

/// A row of a table in `docs/requirements.md`.
struct Requirement {
    id: &'static str,
    sentence: &'static str,
    source: &'static str,
    /// The id of what replaced it: a test of that is a test of this.
    amended: Option<&'static str>,
}

fn requirements() -> Vec<Requirement> {
    let rows = include_str!("../docs/requirements.md").lines().filter(|line| line.starts_with("| R-"));
    let requirement = |row: &'static str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let &[id, protocol, sentence, source] = &cells[..] else { panic!("not four cells: {row}") };
        assert!(["TLCP", "TLS 1.2", "both"].contains(&protocol), "{id}: for {protocol}?");
        let amended = sentence.split_once("(amended by ").and_then(|(_, rest)| rest.strip_suffix(")."));
        Requirement { id, sentence, source, amended }
    };
    rows.map(requirement).collect()
}

/// The ids in a text: `R-`, a family in capitals and digits, a number.
fn cited(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("R-").filter_map(|(at, _)| {
        let rest = &text[at + 2..];
        let family = rest.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit())?;
        let number = rest.get(family + 1..).filter(|_| rest.as_bytes()[family] == b'-')?;
        let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        (family > 0 && digits > 0).then(|| &text[at..at + 3 + family + digits])
    })
}

/// The doc lines of tests: those right above the attributes of a function that has `#[test]` among them, and those at the
/// top of a file that is all tests. Whatever else stands in a test file is no claim that something is tested.
fn doc_lines_of_tests(source: &Source) -> Vec<&str> {
    let (mut found, mut above, mut is_test) = (Vec::new(), Vec::new(), false);
    for line in source.text.lines().map(str::trim) {
        if line.starts_with("///") {
            above.push(line);
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]";
        } else {
            if is_test {
                found.append(&mut above);
            }
            above.clear();
            is_test = false;
        }
    }
    if source.path.starts_with("tests/") {
        found.extend(source.text.lines().filter(|line| line.starts_with("//!")));
    }
    found
}

fn all() -> Vec<Source> {
    let mut all = sources(&["src", "tests"], "rs");
    all.retain(|source| source.path != "tests/citations.rs");
    all
}

#[test]
fn every_requirement_is_cited_by_a_test_or_has_a_reason() {
    let sources = all();
    let by_tests: BTreeSet<&str> = sources.iter().flat_map(doc_lines_of_tests).flat_map(cited).collect();
    let requirements = requirements();
    let is_cited =
        |r: &&Requirement| by_tests.contains(r.id) || r.amended.is_some_and(|newer| by_tests.contains(newer));
    let missing: Vec<&str> = requirements.iter().filter(|r| !is_cited(r)).map(|r| r.id).collect();
    let excused: BTreeSet<&str> = UNTESTED.iter().map(|(id, _)| *id).collect();
    let surprising: Vec<_> = missing.iter().filter(|id| !excused.contains(*id)).collect();
    assert!(surprising.is_empty(), "cited by no test: {surprising:?}");
    for (id, reason) in UNTESTED {
        assert!(missing.iter().any(|m| m == id), "{id} is tested: strike it from the list ({reason})");
    }
}

/// The ids that errors name are among those in `src`.
#[test]
fn every_id_that_is_cited_stands_in_the_list() {
    let known: BTreeSet<&str> = requirements().iter().map(|r| r.id).collect();
    let documents = sources(&["docs"], "md");
    for source in all().iter().chain(&documents) {
        for (number, line) in source.lines() {
            for id in cited(line) {
                assert!(known.contains(id), "{}:{number}: docs/requirements.md has no {id}", source.path);
            }
        }
    }
}

#[test]
fn the_list_has_each_id_once_with_a_sentence_and_a_source() {
    let requirements = requirements();
    let mut seen = BTreeSet::new();
    for Requirement { id, sentence, source, amended } in &requirements {
        assert_eq!(cited(id).collect::<Vec<_>>(), [*id]);
        assert!(seen.insert(*id), "{id} stands twice");
        assert!(sentence.len() > 15 && sentence.ends_with('.'), "{id}: {sentence}");
        assert!(!source.is_empty(), "{id}: no source");
        assert!(amended.is_none_or(|newer| requirements.iter().any(|r| r.id == newer)), "{id}: {amended:?}");
    }
    assert!(seen.len() > 200, "{}", seen.len());
}

#[test]
fn only_the_doc_lines_of_tests_count() {
    let text = "//! R-A-1\n/// R-B-1\n#[test]\n#[ignore]\nfn a() {\n    // R-C-1\n}\n// R-D-1\n#[test]\nfn b() {}\n\
                /// R-E-1\nfn helper() {}\n    /// R-F-1, R-F-2:\n    /// R-G-1\n    #[test]\n";
    let of = |path: &str, text: &str| {
        let source = Source { path: path.into(), text: format!("{text}    fn c() {{}}\n") };
        doc_lines_of_tests(&source).into_iter().flat_map(cited).map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(of("src/a.rs", text), ["R-B-1", "R-F-1", "R-F-2", "R-G-1"]);
    assert_eq!(of("tests/a.rs", text), ["R-B-1", "R-F-1", "R-F-2", "R-G-1", "R-A-1"]);
}

#[test]
fn ids_are_found_wherever_they_stand() {
    let found: Vec<_> =
        cited("/// R-HS-23, (R-SM2-5); R-T12-1…3 and R-HS- or R-x-1 or OTHER-1: R-AL-8.").collect();
    assert_eq!(found, ["R-HS-23", "R-SM2-5", "R-T12-1", "R-AL-8"]);
}
