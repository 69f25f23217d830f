//! Pools of deadpool.

use std::time::Duration;

use deadpool::Runtime;
use diesel_async::pooled_connection::deadpool as pools;

use crate::dialect::Connection;
use crate::driver::Manager;

pub(crate) type Pool = pools::Pool<Connection>;
pub(crate) type Pooled = pools::Object<Connection>;
/// A connection from a pool that is only borrowed.
pub(crate) type PooledFor<'p> = Pooled;

#[expect(clippy::unused_async, reason = "other pools begin with a connection")]
pub(crate) async fn pool(manager: Manager, size: u32) -> Pool {
    Pool::builder(manager)
        .max_size(size.try_into().unwrap())
        .wait_timeout(Some(Duration::from_secs(20)))
        .runtime(Runtime::Tokio1)
        .build()
        .unwrap()
}

#[expect(clippy::unused_async, reason = "other pools begin with a connection")]
pub(crate) async fn empty_pool(manager: Manager) -> Pool {
    Pool::builder(manager).max_size(1).build().unwrap()
}

pub(crate) async fn take(pool: &Pool) -> Pooled {
    pool.get().await.unwrap()
}
