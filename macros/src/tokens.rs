//! Questions about tokens that are never parsed: the bodies.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser as _};

/// Parses all of the tokens. What is missing at their end is missing at the last of them; a plain parser would blame the
/// whole invocation.
pub(crate) fn parse_to_end<T>(
    trees: impl IntoIterator<Item = TokenTree>,
    parser: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let trees: Vec<_> = trees.into_iter().collect();
    let end = match trees.last() {
        None => return parser.parse2(TokenStream::new()),
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(other) => other.span(),
    };
    // The end of a group is where it is closed.
    let mut group = Group::new(Delimiter::Parenthesis, trees.into_iter().collect());
    group.set_span(end);
    let inside = |input: ParseStream<'_>| {
        let content;
        syn::parenthesized!(content in input);
        parser(&content)
    };
    inside.parse2(TokenTree::Group(group).into())
}

/// Whether an identifier occurs anywhere in the tokens.
pub(crate) fn mention(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mention(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The number of times that an identifier is all of an argument.
pub(crate) fn passed(tokens: TokenStream, name: &Ident) -> usize {
    let passed = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            arguments(group.stream(), name) + passed(group.stream(), name)
        }
        TokenTree::Group(group) => passed(group.stream(), name),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 0,
    });
    passed.sum()
}

fn arguments(tokens: TokenStream, name: &Ident) -> usize {
    let trees: Vec<_> = tokens.into_iter().collect();
    let arguments = trees.split(|tree| is_punct(Some(tree), ','));
    let named = arguments.filter(|argument| match argument {
        [TokenTree::Ident(ident)] => ident == name,
        _ => false,
    });
    named.count()
}

/// The `await` of the first `.await` that belongs to the tokens themselves, and not to an `async` block, an `async`
/// closure or a function inside them.
pub(crate) fn first_await(tokens: TokenStream) -> Option<Ident> {
    let mut scan = Scan::default();
    tokens.into_iter().find_map(|token| scan.next(token))
}

/// The state of the scan for `.await` among the tokens of one group.
#[derive(Default)]
struct Scan {
    previous: Previous,
    own_future: OwnFuture,
}

/// The token before, as far as it matters.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Previous {
    #[default]
    Other,
    Dot,
    /// A function has its name behind it, a type its parentheses.
    Fn,
}

/// Whether the tokens ahead are the head of something that is awaited apart from what surrounds it.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum OwnFuture {
    #[default]
    No,
    /// After `async` or the `fn` of a function, until its block. A closure without braces ends with the expression it is in.
    Ahead,
}

impl Scan {
    fn next(&mut self, token: TokenTree) -> Option<Ident> {
        let previous = std::mem::take(&mut self.previous);
        match token {
            TokenTree::Ident(ident) if ident == "await" && previous == Previous::Dot => {
                (self.own_future == OwnFuture::No).then_some(ident)
            }
            TokenTree::Ident(ident) => {
                if ident == "async" || previous == Previous::Fn {
                    self.own_future = OwnFuture::Ahead;
                }
                if ident == "fn" {
                    self.previous = Previous::Fn;
                }
                None
            }
            TokenTree::Punct(punct) => {
                match punct.as_char() {
                    '.' => self.previous = Previous::Dot,
                    ',' | ';' => self.own_future = OwnFuture::No,
                    _ => {}
                }
                None
            }
            TokenTree::Group(group) => self.group(&group),
            TokenTree::Literal(_) => None,
        }
    }

    fn group(&mut self, group: &Group) -> Option<Ident> {
        match (self.own_future, group.delimiter()) {
            (OwnFuture::Ahead, Delimiter::Brace) => {
                self.own_future = OwnFuture::No;
                None
            }
            (OwnFuture::Ahead, _) => None,
            (OwnFuture::No, _) => first_await(group.stream()),
        }
    }
}

/// Whether the first statement is an item, as far as its first word tells.
pub(crate) fn begin_with_item(tokens: TokenStream) -> bool {
    const WORDS: [&str; 15] = [
        "async",
        "const",
        "enum",
        "extern",
        "fn",
        "impl",
        "macro_rules",
        "mod",
        "pub",
        "static",
        "struct",
        "trait",
        "type",
        "unsafe",
        "use",
    ];
    let mut trees = tokens.into_iter();
    let mut first = trees.next();
    while is_punct(first.as_ref(), '#') {
        let _attribute = trees.next();
        first = trees.next();
    }
    WORDS.iter().any(|word| is_ident(first.as_ref(), word))
}

/// The place of the first token, to be blamed for all of them: a range of tokens has no span of its own.
pub(crate) fn start(tokens: &TokenStream) -> Span {
    let first = tokens.clone().into_iter().next();
    first.map_or_else(Span::mixed_site, |tree| tree.span())
}

/// The trees without the invisible groups that `macro_rules` puts around what it matched.
pub(crate) fn visible(tree: TokenTree) -> TokenTree {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut inner = group.stream().into_iter();
            match (inner.next(), inner.next()) {
                (Some(only), None) => visible(only),
                _ => TokenTree::Group(group),
            }
        }
        other => other,
    }
}

/// The tokens with a name replaced by another.
pub(crate) fn renamed(tokens: TokenStream, from: &str, to: &str) -> TokenStream {
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(ident) if ident == from => Ident::new(to, ident.span()).into(),
        TokenTree::Group(group) => {
            let mut inside = Group::new(group.delimiter(), renamed(group.stream(), from, to));
            inside.set_span(group.span());
            inside.into()
        }
        other => other,
    });
    trees.collect()
}

/// Whether a name says that it need not be used.
pub(crate) fn is_underscored(name: &Ident) -> bool {
    name.to_string().starts_with('_')
}

pub(crate) fn is_ident(tree: Option<&TokenTree>, name: &str) -> bool {
    matches!(tree, Some(TokenTree::Ident(ident)) if ident == name)
}

pub(crate) fn is_punct(tree: Option<&TokenTree>, character: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

pub(crate) fn is_group(tree: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(tree, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

/// The next tokens if they are braces, as they were written.
pub(crate) fn braces(input: ParseStream<'_>) -> Option<Group> {
    let ahead = input.fork();
    match visible(ahead.parse().ok()?) {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            input.advance_to(&ahead);
            Some(group)
        }
        _ => None,
    }
}
