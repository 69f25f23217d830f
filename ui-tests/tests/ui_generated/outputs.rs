//! The grammar of return types: what there is to return, and what may go wrong instead.

/// A type, a value of it, and the parameter that this value is made from. `'p`, `T`, `I` and `N` are generic.
pub(crate) struct Output {
    pub(crate) ty: &'static str,
    pub(crate) value: &'static str,
    pub(crate) from: &'static str,
}

const fn output(ty: &'static str, value: &'static str) -> Output {
    Output {
        ty,
        value,
        from: "",
    }
}

const fn made(ty: &'static str, value: &'static str, from: &'static str) -> Output {
    Output { ty, value, from }
}

/// Types that borrow nothing and can be sent, with values that are of them without being told.
pub(crate) const OWNED: &[Output] = &[
    output("()", "()"),
    output("i64", "$int"),
    output("bool", "$flag"),
    output("String", "$text"),
    output("String", "\"text\".into()"),
    output("String", "Default::default()"),
    output("i64", "\"1\".parse().unwrap_or_default()"),
    output("Option<i64>", "Some($int)"),
    output("Option<String>", "None"),
    output("Vec<String>", "vec![$text]"),
    output("Vec<i64>", "Vec::new()"),
    output("Vec<i64>", "(0..3).map(|$a| $a + $Int).collect()"),
    output("(i64, String)", "($int, $text)"),
    output("[i64; 2]", "[$int, $int]"),
    output("Result<i64, String>", "Ok($int)"),
    output("Result<i64, String>", "Err($text)"),
    output("&'static str", "\"text\""),
    output(
        "std::borrow::Cow<'static, str>",
        "std::borrow::Cow::Borrowed(\"text\")",
    ),
    output("std::cmp::Ordering", "$Int.cmp(&1)"),
    output("std::convert::Infallible", "unreachable!()"),
    output("std::ops::RangeInclusive<i64>", "0..=$Int"),
    output("Query", "Query { id: $int, title: $text }"),
    output("Done<i64>", "Ok($int)"),
    output("done!(i64, String)", "Ok($int)"),
];

/// Types that need a coercion, cannot be sent to another thread, are opaque, or come out of a parameter.
pub(crate) const OTHERS: &[Output] = &[
    output("fn(i64) -> i64", "double"),
    output("fn(i64) -> i64", "|$a| $a + 1"),
    output("&'static [i64]", "&[1, 2]"),
    output("Box<dyn Fn(i64) -> i64 + Send>", "Box::new(double)"),
    output("Box<dyn Fn(i64) -> i64 + Send>", "Box::new(|$a| $a + 1)"),
    output(
        "std::sync::Arc<dyn std::any::Any + Send + Sync>",
        "std::sync::Arc::new($int)",
    ),
    output("Box<dyn Fn(i64) -> i64>", "Box::new(move |$a| $a + 1)"),
    output(
        "Box<dyn for<'x> Fn(&'x str) -> &'x str>",
        "Box::new(|$a| $a.trim())",
    ),
    output("Box<dyn Display>", "Box::new($text)"),
    output(
        "Box<dyn Iterator<Item = i64>>",
        "Box::new((0..3).map(|$a| $a + 1))",
    ),
    output("std::rc::Rc<i64>", "std::rc::Rc::new($int)"),
    output("impl Display", "$text"),
    output("impl Display + Send + 'static + use<>", "1_i64"),
    output(
        "impl Iterator<Item = i64>",
        "vec![$int].into_iter().map(|$a| $a + 1)",
    ),
    output(
        "impl Iterator<Item = impl Display>",
        "vec![$int].into_iter()",
    ),
    output("impl Fn(i64) -> i64", "move |$a: i64| $a + 1"),
    output("impl FnOnce() -> String", "move || String::new()"),
    output("impl for<'x> Fn(&'x str) -> usize", "|$a: &str| $a.len()"),
    output("impl Into<String>", "\"text\""),
    output("impl Future<Output = i64>", "double_later(1)"),
    output(
        "Option<impl Iterator<Item = i64>>",
        "Some(std::iter::once($int))",
    ),
    output("(impl Display, i64)", "($text, $int)"),
    output("Box<impl std::fmt::Debug>", "Box::new($int)"),
    made("&'p str", "kept", "kept: &'p str"),
    made("&'p str", "kept", "kept: &'p String"),
    made("&'p str", "&kept[..]", "kept: &'p String"),
    made("&'p mut i64", "kept", "kept: &'p mut i64"),
    made(
        "&'p mut Vec<i64>",
        "{ kept.push(1); kept }",
        "kept: &'p mut Vec<i64>",
    ),
    made("Option<&'p str>", "kept.split(' ').next()", "kept: &'p str"),
    made("Vec<&'p str>", "kept.split(' ').collect()", "kept: &'p str"),
    made("std::str::Chars<'p>", "kept.chars()", "kept: &'p str"),
    made(
        "impl Iterator<Item = &'p str>",
        "kept.split(' ')",
        "kept: &'p str",
    ),
    made(
        "Box<dyn Iterator<Item = &'p str> + 'p>",
        "Box::new(kept.split(' '))",
        "kept: &'p str",
    ),
    made("std::borrow::Cow<'p, str>", "kept.into()", "kept: &'p str"),
    made("&'p (dyn Display + 'p)", "kept", "kept: &'p String"),
    made("(&'p str, &'p str)", "kept.split_at(0)", "kept: &'p str"),
    made("&'p [T]", "kept", "kept: &'p [T]"),
    made("&'p T", "kept", "kept: &'p T"),
    made("Option<&'p mut T>", "kept.last_mut()", "kept: &'p mut [T]"),
    made("T", "kept", "kept: T"),
    made("Box<T>", "kept.into()", "kept: T"),
    made("[T; N]", "kept", "kept: [T; N]"),
    made("[Option<T>; N]", "kept.map(Some)", "kept: [T; N]"),
    made(
        "std::marker::PhantomData<T>",
        "std::marker::PhantomData",
        "_: &T",
    ),
    made("Option<I::Item>", "kept.next()", "mut kept: I"),
    made(
        "std::iter::Rev<<I as IntoIterator>::IntoIter>",
        "kept.into_iter().rev()",
        "kept: I",
    ),
    made("impl FnOnce() -> T", "move || kept", "kept: T"),
];

