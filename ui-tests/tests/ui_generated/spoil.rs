//! Mistakes that make a function wrong: names, types, borrows.

use crate::body::{Body, Setting};
use crate::dice::Dice;
use crate::draft::{Draft, Flavour};

const STATEMENTS: &[&str] = &[
    "let _: i64 = \"text\";",
    "missing_function();",
    "$conn.no_such_method();",
    "let _: String = 1_i64 + 1;",
    "return 1;",
    "return Ok(Nonsense);",
    "None::<i64>?;",
    "Err(Unrelated)?;",
    "let _ = if $flag { 1 } else { \"a\" };",
    "break;",
    "continue 'nowhere;",
    "let $a = Vec::new();",
    "needs_copy(String::new());",
    "let _: Vec<i64, i64, i64>;",
    "let _: &'nope str = \"\";",
    "danger(1);",
    "let $a = 1; $a += 1;",
    "let $a = String::new(); drop($a); drop($a);",
    "let $a: &i64; { let $b = 1; $a = &$b; } note($a);",
    "let mut $a = vec![1]; let $b = &$a; $a.push(1); note($b.len());",
    "match $int { 0 => {} }",
    "let Some($a) = $maybe;",
    "1 = 2;",
    "let $a = 1; fn $b() -> i64 { $a }",
    "let $a: i64; note($a);",
    "let _: u8 = 256;",
    "let _ = 1 / 0;",
    "let _ = [1][5];",
    "let $a = Query { id: 1 };",
    "let $a = 1; $a();",
    "let $a = |x: i64| x; $a(1, 2);",
    "*1;",
    "let $a = &String::new(); let $b: String = *$a;",
    "let $a; { $a = &String::from(\"x\"); } note($a);",
    "let $a: &'static str = &String::new();",
    "std::thread::spawn(|| $conn.execute(\"x\"));",
    "let $a = std::rc::Rc::new(1); std::thread::spawn(move || $a);",
    "let mut $a = String::new(); let $b = &mut $a; let $c = &mut $a; $b.push('x'); $c.push('y');",
    "let _ = $conn.no_field;",
    "std::nothing::at_all();",
    "let _: Missing2 = 1;",
    "self.nothing();",
    "let $a = async { 1 }; let _: i64 = $a;",
    "double_later(1).await;",
    "if $int { }",
    "let [$a, $b] = [1, 2, 3];",
    "note();",
    "note(1, 2);",
    "double(\"x\");",
    "let _: i64 = double;",
    "Object::nothing();",
    "use std::nothing;",
    "impl Nothing for i64 {}",
    "let $a: dyn Display;",
    "let $a = 1; const $K: i64 = $a;",
    "let $a = 3; let _ = [0; $a];",
    "for $a in 5 {}",
    "let $a = 5; let $b = &mut $a; *$b = 1;",
    "let $a = &5; *$a = 6;",
    "let _ = \"a\" + \"b\";",
    "match 1 { \"a\" => {}, _ => {} }",
    "let _ = 1 as String;",
    "let $a = Box::new(1); let $b = $a; note($a);",
    "let $a = vec![String::new()]; let $b = $a[0];",
    "let $a = String::new(); let $b = move || $a; note($a);",
    "fn $a<'a>(x: &'a str, y: &str) -> &'a str { y }",
    "let mut $a = 1; let $b = || $a += 1; $b();",
    "struct $T; let $a = $T; let $b = $a; let $c = $a;",
    "let $a = String::new(); defer!(note(&$a));",
    "let $a = String::new(); for _ in 0..2 { drop($a); }",
    "let mut $a = 1; let $b = &mut $a; $a += 1; *$b += 1;",
    "missing_macro!();",
    "let $a = $conn; let $b = $conn; drop($b.execute(\"x\"));",
];
const TAILS: &[&str] = &[
    "Ok(Nonsense)",
    "",
    "Ok(())",
    "1",
    "Ok($value);",
    "Err(1)",
    "Ok($value, 1)",
    "$value",
    "Ok(Ok($value))",
    "&Ok($value)",
    "return;",
    "Ok(&String::new())",
    "Ok(\"text\")",
    "Ok(1)",
    "Some($value)",
    "Ok($value)?",
    "if $flag { Ok($value) }",
];
const REPLACED: &[(&str, &str)] = &[
    ("&mut ", "&"),
    ("&", ""),
    (".clone()", ""),
    ("?;", ";"),
    (" mut ", " "),
    ("move ", ""),
    ("Ok(", "Err("),
    ("String", "i64"),
    ("i64", "u8"),
    ("'p", "'static"),
    ("'p ", ""),
    ("'p ", "'q "),
    (".await", ""),
    ("kept", "lost"),
    ("dyn ", ""),
    ("impl Fn", "impl FnMut"),
    (": T", ": &T"),
    ("&self", "self"),
    ("mut self", "self"),
    ("i64", "&i64"),
];

/// The text with something wrong in it, or `None` if it can no longer be parsed.
pub(crate) fn spoil(text: &str, draft: &Draft, dice: &mut Dice) -> Option<String> {
    let spoiled = match dice.below(3) {
        0 => statement(text, draft, dice),
        1 => tail(text, draft, dice),
        _ => replaced(text, draft, dice)?,
    };
    let parsed = spoiled.replace("@ATTRIBUTE@", "").replace("@INSTEAD@", "");
    (spoiled != text && syn::parse_file(&parsed).is_ok()).then_some(spoiled)
}

fn filled(text: &'static str, draft: &Draft, dice: &mut Dice) -> String {
    let setting = Setting {
        conn: draft.source.conn.to_owned(),
        awaits: draft.flavour != Flavour::Sync,
        is_unsafe: draft.is_unsafe,
        failure: draft.failure,
        value: draft.value,
    };
    Body::new(dice, Vec::new(), setting).apart(text)
}

/// A statement somewhere in the body.
fn statement(text: &str, draft: &Draft, dice: &mut Dice) -> String {
    let wrong = filled(dice.word(STATEMENTS), draft, dice);
    let line = dice.pick(&draft.body);
    text.replacen(line.as_str(), &format!("{wrong}\n{line}"), 1)
}

/// Another end.
fn tail(text: &str, draft: &Draft, dice: &mut Dice) -> String {
    let wrong = filled(dice.word(TAILS), draft, dice);
    let last = draft.body.last().expect("a body has an end");
    match text.rfind(last.as_str()) {
        Some(at) => format!("{}{wrong}{}", &text[..at], &text[at + last.len()..]),
        None => text.to_owned(),
    }
}

/// One word for another, but not in what the transaction is opened on.
fn replaced(text: &str, draft: &Draft, dice: &mut Dice) -> Option<String> {
    let (from, to) = dice.pick(REPLACED);
    let source = draft.source.parameter;
    let places: Vec<_> = text.match_indices(from).map(|(at, _)| at).collect();
    let source = text
        .find(source)
        .filter(|_| !source.is_empty())
        .map(|at| at..at + source.len());
    let allowed = |at: &&usize| !source.as_ref().is_some_and(|source| source.contains(at));
    let places: Vec<_> = places.iter().filter(allowed).collect();
    let at = **dice.pick(places.get(..).filter(|places| !places.is_empty())?);
    Some(format!("{}{to}{}", &text[..at], &text[at + from.len()..]))
}
