//! Token trees that can be changed, and the text that they are read from, so that each token has a place.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// A token tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// One token, or all the characters of an operator.
    Word(String),
    Group(Fence, Vec<Tree>),
}

/// The delimiter of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fence {
    Parentheses,
    Braces,
    Brackets,
    /// The group without delimiters that `macro_rules` puts around what it matched.
    Invisible,
}

/// The name in front of parentheses that stand for an invisible group, which text cannot express.
const INVISIBLE: &str = "__invisible";

pub(super) fn text(trees: &[Tree]) -> String {
    let words: Vec<_> = trees.iter().map(written).collect();
    words.join(" ")
}

fn written(tree: &Tree) -> String {
    match tree {
        Tree::Word(word) => word.clone(),
        Tree::Group(fence, inner) => {
            let inner = text(inner);
            match fence {
                Fence::Parentheses => format!("({inner})"),
                Fence::Braces => format!("{{ {inner} }}"),
                Fence::Brackets => format!("[{inner}]"),
                Fence::Invisible => format!("{INVISIBLE}({inner})"),
            }
        }
    }
}

/// The tokens of a text. They know where in it they are.
pub(super) fn read(text: &str) -> TokenStream {
    let tokens: TokenStream = text.parse().unwrap();
    invisible(tokens)
}

fn invisible(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut seen = Vec::new();
    while let Some(tree) = tokens.next() {
        let marked = matches!(&tree, TokenTree::Ident(ident) if ident == INVISIBLE);
        seen.push(match (tree, tokens.peek()) {
            (_, Some(TokenTree::Group(group))) if marked => {
                let group = regroup(group, Delimiter::None);
                tokens.next();
                group
            }
            (TokenTree::Group(group), _) => regroup(&group, group.delimiter()),
            (other, _) => other,
        });
    }
    seen.into_iter().collect()
}

fn regroup(group: &Group, delimiter: Delimiter) -> TokenTree {
    let mut regrouped = Group::new(delimiter, invisible(group.stream()));
    regrouped.set_span(group.span());
    TokenTree::Group(regrouped)
}

/// The trees of a text.
pub(super) fn trees(text: &str) -> Vec<Tree> {
    collect(read(text))
}

fn collect(tokens: TokenStream) -> Vec<Tree> {
    let mut trees = Vec::new();
    let mut operator = String::new();
    for tree in tokens {
        match tree {
            TokenTree::Punct(punct) => {
                operator.push(punct.as_char());
                if punct.spacing() == Spacing::Alone {
                    trees.push(Tree::Word(std::mem::take(&mut operator)));
                }
            }
            TokenTree::Group(group) => {
                let fence = match group.delimiter() {
                    Delimiter::Parenthesis => Fence::Parentheses,
                    Delimiter::Brace => Fence::Braces,
                    Delimiter::Bracket => Fence::Brackets,
                    Delimiter::None => Fence::Invisible,
                };
                trees.push(Tree::Group(fence, collect(group.stream())));
            }
            // After a quote that is joined to it, the name of a lifetime.
            word => trees.push(Tree::Word(
                std::mem::take(&mut operator) + &word.to_string(),
            )),
        }
    }
    trees
}
