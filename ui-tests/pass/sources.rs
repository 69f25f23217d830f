//! Any expression is a source.
#![deny(warnings)]

use std::sync::{Mutex, MutexGuard};

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, Connection, DbError, Pool, block_on};

struct Owner {
    conn: Connection,
    cache: Vec<usize>,
}

impl Owner {
    #[commit_on_success(tx = &mut self.conn)]
    fn rename(&mut self, title: String) -> Result<usize, DbError> {
        self.cache.push(tx.execute(&title)?);
        drop(title);
        Ok(self.cache.len())
    }
}

struct Borrower<'c> {
    conn: &'c mut Connection,
    cache: Vec<usize>,
}

impl Borrower<'_> {
    #[commit_on_success(tx = self.conn)]
    fn rename(&mut self) -> Result<usize, DbError> {
        self.cache.push(tx.execute("UPDATE")?);
        Ok(self.cache.len())
    }
}

struct AsyncBorrower<'c> {
    conn: &'c mut AsyncConnection,
    cache: Vec<usize>,
}

impl AsyncBorrower<'_> {
    #[commit_on_success(tx = self.conn)]
    async fn rename(&mut self, title: String) -> Result<usize, DbError> {
        self.cache.push(tx.execute(&title).await?);
        drop(title);
        Ok(self.cache.len())
    }
}

struct Service {
    pool: AsyncPool,
    tables: Mutex<Connection>,
}

impl Service {
    #[commit_on_success(tx = &self.pool)]
    async fn rename(&self) -> Result<usize, DbError> {
        tx.execute("UPDATE").await
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.tables.lock().unwrap()
    }

    #[commit_on_success(tx = &mut *self.lock())]
    fn rename_table(&self) -> Result<usize, DbError> {
        tx.execute("ALTER")
    }
}

#[commit_on_success(tx = pool.get()?)]
fn by_value(pool: &Pool) -> Result<usize, DbError> {
    tx.execute("UPDATE")
}

#[commit_on_success(tx = &mut pool.get()?)]
fn by_reference(pool: &Pool) -> Result<usize, DbError> {
    tx.execute("UPDATE")
}

#[commit_on_success(tx = pool)]
async fn from_pool(pool: &AsyncPool) -> Result<usize, DbError> {
    tx.execute("UPDATE").await
}

#[commit_on_success(tx = opened(id).await?)]
async fn awaited(id: i64) -> Result<i64, DbError> {
    tx.execute("UPDATE").await?;
    Ok(id)
}

async fn opened(_id: i64) -> Result<&'static mut AsyncConnection, DbError> {
    Ok(Box::leak(Box::default()))
}

fn main() {
    let (conn, cache) = (Connection::default(), Vec::new());
    let mut owner = Owner { conn, cache };
    assert_eq!(owner.rename(String::from("UPDATE")).unwrap(), 1);
    assert_eq!(owner.conn.log().text(), "BEGIN; UPDATE; COMMIT");

    let (conn, cache) = (&mut Connection::default(), Vec::new());
    assert_eq!(Borrower { conn, cache }.rename().unwrap(), 1);

    let (conn, cache) = (&mut AsyncConnection::default(), Vec::new());
    let renamed = block_on(AsyncBorrower { conn, cache }.rename(String::from("UPDATE")));
    assert_eq!(renamed.unwrap(), 1);

    let pool = AsyncPool::default();
    let tables = Mutex::default();
    let service = Service { pool, tables };
    block_on(service.rename()).unwrap();
    service.rename_table().unwrap();
    assert_eq!(service.pool.log().text(), "BEGIN; UPDATE; COMMIT");
    assert_eq!(service.lock().log().text(), "BEGIN; ALTER; COMMIT");

    let pool = Pool::default();
    by_value(&pool).unwrap();
    by_reference(&pool).unwrap();
    assert_eq!(
        pool.log().text(),
        "BEGIN; UPDATE; COMMIT; BEGIN; UPDATE; COMMIT"
    );
    block_on(from_pool(&AsyncPool::default())).unwrap();
    assert_eq!(block_on(awaited(7)).unwrap(), 7);
}
