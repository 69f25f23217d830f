//! The crates that rust-analyzer is told of, in the place of a package that cargo would have to look at.

use std::path::Path;

use serde_json::{Value, json};

use crate::compiler;

/// Each crate of this repository that the code is built on, and those of them that it names itself. Others do not matter
/// to the code.
const CRATES: [(&str, &[&str]); 3] = [
    ("commit_on_success_macros", &[]),
    ("commit_on_success", &["commit_on_success_macros"]),
    ("commit_on_success_ui_tests", &["commit_on_success"]),
];

/// The project of one file, in the format of `rust-project.json`.
pub(crate) fn project(file: &Path) -> Value {
    let artifacts = compiler::artifacts();
    let built = CRATES.iter().map(|(name, dependencies)| {
        let artifact = artifacts.iter().find(|it| it["target"]["name"] == *name);
        let artifact = artifact.expect("cargo names what it built");
        described(name, artifact, dependencies)
    });
    let names: Vec<_> = CRATES.iter().map(|(name, _)| *name).collect();
    let edited = json!({
        "root_module": file,
        "edition": "2024",
        "deps": numbered(&names),
        "cfg": [],
        "is_workspace_member": true,
    });
    let sysroot = compiler::sysroot();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("editor/library");
    json!({
        "sysroot": sysroot,
        "sysroot_src": library,
        "crates": built.chain([edited]).collect::<Vec<_>>(),
    })
}

fn described(name: &str, artifact: &Value, dependencies: &[&str]) -> Value {
    let target = &artifact["target"];
    let is_macro = target["kind"][0] == "proc-macro";
    json!({
        "display_name": name,
        "root_module": target["src_path"],
        "edition": target["edition"],
        "deps": numbered(dependencies),
        "cfg": [],
        "is_workspace_member": false,
        "is_proc_macro": is_macro,
        "proc_macro_dylib_path": is_macro.then(|| &artifact["filenames"][0]),
    })
}

fn numbered(dependencies: &[&str]) -> Vec<Value> {
    let of_name = |(number, (name, _)): (usize, &(&str, &[&str]))| {
        dependencies
            .contains(name)
            .then(|| json!({ "crate": number, "name": name }))
    };
    CRATES.iter().enumerate().filter_map(of_name).collect()
}
