//! A short soak of each backend, by counts, and a soak that finds what has grown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::alloc::System;
use std::env;
use std::io::Write as _;

use commit_on_success_service::options::Options;
use commit_on_success_service::soak::{Epoch, Extent, Look, Soak, Tolerance, soak};
use commit_on_success_service::store::{Backend, CONNECTIONS, Way};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const POSTGRES: &str = "COMMIT_ON_SUCCESS_POSTGRES_URL";

const EXTENT: Extent = Extent {
    epoch: Epoch::Orders(200),
    warm_up: 2,
    epochs: 2,
};

/// Less than seven bytes for each of the 656 orders after the warm-up, so that a list of anything would show. The heap
/// differs by some hundred bytes from run to run.
const TOLERANCE: Tolerance = Tolerance {
    heap: 4 * 1024,
    resident: 16 * 1024 * 1024,
};

/// SQLite's orders run on threads for what blocks, whose number differs from moment to moment, and each of which has
/// some of the heap.
fn tolerance(backend: Backend) -> Tolerance {
    match backend {
        Backend::Rusqlite => Tolerance {
            heap: 32 * 1024,
            ..TOLERANCE
        },
        _ => TOLERANCE,
    }
}

/// One test for all of them: memory and open files are those of the process.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_orders_whose_clients_hang_up() {
    let postgres = env::var(POSTGRES).ok().filter(|url| !url.is_empty());
    if postgres.is_none() {
        let is_ci = env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "{POSTGRES} is not set, and CI leaves nothing out");
        let line =
            format!("left out: soaks of servers ({POSTGRES} is not set; run bash tests/run)\n");
        // Not by `eprintln!`, which the test harness captures.
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    let options = Options {
        postgres,
        clients: 12,
        hang_up: 0.4,
        ..Options::default()
    };
    let backends = Backend::ALL.iter().copied();
    for backend in backends.filter(|backend| options.postgres.is_some() || !backend.is_postgres()) {
        let soak = soak(&options, backend, Way::Attribute, EXTENT)
            .await
            .unwrap();
        let faults = soak.faults(tolerance(backend));
        assert!(
            faults.is_empty(),
            "{}: {faults:?}\n{soak:#?}",
            backend.word()
        );
        assert!(soak.hung_up > 0 && soak.sent > 4 * 200, "{soak:#?}");
        assert_eq!(soak.last.connections, i64::from(CONNECTIONS), "{soak:#?}");
        assert!(soak.last.heap > 0, "{soak:#?}");
    }
}

fn look() -> Look {
    Look {
        heap: 1_000_000,
        resident: Some(20_000_000),
        descriptors: Some(30),
        connections: 8,
        sessions: Some(8),
        open: 0,
    }
}

fn faults(last: Look) -> usize {
    let soak = Soak {
        sent: 1,
        hung_up: 1,
        broken: 0,
        first: look(),
        last,
    };
    soak.faults(TOLERANCE).len()
}

#[test]
fn a_service_that_is_as_it_was_has_no_faults() {
    assert_eq!(faults(look()), 0);
}

#[test]
fn each_thing_that_grows_is_a_fault() {
    let grown = [
        Look {
            heap: 1_000_000 + TOLERANCE.heap + 1,
            ..look()
        },
        Look {
            resident: Some(20_000_000 + TOLERANCE.resident + 1),
            ..look()
        },
        Look {
            descriptors: Some(31),
            ..look()
        },
        Look {
            sessions: Some(9),
            ..look()
        },
        Look { open: 1, ..look() },
        Look {
            connections: 7,
            sessions: Some(7),
            ..look()
        },
    ];
    for last in grown {
        assert_eq!(faults(last), 1, "{last}");
    }
}

#[test]
fn a_broken_promise_is_a_fault() {
    let soak = Soak {
        sent: 1,
        hung_up: 1,
        broken: 1,
        first: look(),
        last: look(),
    };
    assert_eq!(soak.faults(TOLERANCE).len(), 1);
}
