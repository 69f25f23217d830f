//! The check that coverage tells a deferred call that never ran.

use std::path::Path;

use crate::compiler::{self, Libraries};

/// The body, and the four calls in it.
const CLOSURES: usize = 5;

#[test]
fn each_deferred_call_is_counted_by_itself() {
    let libraries = Libraries::build();
    let code = Path::new(env!("CARGO_TARGET_TMPDIR")).join("coverage.ll");
    let mut compiler = compiler::compile(compiler::rustc(), &libraries);
    compiler.args(["-Cinstrument-coverage", "-Csymbol-mangling-version=v0"]);
    compiler.arg(format!("--emit=llvm-ir={}", code.display()));
    let output = compiler.arg("coverage/deferred.rs").output();
    let output = output.expect("the compiler can be run");
    let errors = compiler::text(&output.stderr);
    if errors.contains("profiler_builtins") {
        compiler::say("left out: ui-tests/coverage (this compiler has no profiler)");
        return;
    }
    assert!(output.status.success(), "{errors}");
    let code = std::fs::read_to_string(code).expect("the compiler has written it");
    let counted = |name: &str| {
        let counters = code.lines().filter(|line| line.starts_with("@__profc_"));
        counters.filter(|line| line.contains(name)).count()
    };
    // `C` in a mangled name stands for a closure: see the symbol names of RFC 2603.
    assert_eq!(counted("_RNC"), CLOSURES);
    assert_eq!(counted("5place"), CLOSURES + 1);
}
