//! The grammar: what there is to choose from.
//!
//! A `$` stands before what is filled in: `$int`, `$flag`, `$text`, `$ints` and `$maybe` are expressions (`$Int` is one
//! that needs no parentheses), `$a` to `$d`, `$T` and `$K` are new names, `$conn` is the connection and `$exec` a
//! statement on it, `$value`, `$ok` and `$err` are what the function returns, `$place` and `$string` can be changed,
//! `$owned` can be moved, `$block` is more statements.

use crate::body::Kind::{self, Call, Flag, Int, Ints, Maybe, Text};

/// A statement, what it declares, and when it can be used.
pub(crate) struct Statement(
    pub(crate) &'static str,
    pub(crate) &'static [(char, Kind)],
    pub(crate) When,
);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    Sync,
    Async,
    /// Only in an `unsafe fn`.
    Unsafe,
    /// Only where the error can be made of that of the driver.
    FromDriver,
}
use When::{Always, Async, FromDriver, Sync, Unsafe};

pub(crate) const INTS: &[&str] = &[
    "$Int + $Int",
    "twice!($Int)",
    "double($int)",
    "if $flag { $int } else { $int }",
    "match $int { 0 => $int, $a => $a + 1 }",
    "{ let $a = $int; $a + 1 }",
    "$maybe.unwrap_or($int)",
    "$ints.iter().sum::<i64>()",
    "i64::from($flag)",
    "'$a: { if $flag { break '$a $Int; } $int }",
    "loop { if $flag { break $Int; } }",
    "(|$a: i64| $a + $Int)($int)",
    "unsafe { danger($int) }",
    "[$int, $int][0]",
    "($int, $flag).0",
    "$text.parse::<i64>().unwrap_or($int)",
    "i64::wrapping_neg($int)",
    "Some($int).map_or(0, |$a| $a + 1)",
    "(0..3).map(|$a| $a + $Int).sum::<i64>()",
    "std::cmp::max($int, $int)",
    "{ const $K: i64 = 5; $K }",
    "(async || 1, $int).1",
    "i64::default()",
    "<i64 as Default>::default()",
];
pub(crate) const FLAGS: &[&str] = &[
    "$Int > $Int",
    "$text.is_empty()",
    "$maybe.is_some()",
    "matches!($maybe, Some($a) if $a > $Int)",
    "!$ints.is_empty()",
    "$Int == $Int && $Int != 3",
    "true",
    "cfg!(debug_assertions)",
];
pub(crate) const TEXTS: &[&str] = &[
    "String::from(\"text\")",
    "format!(\"{}\", $int)",
    "String::new()",
    "\"text\".to_owned()",
    "$Int.to_string()",
    "{ let $a = $int; format!(\"{$a}\") }",
    "[\"a\", \"b\"].concat()",
];
pub(crate) const INT_LISTS: &[&str] = &["vec![$int]", "(0..3).collect::<Vec<i64>>()", "[$int, 1]"];
pub(crate) const MAYBES: &[&str] = &["Some($int)", "None::<i64>", "$ints.first().copied()"];

