//! One `enqueue!` in a transaction of rusqlite, in microseconds: the transaction itself takes few.

use ::rusqlite::Connection;
use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::migrate_at;

use crate::price::{BY_HAND, INSERT_SQLITE, Index, JSON, SECTION, WITHOUT, Way};
use crate::turns::Turns;
use crate::{Result, TITLE};

const OBJECT: &str = "INSERT INTO object (title) VALUES (?1)";

const OPENED: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE object (id INTEGER PRIMARY KEY, title TEXT NOT NULL)";

pub(crate) fn measure() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("jobs.sqlite");
    migrate_at(
        path.to_str()
            .ok_or("the path of a temporary file is no text")?,
    )?;
    let mut connection = Connection::open(&path)?;
    connection.execute_batch(OPENED)?;
    let ways = [Way::Without, Way::Enqueued, Way::ByHand];
    let turns = Turns::take(&ways, |way, times| run(way, &mut connection, times))?;
    let what = "rusqlite, a file, write-ahead log, synchronous NORMAL";
    let more = |against| turns.microseconds_more(Way::Enqueued, against);
    SECTION.row(
        what,
        WITHOUT,
        format!("{:.1} µs more", more(Way::Without)),
        "≤ 30 µs more",
    );
    SECTION.row(
        what,
        BY_HAND,
        format!("{:.1} µs more", more(Way::ByHand)),
        "",
    );
    Ok(())
}

fn run(way: Way, connection: &mut Connection, times: u32) -> Result {
    for _ in 0..times {
        match way {
            Way::Without => without(connection)?,
            Way::Enqueued => enqueued(connection)?,
            Way::ByHand => by_hand(connection)?,
            Way::River => unreachable!("River has no sync driver"),
        }
    }
    Ok(())
}

#[commit_on_success]
fn without(connection: &mut Connection) -> Result {
    connection.prepare_cached(OBJECT)?.execute([TITLE])?;
    Ok(())
}

#[commit_on_success]
fn enqueued(connection: &mut Connection) -> Result {
    connection.prepare_cached(OBJECT)?.execute([TITLE])?;
    enqueue!(connection, Index { id: 7 })?;
    Ok(())
}

#[commit_on_success]
fn by_hand(connection: &mut Connection) -> Result {
    connection.prepare_cached(OBJECT)?.execute([TITLE])?;
    let values = (JSON, Index::KIND, 25, 1, Index::QUEUE, 0);
    let mut insert = connection.prepare_cached(INSERT_SQLITE)?;
    let _: i64 = insert.query_row(values, |row| row.get(0))?;
    Ok(())
}
