//! `#[async_trait]` has rewritten the method before the attribute sees it.
#![deny(warnings)]

use async_trait::async_trait;
use commit_on_success::{commit_on_success, defer};
use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, DbError, block_on};

#[async_trait]
trait Titles: Sync {
    async fn rename(&self, conn: &mut AsyncConnection, id: i64) -> Result<usize, DbError>;

    #[commit_on_success(tx = self.pool())]
    async fn rename_all(&self) -> Result<usize, DbError> {
        self.rename(tx, 1).await
    }

    fn pool(&self) -> &AsyncPool;
}

struct Objects {
    pool: AsyncPool,
}

#[async_trait]
impl Titles for Objects {
    #[commit_on_success]
    async fn rename(&self, conn: &mut AsyncConnection, id: i64) -> Result<usize, DbError> {
        defer!(index(id).await);
        conn.execute("UPDATE").await
    }

    fn pool(&self) -> &AsyncPool {
        &self.pool
    }
}

async fn index(id: i64) {
    assert_eq!(id, 1);
}

fn main() {
    let pool = AsyncPool::default();
    let objects: Box<dyn Titles> = Box::new(Objects { pool: pool.clone() });
    block_on(objects.rename_all()).unwrap();
    assert_eq!(
        pool.log().text(),
        "BEGIN; SAVEPOINT; UPDATE; RELEASE; COMMIT"
    );
}
