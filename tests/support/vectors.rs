//! Finds test vectors: in `vectors/` of this repository, and in the same sub-folders of the folder that the environment
//! variable `TLCP_EXTRA_VECTORS` names: what it lacks of those is told, and one that has none of them fails. A case that
//! fails does not hide those behind it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use serde_json::Value;
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// A file of test vectors.
pub(crate) struct VectorFile {
    /// For messages: `std/sm3.json`, and with the folder's path if it is an extra one.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Whether it comes from `TLCP_EXTRA_VECTORS`.
    pub(crate) is_extra: bool,
}

impl VectorFile {
    pub(crate) fn read(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.read()).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    /// The name without folder and extension, in lower case.
    pub(crate) fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase()
    }
}

const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");

fn extra_root() -> Option<PathBuf> {
    let root = std::env::var_os("TLCP_EXTRA_VECTORS").filter(|v| !v.is_empty()).map(PathBuf::from)?;
    assert!(
        is_of_use(&root),
        "TLCP_EXTRA_VECTORS={}: a folder is wanted with sub-folders as vectors/ has them, and files in at least one",
        root.display()
    );
    Some(root)
}

/// Whether there is any file where one is looked for.
fn is_of_use(root: &Path) -> bool {
    let holds_a_file = |folder: PathBuf| {
        fs::read_dir(folder).is_ok_and(|mut all| all.any(|entry| entry.is_ok_and(|e| e.path().is_file())))
    };
    let own = fs::read_dir(OWN).unwrap().map(|entry| entry.unwrap());
    let mut folders = own.filter(|entry| entry.path().is_dir()).map(|entry| root.join(entry.file_name()));
    folders.any(holds_a_file) || root.join("tlcp-known-answers.json").is_file()
}

/// Every file with this extension in the sub-folder `folder` (`""` is the top), sorted by name: ours, then the extra.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<VectorFile> {
    let mut found = list(&Path::new(OWN).join(folder), extension, false);
    assert!(!found.is_empty(), "vectors/{folder}: no .{extension} file");
    if let Some(root) = extra_root() {
        let extra = list(&root.join(folder), extension, true);
        if extra.is_empty() {
            println!("TLCP_EXTRA_VECTORS: no .{extension} file in {}", root.join(folder).display());
        }
        found.extend(extra);
    }
    found
}

fn list(folder: &Path, extension: &str, is_extra: bool) -> Vec<VectorFile> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension) && path.is_file())
        .collect();
    paths.sort();
    let named = |path: PathBuf| {
        let inside = path.strip_prefix(OWN).unwrap_or(&path);
        VectorFile { name: inside.display().to_string(), path, is_extra }
    };
    paths.into_iter().map(named).collect()
}

/// What failed so far.
#[derive(Default)]
pub(crate) struct Failures(Vec<String>);

impl Failures {
    /// Runs a case of this name, or a file of cases; nothing if it fails.
    pub(crate) fn attempt<R>(&mut self, name: impl fmt::Display, run: impl FnOnce() -> R) -> Option<R> {
        let outcome = catch_unwind(AssertUnwindSafe(run));
        let why = |cause: &dyn std::any::Any| match (
            cause.downcast_ref::<String>(),
            cause.downcast_ref::<&str>(),
        ) {
            (Some(text), _) => text.clone(),
            (None, text) => text.copied().unwrap_or("it panics").to_owned(),
        };
        outcome.map_err(|cause| self.0.push(format!("{name}: {}", why(&*cause)))).ok()
    }

