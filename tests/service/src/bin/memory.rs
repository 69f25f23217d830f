//! The memory of the service: a soak, and requests that wait.
//!
//! ```sh
//! bash tests/run -- cargo run --release -p commit_on_success_service --bin commit_on_success_service_memory -- soak
//! bash tests/run -- cargo run --release -p commit_on_success_service --bin commit_on_success_service_memory -- waiting
//! ```
//!
//! `soak` takes the options of the service, of which `--seconds` is 600 on each backend, `--turn` 10000 and `--way`
//! `attribute` unless they are given. It exits with 1 if something has grown, or a promise was broken.

use std::alloc::System;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use commit_on_success_service::options::Options;
use commit_on_success_service::soak::{Extent, Tolerance, soak};
use commit_on_success_service::store::{Backend, CONNECTIONS, Way};
use commit_on_success_service::waiting;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A leak of a few bytes an order would show: in ten minutes there are hundreds of thousands.
const TOLERANCE: Tolerance = Tolerance {
    heap: 64 * 1024,
    resident: 8 * 1024 * 1024,
};

const REQUESTS: u32 = 10_000;

fn main() -> Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let part = words.next();
    let mut options = Options::of_soak(words).map_err(anyhow::Error::msg)?;
    options.postgres = std::env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").ok();
    match part.as_deref() {
        Some("soak") => soak_all(&options),
        Some("waiting") => compare_waiting(&options).map(|()| ExitCode::SUCCESS),
        _ => bail!("expected `soak` or `waiting`"),
    }
}

fn soak_all(options: &Options) -> Result<ExitCode> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let mut faults = 0;
    for &backend in &options.backends {
        for &way in &options.ways {
            let soak = runtime.block_on(soak(options, backend, way, Extent::of(options)))?;
            let found = soak.faults(TOLERANCE);
            println!(
                "{}, {}: {} orders, {} hung up",
                backend.word(),
                way.word(),
                soak.sent,
                soak.hung_up
            );
            println!("  after the warm-up: {}", soak.first);
            println!("  in the end:        {}", soak.last);
            for fault in &found {
                println!("  {fault}");
            }
            faults += found.len();
        }
    }
    println!("\nfaults: {faults}");
    Ok(match faults {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// A row for each backend, as `runtime/benches/run` reads them.
fn compare_waiting(options: &Options) -> Result<()> {
    for &backend in &options.backends {
        let by_hand = bytes_of_one(options, backend, Way::ByHand)?;
        let attribute = bytes_of_one(options, backend, Way::Attribute)?;
        println!(
            "row\ta request that waits for the pool, of ten thousand\t{}: bytes on the heap\tby hand\t{:.3} ({attribute:.0} / {by_hand:.0})\t≤ 1.1",
            backend.word(),
            attribute / by_hand,
        );
    }
    Ok(())
}

/// With as many threads for what blocks as there are connections: all others wait in the queue.
fn bytes_of_one(options: &Options, backend: Backend, way: Way) -> Result<f64> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(CONNECTIONS.into())
        .build()?;
    let bytes = runtime.block_on(waiting::bytes_of_one(options, backend, way, REQUESTS));
    runtime.shutdown_timeout(Duration::from_secs(10));
    bytes
}
