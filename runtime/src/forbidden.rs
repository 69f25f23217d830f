//! Functions that must not be called inside a transaction.

use crate::context::{self, OpenBlock};
use crate::observer;

/// Says that the function around it must not be called inside a transaction: it sends mail, calls another
/// service, or waits, all of which would be done for something that may yet be rolled back, while locks are
/// held.
///
/// ```
/// use commit_on_success::outside_transaction;
///
/// fn send_mail(to: &str) {
///     outside_transaction!();
///     println!("mail to {to}");
/// }
///
/// send_mail("ann@example.org");
/// ```
///
/// A deferred call is outside, which is where such a function is to be called.
///
/// # Panics
///
/// Inside a transaction, in a build with debug assertions. In other builds, [observers](crate::Observer) are
/// told, and the function goes on.
#[macro_export]
macro_rules! outside_transaction {
    () => {{
        fn here() {}
        $crate::__private::outside_transaction(
            $crate::__private::type_name_of_val(&here),
            $crate::__private::cfg!(debug_assertions),
        );
    }};
}

/// Does what `outside_transaction!` promises: the macro calls it.
///
/// # Panics
///
/// Inside a transaction, if it was asked to.
#[track_caller]
pub fn outside_transaction(marker: &'static str, panics: bool) {
    if let Some(block) = context::innermost() {
        report(function_around(marker), block, panics);
    }
}

#[cold]
#[track_caller]
fn report(function: &'static str, block: OpenBlock, panics: bool) {
    if !block.is_live() {
        return;
    }
    let site = block.site();
    assert!(
        !panics,
        "`{function}` must not be called inside a transaction, and is called inside that of {site}; defer the call",
    );
    observer::called_inside(function, block.id(), site);
}

// Input:
//     shop::mail::send::{{closure}}::here
//
// Output:
//     shop::mail::send
fn function_around(marker: &'static str) -> &'static str {
    let function = marker.strip_suffix("::here").unwrap_or(marker);
    let mut function = function;
    while let Some(outer) = function.strip_suffix("::{{closure}}") {
        function = outer;
    }
    function
}

#[cfg(test)]
mod tests {
    use super::function_around;

    #[test]
    fn an_async_function_is_called_by_its_name() {
        let marker = "shop::mail::send::{{closure}}::here";
        assert_eq!(function_around(marker), "shop::mail::send");
    }
}
