//! The side that does the work. It is told `WAY WORK TIMES` in a line, and answers with the nanoseconds that so many
//! transactions took; or a fault, and says what came of it. The peers in other languages do the same.

use std::error::Error;
use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::work::{Fault, Way, Work};

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) const TITLE: &str = "a title";

pub(crate) trait Peer {
    /// Removes all rows.
    fn clear(&mut self) -> Result;

    fn run(&mut self, way: Way, work: Work, times: u32) -> Result;

    fn rows(&mut self) -> Result<i64>;

    /// Runs a transaction in which this happens, on PostgreSQL.
    fn suffer(&mut self, _fault: Fault) -> Result {
        unreachable!("only PostgreSQL is asked")
    }
}

static CALLS: AtomicU64 = AtomicU64::new(0);

/// The call that is made after the commit. It counts, so that a peer that makes none is found out.
pub(crate) fn call(_number: u64) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn serve(mut peer: impl Peer) -> Result {
    for line in stdin().lock().lines() {
        let line = line?;
        let fault = Fault::ALL.into_iter().find(|fault| fault.name() == line);
        match fault {
            Some(fault) => println!("{}", outcome(&mut peer, fault)?),
            None => println!("{}", time(&mut peer, parse(&line)?)?),
        }
        stdout().flush()?;
    }
    Ok(())
}

fn parse(line: &str) -> Result<(Way, Work, u32)> {
    let expected = || format!("expected WAY WORK TIMES, found {line}");
    let words: Vec<&str> = line.split(' ').collect();
    let [way, work, times] = words[..] else {
        return Err(expected().into());
    };
    let way = Way::ALL.into_iter().find(|known| known.name() == way);
    let work = Work::ALL.into_iter().find(|known| known.name() == work);
    let (way, work) = way.zip(work).ok_or_else(expected)?;
    Ok((way, work, times.parse()?))
}

/// Measures only work of which rows and calls show that it was done, and not the first transaction, which finds a table
/// that was emptied.
fn time(peer: &mut impl Peer, (way, work, times): (Way, Work, u32)) -> Result<u128> {
    peer.clear()?;
    CALLS.store(0, Ordering::Relaxed);
    peer.run(way, work, 1)?;
    let start = Instant::now();
    peer.run(way, work, times)?;
    let taken = start.elapsed();
    let (rows, calls) = (peer.rows()?, CALLS.load(Ordering::Relaxed));
    let done = times + 1;
    if rows == work.rows() * i64::from(done) && calls == work.calls() * u64::from(done) {
        Ok(taken.as_nanos())
    } else {
        let (way, work) = (way.name(), work.name());
        Err(format!("{way} {work} {done}: {rows} rows and {calls} calls").into())
    }
}

fn outcome(peer: &mut impl Peer, fault: Fault) -> Result<String> {
    peer.clear()?;
    CALLS.store(0, Ordering::Relaxed);
    let said = match peer.suffer(fault) {
        Ok(()) => "no error",
        Err(_) => "an error",
    };
    let (rows, calls) = (peer.rows()?, CALLS.load(Ordering::Relaxed));
    Ok(format!("{said}, rows: {rows}, calls: {calls}"))
}
