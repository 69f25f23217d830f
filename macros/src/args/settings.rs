//! The list of `set(…)` and `pragma(…)`: names and values.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Expr, LitStr, Token};

use crate::diagnostics;

/// The longest part of a name that PostgreSQL does not cut off.
const LONGEST: usize = 63;

/// A setting: its name, and the expression of its value.
pub(crate) struct Setting {
    /// In quotes, or a word.
    pub(crate) name: LitStr,
    pub(crate) value: Expr,
}

/// The settings of one option, and their parentheses.
pub(crate) struct Settings {
    pub(crate) list: Vec<Setting>,
}

/// Reads the parentheses behind the keyword, and what is inside.
pub(super) fn list(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Settings> {
    if !input.peek(syn::token::Paren) {
        return Err(diagnostics::settings_without_list(keyword));
    }
    let inside;
    let parentheses = syn::parenthesized!(inside in input);
    let list = settings(keyword, &inside);
    // What is not read is not another error.
    let _rest: TokenStream = inside.parse()?;
    let list = list?;
    if list.is_empty() {
        return Err(diagnostics::no_setting(keyword, parentheses.span.join()));
    }
    Ok(Settings { list })
}

fn settings(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Setting>> {
    let mut list: Vec<Setting> = Vec::new();
    while !input.is_empty() {
        let setting = setting(keyword, input)?;
        let same = |first: &&Setting| is_same(&first.name, &setting.name);
        if let Some(first) = list.iter().find(same) {
            return Err(diagnostics::setting_given_twice(
                &setting.name,
                &first.name.value(),
            ));
        }
        list.push(setting);
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(diagnostics::expected_comma(input));
        }
        let _comma: Option<Token![,]> = input.parse()?;
    }
    Ok(list)
}

fn setting(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<Setting> {
    let name = name(keyword, input)?;
    if !is_valid(&name.value(), keyword) {
        return Err(diagnostics::invalid_setting(keyword, &name));
    }
    if !input.peek(Token![=]) || input.peek(Token![==]) || input.peek(Token![=>]) {
        return Err(diagnostics::expected_setting_value(&name, input));
    }
    let equals: Token![=] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(diagnostics::setting_without_value(equals, input, &name));
    }
    Ok(Setting {
        name,
        value: input.parse()?,
    })
}

/// A word stands for its letters.
fn name(keyword: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    if input.peek(LitStr) {
        return input.parse();
    }
    if !input.peek(Ident::peek_any) {
        return Err(diagnostics::expected_setting(keyword, input));
    }
    let word = Ident::parse_any(input)?;
    if input.peek(Token![.]) || input.peek(Token![::]) {
        return Err(diagnostics::setting_with_dots(&word, input));
    }
    Ok(LitStr::new(&word.unraw().to_string(), word.span()))
}

/// No database minds the case of these names.
fn is_same(one: &LitStr, other: &LitStr) -> bool {
    one.value().eq_ignore_ascii_case(&other.value())
}

/// Whether a name can be that of a setting: words with dots between them, of a pragma one at most.
fn is_valid(name: &str, keyword: &Ident) -> bool {
    let most = if keyword == "pragma" { 2 } else { usize::MAX };
    name.split('.').count() <= most && name.split('.').all(is_word)
}

fn is_word(part: &str) -> bool {
    let starts = part.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let continues = |next: char| next.is_alphanumeric() || ['_', '$'].contains(&next);
    starts && part.chars().all(continues) && part.len() <= LONGEST
}
