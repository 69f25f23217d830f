//! rusqlite in memory, by hand and with the attribute.

use ::rusqlite::{Connection, Result};
use commit_on_success::{commit_on_success, defer};

use crate::serve::{self, Peer, TITLE, call};
use crate::work::{Way, Work};

pub(crate) struct Rusqlite(Connection);

impl Rusqlite {
    pub(crate) fn open() -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE TABLE commit_on_success_bench (id INTEGER PRIMARY KEY, title TEXT NOT NULL)",
        )?;
        Ok(Self(connection))
    }
}

impl Peer for Rusqlite {
    fn clear(&mut self) -> serve::Result {
        self.0.execute("DELETE FROM commit_on_success_bench", [])?;
        Ok(())
    }

    fn run(&mut self, way: Way, work: Work, times: u32) -> serve::Result {
        let run = match (way, work) {
            (Way::ByHand, Work::One) => one_by_hand,
            (Way::ByHand, Work::Nested) => nested_by_hand,
            (Way::ByHand, Work::Thousand) => thousand_by_hand,
            (Way::Package, Work::One) => one,
            (Way::Package, Work::Nested) => nested,
            (Way::Package, Work::Thousand) => thousand,
        };
        Ok((0..times).try_for_each(|_| run(&mut self.0))?)
    }

    fn rows(&mut self) -> serve::Result<i64> {
        let count = "SELECT count(*) FROM commit_on_success_bench";
        Ok(self.0.query_row(count, [], |row| row.get(0))?)
    }
}

fn one_by_hand(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction()?;
    insert(&transaction)?;
    transaction.commit()?;
    call(1);
    Ok(())
}

fn nested_by_hand(connection: &mut Connection) -> Result<()> {
    let mut transaction = connection.transaction()?;
    insert(&transaction)?;
    let savepoint = transaction.savepoint()?;
    insert(&savepoint)?;
    savepoint.commit()?;
    transaction.commit()?;
    call(1);
    call(2);
    Ok(())
}

fn thousand_by_hand(connection: &mut Connection) -> Result<()> {
    let mut calls: Vec<Box<dyn FnOnce()>> = Vec::new();
    let transaction = connection.transaction()?;
    insert(&transaction)?;
    for number in 0..Work::Thousand.calls() {
        calls.push(Box::new(move || call(number)));
    }
    transaction.commit()?;
    for call in calls {
        call();
    }
    Ok(())
}

#[commit_on_success]
fn one(connection: &mut Connection) -> Result<()> {
    insert(connection)?;
    defer!(call(1));
    Ok(())
}

#[commit_on_success]
fn nested(connection: &mut Connection) -> Result<()> {
    insert(connection)?;
    defer!(call(1));
    one(connection)
}

#[commit_on_success]
fn thousand(connection: &mut Connection) -> Result<()> {
    insert(connection)?;
    for number in 0..Work::Thousand.calls() {
        defer!(call(number));
    }
    Ok(())
}

fn insert(connection: &Connection) -> Result<()> {
    let insert = "INSERT INTO commit_on_success_bench (title) VALUES (?1)";
    connection.prepare_cached(insert)?.execute([TITLE])?;
    Ok(())
}
