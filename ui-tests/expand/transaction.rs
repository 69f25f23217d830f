use commit_on_success::transaction;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError};

fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    transaction!(tx = &mut *conn => {
        tx.execute("UPDATE")
    })
}

async fn rename_async(pool: &AsyncPool) -> Result<usize, DbError> {
    transaction!(tx = pool => {
        tx.execute("UPDATE").await
    })
}