    pub(crate) fn finish(self) {
        assert!(self.0.is_empty(), "{} failed:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// Counts the cases that were run of one sub-folder.
pub(crate) struct Tally {
    folder: &'static str,
    own: usize,
    extra: usize,
    failures: Failures,
}

impl Tally {
    pub(crate) fn new(folder: &'static str) -> Self {
        Self { folder, own: 0, extra: 0, failures: Failures::default() }
    }

    /// As [`Failures::attempt`].
    pub(crate) fn attempt<R>(&mut self, name: impl fmt::Display, run: impl FnOnce() -> R) -> Option<R> {
        self.failures.attempt(name, run)
    }

    /// `ran` cases of `file` were run, `passed_over` were of a kind that does not apply.
    pub(crate) fn add(&mut self, file: &VectorFile, ran: usize, passed_over: usize) {
        println!("{}: {ran} cases run, {passed_over} do not apply", file.name);
        if file.is_extra {
            self.extra += ran;
        } else {
            self.attempt(&file.name, || assert!(ran > 0, "nothing in it is used"));
            self.own += ran;
        }
    }

    /// Fails with all cases that failed, or if nothing of ours was run.
    pub(crate) fn finish(self) {
        self.failures.finish();
        assert!(self.own > 0, "vectors/{}: no case was run", self.folder);
        if let (Some(root), 0) = (extra_root(), self.extra) {
            println!("TLCP_EXTRA_VECTORS: no case was run of {}", root.join(self.folder).display());
        }
    }
}

/// One case of a file `{"vectors": [{"id": …, …}, …]}`.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) file: &'a VectorFile,
    /// What the file as a whole says it is, in lower case: its name and its `primitive`.
    pub(crate) label: &'a str,
    pub(crate) value: &'a Value,
}

impl<'a> Case<'a> {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, key: &str) -> Option<usize> {
        self.value.get(key).and_then(Value::as_u64).map(|n| usize::try_from(n).unwrap())
    }

    /// The bytes that stand in hexadecimal at `key`.
    pub(crate) fn bytes(&self, key: &str) -> Vec<u8> {
        let text = self.text(key).unwrap_or_else(|| panic!("{self}: no {key}"));
        hex::decode(text).unwrap_or_else(|e| panic!("{self}: {key}: {e}"))
    }

    /// The same, of a fixed length.
    pub(crate) fn array<const N: usize>(&self, key: &str) -> [u8; N] {
        self.bytes(key).try_into().unwrap_or_else(|_| panic!("{self}: {key} has not {N} bytes"))
    }

    /// Whether `result` says `valid` or `invalid`.
    pub(crate) fn is_valid(&self) -> bool {
        match self.text("result") {
            Some("valid") => true,
            Some("invalid") => false,
            other => panic!("{self}: result {other:?}"),
        }
    }
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.name, self.text("id").unwrap_or("?"))?;
        self.text("comment").map_or(Ok(()), |comment| write!(f, " ({comment})"))
    }
}

/// Offers every case of the JSON files in `folder` to `run`, which says whether it is one that applies.
pub(crate) fn run_cases(folder: &'static str, mut run: impl FnMut(Case<'_>) -> bool) {
    let mut tally = Tally::new(folder);
    for file in files(folder, "json") {
        let Some(json) = tally.attempt(&file.name, || file.json()) else { continue };
        let primitive = json.get("primitive").and_then(Value::as_str).unwrap_or_default();
        let label = format!("{} {}", file.stem(), primitive.to_lowercase());
        let cases = json.get("vectors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut ran = 0;
        for value in cases {
            let case = Case { file: &file, label: &label, value };
            // One that fails has run.
            ran += usize::from(tally.attempt(case, || run(case)).unwrap_or(true));
        }
        tally.add(&file, ran, cases.len() - ran);
    }
    tally.finish();
}

#[test]
fn a_case_that_fails_does_not_hide_those_behind_it() {
    let mut failures = Failures::default();
    assert_eq!(failures.attempt("first", || panic!("one")), None::<()>);
    assert_eq!(failures.attempt("second", || 2), Some(2));
    assert_eq!(failures.attempt("third", || assert_eq!(1, 1 + 2, "three")), None);
    let all = catch_unwind(|| failures.finish()).unwrap_err();
    let all = all.downcast_ref::<String>().unwrap();
    assert!(all.starts_with("2 failed:\nfirst: one\nthird: ") && all.contains("three"), "{all}");
}
