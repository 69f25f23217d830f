//! What observers are told of code that is on the wrong side of a transaction. One test, as the policy
//! is that of the process.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::sync::{Mutex, PoisonError};

use commit_on_success::{
    __private, Observer, add_observer, commit_on_success, defer, events, outside, try_defer,
};
use commit_on_success_tests::journal::source_line;
use commit_on_success_tests::scripted::{AppError, Connection, Database};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note(line: impl Into<String>) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push(line.into());
}

fn seen() -> Vec<String> {
    std::mem::take(&mut SEEN.lock().unwrap_or_else(PoisonError::into_inner))
}

struct Named(&'static str);

impl Observer for Named {
    fn deferred_outside(&self, event: &events::DeferredOutside) {
        let location = event.location;
        assert_eq!(location.file(), file!());
        let line = source_line(include_str!("observers_outside.rs"), location.line());
        note(format!("{}: outside: {line}", self.0));
    }

    fn called_inside(&self, event: &events::CalledInside) {
        let (function, transaction) = (event.function, event.site);
        let (name, inside) = (self.0, transaction.function());
        note(format!("{name}: `{function}` inside `{inside}`"));
    }
}

/// As the macro does in a build without debug assertions.
fn send() {
    fn here() {}
    __private::outside_transaction(__private::type_name_of_val(&here), false);
    note("sent");
}

#[commit_on_success]
fn block(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(note("deferred inside"));
    nested(connection)?;
    defer!(send());
    Ok(())
}

#[commit_on_success]
fn nested(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(2)?;
    send();
    Ok(())
}

#[test]
fn observers_hear_in_their_order_of_calls_deferred_outside_and_of_functions_called_inside() {
    add_observer(Named("first"));
    add_observer(Named("second"));
    defer!(note("nothing to say"));
    assert_eq!(seen(), ["nothing to say"]);

    outside::set(outside::Warn);
    assert!(try_defer!(note("never")).is_err());
    assert_eq!(seen(), [""; 0]);
    defer!(note("at once"));
    assert_eq!(
        seen(),
        [
            "first: outside: defer!(note(\"at once\"));",
            "second: outside: defer!(note(\"at once\"));",
            "at once",
        ]
    );

    send();
    assert_eq!(seen(), ["sent"]);
    let database = Database::new();
    block(&mut database.connection()).unwrap();
    assert_eq!(
        seen(),
        [
            "first: `observers_outside::send` inside `nested`",
            "second: `observers_outside::send` inside `nested`",
            "sent",
            "deferred inside",
            "sent",
        ]
    );
    assert_eq!(database.durable(), [1, 2]);
}
