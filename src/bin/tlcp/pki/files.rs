//! Files that are made.
use crate::problem::Problem;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// Name and contents.
pub(super) type File = (String, Zeroizing<String>);

/// Writes all of them into a folder, which is made if it is not there; overwrites nothing unless `force` is set.
pub(super) fn save(
    folder: &Path,
    files: &[File],
    force: bool,
    meaning: fn(&str) -> &'static str,
) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|e| Problem::from(e).during(folder.display()))?;
    if let Some((name, _)) = files.iter().find(|(name, _)| !force && folder.join(name).exists()) {
        let there = Problem::new(format!("{} is there already", folder.join(name).display()));
        return Err(there.advise("choose another one with --out, or overwrite with --force"));
    }
    for (name, contents) in files {
        let path = folder.join(name);
        write(&path, contents).map_err(|e| Problem::from(e).during(path.display()))?;
        say!("{:<24} {}", path.display(), meaning(name));
    }
    Ok(())
}

/// What holds a private key is for the owner alone.
fn write(path: &Path, contents: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if contents.contains("PRIVATE KEY") {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(path)?.write_all(contents.as_bytes())
}
