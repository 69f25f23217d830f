//! Each example runs, and prints what it should.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::process::Command;

use commit_on_success_tests::servers;

/// Runs a program with an argument or none, and returns what it has printed.
#[track_caller]
fn run(program: &str, argument: Option<&str>) -> String {
    let mut command = Command::new(program);
    command.env_remove("COMMIT_ON_SUCCESS_POSTGRES_URL");
    let output = command.args(argument).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The story that all examples with a driver tell.
#[track_caller]
fn assert_tells_the_story(printed: &str) {
    let expected = [
        "  tea is packed for order 1",
        "  cake is packed for order 1",
        "  box is packed for order 1",
        "  Ada is told of order 1",
        "order 1 is placed",
        "  cake is sold out",
        "  tea is packed for order 2",
        "  box is packed for order 2",
        "  Bob is told of order 2",
        "order 2 is placed",
        // The rest is what the driver says.
        "no order for Eve: ",
        "stored: 2 orders",
    ];
    // PostgreSQL has a second line to say.
    let lines = printed.lines().filter(|line| !line.starts_with("DETAIL: "));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), expected.len(), "{printed}");
    for (line, expected) in lines.iter().zip(expected) {
        let as_expected = match expected.strip_suffix(": ") {
            Some(start) => line.starts_with(start) && line.contains("count"),
            None => *line == expected,
        };
        assert!(as_expected, "{line:?}, expected {expected:?}");
    }
}

macro_rules! embedded {
    ($($test:ident: $program:literal;)*) => {$(
        #[test]
        fn $test() {
            assert_tells_the_story(&run(env!($program), None));
        }
    )*};
}

embedded! {
    the_example_of_rusqlite_tells_the_story: "CARGO_BIN_EXE_example_rusqlite";
    the_example_of_sqlx_tells_the_story: "CARGO_BIN_EXE_example_sqlx";
    the_example_of_diesel_tells_the_story: "CARGO_BIN_EXE_example_diesel";
    the_example_of_diesel_async_tells_the_story: "CARGO_BIN_EXE_example_diesel_async";
    the_example_of_sea_orm_tells_the_story: "CARGO_BIN_EXE_example_sea_orm";
}

macro_rules! on_a_server {
    ($($test:ident, $without_one:ident: $program:literal;)*) => {$(
        #[commit_on_success_test_macros::sync_server_test]
        fn $test() {
            let url = servers::postgres();
            assert_tells_the_story(&run(env!($program), Some(&url)));
        }

        #[test]
        fn $without_one() {
            let mut command = Command::new(env!($program));
            command.env_remove("COMMIT_ON_SUCCESS_POSTGRES_URL");
            let output = command.output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1));
            assert!(errors.contains("bash tests/run -- cargo run"), "{errors}");
        }
    )*};
}

on_a_server! {
    the_example_of_postgres_tells_the_story,
    the_example_of_postgres_says_what_to_do_without_a_server: "CARGO_BIN_EXE_example_postgres";
    the_example_of_tokio_postgres_tells_the_story,
    the_example_of_tokio_postgres_says_what_to_do_without_a_server:
        "CARGO_BIN_EXE_example_tokio_postgres";
    the_example_of_deadpool_postgres_tells_the_story,
    the_example_of_deadpool_postgres_says_what_to_do_without_a_server:
        "CARGO_BIN_EXE_example_deadpool_postgres";
}

#[commit_on_success_test_macros::sync_server_test]
fn the_example_of_row_level_security_shows_each_tenant_its_own() {
    let url = servers::postgres();
    let printed = run(env!("CARGO_BIN_EXE_example_row_level_security"), Some(&url));
    assert_eq!(
        printed,
        "each tenant sees its own orders, and nobody else any\n"
    );
}

#[test]
fn the_example_of_an_adapter_sells_each_painting_once() {
    let printed = run(env!("CARGO_BIN_EXE_example_in_memory_store"), None);
    let expected = "\
order 1: lilies, sunset
  lilies is wrapped for order 1
  sunset is wrapped for order 1
  order 1 is confirmed
  committed
order 2: sunset, stars
  there is no sunset
  stars is wrapped for order 2
  order 2 is confirmed
  committed
order 3: lilies
  there is no lilies
  rolled back: there is no painting to sell
";
    assert!(printed.starts_with(expected), "{printed}");
    assert!(!printed.contains("order 3, "), "{printed}");
}
