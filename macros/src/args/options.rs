//! The options: one row each, with what reads its value into its place.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Expr, LitInt, Path, Token};

use super::choices::{Choice, Isolation, Mode, Propagation, words};
use super::settings::{self, Settings};
use super::value::{at_end, expression};
use crate::diagnostics::{self, closest};

/// The options of one block, each at most once: a second one is an error while they are read.
#[derive(Default)]
pub(crate) struct Options {
    /// `crate = PATH`: where this crate is found.
    pub(crate) krate: Option<Given<Path>>,
    pub(crate) propagation: Option<Given<Word<Propagation>>>,
    pub(crate) isolation: Option<Given<Word<Isolation>>>,
    pub(crate) read_only: Option<Given<Flag>>,
    pub(crate) deferrable: Option<Given<Flag>>,
    pub(crate) settle: Option<Given<Flag>>,
    pub(crate) mode: Option<Given<Word<Mode>>>,
    pub(crate) set: Option<Given<Settings>>,
    pub(crate) pragma: Option<Given<Settings>>,
    pub(crate) attempts: Option<Given<LitInt>>,
    pub(crate) backoff: Option<Given<Expr>>,
    pub(crate) no_rollback_for: Option<Given<Expr>>,
    pub(crate) map_err: Option<Given<Expr>>,
}

/// An option that was given, and the keyword to blame for it.
pub(crate) struct Given<T> {
    pub(crate) keyword: Ident,
    pub(crate) value: T,
}

impl<T: ToTokens> Given<T> {
    /// The option as the user wrote it, for messages that quote it.
    fn written(&self) -> String {
        let value = self.value.to_token_stream();
        if value.is_empty() {
            self.keyword.to_string()
        } else {
            diagnostics::assignment(&self.keyword, &value)
        }
    }
}

/// The value of an option that has none.
pub(crate) struct Flag;

impl ToTokens for Flag {
    fn to_tokens(&self, _: &mut proc_macro2::TokenStream) {}
}

/// A word, and what it stands for.
pub(crate) struct Word<T> {
    pub(crate) word: Ident,
    pub(crate) choice: T,
}

impl<T> ToTokens for Word<T> {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        self.word.to_tokens(tokens);
    }
}