pub(crate) const STATEMENTS: &[Statement] = &[
    Statement("let $a = $int;", &[('a', Int)], Always),
    Statement("let $a: i64 = $int;", &[('a', Int)], Always),
    Statement("let mut $a = $int; $a += 1; note($a);", &[], Always),
    Statement(
        "let ($a, $b) = ($int, $text);",
        &[('a', Int), ('b', Text)],
        Always,
    ),
    Statement("let $a = $text;", &[('a', Text)], Always),
    Statement("let $a = &$text; note($a);", &[], Always),
    Statement("note($int);", &[], Always),
    Statement("note($flag);", &[], Always),
    Statement("let $a = vec![$int, $int];", &[('a', Ints)], Always),
    Statement("let $a = Some($int);", &[('a', Maybe)], Always),
    Statement(
        "let Some($a) = $maybe else { return $ok; };",
        &[('a', Int)],
        Always,
    ),
    Statement(
        "let $a = if let Some($b) = $maybe { $b } else { 0 };",
        &[('a', Int)],
        Always,
    ),
    Statement(
        "if let Some($a) = $maybe && $a > $Int { note($a); }",
        &[],
        Always,
    ),
    Statement("if $flag { return $ok; }", &[], Always),
    Statement("if $flag { return $err; }", &[], Always),
    Statement(
        "if $flag { Err(DbError::Statement(String::new()))?; }",
        &[],
        FromDriver,
    ),
    Statement("$exec?;", &[], FromDriver),
    Statement("let $a = $exec?; note($a);", &[], FromDriver),
    Statement("$exec.ok();", &[], Always),
    Statement("let $a = $exec.is_ok();", &[('a', Flag)], Always),
    Statement(
        "match $exec { Ok($a) => note($a), Err($b) => return Err($b.into()) }",
        &[],
        FromDriver,
    ),
    Statement("for $a in 0..3 { note($a); $block }", &[], Always),
    Statement(
        "'$a: for $b in 0..$Int { for $c in 0..3 { if $b == $c { continue '$a; } if $c > 1 { break '$a; } } }",
        &[],
        Always,
    ),
    Statement(
        "let mut $a = vec![$int]; while let Some($b) = $a.pop() { if $b > 1 { break; } $block }",
        &[],
        Always,
    ),
    Statement("let $a = |$b: i64| $b + $Int;", &[('a', Call)], Always),
    Statement("let $a = move |$b: i64| $b + $Int;", &[('a', Call)], Always),
    Statement(
        "let mut $a = 0; let mut $b = |$c: i64| $a += $c; $b(1); $b($int); note($a);",
        &[],
        Always,
    ),
    Statement(
        "let $a = |$b: &str| -> Result<i64, std::num::ParseIntError> { let $c = $b.parse::<i64>()?; if $c > 3 { return Ok(0); } Ok($c) }; \
         note($a(\"1\").is_ok());",
        &[],
        Always,
    ),
    Statement(
        "fn $a($b: i64) -> i64 { $b + 1 } note($a($int));",
        &[],
        Always,
    ),
    Statement(
        "fn $a() -> Result<(), DbError> { Err(DbError::Statement(String::new()))?; Ok(()) } $a().ok();",
        &[],
        Always,
    ),
    Statement(
        "struct $T { x: i64 } impl $T { fn get(&self) -> i64 { self.x } } note($T { x: $int }.get());",
        &[],
        Always,
    ),
    Statement("const $K: i64 = 3; note($K);", &[], Always),
    Statement(
        "use std::fmt::Write as _; let mut $a = String::new(); write!($a, \"{}\", $int).ok();",
        &[],
        Always,
    ),
    Statement(
        "macro_rules! $a { ($$x:expr) => { $$x + 1 } } note($a!($Int));",
        &[],
        Always,
    ),
    Statement(
        "let Query { id: $b, title: $c } = Query { id: $int, title: $text };",
        &[('b', Int), ('c', Text)],
        Always,
    ),
    Statement(
        "let $a @ ($b, _) = ($int, $int); note($a.0 + $b);",
        &[('b', Int)],
        Always,
    ),
    Statement(
        "let $a = &mut *$conn; drop($a.execute(\"SELECT\"));",
        &[],
        Always,
    ),
    Statement(
        "let mut $a = |$b: &str| $conn.execute($b); $a(\"A\").ok(); $a(\"B\").ok();",
        &[],
        Sync,
    ),
    Statement(
        "let $a = (|| -> Result<usize, DbError> { let $b = $conn.execute(\"A\")?; Ok($b) })(); note($a.is_ok());",
        &[],
        Sync,
    ),
    Statement("statement($conn, &$text).ok();", &[], Sync),
    Statement("statement_async($conn, &$text).await.ok();", &[], Async),
    Statement("{ $block }", &[], Always),
    Statement("unsafe { note(danger($int)); }", &[], Always),
    Statement("note(danger($int));", &[], Unsafe),
    Statement("defer!(note($int));", &[], Always),
    Statement("let $a = $int; defer! { note($a); }", &[], Always),
    Statement(
        "let $a = $text; try_defer!(move || note($a)).ok();",
        &[],
        Always,
    ),
    Statement("defer!(note_later($int).await);", &[], Async),
    Statement(
        "let $a = $int; println!(\"{$a} {}\", $flag);",
        &[('a', Int)],
        Always,
    ),
    Statement(
        "let $a: Box<dyn Fn(i64) -> i64> = Box::new(|$b| $b + 1);",
        &[('a', Call)],
        Always,
    ),
    Statement(
        "let $a: &dyn Fn(i64) -> i64 = &double;",
        &[('a', Call)],
        Always,
    ),
    Statement("let $a; $a = $int;", &[('a', Int)], Always),
    Statement(
        "let $a; if $flag { $a = 1; } else { $a = $int; }",
        &[('a', Int)],
        Always,
    ),
    Statement("drop($owned);", &[], Always),
    Statement("let mut $a = $owned; $a.push('!'); note($a);", &[], Always),
    Statement("$place += $int;", &[], Always),
    Statement("let $a = &mut $place; *$a += 1;", &[], Always),
    Statement("$string.push('!');", &[], Always),
    Statement("note(std::mem::take(&mut $string));", &[], Always),
    Statement("let $a = async { $int }.await;", &[('a', Int)], Async),
    Statement(
        "let $a = async |$b: i64| $b + $Int; note($a(1).await);",
        &[],
        Async,
    ),
    Statement("let $a = double_later($int).await;", &[('a', Int)], Async),
    Statement(
        "for _ in 0..2 { if $exec.is_err() { break; } }",
        &[],
        Always,
    ),
    Statement(
        "match ($int, $flag) { (0, true) => note(1), ($a, false) if $a > 2 => note($a), _ => {} }",
        &[],
        Always,
    ),
    Statement(
        "if $flag { note(1); } else if $flag { note(2); } else { $block }",
        &[],
        Always,
    ),
    Statement("_ = $int;", &[], Always),
    Statement("#[allow(unused_variables)] let $a = $int;", &[], Always),
    Statement(
        "#[cfg(any())] missing(); #[cfg(not(any()))] let $a = $int;",
        &[('a', Int)],
        Always,
    ),
];