/// Types that come out of a receiver that is borrowed.
pub(crate) const OF_BORROWED: &[Output] = &[
    output("&str", "&self.title"),
    output("&str", "self.title.as_str()"),
    output("Option<&i64>", "self.ints.first()"),
    output("std::slice::Iter<'_, i64>", "self.ints.iter()"),
    output("impl Iterator<Item = &i64>", "self.ints.iter()"),
    output("Vec<&str>", "vec![&self.title]"),
    output(
        "Box<dyn Iterator<Item = i64> + '_>",
        "Box::new(self.ints.iter().copied())",
    ),
];

/// Types that come out of a receiver that is borrowed to be changed.
pub(crate) const OF_CHANGED: &[Output] = &[
    output("&mut i64", "&mut self.count"),
    output("&mut [i64]", "&mut self.ints"),
    output("Option<&mut i64>", "self.ints.first_mut()"),
    output("std::vec::Drain<'_, i64>", "self.ints.drain(..)"),
];

/// An error, whether that of the driver becomes it, and a failure with it.
pub(crate) struct Failure {
    pub(crate) ty: &'static str,
    pub(crate) value: &'static str,
    pub(crate) from_driver: bool,
}

const fn failure(ty: &'static str, value: &'static str) -> Failure {
    Failure {
        ty,
        value,
        from_driver: true,
    }
}

/// Failures, of which the first ones can be sent to another thread.
pub(crate) const FAILURES: &[Failure] = &[
    failure("DbError", "Err(DbError::Statement(String::new()))"),
    failure("AppError", "Err(AppError::Other)"),
    failure(
        "Box<dyn std::error::Error + Send + Sync>",
        "Err(\"text\".into())",
    ),
    Failure {
        ty: "TransactionError",
        value: "Err(failure())",
        from_driver: false,
    },
    failure("Box<dyn std::error::Error>", "Err(\"text\".into())"),
    failure("E", "Err(DbError::Statement(String::new()).into())"),
    failure("Borrowing<'p>", "Err(Borrowing(None))"),
];
/// The number of failures that can be sent to another thread.
pub(crate) const SENDABLE: usize = 4;
