//! Files of at most 500 lines, functions of at most 60, and `unsafe` only in the native kernels, each block with its
//! reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/sources.rs"]
mod sources;

use sources::{Source, sources};

const FILE: usize = 500;
const FUNCTION: usize = 60;

fn all() -> Vec<Source> {
    sources(&["src", "tests", "benches", "fuzz", "examples"], "rs")
}

fn is_function(line: &str) -> bool {
    let start = line.trim_start();
    let words = start.split("fn ").next().unwrap_or_default();
    let qualifiers = ["pub", "const", "async", "unsafe", "extern", "default"];
    let qualifies = |word: &str| qualifiers.iter().any(|q| word.starts_with(q)) || word.ends_with(')');
    let names_one = start.len() > words.len();
    names_one && words.split_whitespace().all(|word| qualifies(word) || word.starts_with('"'))
}

/// The functions: line, name, and how many lines from `fn` to the closing brace, as rustfmt lays them out.
fn functions(source: &Source) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_function(line)) {
        let indent = line.len() - line.trim_start().len();
        let end = lines[at..].iter().position(|l| {
            let inside = l.len() - l.trim_start().len();
            // `})*`: in a macro
            let code = l.trim_end().trim_end_matches(['*', ')']);
            inside == indent && code.ends_with(['}', ';'])
        });
        let name = line.trim().split("fn ").nth(1).unwrap_or_default();
        let name = name.split(['(', '<']).next().unwrap_or_default();
        found.push((at + 1, name.to_owned(), end.map_or(0, |end| end + 1)));
    }
    found
}

#[test]
fn no_file_is_longer_than_500_lines() {
    for source in all() {
        let lines = source.text.lines().count();
        assert!(lines <= FILE, "{}: {lines} lines", source.path);
    }
}

#[test]
fn no_function_is_longer_than_60_lines() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for source in all() {
        for (line, name, length) in functions(&source) {
            assert!(length > 0, "{}:{line}: where does {name} end? Run rustfmt", source.path);
            count += 1;
            if length > FUNCTION {
                wrong.push(format!("{}:{line}: {name}: {length} lines", source.path));
            }
        }
    }
    assert!(count > 500, "{count} functions: are they found?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_counter_counts_from_the_signature_to_the_brace() {
    let text =
        "impl X {\n    pub(crate) fn a(\n        b: u8,\n    ) -> u8 {\n        b\n    }\n\n    fn c();\n}\n";
    let source = Source { path: String::new(), text: text.into() };
    assert_eq!(functions(&source), [(2, "a".into(), 5), (8, "c".into(), 1)]);
    assert!(!is_function("    // a fn is here"));
    assert!(is_function("const unsafe extern \"C\" fn f() {}"));
}

/// Whether a SAFETY comment stands on the line or directly above it, over attributes and other comments.
fn has_reason(lines: &[&str], at: usize) -> bool {
    let above = lines[..at].iter().rev().take_while(|line| {
        let line = line.trim_start();
        line.starts_with("//") || line.starts_with("#[")
    });
    lines[at].contains("SAFETY:") || above.into_iter().any(|line| line.contains("SAFETY:"))
}

/// The statement that a block belongs to may begin some lines above it.
fn statement(lines: &[&str], at: usize) -> usize {
    let ends = |line: &str| {
        let code = line.split("//").next().unwrap_or_default().trim();
        line.trim_start().starts_with("//") || code.is_empty() || code.ends_with([';', '{', '}', ','])
    };
    (0..at).rev().take_while(|line| !ends(lines[*line])).last().unwrap_or(at)
}

#[test]
fn unsafe_code_stands_in_the_native_kernels_alone_with_its_reason() {
    let word =
        |line: &str, word: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == word);
    let mut wrong = Vec::new();
    for source in sources(&["src"], "rs") {
        let lines: Vec<&str> = source.text.lines().collect();
        for (number, line) in source.code().filter(|(_, line)| word(line, "unsafe")) {
            let at = number - 1;
            if !source.path.starts_with("src/crypto/native") {
                wrong.push(format!("{}:{number}: unsafe outside src/crypto/native", source.path));
            }
            let opens = line.contains("unsafe {") || line.contains("unsafe impl");
            if opens && !has_reason(&lines, at) && !has_reason(&lines, statement(&lines, at)) {
                wrong.push(format!("{}:{number}: no SAFETY line: {}", source.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
