//! The grammar of parameters.

use crate::body::Kind::{self, Call, Flag, Int, Ints, Maybe, Text};

/// A parameter, and what the names in it stand for. `$a` and `$b` are new names.
pub(crate) struct Parameter(pub(crate) &'static str, pub(crate) &'static [Bound]);

/// A name: how it is read, what it is, and what can be done to it.
pub(crate) struct Bound(pub(crate) &'static str, pub(crate) Kind, pub(crate) Use);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Read,
    Change,
    Move,
}
use Use::{Change, Move, Read};

/// Parameters that borrow nothing and can be sent.
pub(crate) const OWNED: &[Parameter] = &[
    Parameter("$a: i64", &[Bound("$a", Int, Read)]),
    Parameter("mut $a: i64", &[Bound("$a", Int, Change)]),
    Parameter("_: i64", &[]),
    Parameter("_$a: i64", &[]),
    Parameter(
        "($a, $b): (i64, String)",
        &[Bound("$a", Int, Read), Bound("$b", Text, Move)],
    ),
    Parameter("(mut $a, _): (i64, i64)", &[Bound("$a", Int, Change)]),
    Parameter(
        "[$a, $b]: [i64; 2]",
        &[Bound("$a", Int, Read), Bound("$b", Int, Read)],
    ),
    Parameter("[$a, ..]: [i64; 3]", &[Bound("$a", Int, Read)]),
    Parameter(
        "Query { id: $a, title: $b }: Query",
        &[Bound("$a", Int, Read), Bound("$b", Text, Move)],
    ),
    Parameter(
        "Query { id: mut $a, .. }: Query",
        &[Bound("$a", Int, Change)],
    ),
    Parameter("ref $a: i64", &[Bound("(*$a)", Int, Read)]),
    Parameter("ref mut $a: i64", &[Bound("*$a", Int, Change)]),
    Parameter("ref mut $a: String", &[Bound("*$a", Text, Change)]),
    Parameter(
        "$a @ ($b, _): (i64, i64)",
        &[Bound("$a.0", Int, Read), Bound("$b", Int, Read)],
    ),
    Parameter(
        "mut $a @ (_, $b): (i64, i64)",
        &[Bound("$a.0", Int, Change), Bound("$b", Int, Read)],
    ),
    Parameter(
        "$a @ (mut $b, _): (i64, i64)",
        &[Bound("$a.0", Int, Read), Bound("$b", Int, Change)],
    ),
    Parameter(
        "(Ok($a) | Err($a)): Result<i64, i64>",
        &[Bound("$a", Int, Read)],
    ),
    Parameter(
        "(Ok(mut $a) | Err(mut $a)): Result<i64, i64>",
        &[Bound("$a", Int, Change)],
    ),
    Parameter("$a: String", &[Bound("$a", Text, Move)]),
    Parameter("mut $a: String", &[Bound("$a", Text, Change)]),
    Parameter("$a: Vec<i64>", &[Bound("$a", Ints, Read)]),
    Parameter("$a: Option<i64>", &[Bound("$a", Maybe, Read)]),
    Parameter("$a: bool", &[Bound("$a", Flag, Read)]),
    Parameter("$a: fn(i64) -> i64", &[Bound("$a", Call, Read)]),
    Parameter("r#type: i64", &[Bound("r#type", Int, Read)]),
    Parameter("__scope: i64", &[Bound("__scope", Int, Read)]),
    Parameter("mut __result: i64", &[Bound("__result", Int, Change)]),
    Parameter("__running: i64", &[Bound("__running", Int, Read)]),
    Parameter("__outcome: i64", &[Bound("__outcome", Int, Read)]),
    Parameter("__error: i64", &[Bound("__error", Int, Read)]),
    Parameter("#[cfg(any())] $a: Missing", &[]),
    Parameter("#[cfg(not(any()))] $a: i64", &[Bound("$a", Int, Read)]),
    Parameter("#[cfg_attr(all(), cfg(any()))] $a: Missing", &[]),
    Parameter("#[allow(unused_variables)] $a: i64", &[]),
    Parameter(
        "#[allow(unused_mut)] mut $a: i64",
        &[Bound("$a", Int, Read)],
    ),
    Parameter("#[expect(unused_variables)] $a: i64", &[]),
    Parameter("#[cfg_attr(all(), allow(unused_variables))] $a: i64", &[]),
];

/// Parameters that borrow something, are generic, or cannot be sent.
pub(crate) const OTHERS: &[Parameter] = &[
    Parameter("&$a: &i64", &[Bound("$a", Int, Read)]),
    Parameter(
        "&($a, mut $b): &(i64, i64)",
        &[Bound("$a", Int, Read), Bound("$b", Int, Change)],
    ),
    Parameter("$a: &i64", &[Bound("(*$a)", Int, Read)]),
    Parameter("$a: &mut i64", &[Bound("*$a", Int, Change)]),
    Parameter("$a: &str", &[Bound("$a.to_owned()", Text, Read)]),
    Parameter(
        "mut $a: &str",
        &[Bound("{ $a = $a.trim(); $a.to_owned() }", Text, Read)],
    ),
    Parameter("$a: &mut String", &[Bound("*$a", Text, Change)]),
    Parameter("$a: &[i64]", &[Bound("$a", Ints, Read)]),
    Parameter(
        "$a: &mut [i64]",
        &[Bound("$a[0]", Int, Change), Bound("$a", Ints, Read)],
    ),
    Parameter(
        "$a: &mut Vec<i64>",
        &[Bound("$a[0]", Int, Change), Bound("$a", Ints, Read)],
    ),
    Parameter(
        "$a: &Query",
        &[Bound("$a.id", Int, Read), Bound("$a.title", Text, Read)],
    ),
    Parameter(
        "Query { id: $a, title: $b }: &mut Query",
        &[Bound("*$a", Int, Change), Bound("*$b", Text, Change)],
    ),
    Parameter("$a: impl Display", &[Bound("$a.to_string()", Text, Read)]),
    Parameter("$a: &impl Display", &[Bound("$a.to_string()", Text, Read)]),
    Parameter("$a: &T", &[Bound("$a.to_string()", Text, Read)]),
    Parameter("$a: impl Fn(i64) -> i64", &[Bound("$a", Call, Read)]),
    Parameter("mut $a: impl FnMut(i64) -> i64", &[Bound("$a", Call, Read)]),
    Parameter("$a: &dyn Fn(i64) -> i64", &[Bound("$a", Call, Read)]),
    Parameter("$a: &mut dyn FnMut(i64) -> i64", &[Bound("$a", Call, Read)]),
    Parameter("$a: Box<dyn Fn(i64) -> i64>", &[Bound("$a", Call, Read)]),
    Parameter(
        "$a: impl Into<String> + Clone",
        &[Bound("$a.clone().into()", Text, Read)],
    ),
    Parameter("$a: impl IntoIterator<Item = i64> + Clone", &[]),
    Parameter(
        "[$a, $b]: &[i64; 2]",
        &[Bound("*$a", Int, Read), Bound("*$b", Int, Read)],
    ),
    Parameter("$a: std::rc::Rc<i64>", &[Bound("*$a", Int, Read)]),
];
