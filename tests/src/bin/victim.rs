//! Stores pairs of rows, one transaction after the other, until it is killed.

use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use commit_on_success::{Event, Observer, add_observer, events};
use commit_on_success_tests::journal::Failure;
use commit_on_success_tests::victims::{
    Diary, Fate, Orders, Point, Store, announce, halt_at, pass,
};

fn main() -> Result<(), Box<dyn StdError>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let orders = Orders::from_args(&args)?;
    halt_at(orders.halt);
    add_observer(Halting);
    let diary = Diary::open(&orders.calls)?;
    match orders.store {
        Store::Wal | Store::Journal => sqlite::run(&orders, &diary),
        Store::Postgres => postgres::run(&orders, &diary),
    }
}

/// Stops between the steps of the toolkit.
struct Halting;

impl Observer for Halting {
    fn begun(&self, event: &Event) {
        if event.nesting == 0 {
            pass(Point::Begun);
        }
    }

    fn committed(&self, _: &Event) {
        pass(Point::Committed);
    }

    fn released(&self, _: &Event) {
        pass(Point::Released);
    }

    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let event = event.transaction;
        if event.nesting == 0 {
            pass(Point::RolledBack);
        }
    }
}

/// How the body of the outer block ends.
fn end(number: i64) -> Result<(), Failure> {
    pass(Point::BodyDone);
    match Fate::of(number) {
        Fate::Whole | Fate::InnerFails => Ok(()),
        Fate::Fails => Err(Failure::Body("it fails")),
        // Without a message on standard error.
        Fate::Panics => resume_unwind(Box::new("it panics")),
    }
}

fn end_inner(number: i64) -> Result<(), Failure> {
    match Fate::of(number) {
        Fate::InnerFails => Err(Failure::Body("the inner block fails")),
        _ => Ok(()),
    }
}

/// What is left of the inner block's result for the outer one.
fn caught(number: i64, result: Result<(), Failure>) -> Result<(), Failure> {
    match result {
        Err(Failure::Body(_)) if Fate::of(number) == Fate::InnerFails => Ok(()),
        other => other,
    }
}

/// Whether the function ended as it should have.
fn judge(number: i64, ended: std::thread::Result<Result<(), Failure>>) -> Result<(), Failure> {
    pass(Point::Returned);
    match (Fate::of(number), ended) {
        (Fate::Whole | Fate::InnerFails, Ok(Ok(())))
        | (Fate::Fails, Ok(Err(Failure::Body(_))))
        | (Fate::Panics, Err(_)) => Ok(()),
        (fate, Ok(ended)) => {
            ended?;
            unreachable!("number {number} is to end as {fate:?}")
        }
        (_, Err(payload)) => resume_unwind(payload),
    }
}

mod sqlite {
    use commit_on_success::{commit_on_success, defer};
    use rusqlite::Connection;

    use super::{
        AssertUnwindSafe, Diary, Failure, Orders, StdError, announce, catch_unwind, caught, end,
        end_inner, judge,
    };

    pub(super) fn run(orders: &Orders, diary: &Diary) -> Result<(), Box<dyn StdError>> {
        let mut connection = Connection::open(&orders.address)?;
        for number in orders.first..=orders.last {
            announce(number);
            let stored = catch_unwind(AssertUnwindSafe(|| outer(&mut connection, diary, number)));
            judge(number, stored)?;
        }
        Ok(())
    }

    #[commit_on_success]
    fn outer(connection: &mut Connection, diary: &Diary, number: i64) -> Result<(), Failure> {
        insert(connection, number, 1)?;
        defer!(diary.clone().call(number, 1));
        caught(number, inner(connection, diary, number))?;
        end(number)
    }

    #[commit_on_success]
    fn inner(connection: &mut Connection, diary: &Diary, number: i64) -> Result<(), Failure> {
        insert(connection, number, 2)?;
        defer!(diary.clone().call(number, 2));
        end_inner(number)
    }

    fn insert(connection: &Connection, number: i64, half: i64) -> rusqlite::Result<()> {
        let mut insert = connection.prepare_cached("INSERT INTO pair VALUES (?1, ?2)")?;
        insert.execute([number, half])?;
        Ok(())
    }
}

mod postgres {
    use commit_on_success::{commit_on_success, defer};
    use commit_on_success_tests::servers;
    use commit_on_success_tests::victims::lock_of;
    use futures_util::FutureExt as _;
    use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
    use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

    use super::{
        AssertUnwindSafe, Diary, Failure, Orders, StdError, announce, caught, end, end_inner, judge,
    };

    #[tokio::main(flavor = "current_thread")]
    pub(super) async fn run(orders: &Orders, diary: &Diary) -> Result<(), Box<dyn StdError>> {
        let url = servers::postgres();
        let server: PgConnectOptions = url.parse()?;
        let lock = format!("SELECT pg_advisory_lock({})", lock_of(&orders.address));
        let pool = PgPoolOptions::new().max_connections(1);
        // Waits for what the server still does for the victim before this one.
        let pool = pool.after_connect(move |connection, _| {
            let lock = AssertSqlSafe(lock.clone());
            Box::pin(async move { connection.execute(lock).await.map(drop) })
        });
        let address = server.options([("search_path", &orders.address)]);
        let pool = pool.connect_with(address).await?;
        for number in orders.first..=orders.last {
            announce(number);
            let stored = AssertUnwindSafe(outer(&pool, diary, number)).catch_unwind();
            judge(number, stored.await)?;
        }
        Ok(())
    }

    #[commit_on_success(tx = pool)]
    async fn outer(pool: &PgPool, diary: &Diary, number: i64) -> Result<(), Failure> {
        insert(tx, number, 1).await?;
        defer!(diary.clone().call(number, 1));
        caught(number, inner(tx, diary, number).await)?;
        end(number)
    }

    #[commit_on_success]
    async fn inner(
        connection: &mut PgConnection,
        diary: &Diary,
        number: i64,
    ) -> Result<(), Failure> {
        insert(connection, number, 2).await?;
        let diary = diary.clone();
        defer!(async move { diary.call(number, 2) });
        end_inner(number)
    }

    async fn insert(connection: &mut PgConnection, number: i64, half: i64) -> sqlx::Result<()> {
        let insert = sqlx::query("INSERT INTO pair VALUES ($1, $2)");
        insert.bind(number).bind(half).execute(connection).await?;
        Ok(())
    }
}
