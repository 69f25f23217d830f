//! Functions that come out of a `macro_rules`.
#![deny(warnings)]

use commit_on_success::{commit_on_success, defer, transaction};
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError, Pool, block_on};

macro_rules! renamer {
    ($name:ident, $conn:ident: $source:ty => $output:ty $body:block) => {
        #[commit_on_success]
        fn $name($conn: $source) -> $output $body
    };
    ($name:ident on $pool:expr, $tx:ident => $output:ty $body:block) => {
        #[commit_on_success($tx = $pool)]
        fn $name() -> $output $body
    };
    (async $name:ident($pool:ident), $tx:ident => $output:ty $body:block) => {
        #[commit_on_success($tx = $pool)]
        async fn $name($pool: &AsyncPool) -> $output $body
    };
    (hidden $name:ident) => {
        #[commit_on_success]
        fn $name(conn: &mut Connection, id: i64) -> Result<i64, DbError> {
            conn.execute("UPDATE")?;
            defer!(index(id));
            Ok(id)
        }
    };
}

macro_rules! later {
    ($call:expr) => {
        defer!($call)
    };
}

macro_rules! within {
    ($conn:expr, $tx:ident, $body:block) => {
        transaction!($tx = $conn => $body)
    };
}

fn index(id: i64) {
    assert_eq!(id, 1);
}

renamer!(rename, conn: &mut Connection => Result<usize, DbError> { conn.execute("UPDATE") });
renamer!(rename_pooled on POOL.get()?, tx => Result<usize, DbError> { tx.execute("UPDATE") });
renamer!(async rename_async(pool), tx => Result<usize, DbError> { tx.execute("UPDATE").await });
renamer!(hidden rename_hidden);

static POOL: std::sync::LazyLock<Pool> = std::sync::LazyLock::new(Pool::default);

fn main() {
    let mut conn = Connection::default();
    rename(&mut conn).unwrap();
    rename_pooled().unwrap();
    rename_hidden(&mut conn, 1).unwrap();
    block_on(rename_async(&AsyncPool::default())).unwrap();
    let renamed: Result<usize, DbError> = within!(&mut conn, tx, {
        later!(index(1));
        tx.execute("UPDATE")
    });
    renamed.unwrap();
}
