//! Imports go strictly downward between the floors: never up, and never sideways to a module of the same floor. This
//! reads every path into the crate, in `use` lines and in code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/sources.rs"]
mod sources;

use sources::{Source, sources};
use std::collections::BTreeSet;

/// The modules of each floor, the lowest first.
const FLOORS: [&[&str]; 9] = [
    &["wire"],
    &["error"],
    &["alert", "suite", "message"],
    &["crypto"],
    &["transcript", "key_schedule", "record", "cert", "session"],
    &["config", "pki"],
    &["handshake"],
    &["conn"],
    &["stream", "aio"],
];

/// What goes down and is forbidden all the same: keys leave the handshake as values; the record layer knows no
/// messages; messages hold bytes, never keys.
const BANS: [(&str, &str); 3] = [("handshake", "record"), ("record", "message"), ("message", "crypto")];

fn floor(module: &str) -> usize {
    let found = FLOORS.iter().position(|modules| modules.contains(&module));
    found.unwrap_or_else(|| {
        panic!("the module {module} is on no floor: put it on one, here and in the design")
    })
}

/// `src/record/cbc.rs` belongs to the module `record`.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap();
    inside.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The modules named in a line of code in a module that is `depth` below the root: by `crate::…`, and by as many `super::`
/// as lead there. Empty where they cannot be told: braces behind the root, or the root under another name.
fn named(depth: usize, line: &str) -> Vec<&str> {
    let root = "super::".repeat(depth);
    let mut found = Vec::new();
    for start in ["crate::", &root] {
        for (at, _) in line.match_indices(start).filter(|(at, _)| !line[..*at].ends_with("super::")) {
            let rest = &line[at + start.len()..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(&rest[..end]);
        }
    }
    let renamed = ["crate as ", "crate self", "use crate;"].iter().any(|name| line.contains(name));
    let renamed = renamed || line.contains(&format!("{} as ", root.trim_end_matches("::")));
    // `use super::{super::error::Error}`, in one line or in several
    let is_use = line.contains("use ");
    let inside_braces =
        line.contains("{super::") || is_use && line.contains(", super::") || starts_upward_item(line);
    found.extend((renamed || inside_braces).then_some(""));
    found
}

/// A line of a `use` in braces that goes up by itself: `    super::error::Error,`
fn starts_upward_item(line: &str) -> bool {
    let item = line.trim();
    item.starts_with("super::") && item.ends_with(',') && !item.contains(['(', '=', '<'])
}

fn check(source: &Source, wrong: &mut Vec<String>) {
    let module = module_of(&source.path);
    // `src/record/cbc.rs` has `record` above it, and the root above that; a module in it has one more.
    let (depth, mut inside) = (source.path.matches('/').count(), 0);
    for (number, line) in source.code() {
        if !line.starts_with([' ', '}']) && line.contains("mod ") && line.trim_end().ends_with('{') {
            inside = 1;
        } else if line.starts_with('}') {
            inside = 0;
        }
        for other in named(depth + inside, line).into_iter().filter(|other| *other != module) {
            let at = format!("{}:{number}: {module} imports {other}", source.path);
            if other.is_empty() {
                wrong.push(format!("{at}: one `use` line for each module, so that this test can read it"));
            } else if floor(other) >= floor(module) {
                let [to, from] = [floor(other) + 1, floor(module) + 1];
                wrong.push(format!("{at}: floor {to} from floor {from}"));
            } else if BANS.contains(&(module, other)) {
                wrong.push(format!("{at}: banned"));
            }
        }
    }
}

fn library() -> Vec<Source> {
    let mut all = sources(&["src"], "rs");
    all.retain(|s| s.path != "src/lib.rs" && !s.path.starts_with("src/bin/"));
    all
}

#[test]
fn imports_go_strictly_downward() {
    let all = library();
    assert!(all.len() > 60, "{} files: is this the right folder?", all.len());
    let mut wrong = Vec::new();
    all.iter().for_each(|source| check(source, &mut wrong));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No module can reach another one past its floor through the crate's root.
#[test]
fn no_file_at_the_root_reaches_for_its_siblings() {
    for source in library().iter().filter(|s| s.path.matches('/').count() == 1) {
        let mut nested = false;
        for (number, line) in source.code() {
            nested |= line.starts_with("mod ") && line.ends_with('{');
            let found = line.contains("super::") && !nested;
            assert!(!found, "{}:{number}: `super` is the root of the crate", source.path);
        }
    }
}

#[test]
fn every_module_is_on_a_floor_and_every_floor_is_there() {
    let modules: BTreeSet<_> = library().iter().map(|s| module_of(&s.path).to_owned()).collect();
    for module in FLOORS.iter().flat_map(|modules| modules.iter()).filter(|m| **m != "aio") {
        assert!(modules.contains(*module), "{module}");
    }
    modules.iter().for_each(|module| assert!(floor(module) < FLOORS.len()));
    // `foo.rs` beside `foo/`
    assert!(library().iter().all(|s| !s.path.ends_with("/mod.rs")));
}

/// The command line and the examples are users like any other.
#[test]
fn programs_see_the_public_interface_alone() {
    for source in sources(&["src/bin", "examples"], "rs") {
        for (number, line) in source.code() {
            assert!(!line.contains("#[path"), "{}:{number}: takes a file of the library in", source.path);
        }
    }
}

#[test]
fn the_reader_of_imports_finds_upward_sideways_and_banned_ones() {
    let found = |path: &str, text: &str| {
        let mut wrong = Vec::new();
        check(&Source { path: path.into(), text: text.into() }, &mut wrong);
        wrong.len()
    };
    assert_eq!(found("src/wire/reader.rs", "use crate::error::Error;"), 1);
    assert_eq!(found("src/record.rs", "use crate::cert::Identity;"), 1);
    assert_eq!(found("src/handshake/client.rs", "let x = crate::record::Sealer::plain(v);"), 1);
    assert_eq!(found("src/message.rs", "use crate::crypto::Random;"), 1);
    assert_eq!(found("src/record/cbc.rs", "use crate::message::Joiner;"), 1);
    assert_eq!(found("src/conn.rs", "use crate::{wire, error};"), 1);
    assert_eq!(found("src/conn.rs", "use crate::record::Opener; // crate::stream\n/// [`crate::stream`]"), 0);
    assert_eq!(found("src/conn/send.rs", "use crate::conn::Half;"), 0);
    assert_eq!(found("src/wire/reader.rs", "use super::super::error::Error;"), 1);
    assert_eq!(found("src/wire/reader.rs", "use super::writer::Writer;"), 0);
    assert_eq!(
        found("src/crypto/native/sm2.rs", "let x = super::super::super::record::Sealer::plain(v);"),
        1
    );
    assert_eq!(found("src/crypto/native/sm2.rs", "use super::super::Hashes;"), 0);
    assert_eq!(found("src/message.rs", "use super::crypto::Random;"), 1);
    assert_eq!(found("src/wire/reader.rs", "use super::super::{error, writer};"), 1);
    assert_eq!(found("src/wire/reader.rs", "mod tests {\n    use super::super::writer::Writer;\n}"), 0);
    assert_eq!(found("src/wire/reader.rs", "mod tests {\n    use super::super::super::error::Error;\n}"), 1);
    assert_eq!(found("src/wire/reader.rs", "use super::{super::error::Error, writer::Writer};"), 1);
    assert_eq!(found("src/wire/reader.rs", "use super::{writer::Writer, super::error::Error};"), 1);
    assert_eq!(
        found("src/wire/reader.rs", "use super::{\n    writer::Writer,\n    super::error::Error,\n};"),
        1
    );
    assert_eq!(found("src/wire/reader.rs", "use super::{Reader, writer};"), 0);
    assert_eq!(found("src/wire/reader.rs", "extern crate self as root;"), 1);
    assert_eq!(found("src/wire/reader.rs", "use crate as root;"), 1);
    assert_eq!(found("src/wire/reader.rs", "use super::super as root;"), 1);
}
