//! Both languages of the guide and of the README show the same commands and programs; only their comments differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::fs;
use std::path::{Path, PathBuf};

fn page(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The blocks of code, each with its language first, without comments; pictures in text are no code.
fn blocks(page: &str) -> Vec<String> {
    let code = page.split("```").skip(1).step_by(2).filter(|block| !block.starts_with("text"));
    code.map(|block| {
        block.lines().map(without_comment).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    })
    .collect()
}

fn without_comment(line: &str) -> &str {
    let is_comment = |at: &usize| *at == 0 || line[..*at].ends_with(' ');
    let marks = ["//", "# "].into_iter().flat_map(|mark| line.match_indices(mark));
    let start = marks.map(|(at, _)| at).filter(is_comment).min();
    line[..start.unwrap_or(line.len())].trim_end()
}

/// Links to files, without the part after `#`.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).filter_map(|target| target.split('#').next())
}

const PAGES: [&str; 6] = ["README", "certificates", "peers", "assessment", "errors", "gateway"];

#[test]
fn both_languages_show_the_same_commands_and_programs() {
    let guide = PAGES.map(|name| ["en", "zh-CN"].map(|language| format!("docs/{language}/{name}.md")));
    let readme = ["README.md", "README.zh-CN.md"].map(String::from);
    for [english, chinese] in guide.into_iter().chain([readme]) {
        let [of_english, of_chinese] = [&english, &chinese].map(|path| blocks(&page(path)));
        assert_eq!(of_chinese.len(), of_english.len(), "{chinese}");
        for (chinese_block, english_block) in of_chinese.iter().zip(&of_english) {
            assert_eq!(chinese_block, english_block, "{chinese}");
        }
    }
}

/// Whether the package holds it: a crate within this one is none of its parts.
fn is_packaged(root: &Path, file: &Path) -> bool {
    let mut folders = file.ancestors().skip(1).take_while(|folder| *folder != root);
    !folders.any(|folder| folder.join("Cargo.toml").exists())
}

#[test]
fn links_lead_somewhere() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap();
    let guide = ["en", "zh-CN"].into_iter().flat_map(|l| PAGES.map(|name| format!("docs/{l}/{name}.md")));
    for path in guide.chain(["README.md", "README.zh-CN.md", "CONTRIBUTING.md"].map(String::from)) {
        let folder = root.join(&path).parent().unwrap().to_path_buf();
        for link in links(&page(&path)).filter(|link| !link.is_empty()) {
            let file = folder.join(link).canonicalize().unwrap_or_else(|e| panic!("{path}: {link}: {e}"));
            assert!(is_packaged(&root, &file), "{path}: {link}");
        }
    }
}

#[test]
fn comments_are_told_from_code() {
    assert_eq!(without_comment("let a = 1; // one"), "let a = 1;");
    assert_eq!(without_comment("// one"), "");
    assert_eq!(without_comment("a = \"https://b\" # one"), "a = \"https://b\"");
    assert_eq!(without_comment("#[cfg(test)]"), "#[cfg(test)]");
}
