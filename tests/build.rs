//! Derives the sync form of the contract suite from its async form, for the sync driver.
//!
//! The suite is written once, in `contract/`; this takes out what makes it async. Lines stay where
//! they are, so that a failure points at the same line of both forms.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What the sync form leaves out or spells differently.
const REWRITES: [(&str, &str); 3] = [
    ("async fn", "fn"),
    (".await", ""),
    ("#[tokio::test]", "#[test]"),
];

// Input:  `#[tokio::test] async fn commits() { store(conn, 1).await?; }`
// Output: `#[test] fn commits() { store(conn, 1)?; }`
fn sync_form(text: &str) -> String {
    REWRITES
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn main() -> io::Result<()> {
    let source = Path::new("contract/suite");
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("suite");
    println!("cargo::rerun-if-changed={}", source.display());
    fs::create_dir_all(&target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let text = fs::read_to_string(entry.path())?;
        fs::write(target.join(entry.file_name()), sync_form(&text))?;
    }
    Ok(())
}
