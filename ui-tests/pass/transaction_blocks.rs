//! `transaction!`, sync and async, on every kind of source.
#![deny(warnings)]

use commit_on_success::{defer, transaction};
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError, Pool, block_on};

fn index(_id: i64) {}

fn sync(conn: &mut Connection, ids: &[i64]) -> Result<usize, DbError> {
    let mut renamed = 0;
    let first: Result<(), DbError> = transaction!(tx = &mut *conn => {
        for id in ids {
            renamed += tx.execute(&format!("UPDATE {id}"))?;
            defer!(index(*id));
        }
        Ok(())
    });
    first?;
    transaction!(conn => {
        if renamed == 0 {
            return Ok(0);
        }
        let inner: Result<usize, DbError> = transaction!(tx = conn => { tx.execute("FAIL") });
        inner.or(Ok(renamed))
    })
}

async fn asynchronous(pool: &AsyncPool) -> Result<usize, DbError> {
    let title = String::from("UPDATE");
    let renamed = transaction!(tx = pool => {
        let renamed = tx.execute(&title).await?;
        Ok::<_, DbError>(renamed)
    })?;
    let forced: Result<usize, DbError> = transaction!(async tx = pool => {
        Ok(renamed)
    });
    drop(title);
    forced
}

fn main() {
    let mut conn = Connection::default();
    assert_eq!(sync(&mut conn, &[1, 2]).unwrap(), 2);
    assert_eq!(
        conn.log().text(),
        "BEGIN; UPDATE 1; UPDATE 2; COMMIT; BEGIN; SAVEPOINT; FAIL; ROLLBACK TO; COMMIT"
    );

    let pool = AsyncPool::default();
    assert_eq!(block_on(asynchronous(&pool)).unwrap(), 1);
    assert_eq!(pool.log().text(), "BEGIN; UPDATE; COMMIT; BEGIN; COMMIT");

    let pool = Pool::default();
    let renamed: Result<usize, DbError> =
        transaction!(tx = pool.get().unwrap() => { tx.execute("UPDATE") });
    assert_eq!(renamed.unwrap(), 1);
}
