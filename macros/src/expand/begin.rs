//! The begin of a transaction: its source, its place in the code, and its options.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::located::{call, wait};
use super::names::{Krate, Lint, allow};
use crate::plan::{Flavour, Passing, Plan, Retry, Setting, Source, Terms, Value};
use crate::tokens::{is_underscored, start};

/// The call that begins, located at the source.
pub(super) fn begin(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let mixed = Span::mixed_site();
    let place = start(&plan.source.expression);
    let source = source(&plan.source, krate);
    let site = site(plan, krate);
    let options = if plan.terms.retry.is_some() {
        quote_spanned!(mixed=> #krate::__private::Attempts::options(&__attempts))
    } else {
        options(&plan.terms, krate)
    };
    let private = |name: &str| {
        let name = Ident::new(name, mixed);
        quote_spanned!(mixed=> #krate::__private::#name)
    };
    let (begin, with, source) = match plan.flavour {
        Flavour::Sync => ("begin", "with", source),
        Flavour::Async => {
            let source = call(place, private("source"), source);
            ("begin_async", "with_async", source)
        }
    };
    let source = if plan.terms.values.is_empty() {
        source
    } else {
        let configured = quote_spanned!(mixed=> #source, __settings);
        call(place, private(with), configured)
    };
    // An async transaction stays where it is begun.
    let stay = match plan.flavour {
        Flavour::Sync => None,
        Flavour::Async => Some(quote_spanned!(mixed=> &mut #krate::__private::None,)),
    };
    let arguments = quote_spanned!(mixed=> #source, #stay #site, #options);
    let begin = call(place, private(begin), arguments);
    match plan.flavour {
        Flavour::Sync => begin,
        Flavour::Async => {
            let wait = wait(plan);
            quote_spanned!(mixed=> #begin #wait)
        }
    }
}

// Output:
//     let __settings = Settings::new().set("app.tenant", setting(&(tenant.id)));
//
// Ahead of the source, whose temporaries live to the end.
pub(super) fn values(terms: &Terms, krate: Krate<'_>) -> Option<TokenStream> {
    let mixed = Span::mixed_site();
    if terms.values.is_empty() {
        return None;
    }
    let calls = terms.values.iter().map(|value| {
        let Value {
            option,
            name,
            expression,
        } = value;
        let method = quoted(option, &option.to_string());
        let place = start(expression);
        let lent = quote_spanned!(mixed.located_at(place)=> &(#expression));
        let setting = quote_spanned!(mixed=> #krate::__private::setting);
        let text = call(place, setting, lent);
        quote_spanned!(mixed=> .#method(#name, #text))
    });
    Some(quote_spanned!(mixed=> let __settings = #krate::__private::Settings::new() #(#calls)*;))
}

fn site(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let site = &plan.site;
    quote_spanned! {Span::mixed_site()=>
        &#krate::__private::Site {
            function: #site,
            module: #krate::__private::module_path!(),
            file: #krate::__private::file!(),
            line: #krate::__private::line!(),
            column: #krate::__private::column!(),
        }
    }
}

/// A method call borrows its receiver again where a function argument would move it.
fn source(source: &Source, krate: Krate<'_>) -> TokenStream {
    let expression = &source.expression;
    match source.passing {
        Passing::AsWritten if is_underscored(&source.binding) => {
            let allow = allow(&[Lint::UnderscoreBinding]);
            quote!(#allow #expression)
        }
        Passing::AsWritten => expression.clone(),
        Passing::Reborrowed => quote_spanned! {Span::mixed_site()=>
            { use #krate::__private::Reborrow as _; #expression.__reborrow() }
        },
    }
}

// Output:
//     ::commit_on_success::Options::new().isolation(Isolation::Serializable).read_only()
fn options(terms: &Terms, krate: Krate<'_>) -> TokenStream {
    let settings = terms.settings.iter().map(|setting| match setting {
        Setting::Flag(option) => {
            let option = quoted(option, &option.to_string());
            quote_spanned!(Span::mixed_site()=> .#option())
        }
        Setting::Choice { option, word } => {
            let ty = quoted(option, &camel(option));
            let variant = quoted(word, &camel(word));
            let option = quoted(option, &option.to_string());
            quote_spanned!(Span::mixed_site()=> .#option(#krate::#ty::#variant))
        }
    });
    let attempts = terms.retry.as_ref().map(|retry| {
        let attempts = attempts(retry, krate);
        quote_spanned!(Span::mixed_site()=> .attempts(#attempts))
    });
    quote_spanned!(Span::mixed_site()=> #krate::Options::new() #(#settings)* #attempts)
}

fn quoted(written: &Ident, name: &str) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(written.span()))
}

/// `ReadCommitted` for `read_committed`.
fn camel(word: &Ident) -> String {
    let word = word.to_string();
    let parts = word.split('_').map(|part| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_uppercase() + rest
    });
    parts.collect()
}

fn attempts(retry: &Retry, krate: Krate<'_>) -> TokenStream {
    let attempts = &retry.attempts;
    quote_spanned!(Span::mixed_site()=> #krate::__private::attempts(#attempts))
}

// Output:
//     let mut __attempts = Attempts::new(Options::new().attempts(attempts(3)), default_backoff());
pub(super) fn counter(retry: &Retry, terms: &Terms, krate: Krate<'_>) -> TokenStream {
    let options = options(terms, krate);
    let backoff = retry.backoff.as_ref().map_or_else(
        || quote_spanned!(Span::mixed_site()=> #krate::__private::default_backoff()),
        quote::ToTokens::to_token_stream,
    );
    quote_spanned! {Span::mixed_site()=>
        let mut __attempts = #krate::__private::Attempts::new(#options, #backoff);
    }
}
