//! The list of arguments: from tokens to a source and options.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Path, Token};

use crate::diagnostics::{self, Errors};

/// What stands between the parentheses.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) source: Source,
    pub(crate) options: Options,
}

/// What to open the transaction on.
#[derive(Default)]
pub(crate) enum Source {
    /// Nothing is said: the first parameter that has a type.
    #[default]
    First,
    /// `conn`: the parameter of that name.
    Parameter(Ident),
    /// `tx = EXPR`.
    Expression { binding: Ident, expression: Expr },
    /// Something that is already reported.
    Malformed,
}

/// What was said about the transaction, each at most once.
#[derive(Default)]
pub(crate) struct Options {
    /// `crate = PATH`: where this crate is found.
    pub(crate) krate: Option<Path>,
}

/// One option: its keyword, and what reads its value into its place.
struct Row {
    keyword: &'static str,
    read: fn(&Ident, ParseStream<'_>, &mut Options) -> syn::Result<()>,
}

const TABLE: &[Row] = &[Row {
    keyword: "crate",
    read: |keyword, input, options| {
        value(keyword, input, "path::to::commit_on_success")?;
        set(keyword, &mut options.krate, Path::parse_mod_style(input)?)
    },
}];

/// Reads the arguments of the attribute. What could be understood comes back beside the errors.
pub(crate) fn parse(tokens: TokenStream) -> (Args, Errors) {
    let mut args = Args::default();
    let mut errors = Errors::default();
    let parser = |input: ParseStream<'_>| {
        list(input, &mut args, &mut errors);
        if input.is_empty() {
            Ok(())
        } else {
            Err(diagnostics::expected_comma(input))
        }
    };
    let parsed = parser.parse2(tokens);
    errors.keep(parsed);
    (args, errors)
}

/// Reads arguments up to the end, or up to the block of `transaction!`.
pub(crate) fn list(input: ParseStream<'_>, args: &mut Args, errors: &mut Errors) {
    while !at_end(input) {
        if errors.keep(argument(input, args)).is_none() {
            skip_argument(input);
        }
        if at_end(input) {
            return;
        }
        if input.parse::<Token![,]>().is_err() {
            errors.push(diagnostics::expected_comma(input));
            skip_argument(input);
            let _comma = input.parse::<Token![,]>();
        }
    }
}

fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![=>]) || input.peek(syn::token::Brace)
}

/// Goes on to the comma that ends an argument that was not understood.
fn skip_argument(input: ParseStream<'_>) {
    while !at_end(input) && !input.peek(Token![,]) {
        let _skipped = input.parse::<proc_macro2::TokenTree>();
    }
}

fn argument(input: ParseStream<'_>, args: &mut Args) -> syn::Result<()> {
    if let Some(error) = unusable_name(input) {
        args.source = Source::Malformed;
        return Err(error);
    }
    let name = Ident::parse_any(input)?;
    match TABLE.iter().find(|row| name == row.keyword) {
        Some(row) => (row.read)(&name, input, &mut args.options),
        None => source(name, input, args),
    }
}

fn unusable_name(input: ParseStream<'_>) -> Option<syn::Error> {
    if input.peek(Token![self]) {
        Some(diagnostics::self_is_not_a_source(
            input.cursor().token_stream().into_iter().next(),
        ))
    } else if input.peek(Token![_]) {
        Some(diagnostics::expected_name(input))
    } else if input.peek(syn::Ident) || input.peek(Token![crate]) {
        None
    } else {
        Some(diagnostics::expected_argument(input))
    }
}

fn source(name: Ident, input: ParseStream<'_>, args: &mut Args) -> syn::Result<()> {
    let assigned = input.peek(Token![=]) && !at_end(input);
    if !matches!(args.source, Source::First) {
        return Err(if assigned {
            diagnostics::unknown_option(&name, &keywords())
        } else {
            diagnostics::second_source(&name)
        });
    }
    args.source = Source::Malformed;
    args.source = if assigned {
        let expression = expression(input)?;
        Source::Expression {
            binding: name,
            expression,
        }
    } else {
        Source::Parameter(name)
    };
    Ok(())
}

fn expression(input: ParseStream<'_>) -> syn::Result<Expr> {
    let equals: Token![=] = input.parse()?;
    if at_end(input) || input.peek(Token![,]) {
        return Err(diagnostics::expected_expression(equals));
    }
    // `pool { … }` may be a struct, or a source and a block whose `=>` is missing.
    let ahead = input.fork();
    match ahead.parse() {
        Ok(expression) => {
            input.advance_to(&ahead);
            Ok(expression)
        }
        Err(error) => Expr::parse_without_eager_brace(input).map_err(|_| error),
    }
}

fn keywords() -> Vec<&'static str> {
    TABLE.iter().map(|row| row.keyword).collect()
}

/// The `=` before an option's value.
fn value(keyword: &Ident, input: ParseStream<'_>, expected: &str) -> syn::Result<()> {
    if at_end(input) || !input.peek(Token![=]) {
        return Err(diagnostics::option_without_value(keyword, expected));
    }
    let _equals: Token![=] = input.parse()?;
    Ok(())
}

fn set<T: quote::ToTokens>(keyword: &Ident, place: &mut Option<T>, value: T) -> syn::Result<()> {
    if let Some(first) = place {
        return Err(diagnostics::duplicate_option(keyword, first));
    }
    *place = Some(value);
    Ok(())
}
