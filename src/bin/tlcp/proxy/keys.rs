//! Reading a table key by key: every error names the file, the key, and what to do; a key that nobody asked for is one.
use crate::problem::Problem;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::{Table, Value};

/// A table under way: what was read is taken out.
pub(super) struct Keys {
    /// What stands before a key's name in errors: `gateway.toml: terminate[0].`, or `--`.
    before: String,
    /// Where relative paths begin.
    folder: PathBuf,
    table: Table,
    known: Vec<&'static str>,
}

impl Keys {
    pub(super) fn new(before: impl Into<String>, folder: impl Into<PathBuf>, table: Table) -> Self {
        Self { before: before.into(), folder: folder.into(), table, known: Vec::new() }
    }

    /// The tables of a file.
    pub(super) fn of_file(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|e| Problem::from(e).during(path.display()))?;
        let table = text.parse::<Table>().map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            Problem::new(format!("{}: line {line}: {}", path.display(), one_line(e.message())))
                .advise("write it as TOML has it: https://toml.io")
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self::new(format!("{}: ", path.display()), folder, table))
    }

    pub(super) fn before(&self) -> &str {
        &self.before
    }

    /// A key's name, with where it stands.
    pub(super) fn name(&self, key: &str) -> String {
        format!("{}{key}", self.before)
    }

    /// An error about a key, which says what it should be.
    pub(super) fn wrong(&self, key: &str, what: &str, advice: impl Into<String>) -> Problem {
        Problem::new(format!("{}: {what}", self.name(key))).advise(advice)
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn not_a(&self, key: &str, wanted: &str, found: &Value) -> Problem {
        self.wrong(key, &format!("{found} is not {wanted}"), format!("write {wanted}"))
    }

    pub(super) fn string(&mut self, key: &'static str) -> Result<Option<String>, Problem> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.not_a(key, "a text in quotes", &other)),
        }
    }

    /// What must be there.
    pub(super) fn required(&mut self, key: &'static str, such_as: &str) -> Result<String, Problem> {
        let text = self.string(key)?;
        text.ok_or_else(|| self.wrong(key, "is missing", format!("give it, such as {such_as}")))
    }

    /// One text, or several in brackets.
    pub(super) fn strings(&mut self, key: &'static str) -> Result<Option<Vec<String>>, Problem> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let one = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(self.not_a(key, "a text in quotes, or several in brackets", other)),
        };
        match &value {
            Value::Array(values) => values.iter().map(one).collect::<Result<_, _>>().map(Some),
            only => Ok(Some(vec![one(only)?])),
        }
    }

    pub(super) fn truth(&mut self, key: &'static str) -> Result<Option<bool>, Problem> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Boolean(truth)) => Ok(Some(truth)),
            Some(other) => Err(self.not_a(key, "true or false", &other)),
        }
    }

    /// A whole number from 1 to `most`.
    pub(super) fn number(&mut self, key: &'static str, most: u32) -> Result<Option<u32>, Problem> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let number = value.as_integer().and_then(|n| u32::try_from(n).ok());
        match number.filter(|n| (1..=most).contains(n)) {
            Some(n) => Ok(Some(n)),
            None => Err(self.not_a(key, &format!("a whole number from 1 to {most}"), &value)),
        }
    }

    /// Whole seconds, at least one, at most a day.
    pub(super) fn seconds(&mut self, key: &'static str) -> Result<Option<Duration>, Problem> {
        Ok(self.number(key, 86_400)?.map(|n| Duration::from_secs(n.into())))
    }

    /// One of these words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.string(key)? else { return Ok(None) };
        match choices.iter().find(|(name, _)| *name == text) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                Err(self.wrong(
                    key,
                    &format!("{text:?} is no choice"),
                    format!("one of {}", names.join(", ")),
                ))
            }
        }
    }

    pub(super) fn path(&mut self, key: &'static str) -> Result<Option<PathBuf>, Problem> {
        Ok(self.string(key)?.map(|path| self.folder.join(path)))
    }

    pub(super) fn paths(&mut self, key: &'static str) -> Result<Option<Vec<PathBuf>>, Problem> {
        let paths = self.strings(key)?;
        Ok(paths.map(|paths| paths.iter().map(|path| self.folder.join(path)).collect()))
    }

    /// One path, several, or groups of several.
    pub(super) fn groups(&mut self, key: &'static str) -> Result<Option<Vec<Vec<PathBuf>>>, Problem> {
        let is_grouped =
            self.table.get(key).and_then(Value::as_array).is_some_and(|a| a.iter().any(Value::is_array));
        if !is_grouped {
            return Ok(self.paths(key)?.map(|paths| paths.into_iter().map(|path| vec![path]).collect()));
        }
        let Some(Value::Array(groups)) = self.take(key) else { return Ok(None) };
        let path = |value: &Value| match value {
            Value::String(path) => Ok(self.folder.join(path)),
            other => Err(self.not_a(key, "the path of a file in quotes", other)),
        };
        let group = |value: &Value| match value {
            Value::Array(paths) => paths.iter().map(path).collect(),
            only => Ok(vec![path(only)?]),
        };
        groups.iter().map(group).collect::<Result<_, _>>().map(Some)
    }

    /// The table under a key; an empty one if there is none.
    pub(super) fn table(&mut self, key: &'static str) -> Result<Self, Problem> {
        match self.take(key) {
            None => Ok(Self::new(format!("{}{key}.", self.before), &self.folder, Table::new())),
            Some(Value::Table(table)) => Ok(Self::new(format!("{}{key}.", self.before), &self.folder, table)),
            Some(other) => Err(self.not_a(key, &format!("a table, as [{key}]"), &other)),
        }
    }

    /// The tables under a key, in their order.
    pub(super) fn tables(&mut self, key: &'static str) -> Result<Vec<Self>, Problem> {
        let wanted = format!("tables, as [[{key}]]");
        let values = match self.take(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(other) => return Err(self.not_a(key, &wanted, &other)),
        };
        let table = |(number, value)| match value {
            Value::Table(table) => {
                Ok(Self::new(format!("{}{key}[{number}].", self.before), &self.folder, table))
            }
            other => Err(self.not_a(key, &wanted, &other)),
        };
        (0_usize..).zip(values).map(table).collect()
    }

    /// All was asked for.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.table.keys().next() {
            None => Ok(()),
            Some(unknown) => {
                let advice = format!("what can stand here: {}", self.known.join(", "));
                Err(self.wrong(&unknown.escape_debug().to_string(), "has no place here", advice))
            }
        }
    }
}

