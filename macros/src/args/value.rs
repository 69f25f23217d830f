//! The expression after a `=`, and the place where arguments end.

use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{Expr, Token};

/// Whether the arguments end here, in `transaction!` at its arrow or block.
pub(super) fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![=>]) || input.peek(syn::token::Brace)
}

/// The expression after a `=`.
pub(super) fn expression(
    equals: Token![=],
    input: ParseStream<'_>,
    expected: fn(Token![=], ParseStream<'_>) -> syn::Error,
) -> syn::Result<Expr> {
    if at_end(input) || input.peek(Token![,]) || input.peek(Token![_]) || is_misplaced_async(input)
    {
        return Err(expected(equals, input));
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

/// The `async` of `transaction!`, which goes before the name.
fn is_misplaced_async(input: ParseStream<'_>) -> bool {
    input.peek(Token![async])
        && !input.peek2(syn::token::Brace)
        && !input.peek2(Token![move])
        && !input.peek2(Token![|])
}
