//! Several databases behind one type: `#[derive(MultiConnection)]`.

use commit_on_success::{Error, ErrorKind, commit_on_success, defer};
use diesel::SqliteConnection;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use self::any::AnyConnection;
use crate::driver::{self, Connection, DriverError, item};
use crate::support::{Failure, Journal};

mod any {
    use diesel::{MultiConnection, PgConnection, SqliteConnection};

    /// An application that runs on either.
    #[derive(MultiConnection)]
    pub(super) enum AnyConnection {
        Postgres(PgConnection),
        Sqlite(SqliteConnection),
    }
}

impl AnyConnection {
    /// One of each, with an empty table.
    fn each(db: &driver::Database) -> [Self; 2] {
        let mut sqlite = <SqliteConnection as diesel::Connection>::establish(":memory:").unwrap();
        sqlite
            .batch_execute("CREATE TABLE item (id BIGINT PRIMARY KEY)")
            .unwrap();
        [Self::Postgres(db.connect()), Self::Sqlite(sqlite)]
    }

    fn rows(&mut self) -> Vec<i64> {
        item::table
            .select(item::id)
            .order(item::id)
            .load(self)
            .unwrap()
    }
}

#[commit_on_success]
fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id)?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[commit_on_success]
fn store_any(conn: &mut AnyConnection, id: i64, journal: &Journal) -> Result<(), Failure> {
    diesel::insert_into(item::table)
        .values(item::id.eq(id))
        .execute(conn)?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[crate::driver::test]
fn several_databases_behind_one_type_commit_roll_back_and_nest() {
    #[commit_on_success]
    fn outer(conn: &mut AnyConnection, journal: &Journal) -> Result<(), Failure> {
        store_any(conn, 1, journal)?;
        store_any(conn, 2, journal).unwrap_err();
        // The connection inside is the same.
        if let AnyConnection::Postgres(conn) = conn {
            store(conn, 3, journal)?;
        }
        assert!(journal.entries().is_empty());
        Ok(())
    }

    let db = driver::open();
    for mut conn in AnyConnection::each(&db) {
        let journal = Journal::default();
        outer(&mut conn, &journal).unwrap();
        store_any(&mut conn, 4, &journal).unwrap_err();
        store_any(&mut conn, 5, &journal).unwrap();
        let postgres = matches!(conn, AnyConnection::Postgres(_));
        let expected: &[i64] = if postgres { &[1, 3, 5] } else { &[1, 5] };
        assert_eq!(conn.rows(), expected);
        assert_eq!(journal.entries().len(), expected.len());
    }
    assert_eq!(db.committed(), [1, 3, 5]);
}

#[crate::driver::test]
fn several_databases_behind_one_type_never_commit_what_has_failed_or_ended() {
    #[commit_on_success]
    fn swallows(conn: &mut AnyConnection, journal: &Journal) -> Result<(), Failure> {
        store_any(conn, 1, journal)?;
        conn.batch_execute("INSERT INTO item VALUES (1)")
            .unwrap_err();
        Ok(())
    }

    #[commit_on_success]
    fn ends(conn: &mut AnyConnection, journal: &Journal) -> Result<(), Failure> {
        store_any(conn, 3, journal)?;
        conn.batch_execute("ROLLBACK")?;
        Ok(())
    }

    let db = driver::open();
    for mut conn in AnyConnection::each(&db) {
        let journal = Journal::default();
        let done = swallows(&mut conn, &journal);
        if matches!(conn, AnyConnection::Postgres(_)) {
            let error = done.unwrap_err().into_transaction();
            assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
            assert!(conn.rows().is_empty());
        } else {
            done.unwrap();
            assert_eq!(conn.rows(), [1]);
        }
        let error = ends(&mut conn, &journal).unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        store_any(&mut conn, 5, &journal).unwrap();
    }
}

#[crate::driver::test]
fn several_databases_behind_one_type_refuse_a_commit() {
    #[commit_on_success]
    fn orphan(conn: &mut AnyConnection) -> Result<(), DriverError> {
        conn.batch_execute("INSERT INTO child (item) VALUES (42)")
    }

    let db = driver::open();
    let mut conn = AnyConnection::Postgres(db.connect());
    let error = orphan(&mut conn).unwrap_err();
    assert!(Error::find(&error).is_none(), "{error:?}");
    assert!(error.to_string().contains("foreign key"), "{error}");
    store_any(&mut conn, 1, &Journal::default()).unwrap();
    assert_eq!(db.committed(), [1]);
}

mod limits {
    use commit_on_success::{ErrorKind, Outcome, commit_on_success};
    use diesel::prelude::*;

    use super::{AnyConnection, store_any};
    use crate::driver;
    use crate::support::{Failure, Journal};

    #[crate::driver::test]
    fn several_databases_behind_one_type_have_no_options() {
        #[commit_on_success(conn, isolation = serializable)]
        fn isolated(conn: &mut AnyConnection) -> Result<(), Failure> {
            let _ = conn;
            unreachable!("it is refused")
        }

        let db = driver::open();
        for mut conn in AnyConnection::each(&db) {
            let error = isolated(&mut conn).unwrap_err().into_transaction();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
            assert!(error.to_string().contains("`isolation`"), "{error}");
            assert_eq!(error.outcome(), Outcome::RolledBack);
            store_any(&mut conn, 1, &Journal::default()).unwrap();
        }
    }

    /// SQLite has ended the transaction by itself, and what followed was stored alone, but diesel has not seen it.
    #[crate::driver::test]
    fn of_several_databases_behind_one_type_a_nested_block_may_commit_alone() {
        #[commit_on_success]
        fn outer(conn: &mut AnyConnection, journal: &Journal) -> Result<(), Failure> {
            store_any(conn, 1, journal)?;
            let conflict = diesel::sql_query("INSERT OR ROLLBACK INTO item VALUES (1)");
            conflict.execute(conn).unwrap_err();
            store_any(conn, 3, journal)
        }

        let db = driver::open();
        let [_, mut conn] = AnyConnection::each(&db);
        let journal = Journal::default();
        let error = outer(&mut conn, &journal).unwrap_err().into_transaction();
        assert_ne!(error.outcome(), Outcome::Committed);
        assert!(journal.entries().is_empty());
        assert_eq!(conn.rows(), [3]);
    }
}
