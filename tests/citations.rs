//! Every requirement in scope is cited by a test, or stands below with the reason why none can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/sources.rs"]
mod sources;

use sources::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Requirements that no test of this crate cites.
const UNTESTED: &[(&str, &str)] = &[(
    "R-DG-1",
    "a connection is one byte stream: there is nothing here that could try again with another protocol",
)];

/// A line of `vectors/requirements.txt`.
struct Requirement {
    in_scope: bool,
    /// The id of what replaced it: a test of that is a test of this.
    amended: Option<&'static str>,
}

fn requirements() -> BTreeMap<&'static str, Requirement> {
    let text = include_str!("../vectors/requirements.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (id, scope) = (words.next().unwrap(), words.next().unwrap());
        let amended = line.split_once("(amended: ").and_then(|(_, rest)| rest.strip_suffix(')'));
        (id, Requirement { in_scope: scope != "later", amended })
    };
    lines.map(entry).collect()
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
    let is_cited = |id: &str, r: &Requirement| {
        by_tests.contains(id) || r.amended.is_some_and(|newer| by_tests.contains(newer))
    };
    let in_scope = requirements.iter().filter(|(_, r)| r.in_scope);
    let missing: Vec<&str> = in_scope.filter(|(id, r)| !is_cited(id, r)).map(|(id, _)| *id).collect();
    let excused: BTreeSet<&str> = UNTESTED.iter().map(|(id, _)| *id).collect();
    let surprising: Vec<_> = missing.iter().filter(|id| !excused.contains(*id)).collect();
    assert!(surprising.is_empty(), "cited by no test: {surprising:?}");
    for (id, reason) in UNTESTED {
        assert!(missing.iter().any(|m| m == id), "{id} is tested: strike it from the list ({reason})");
    }
}

#[test]
fn every_id_that_is_cited_exists() {
    let known = requirements();
    for source in all() {
        for (number, line) in source.lines() {
            for id in cited(line) {
                assert!(known.contains_key(id), "{}:{number}: there is no {id}", source.path);
            }
        }
    }
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
