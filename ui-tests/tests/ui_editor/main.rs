//! Code that uses the macros in an editor: rust-analyzer is asked where names are defined, and what it offers at a place where
//! something is missing.
//!
//! It is the `rust-analyzer` of `PATH`, or the one that `RUST_ANALYZER` names; where there is none, the tests are left out.
//! The code is `ui-tests/editor/shop.rs`. The standard library that it is told of, `ui-tests/editor/library`, has only what
//! it takes to infer types: the sources of the real one may not be there, and where they are, rustc's messages show them.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on has nothing better to do"
)]

#[path = "../ui/compiler.rs"]
#[allow(dead_code, reason = "the snapshots need more of it")]
mod compiler;
mod editor;
mod project;
mod server;

use crate::editor::Editor;

/// A name is behind its `^`, and its definition is in that line.
const DEFINITIONS: &[(&str, &str)] = &[
    ("defer!(^send(number))", "pub fn send(_number: i64) {}"),
    ("defer!(send(^number))", "number: i64,"),
    ("defer!(^send(order.key))", "pub fn send(_number: i64) {}"),
    ("defer!(send(order.^key))", "pub key: i64,"),
    ("^conn: &mut Connection,", "conn: &mut Connection,"),
    ("conn: &mut ^Connection,", "pub struct Connection {"),
    ("^Result<usize, DbError>", "pub enum Result<T, E> {"),
    ("Result<usize, ^DbError>", "pub enum DbError {"),
    ("^conn.execute(\"INSERT\")", "conn: &mut Connection,"),
    ("conn.^execute(\"INSERT\")", EXECUTE),
    ("#[commit_on_success(^link)]", "link: &mut AsyncConnection,"),
    ("^Result<u32, DbError>", "pub enum Result<T, E> {"),
    ("^link.execute(\"INSERT\")", "link: &mut AsyncConnection,"),
    (
        "#[commit_on_success(tx = ^registry)]",
        "registry: &mut Connection,",
    ),
    (
        "^tx.execute(\"SELECT\")",
        "#[commit_on_success(tx = registry)]",
    ),
    ("tx.^execute(\"SELECT\")", EXECUTE),
    ("transaction!(tx = ^store, {", "store: &mut Connection,"),
    ("transaction!(^tx = store, {", "transaction!(tx = store, {"),
    ("^tx.execute(\"DELETE\")", "transaction!(tx = store, {"),
    ("tx.^execute(\"DELETE\")", EXECUTE),
];

const EXECUTE: &str = "pub fn execute(&mut self, statement: &str) -> Result<usize, DbError> {";

#[test]
fn every_name_that_the_user_wrote_has_one_definition() {
    let Some(mut editor) = Editor::open("definitions") else {
        return;
    };
    for (name, definition) in DEFINITIONS {
        assert_eq!(editor.definitions(name), [*definition], "{name}");
    }
}

/// In the place of what is written, this is, so far, and these names are offered at its `^`.
const COMPLETIONS: &[(&str, &str, &[&str])] = &[
    ("conn.execute(\"INSERT\")", "conn.^", METHODS),
    ("conn.execute(\"INSERT\")", "conn.ex^", METHODS),
    ("link.execute(\"INSERT\").await?", "link.^", METHODS),
    ("tx.execute(\"SELECT\")?", "tx.^", METHODS),
    ("tx.execute(\"DELETE\")?", "tx.^", METHODS),
    // The return type is missing, too.
    ("conn.execute(\"UPDATE\")", "conn.^", METHODS),
    ("send(order.key)", "send(order.k^)", &["key"]),
    ("send(order.key)", "send(order.^)", &["key"]),
    (
        "#[commit_on_success(link)]",
        "#[commit_on_success(link, s^)]",
        OPTIONS,
    ),
    (
        "#[commit_on_success(tx = registry)]",
        "#[commit_on_success(tx = registry, s^)]",
        OPTIONS,
    ),
    (
        "#[commit_on_success(link)]",
        "#[commit_on_success(s^)]",
        OPTIONS,
    ),
];

const METHODS: &[&str] = &["execute", "log"];

const OPTIONS: &[&str] = &[
    "propagation",
    "isolation",
    "read_only",
    "deferrable",
    "settle",
    "mode",
    "attempts",
    "backoff",
    "no_rollback_for",
    "map_err",
];

#[test]
fn names_are_offered_where_one_is_not_yet_written() {
    let Some(mut editor) = Editor::open("completions") else {
        return;
    };
    for (written, typed, names) in COMPLETIONS {
        let offered = editor.completions(written, typed);
        for name in *names {
            assert!(
                offered.iter().any(|it| it == name),
                "{typed} in the place of {written} is offered {offered:?}"
            );
        }
    }
}
