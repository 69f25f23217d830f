//! diesel, in memory and over a Unix socket.

use ::diesel::connection::SimpleConnection as _;
use ::diesel::{
    Connection as _, ExpressionMethods as _, PgConnection, QueryResult, RunQueryDsl as _,
    SqliteConnection, insert_into,
};
use commit_on_success::commit_on_success;

use crate::laps::{self, Laps, TIMES};
use crate::postgres_server::PostgresServer;
use crate::table::{Section, Way};
use crate::{Result, TITLE};

pub(crate) mod schema {
    #![allow(missing_docs, unreachable_pub, reason = "`table!` makes public items")]

    diesel::table! { commit_on_success_bench { id -> BigInt, title -> Text, } }
}

use schema::commit_on_success_bench as object;

pub(crate) const SQLITE_TABLE: &str =
    "CREATE TABLE commit_on_success_bench (id INTEGER PRIMARY KEY, title TEXT NOT NULL)";

pub(crate) const THEIRS: &str = "`transaction(|conn| …)`";

macro_rules! ways {
    ($module:ident, $connection:ty) => {
        mod $module {
            use super::*;

            pub(super) fn run(way: Way, conn: &mut $connection) -> QueryResult<()> {
                match way {
                    Way::ByHand | Way::Verified => conn.transaction(insert),
                    Way::Annotated => annotated(conn),
                }
            }

            #[commit_on_success]
            fn annotated(conn: &mut $connection) -> QueryResult<()> {
                insert(conn)
            }

            pub(super) fn insert(conn: &mut $connection) -> QueryResult<()> {
                insert_into(object::table)
                    .values(object::title.eq(TITLE))
                    .execute(conn)
                    .map(drop)
            }
        }
    };
}

ways!(sqlite, SqliteConnection);
ways!(postgresql, PgConnection);

pub(crate) fn measure() -> Result {
    let mut conn = SqliteConnection::establish(":memory:")?;
    conn.batch_execute(SQLITE_TABLE)?;
    let section = Section("diesel, SQLite in memory");
    section.compare("one insert", THEIRS, "≤ 1.02", |way, times| {
        Ok((0..times).try_for_each(|_| sqlite::run(way, &mut conn))?)
    })?;
    undo(&mut conn)?;
    let server = PostgresServer::with_table()?;
    let mut conn = PgConnection::establish(&server.url())?;
    let section = Section("diesel, PostgreSQL, Unix socket");
    section.compare("one insert", THEIRS, "≤ 1.02", |way, times| {
        Ok((0..times).try_for_each(|_| postgresql::run(way, &mut conn))?)
    })
}

fn undo(conn: &mut SqliteConnection) -> Result {
    let theirs = undo_by_hand(conn)?;
    let ours = undo_annotated(conn)?;
    laps::report_times("diesel, SQLite", THEIRS, &theirs, &ours);
    Ok(())
}

fn undo_by_hand(conn: &mut SqliteConnection) -> QueryResult<Laps> {
    conn.transaction(|conn| {
        let mut laps = Laps::start();
        for _ in 0..TIMES {
            let _undone = conn.transaction(fail);
            laps.lap();
        }
        Ok(laps)
    })
}

#[commit_on_success]
fn undo_annotated(conn: &mut SqliteConnection) -> QueryResult<Laps> {
    let mut laps = Laps::start();
    for _ in 0..TIMES {
        let _undone = failing(conn);
        laps.lap();
    }
    Ok(laps)
}

#[commit_on_success]
fn failing(conn: &mut SqliteConnection) -> QueryResult<()> {
    fail(conn)
}

fn fail(conn: &mut SqliteConnection) -> QueryResult<()> {
    sqlite::insert(conn)?;
    Err(::diesel::result::Error::RollbackTransaction)
}
