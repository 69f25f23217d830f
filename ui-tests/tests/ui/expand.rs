//! Snapshots of what the macros expand to.
//!
//! Beside each case in `expand` stands its expansion, as rustc prints it (`-Zunpretty=expanded`, for which it is told
//! that it may use unstable features) and `prettyplease` lays it out. To write the expansions anew, run with
//! `UPDATE_EXPECT=1`, and read what has changed.

use std::path::{Path, PathBuf};

use crate::compiler::{self, Libraries};

#[test]
fn every_form_expands_to_its_snapshot() {
    if !compiler::is_pinned("ui-tests/expand") {
        return;
    }
    let libraries = Libraries::build();
    let outdated: Vec<_> = cases()
        .iter()
        .filter_map(|case| compare(case, &expanded(case, &libraries)).err())
        .collect();
    assert!(
        outdated.is_empty(),
        "{}\nrun with UPDATE_EXPECT=1 to accept",
        outdated.join("\n")
    );
}

/// The cases, relative to this package, so that `file!()` in them is the same everywhere.
fn cases() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("expand");
    let files = std::fs::read_dir(directory).expect("the directory is there");
    let paths = files.map(|file| file.expect("the directory can be read").path());
    let mut cases: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .filter_map(|path| Some(Path::new("expand").join(path.file_name()?)))
        .filter(|case| case.with_extension("").extension().is_none())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "there is something to expand");
    cases
}

fn expanded(case: &Path, libraries: &Libraries) -> String {
    let mut rustc = compiler::compile(compiler::rustc(), libraries);
    rustc.env("RUSTC_BOOTSTRAP", "1");
    rustc.arg("-Zunpretty=expanded").arg(case);
    let printed = compiler::text(&compiler::run(&mut rustc).stdout);
    let mut file = syn::parse_file(&printed).expect("rustc prints Rust");
    file.attrs.clear();
    file.items.retain(|item| !is_prelude(item));
    prettyplease::unparse(&file)
}

/// `extern crate std`, and the import of its prelude, which rustc writes into every file.
fn is_prelude(item: &syn::Item) -> bool {
    match item {
        syn::Item::ExternCrate(item) => item.ident == "std",
        syn::Item::Use(item) => item
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("prelude_import")),
        _ => false,
    }
}

fn compare(case: &Path, expanded: &str) -> Result<(), String> {
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join(case.with_extension("expanded.rs"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(snapshot, expanded).expect("the snapshot can be written");
        return Ok(());
    }
    let expected = std::fs::read_to_string(&snapshot).unwrap_or_default();
    if expected == expanded {
        return Ok(());
    }
    Err(format!("{} expands to\n\n{expanded}", case.display()))
}