fn one_line(text: &str) -> String {
    text.trim().replace('\n', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Keys {
        Keys::new("a.toml: ", "conf", text.parse().unwrap())
    }

    #[test]
    fn relative_paths_begin_where_the_file_is_and_identities_may_be_grouped() {
        let mut keys = keys("ca = 'ca.crt'\nidentity = [['a', '/b'], 'c']\none = 'd'");
        assert_eq!(keys.paths("ca").unwrap().unwrap(), [PathBuf::from("conf/ca.crt")]);
        let group = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        let groups = keys.groups("identity").unwrap().unwrap();
        assert_eq!(groups, [group(&["conf/a", "/b"]), group(&["conf/c"])]);
        assert_eq!(keys.groups("one").unwrap().unwrap(), [group(&["conf/d"])]);
        assert_eq!(keys.groups("none").unwrap(), None);
        keys.finish().unwrap();
    }

    #[test]
    fn what_is_of_another_kind_is_told_with_its_key_and_the_right_kind() {
        let mut keys = keys(
            "text = 1\nnumber = 0\ntruth = 'yes'\npaths = [1]\nword = 'x'\ntable = 1\ntables = [1]\nmore = 2",
        );
        for (problem, said) in [
            (keys.string("text").err(), "a.toml: text: 1 is not a text in quotes"),
            (keys.number("number", 9).err(), "a.toml: number: 0 is not a whole number from 1 to 9"),
            (keys.truth("truth").err(), "a.toml: truth: \"yes\" is not true or false"),
            (keys.groups("paths").err(), "a.toml: paths: 1 is not a text in quotes, or several in brackets"),
            (
                keys.choice("word", &[("a", 1), ("b", 2)]).err(),
                "a.toml: word: \"x\" is no choice\n  do:    one of a, b",
            ),
            (keys.table("table").err(), "a.toml: table: 1 is not a table, as [table]"),
            (keys.tables("tables").err(), "a.toml: tables: 1 is not tables, as [[tables]]"),
            (keys.required("gone", "x").err(), "a.toml: gone: is missing\n  do:    give it, such as x"),
            (
                keys.finish().err(),
                "a.toml: more: has no place here\n  do:    what can stand here: text, number",
            ),
        ] {
            let problem = problem.unwrap().to_string();
            assert!(problem.starts_with(said), "{problem}");
        }
    }
}