/// One option: its keyword, and what reads its value into its place.
struct Row {
    keyword: &'static str,
    read: fn(Ident, ParseStream<'_>, &mut Options) -> syn::Result<()>,
}

const fn row(
    keyword: &'static str,
    read: fn(Ident, ParseStream<'_>, &mut Options) -> syn::Result<()>,
) -> Row {
    Row { keyword, read }
}

const TABLE: &[Row] = &[
    row("propagation", |keyword, input, options| {
        set(keyword, input, &mut options.propagation, word)
    }),
    row("isolation", |keyword, input, options| {
        set(keyword, input, &mut options.isolation, word)
    }),
    row("read_only", |keyword, input, options| {
        set(keyword, input, &mut options.read_only, flag)
    }),
    row("deferrable", |keyword, input, options| {
        set(keyword, input, &mut options.deferrable, flag)
    }),
    row("settle", |keyword, input, options| {
        set(keyword, input, &mut options.settle, flag)
    }),
    row("mode", |keyword, input, options| {
        set(keyword, input, &mut options.mode, word)
    }),
    row("set", |keyword, input, options| {
        list(keyword, input, &mut options.set)
    }),
    row("pragma", |keyword, input, options| {
        list(keyword, input, &mut options.pragma)
    }),
    row("attempts", |keyword, input, options| {
        set(keyword, input, &mut options.attempts, count)
    }),
    row("backoff", |keyword, input, options| {
        set(keyword, input, &mut options.backoff, backoff)
    }),
    row("no_rollback_for", |keyword, input, options| {
        set(keyword, input, &mut options.no_rollback_for, predicate)
    }),
    row("map_err", |keyword, input, options| {
        set(keyword, input, &mut options.map_err, conversion)
    }),
    row("crate", |keyword, input, options| {
        set(keyword, input, &mut options.krate, path)
    }),
];

/// Reads the option of that name, or gives the name back.
pub(super) fn read(
    keyword: Ident,
    input: ParseStream<'_>,
    options: &mut Options,
) -> Result<syn::Result<()>, Ident> {
    match TABLE.iter().find(|row| keyword == row.keyword) {
        Some(row) => Ok((row.read)(keyword, input, options)),
        None => Err(keyword),
    }
}

/// Whether an option of that name has a list behind it.
pub(super) fn is_list(name: &Ident) -> bool {
    name == "set" || name == "pragma"
}

/// Whether a name is a slip of the finger away from an option's.
pub(crate) fn is_close(name: &Ident) -> bool {
    closest(&name.to_string(), &keywords()).is_some()
}

/// Whether a name with a value is likely to stand for an option: a long name that is close to one, or a shorter one with a word
/// or a number.
pub(super) fn is_misspelt(name: &Ident, value: &Expr) -> bool {
    match value {
        Expr::Lit(_) => is_close(name),
        Expr::Path(value) => is_close(name) && value.path.get_ident().is_some_and(is_choice),
        _ => is_long_and_close(name),
    }
}

/// Whether a name is close to an option's, and too long to be that of a variable by chance.
pub(crate) fn is_long_and_close(name: &Ident) -> bool {
    name.to_string().len() > 5 && is_close(name)
}

fn is_choice(word: &Ident) -> bool {
    let words = words::<Propagation>()
        .chain(words::<Isolation>())
        .chain(words::<Mode>());
    closest(&word.to_string(), &words.collect::<Vec<_>>()).is_some()
}

pub(crate) fn keywords() -> Vec<&'static str> {
    TABLE.iter().map(|row| row.keyword).collect()
}

pub(crate) fn unknown(name: &Ident) -> syn::Error {
    diagnostics::unknown_option(name, &keywords())
}

fn set<T: ToTokens>(
    keyword: Ident,
    input: ParseStream<'_>,
    place: &mut Option<Given<T>>,
    read: fn(&Ident, ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<()> {
    let value = read(&keyword, input)?;
    if let Some(first) = place {
        return Err(diagnostics::duplicate_option(&keyword, &first.written()));
    }
    *place = Some(Given { keyword, value });
    Ok(())
}

fn list(
    keyword: Ident,
    input: ParseStream<'_>,
    place: &mut Option<Given<Settings>>,
) -> syn::Result<()> {
    let value = settings::list(&keyword, input)?;
    if place.is_some() {
        return Err(diagnostics::duplicate_list(&keyword));
    }
    *place = Some(Given { keyword, value });
    Ok(())
}

pub(crate) fn flag(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Flag> {
    if !at_end(input) && input.peek(Token![=]) {
        return Err(diagnostics::flag_with_value(keyword));
    }
    Ok(Flag)
}

fn word<T: Choice>(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Word<T>> {
    let words: Vec<_> = words::<T>().collect();
    let example = words.first().copied().unwrap_or_default();
    let equals = equals(keyword, input, example)?;
    let written = input.fork().parse().ok();
    let found = T::WORDS
        .iter()
        .find(|(word, _)| written.as_ref().is_some_and(|ident: &Ident| ident == word));
    match found {
        Some((_, choice)) => Ok(Word {
            word: input.parse()?,
            choice: *choice,
        }),
        None => Err(diagnostics::unknown_choice(equals, input, &words)),
    }
}

fn count(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<LitInt> {
    let equals = equals(keyword, input, "3")?;
    let expected = || diagnostics::expected_count(equals, input);
    let count: LitInt = input.fork().parse().map_err(|_| expected())?;
    if !count.base10_parse().is_ok_and(|count: u32| count > 0) {
        return Err(expected());
    }
    input.parse()
}

fn backoff(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let equals = equals(keyword, input, "Duration::from_millis(10)")?;
    expression(equals, input, diagnostics::expected_backoff)
}

fn predicate(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let equals = equals(keyword, input, "AppError::is_harmless")?;
    expression(equals, input, diagnostics::expected_predicate)
}

fn conversion(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let equals = equals(keyword, input, "AppError::from_transaction")?;
    expression(equals, input, diagnostics::expected_conversion)
}

pub(crate) fn path(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    let equals = equals(keyword, input, "path::to::commit_on_success")?;
    Path::parse_mod_style(&input.fork()).map_err(|_| diagnostics::expected_path(equals, input))?;
    Path::parse_mod_style(input)
}

/// The key of a deferred call.
pub(crate) fn key(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let equals = equals(keyword, input, "(\"index\", id)")?;
    expression(equals, input, diagnostics::expected_key)
}

/// The `=` before an option's value.
fn equals(keyword: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<Token![=]> {
    if at_end(input) || !input.peek(Token![=]) {
        return Err(diagnostics::option_without_value(keyword, example));
    }
    input.parse()
}
