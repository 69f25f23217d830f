//! What `driver::test` is where the contract is on a server: without one its tests are counted as ignored.

use proc_macro::TokenStream;

/// Why, and what to do about it.
const IGNORED: &str = r#"#[ignore = "needs a server: bash tests/run"]"#;

/// `#[tokio::test]`.
#[proc_macro_attribute]
pub fn server_test(options: TokenStream, function: TokenStream) -> TokenStream {
    attributes(&format!("{IGNORED} #[::tokio::test({options})]"), function)
}

/// `#[test]`.
#[proc_macro_attribute]
pub fn sync_server_test(_: TokenStream, function: TokenStream) -> TokenStream {
    attributes(&format!("{IGNORED} #[::core::prelude::v1::test]"), function)
}

fn attributes(attributes: &str, function: TokenStream) -> TokenStream {
    let attributes: TokenStream = attributes.parse().unwrap_or_default();
    attributes.into_iter().chain(function).collect()
}
