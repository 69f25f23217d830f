//! Arbitrary token trees, of what Rust and these macros are made of.

use proptest::collection::vec;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::{Just, Strategy};

use super::tokens::{Fence, Tree};

const KEYWORDS: &[&str] = &[
    "as", "async", "auto", "await", "become", "box", "break", "const", "continue", "crate",
    "default", "dyn", "else", "enum", "extern", "false", "fn", "for", "gen", "if", "impl", "in",
    "let", "loop", "macro", "match", "mod", "move", "mut", "priv", "pub", "raw", "ref", "return",
    "safe", "self", "Self", "static", "struct", "super", "trait", "true", "try", "type", "union",
    "unsafe", "use", "where", "while", "yield",
];
const NAMES: &[&str] = &[
    "_",
    "f",
    "x",
    "T",
    "conn",
    "tx",
    "pool",
    "main",
    "body",
    "Ok",
    "Err",
    "Result",
    "Option",
    "Box",
    "Pin",
    "pin",
    "Future",
    "Output",
    "BoxFuture",
    "String",
    "i64",
    "core",
    "std",
    "commit_on_success",
    "__scope",
    "r#fn",
    "r#await",
    "r#mode",
    "println",
    "имя",
];
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
    "nested",
    "required",
    "mandatory",
    "durable",
    "serializable",
    "immediate",
    "deferred",
    "tx = pool",
    "crate = a::b",
    "attempts = 3",
    "mode = immediate",
    "set",
    "set(\"a.b\" = c)",
    "pragma(a = 1)",
];
const PUNCTUATION: &[&str] = &[
    "+", "-", "*", "/", "%", "^", "!", "&", "|", "&&", "||", "<<", ">>", "+=", "=", "==", "!=",
    ">", "<", ">=", "<=", "@", ".", "..", "...", "..=", ",", ";", ":", "::", "->", "<-", "=>", "#",
    "$", "?", "~", "=,", ">=>", "?.", ".await", "|_|", "'a", "'static", "'_", "&'a",
];
const LITERALS: &[&str] = &[
    "0",
    "1",
    "1u8",
    "1_000i128",
    "18446744073709551616",
    "1.0",
    "1e9",
    "1.",
    "\"text\"",
    "\"{x}\"",
    "\"Rust\"",
    "\"C\"",
    "r#\"raw\"#",
    "b\"bytes\"",
    "c\"c\"",
    "'c'",
    "b'\\n'",
    "\"x\"suffix",
    "/** text */",
];

/// A word of any kind.
pub(super) fn word() -> impl Strategy<Value = String> {
    let words = prop_oneof![
        3 => select(KEYWORDS),
        3 => select(NAMES),
        2 => select(OPTIONS),
        4 => select(PUNCTUATION),
        1 => select(LITERALS),
    ];
    words.prop_map(str::to_owned)
}

pub(super) fn fence() -> impl Strategy<Value = Fence> {
    prop_oneof![
        Just(Fence::Parentheses),
        Just(Fence::Braces),
        Just(Fence::Brackets),
        Just(Fence::Invisible),
    ]
}

/// Any tokens.
pub(super) fn anything() -> impl Strategy<Value = Vec<Tree>> {
    let tree = word().prop_map(Tree::Word);
    let tree = tree.prop_recursive(3, 24, 6, |inner| {
        (fence(), vec(inner, 0..6)).prop_map(|(fence, inner)| Tree::Group(fence, inner))
    });
    vec(tree, 0..8)
}

/// Tokens in the order of a function, with anything between those that make it one.
pub(super) fn resembling_a_function() -> impl Strategy<Value = Vec<Tree>> {
    let head = (few(), few(), few(), few());
    (head, few(), anything()).prop_map(|((before, generic, parameters, output), clause, body)| {
        let word = |word: &str| Tree::Word(word.to_owned());
        let head = [before, vec![word("fn"), word("f")], generic].concat();
        let parameters = vec![Tree::Group(Fence::Parentheses, parameters), word("->")];
        let body = vec![Tree::Group(Fence::Braces, body)];
        [head, parameters, output, clause, body].concat()
    })
}

fn few() -> impl Strategy<Value = Vec<Tree>> {
    prop_oneof![
        3 => Just(Vec::new()),
        2 => anything().prop_map(|mut trees| {
            trees.truncate(2);
            trees
        }),
    ]
}
