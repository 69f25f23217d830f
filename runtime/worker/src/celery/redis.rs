//! Tasks published to Redis, or another server that speaks its protocol.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::broker::sealed;
use super::message::{CONTENT_ENCODING, CONTENT_TYPE, Message, PERSISTENT, PRIORITY};
use super::task::Call;
use super::{Error, Task};

/// The time after which a server that does not answer is taken to be away.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Redis, or another server that speaks its protocol, as what Celery has its tasks from.
///
/// A task is put on the list that is its queue, and its job is done when the server says so. What a server that crashes has then not
/// yet written to its disk is lost, which `appendfsync always` prevents.
#[derive(Clone)]
pub struct Redis(Arc<Server>);

struct Server {
    client: Client,
    /// The connection, once one was made.
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of the user, whose password is next to it.
        let address = self.0.client.get_connection_info().addr();
        formatter
            .debug_struct("Redis")
            .field("address", &format_args!("{address}"))
            .finish_non_exhaustive()
    }
}

impl Redis {
    /// The server at a URL as Celery has it: `redis://:password@host:port/database`.
    ///
    /// It is connected to when the first task is published, and again after it was away: a program starts without its broker.
    ///
    /// `rediss://` needs one of the features of the crate `redis` 1 for it, `tokio-rustls-comp` or `tokio-native-tls-comp`.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] where it is not one.
    ///
    /// ```
    /// use commit_on_success_worker::celery;
    ///
    /// let broker = celery::Redis::open("redis://localhost:6379/0")?;
    /// # let _ = broker;
    /// # Ok::<_, celery::Error>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, Error> {
        let client = Client::open(url).map_err(|error| Error::Url {
            reason: error.to_string(),
        })?;
        Ok(Self(Arc::new(Server {
            client,
            connection: Mutex::new(None),
        })))
    }
}

impl sealed::Broker for Redis {
    async fn publish(&self, task: Task) -> Result<(), Error> {
        let call = &task.into_call()?;
        let envelope = envelope(call, Message::of(call)?).to_string();
        let pushed = self.0.push(&call.queue, &envelope).await;
        pushed.map_err(|source| Error::Broker {
            queue: call.queue.clone(),
            source: source.into(),
        })
    }
}

impl Server {
    async fn push(&self, queue: &str, envelope: &str) -> RedisResult<()> {
        let mut connection = self.connection().await?;
        let mut push = redis::cmd("LPUSH");
        let pushed = push
            .arg(queue)
            .arg(envelope)
            .exec_async(&mut connection)
            .await;
        if let Err(error) = &pushed
            && (error.is_io_error() || error.is_unrecoverable_error())
        {
            // The next one has another.
            *self.connection.lock().await = None;
        }
        pushed
    }

    /// The connection that is there, or another one where it has ended.
    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let mut current = self.connection.lock().await;
        if let Some(connection) = &*current {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        *current = Some(connection.clone());
        Ok(connection)
    }
}

/// What kombu, by which Celery speaks to its brokers, makes of a message where there is no AMQP.
fn envelope(call: &Call, message: Message) -> Value {
    let Message {
        headers,
        body,
        expiration,
    } = message;
    let mut envelope = json!({
        "body": STANDARD.encode(body),
        "content-encoding": CONTENT_ENCODING,
        "content-type": CONTENT_TYPE,
        "headers": headers,
        "properties": {
            "correlation_id": call.id,
            "reply_to": "",
            "delivery_mode": PERSISTENT,
            "delivery_info": { "exchange": "", "routing_key": call.queue },
            "priority": PRIORITY,
            "body_encoding": "base64",
            // Of this message and not of its task: workers keep by it what they have not yet acknowledged.
            "delivery_tag": Uuid::new_v4(),
        },
    });
    if let Some(expiration) = expiration {
        envelope["properties"]["expiration"] = expiration.into();
    }
    envelope
}
