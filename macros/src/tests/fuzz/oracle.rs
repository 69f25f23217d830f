//! Promises that the macros keep whatever their input is.

use proc_macro2::{Group, TokenStream, TokenTree};

use super::shape::{
    Context, Places, Refusal, are_statements, body, is_deferrable, is_expression, refusals, words,
};
use crate::defer::Macro;

/// The fate of an input for which the promises were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Expanded,
    /// The output has errors of our own.
    Refused,
    /// The input was wrong in a way that rustc sees as well, and it was left for rustc to report.
    HandedOn,
}

/// The outcome, or the promise that was broken.
pub(super) type Verdict = Result<Outcome, String>;

pub(super) fn attribute(args: &TokenStream, item: &TokenStream) -> Verdict {
    let output = crate::attribute(args.clone(), item.clone());
    let input: TokenStream = [args.clone(), item.clone()].into_iter().collect();
    let (rest, refused) = judge(&input, &output)?;
    let context = Context::of(item);
    if context.is_some_and(|context| !context.holds(&output)) {
        return Err("the item parsed, what is made of it does not".to_owned());
    }
    let expanded = words(rest.clone()).iter().any(|word| word == "__private");
    if refused && !expanded && kept(&rest) != kept(item) {
        return Err(format!("beside the error, {rest} is left"));
    }
    let wanted = inside(item);
    // A function that returns a future has its transaction around a part of the body, so the words are not in one piece.
    if !refused && !contains(&output, &wanted) && lost(&wanted, &output).is_some() {
        return Err("the body is not there".to_owned());
    }
    Ok(outcome(refused, context.is_some()))
}

pub(super) fn deferred(invoked: Macro, input: &TokenStream) -> Verdict {
    let output = crate::defer::expand(invoked, input.clone());
    let outcome = expression(input, &output, is_deferrable(input))?;
    let mut wanted = words(input.clone());
    // These words stand between the parts and around them, and before the path of this crate: they need not be left.
    wanted.retain(|word| !["crate", "=", ",", "(", ")"].contains(&word.as_str()));
    match lost(&wanted, &output) {
        Some(word) if outcome != Outcome::Refused => Err(format!("{word} is lost")),
        _ => Ok(outcome),
    }
}

pub(super) fn transaction(input: &TokenStream) -> Verdict {
    let output = crate::block::expand(input.clone());
    let body = body(input).unwrap_or_default();
    let outcome = expression(input, &output, are_statements(&body))?;
    if outcome == Outcome::Refused || contains(&output, &words(body)) {
        Ok(outcome)
    } else {
        Err("the block is not there".to_owned())
    }
}

fn expression(input: &TokenStream, output: &TokenStream, valid: bool) -> Verdict {
    let (_, refused) = judge(input, output)?;
    if (valid || refused) && !is_expression(output) {
        return Err("what is made of it is no expression".to_owned());
    }
    Ok(outcome(refused, valid))
}

const fn outcome(refused: bool, valid: bool) -> Outcome {
    match (refused, valid) {
        (true, _) => Outcome::Refused,
        (false, true) => Outcome::Expanded,
        (false, false) => Outcome::HandedOn,
    }
}

/// The promises that all of the macros share. Gives the output without its errors, and whether there was one.
fn judge(input: &TokenStream, output: &TokenStream) -> Result<(TokenStream, bool), String> {
    let read: Result<TokenStream, _> = output.to_string().parse();
    if read.is_err() {
        return Err("what is made of it cannot be printed and read again".to_owned());
    }
    let places = Places::of(input);
    let mut found = Vec::new();
    let rest = refusals(output.clone(), &mut found);
    let stray = |refusal: &&Refusal| !places.is_empty() && !places.blamed(refusal);
    match found.iter().find(stray) {
        Some(refusal) => Err(format!(
            "nothing in the input is blamed for {}",
            refusal.message
        )),
        None => Ok((rest, !found.is_empty())),
    }
}

/// The words of an item, without the binding that stands for a transaction. Empty lists and clauses do not count, nor
/// does the order.
fn kept(item: &TokenStream) -> Vec<String> {
    let mut words = words(for_rustc(item.clone()));
    let poison = ["#", "[", "allow", "(", "unused_variables", ")", "]", "let"];
    if let Some(at) = words.windows(poison.len()).position(|seen| seen == poison)
        && words
            .get(at + poison.len() + 1)
            .is_some_and(|word| word == "=")
    {
        words.drain(at..at + poison.len() + 3);
    }
    words.retain(|word| !["!", "<", ">", "where", "{", "}"].contains(&word.as_str()));
    words.sort_unstable();
    words
}

/// The tokens without those that only rust-analyzer is to see.
fn for_rustc(tokens: TokenStream) -> TokenStream {
    let mut left: Vec<_> = tokens.into_iter().collect();
    for (attribute, length) in [
        ("[cfg(rust_analyzer)]", 3),
        ("[cfg(not(rust_analyzer))]", 2),
        ("[allow(unexpected_cfgs)]", 2),
    ] {
        let is_it = |tree: &TokenTree| tree.to_string().replace(' ', "") == attribute;
        while let Some(at) = left.iter().position(is_it) {
            left.drain(at - 1..at - 1 + length);
        }
    }
    let inside = left.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => Group::new(group.delimiter(), for_rustc(group.stream())).into(),
        other => other,
    });
    inside.collect()
}

/// The body of a function without its inner attributes, which stay ahead of the transaction.
fn inside(item: &TokenStream) -> Vec<String> {
    let mut words = words(body(item).unwrap_or_default());
    while words.starts_with(&["#".to_owned(), "!".to_owned()]) {
        let end = words.iter().position(|word| word == "]");
        words.drain(..=end.unwrap_or(0));
    }
    words
}

fn contains(output: &TokenStream, wanted: &[String]) -> bool {
    let output = words(output.clone());
    wanted.is_empty() || output.windows(wanted.len()).any(|seen| seen == wanted)
}

/// The first word that is not there as often as it should be.
fn lost<'words>(wanted: &'words [String], output: &TokenStream) -> Option<&'words String> {
    let mut left = words(output.clone());
    wanted.iter().find(|word| {
        let found = left.iter().position(|other| other == *word);
        found.map(|at| left.swap_remove(at)).is_none()
    })
}