pub(crate) const TAILS: &[Statement] = &[
    Statement("Ok($value)", &[], Always),
    Statement("Ok($value)", &[], Always),
    Statement("$exec?; Ok($value)", &[], FromDriver),
    Statement("return Ok($value);", &[], Always),
    Statement("if $flag { Ok($value) } else { $err }", &[], Always),
    Statement(
        "match $int { 0 => Ok($value), 1 => $err, _ => Ok($value) }",
        &[],
        Always,
    ),
    Statement("$exec.map(|_| $value).map_err(Into::into)", &[], FromDriver),
    Statement("let $a = Ok($value); $a", &[], Always),
    Statement("{ note(1); Ok($value) }", &[], Always),
    Statement("loop { break Ok($value); }", &[], Always),
    Statement("loop { if $flag { return Ok($value); } }", &[], Always),
    Statement("Ok(if $flag { $value } else { return $err })", &[], Always),
    Statement("(|| Ok($value))()", &[], Always),
    Statement("Ok(std::convert::identity($value))", &[], Always),
    Statement("let $a = $value; Ok($a)", &[], Always),
    Statement(
        "Some($value).ok_or(DbError::Statement(String::new())).map_err(Into::into)",
        &[],
        FromDriver,
    ),
    Statement("todo!()", &[], Always),
    Statement(
        "match $exec { Ok(_) => Ok($value), Err($a) => Err($a.into()) }",
        &[],
        FromDriver,
    ),
    Statement(
        "'$a: { if $flag { break '$a Ok($value); } $err }",
        &[],
        Always,
    ),
    Statement("Ok(async { $value }.await)", &[], Async),
    Statement("if $flag { return Ok($value); } $err", &[], Always),
];
