//! Transactions with calls after their commit, of this crate and of other packages, as ratios.
//!
//! `bash runtime/benches/peers/run` installs the others and runs this.

mod by_hand;
mod child;
mod peers;
#[path = "../../drivers/src/rounds.rs"]
mod rounds;
mod rusqlite;
mod serve;
mod sqlx;
mod turns;
mod work;

use std::env;

use ::sqlx::{Connection as _, PgConnection, query_scalar, raw_sql};
use child::Process;
use peers::{POSTGRES, Peer, Programs, SQLITE};
use serve::{Result, serve};
use tokio::runtime::{Builder, Runtime};
use turns::Turns;
use work::{Fault, Way, Work};

const TABLE: &str = "
    DROP TABLE IF EXISTS commit_on_success_bench;
    CREATE TABLE commit_on_success_bench (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title TEXT NOT NULL)";

/// The right outcome of every fault.
const RIGHT: &str = "an error, rows: 0, calls: 0";

fn main() -> Result {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [serve, peer] if serve == "serve" => serve_as(peer),
        programs => measure(&Programs::from_arguments(programs)?),
    }
}

fn serve_as(peer: &str) -> Result {
    match peer {
        "rusqlite" => serve(rusqlite::Rusqlite::open()?),
        "sqlx-sqlite" => serve(sqlx::sqlite()?),
        "sqlx-postgres" => serve(sqlx::postgres()?),
        _ => Err(format!("no such peer: {peer}").into()),
    }
}

fn measure(programs: &Programs) -> Result {
    let mut processes = start(&SQLITE, programs)?;
    compare("SQLite in memory", &SQLITE, &mut processes)?;
    drop(processes);
    let runtime = runtime()?;
    let mut connection = runtime.block_on(PgConnection::connect(&postgres_url()?))?;
    runtime.block_on(raw_sql(TABLE).execute(&mut connection))?;
    let measured = measure_postgres(programs);
    let drop = "DROP TABLE commit_on_success_bench";
    runtime.block_on(raw_sql(drop).execute(&mut connection))?;
    let version = query_scalar("SHOW server_version").fetch_one(&mut connection);
    let version: String = runtime.block_on(version)?;
    println!("with\tPostgreSQL {version}");
    measured
}

fn measure_postgres(programs: &Programs) -> Result {
    let mut processes = start(&POSTGRES, programs)?;
    compare("PostgreSQL, TCP", &POSTGRES, &mut processes)?;
    for fault in Fault::ALL {
        for (peer, process) in POSTGRES.iter().zip(&mut processes) {
            let (title, name, outcome) = (fault.title(), peer.name, process.outcome(fault)?);
            println!("row\tpeers, PostgreSQL: {title}\t{name}\t\t{outcome}\t{RIGHT}");
        }
    }
    Ok(())
}

fn start(peers: &[Peer], programs: &Programs) -> Result<Vec<Process>> {
    peers.iter().map(|peer| programs.start(peer)).collect()
}

fn compare(database: &str, peers: &[Peer], processes: &mut [Process]) -> Result {
    for work in Work::ALL {
        eprintln!("peers: {database}, {}", work.title());
        let turns = Turns::take(processes, work)?;
        let section = format!("peers, {database}: {}", work.title());
        for (index, peer) in peers.iter().enumerate() {
            row(&section, peers, (index, peer), &turns);
        }
    }
    Ok(())
}

/// Beside its own driver by hand, which is the price of the package, and beside this crate.
fn row(section: &str, peers: &[Peer], (index, peer): (usize, &Peer), turns: &Turns) {
    let (package, by_hand) = ((index, Way::Package), (index, Way::ByHand));
    let ratio = turns.ratio(package, by_hand);
    let [taken, taken_by_hand] = [package, by_hand].map(|whose| turns.microseconds(whose));
    let (name, driver) = (peer.name, peer.by_hand);
    let digits = if taken_by_hand < 10.0 { 2 } else { 0 };
    print!(
        "row\t{section}\t{name}\t{driver} by hand\t{ratio}; {taken:.digits$} / {taken_by_hand:.digits$} µs"
    );
    if peer.ours != index {
        let beside = turns.ratio(package, (peer.ours, Way::Package)).median();
        print!("; {beside:.1} × {}", peers[peer.ours].name);
    }
    println!("\t");
}

pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

pub(crate) fn postgres_url() -> Result<String> {
    env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").map_err(|_| {
        "COMMIT_ON_SUCCESS_POSTGRES_URL is not set; run bash runtime/benches/run peers".into()
    })
}
