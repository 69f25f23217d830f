//! Pools of bb8.

use std::time::Duration;

use diesel_async::pooled_connection::bb8 as pools;

use crate::dialect::Connection;
use crate::driver::Manager;

pub(crate) type Pool = pools::Pool<Connection>;
pub(crate) type Pooled = PooledFor<'static>;
/// A connection from a pool that is only borrowed.
pub(crate) type PooledFor<'p> = pools::PooledConnection<'p, Connection>;

pub(crate) async fn pool(manager: Manager, size: u32) -> Pool {
    Pool::builder()
        .max_size(size)
        .connection_timeout(Duration::from_secs(20))
        .build(manager)
        .await
        .unwrap()
}

#[expect(clippy::unused_async, reason = "other pools have nothing to wait for")]
pub(crate) async fn empty_pool(manager: Manager) -> Pool {
    Pool::builder()
        .max_size(1)
        .connection_timeout(Duration::from_millis(20))
        .build_unchecked(manager)
}

pub(crate) async fn take(pool: &Pool) -> Pooled {
    pool.get_owned().await.unwrap()
}
