//! The options before the arrow of `defer!` and its like: one row each, with what reads its value into its place.

use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Expr, Path, Token};

use super::parse::Macro;
use crate::args;
use crate::diagnostics;
use crate::tokens::parse_to_end;

/// The options of one deferred call, each at most once.
#[derive(Default)]
pub(crate) struct Options {
    /// `key = EXPR`: of those with an equal one only the last runs.
    pub(crate) key: Option<Expr>,
    /// `crate = PATH`: where this crate is found.
    pub(crate) krate: Option<Path>,
    /// `robust`: no function returns its failure.
    pub(crate) robust: Option<Ident>,
    /// `clone(a, b)`: what the call gets a clone of.
    pub(crate) clone: Option<Punctuated<Ident, Token![,]>>,
}

/// One option: its keyword, the calls that have it, and what reads its value into its place.
struct Row {
    keyword: &'static str,
    of: Calls,
    read: fn(&Ident, ParseStream<'_>, &mut Options) -> syn::Result<()>,
}

/// The calls that have an option.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    All,
    /// Those after the commit.
    Deferred,
}

const TABLE: &[Row] = &[
    Row {
        keyword: "robust",
        of: Calls::Deferred,
        read: |keyword, input, options| {
            args::flag(keyword, input)?;
            set(keyword, &mut options.robust, keyword.clone())
        },
    },
    Row {
        keyword: "clone",
        of: Calls::All,
        read: |keyword, input, options| {
            let names = names(keyword, input)?;
            set(keyword, &mut options.clone, names)
        },
    },
    Row {
        keyword: "key",
        of: Calls::Deferred,
        read: |keyword, input, options| {
            let key = args::key(keyword, input)?;
            set(keyword, &mut options.key, key)
        },
    },
    Row {
        keyword: "crate",
        of: Calls::All,
        read: |keyword, input, options| {
            let path = args::path(keyword, input)?;
            set(keyword, &mut options.krate, path)
        },
    },
];

/// Reads what is written before the arrow.
pub(super) fn parse(invoked: Macro, trees: &[TokenTree], arrow: Span) -> syn::Result<Options> {
    let mut options = Options::default();
    if trees.is_empty() {
        return Err(diagnostics::no_option(arrow, invoked));
    }
    parse_to_end(trees.iter().cloned(), |input: ParseStream<'_>| {
        while !input.is_empty() {
            option(invoked, input, &mut options)?;
            if !input.is_empty() && !input.peek(Token![,]) {
                return Err(diagnostics::expected_comma(input));
            }
            let _comma: Option<Token![,]> = input.parse()?;
        }
        Ok(())
    })?;
    Ok(options)
}

fn option(invoked: Macro, input: ParseStream<'_>, options: &mut Options) -> syn::Result<()> {
    if !input.peek(Ident::peek_any) {
        return Err(diagnostics::expected_deferred_option(input, invoked));
    }
    let keyword = Ident::parse_any(input)?;
    let has = |row: &&Row| row.of == Calls::All || invoked.is_deferred();
    let Some(row) = TABLE.iter().find(|row| keyword == row.keyword) else {
        let known = TABLE.iter().filter(has).map(|row| row.keyword);
        return Err(diagnostics::unknown_option(
            &keyword,
            &known.collect::<Vec<_>>(),
        ));
    };
    if !has(&row) {
        return Err(diagnostics::option_of_defer(&keyword, invoked));
    }
    (row.read)(&keyword, input, options)
}

fn set<T>(keyword: &Ident, place: &mut Option<T>, value: T) -> syn::Result<()> {
    match place.replace(value) {
        Some(_) => Err(diagnostics::option_given_twice(keyword)),
        None => Ok(()),
    }
}

/// `(a, b)`
fn names(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Punctuated<Ident, Token![,]>> {
    if !input.peek(syn::token::Paren) {
        return Err(diagnostics::clone_without_names(keyword));
    }
    let inside;
    syn::parenthesized!(inside in input);
    let names = inside.call(Punctuated::parse_terminated);
    let names = names.map_err(|_| diagnostics::expected_name_to_clone(&inside))?;
    if names.is_empty() {
        return Err(diagnostics::clone_without_names(keyword));
    }
    Ok(names)
}
