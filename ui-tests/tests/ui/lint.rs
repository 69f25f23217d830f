//! The check that expansions are clean under lints that a user may have turned on.
//!
//! Each version of the compiler has lints of its own, about the code of the case too, so this is checked with one.

use std::path::Path;

use crate::compiler::{self, Libraries};

#[test]
fn every_form_is_clean_under_strict_lints() {
    if !compiler::is_pinned("ui-tests/lint") {
        return;
    }
    let libraries = Libraries::build();
    let metadata = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lint.rmeta");
    let mut linter = compiler::compile(compiler::linter(), &libraries);
    linter.arg(format!("--emit=metadata={}", metadata.display()));
    compiler::run(linter.arg("lint/forms.rs"));
}
