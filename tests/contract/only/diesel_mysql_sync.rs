//! A connection to MariaDB that is lent to another thread, which does not know of the blocks around it.

use std::thread;

use commit_on_success::commit_on_success;

use crate::driver::{self, Connection};
use crate::support::Failure;

#[commit_on_success]
fn store(conn: &mut Connection, id: i64) -> Result<(), Failure> {
    driver::insert(conn, id)?;
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success]
fn on_the_other_side(conn: &mut Connection) -> Result<(), Failure> {
    store(conn, 3)?;
    store(conn, 4).unwrap_err();
    store(conn, 5)
}

/// MariaDB forgets a savepoint when another one takes its name.
#[crate::driver::test]
fn blocks_on_a_thread_that_was_lent_the_connection_take_no_savepoint_from_those_around_them() {
    #[commit_on_success]
    fn lends(conn: &mut Connection, fails: bool) -> Result<(), Failure> {
        driver::insert(conn, 7)?;
        thread::scope(|scope| scope.spawn(|| on_the_other_side(conn)).join().unwrap())?;
        if fails {
            Err(Failure::body("undone"))
        } else {
            Ok(())
        }
    }

    #[commit_on_success]
    fn outer(conn: &mut Connection) -> Result<(), Failure> {
        store(conn, 1)?;
        lends(conn, true).unwrap_err().into_body();
        assert_eq!(driver::rows(conn)?, [1]);
        lends(conn, false)?;
        assert_eq!(driver::depth(conn), Some(1));
        store(conn, 9)
    }

    let db = driver::open();
    let mut conn = db.connect();
    outer(&mut conn).unwrap();
    assert_eq!(driver::depth(&mut conn), None);
    assert_eq!(db.committed(), [1, 3, 5, 7, 9]);
}
