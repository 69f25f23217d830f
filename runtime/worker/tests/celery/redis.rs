//! Redis as somebody else sees it.

use redis::aio::MultiplexedConnection;

pub(crate) async fn other(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}
