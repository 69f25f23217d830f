//! The list of arguments: from tokens to a source and options.
//!
//! `options` has a row for each option, `choices` the words of those that have a few, `value` reads what stands after a `=`, `settings` the lists of `set` and `pragma`.

mod choices;
mod options;
mod settings;
mod value;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Expr, Token};

use crate::diagnostics::{self, Errors};
use crate::tokens::{is_punct, parse_to_end};
use value::{at_end, expression};

pub(crate) use choices::{Isolation, Propagation};
pub(crate) use options::{
    Flag, Given, Options, Word, flag, is_close, is_long_and_close, key, keywords, path, unknown,
};

/// The arguments of an attribute or block, read but not yet checked against each other.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) source: Source,
    pub(crate) options: Options,
}

/// The source as far as the arguments name one; which parameter that is, `validate` finds out.
#[derive(Default)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each function, and it is not kept"
)]
pub(crate) enum Source {
    /// No source is named, so it is the first parameter that has a type.
    #[default]
    First,
    /// `conn`: the parameter of that name.
    Parameter(Ident),
    /// `tx = EXPR`.
    Expression { binding: Ident, expression: Expr },
    /// Something that is already reported.
    Malformed,
}

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
    let parsed = parse_to_end(tokens, parser);
    errors.keep(parsed);
    (args, errors)
}

/// The arguments that are only a word.
pub(crate) fn words(tokens: TokenStream) -> Vec<Ident> {
    let trees: Vec<_> = tokens.into_iter().collect();
    let arguments = trees.split(|tree| is_punct(Some(tree), ','));
    let words = arguments.filter_map(|argument| match argument {
        [tree @ TokenTree::Ident(_)] => syn::parse2(tree.clone().into()).ok(),
        _ => None,
    });
    words.collect()
}

/// Reads arguments up to the end, or up to the block of `transaction!`.
pub(crate) fn list(input: ParseStream<'_>, args: &mut Args, errors: &mut Errors) -> Last {
    let mut last = Last::Argument;
    while !at_end(input) {
        if errors.keep(argument(input, args)).is_none() {
            skip_argument(input);
        }
        if at_end(input) {
            return Last::Argument;
        }
        if input.parse::<Token![,]>().is_err() {
            errors.push(diagnostics::expected_comma(input));
            skip_argument(input);
            let _comma = input.parse::<Token![,]>();
        }
        last = Last::Comma;
    }
    last
}

/// The last of a list of arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    Argument,
    Comma,
}

/// Goes on to the comma that ends an argument that was not understood.
fn skip_argument(input: ParseStream<'_>) {
    while !at_end(input) && !input.peek(Token![,]) {
        let _skipped = input.parse::<TokenTree>();
    }
}

fn argument(input: ParseStream<'_>, args: &mut Args) -> syn::Result<()> {
    if let Some(error) = unusable_name(input) {
        args.source = Source::Malformed;
        return Err(error);
    }
    let name = Ident::parse_any(input)?;
    if is_named_like_list(&name, input, &args.source) {
        return source(name, input, args);
    }
    match options::read(name, input, &mut args.options) {
        Ok(read) => read,
        Err(name) => source(name, input, args),
    }
}

/// Whether a name that could be that of an option with a list is a parameter, or the transaction's.
fn is_named_like_list(name: &Ident, input: ParseStream<'_>, source: &Source) -> bool {
    let is_literal = input.peek(Token![=]) && input.peek2(syn::Lit);
    options::is_list(name)
        && !input.peek(syn::token::Paren)
        && !is_literal
        && matches!(source, Source::First)
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
        return Err(if assigned || options::is_close(&name) {
            options::unknown(&name)
        } else {
            diagnostics::second_source(&name)
        });
    }
    args.source = Source::Malformed;
    args.source = if assigned {
        let equals = input.parse()?;
        let expression = expression(equals, input, diagnostics::expected_expression)?;
        if !options::is_list(&name) && options::is_misspelt(&name, &expression) {
            return Err(options::unknown(&name));
        }
        if is_literal(&expression) {
            let options = keywords();
            return Err(diagnostics::literal_as_source(&name, &expression, &options));
        }
        Source::Expression {
            binding: name,
            expression,
        }
    } else if input.peek(Token![:]) {
        return Err(diagnostics::expected_equals(&name, input));
    } else {
        Source::Parameter(name)
    };
    Ok(())
}

/// Whether nothing can be opened on an expression, whatever the driver.
fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(_) => true,
        Expr::Group(group) => is_literal(&group.expr),
        Expr::Unary(unary) => is_literal(&unary.expr),
        _ => false,
    }
}
