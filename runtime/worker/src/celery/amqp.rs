//! Tasks published to RabbitMQ, or another broker that speaks AMQP 0-9-1.

use std::collections::HashSet;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ErrorKind};
use serde_json::{Map, Value};
use tokio::task::AbortHandle;

use super::broker::sealed;
use super::message::{CONTENT_ENCODING, CONTENT_TYPE, Message, PERSISTENT, PRIORITY};
use super::task::Call;
use super::{Error, Task};

/// The milliseconds after which a broker that does not answer is taken to be away.
const CONNECTION_TIMEOUT: u64 = 10_000;

/// RabbitMQ, or another broker that speaks AMQP 0-9-1, as what Celery has its tasks from.
///
/// A task is published by the default exchange to its queue, as persistent, and its job is done when the broker has confirmed it. A queue that is
/// there is left as it is, of whichever kind; one that is not is declared as Celery does it by default: durable, and classic.
#[derive(Clone)]
pub struct Amqp(Arc<Broker>);

struct Broker {
    uri: AMQPUri,
    /// The connection, once one was made.
    link: tokio::sync::Mutex<Option<Arc<Link>>>,
}

/// One connection, with what holds as long as it does.
struct Link {
    connection: Connection,
    /// A task that ends with its runtime only. A connection whose runtime has ended says that it is connected, and never answers.
    runtime: AbortHandle,
    /// Channels that wait for no confirmation. Each has one message at a time: a broker does not say which of several messages it returns.
    idle: Mutex<Vec<Channel>>,
    /// Queues that were found to be there.
    queues: Mutex<HashSet<String>>,
}

impl fmt::Debug for Amqp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of the user, whose password is next to it.
        let authority = &self.0.uri.authority;
        formatter
            .debug_struct("Amqp")
            .field("host", &authority.host)
            .field("port", &authority.port)
            .field("vhost", &self.0.uri.vhost)
            .finish_non_exhaustive()
    }
}

impl Amqp {
    /// The broker at a URL as Celery has it: `amqp://user:password@host:port/vhost`.
    ///
    /// It is connected to when the first task is published, and again after it was away: a program starts without its broker.
    ///
    /// `amqps://` is refused: the client is built without TLS here, and would go on in plain text.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] where it is not one.
    ///
    /// ```
    /// use commit_on_success_worker::celery;
    ///
    /// let broker = celery::Amqp::open("amqp://guest:guest@localhost:5672//")?;
    /// # let _ = broker;
    /// # Ok::<_, celery::Error>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, Error> {
        // Celery's name for one of its two clients.
        let plain = url.strip_prefix("py").unwrap_or(url);
        let mut uri: AMQPUri = plain.parse().map_err(|reason: String| Error::Url {
            // A URL has a password in it.
            reason: reason.replace(plain, "…"),
        })?;
        // The client takes this for `amqp` where it has no TLS, and sends the password all the same.
        if uri.scheme == AMQPScheme::AMQPS {
            return Err(Error::Url {
                reason: "`amqps` is not there, and it would not be encrypted".to_owned(),
            });
        }
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        uri.query
            .connection_timeout
            .get_or_insert(CONNECTION_TIMEOUT);
        Ok(Self(Arc::new(Broker {
            uri,
            link: tokio::sync::Mutex::new(None),
        })))
    }
}

impl sealed::Broker for Amqp {
    async fn publish(&self, task: Task) -> Result<(), Error> {
        let call = &task.into_call()?;
        let of_queue = |source: lapin::Error| Error::Broker {
            queue: call.queue.clone(),
            source: source.into(),
        };
        let message = Message::of(call)?;
        let link = self.0.link().await.map_err(of_queue)?;
        let channel = link.channel_to(&call.queue).await.map_err(of_queue)?;
        let confirmed = send(&channel, call, message).await.map_err(of_queue)?;
        link.is_idle(channel);
        match confirmed {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)) => {
                // It is gone, and the next attempt declares it.
                locked(&link.queues).remove(&call.queue);
                Err(Error::Returned {
                    queue: call.queue.clone(),
                    reason: returned.reply_text.to_string(),
                })
            }
            Confirmation::Nack(None) => Err(Error::Refused {
                queue: call.queue.clone(),
            }),
            Confirmation::NotRequested => unreachable!("each channel confirms"),
        }
    }
}

impl Broker {
    /// The connection that is there, or another one where it has ended.
    async fn link(&self) -> lapin::Result<Arc<Link>> {
        let mut current = self.link.lock().await;
        if let Some(link) = &*current
            && link.is_alive()
        {
            return Ok(Arc::clone(link));
        }
        // Nothing is to hold on to a connection that has ended while another is made.
        *current = None;
        let properties = ConnectionProperties::default();
        let connection = Connection::connect_uri(self.uri.clone(), properties).await?;
        let link = Arc::new(Link {
            connection,
            runtime: tokio::spawn(pending::<()>()).abort_handle(),
            idle: Mutex::default(),
            queues: Mutex::default(),
        });
        *current = Some(Arc::clone(&link));
        Ok(link)
    }
}

impl Link {
    fn is_alive(&self) -> bool {
        self.connection.status().connected() && !self.runtime.is_finished()
    }

    /// A channel that confirms what is published to a queue, which is there.
    async fn channel_to(&self, queue: &str) -> lapin::Result<Channel> {
        if locked(&self.queues).contains(queue) {
            return self.channel().await;
        }
        let found = self
            .declare(queue, QueueDeclareOptions::durable().passive())
            .await;
        let channel = match found {
            // Only now, as declaring a queue of another kind (quorum, with priorities) is an error.
            Err(error) if is_not_found(&error) => {
                self.declare(queue, QueueDeclareOptions::durable()).await?
            }
            found => found?,
        };
        locked(&self.queues).insert(queue.to_owned());
        Ok(channel)
    }

    /// A broker closes the channel, and not the connection, where it refuses.
    async fn declare(&self, queue: &str, options: QueueDeclareOptions) -> lapin::Result<Channel> {
        let channel = self.channel().await?;
        channel
            .queue_declare(queue.into(), options, FieldTable::default())
            .await?;
        Ok(channel)
    }

    async fn channel(&self) -> lapin::Result<Channel> {
        let idle = locked(&self.idle).pop();
        if let Some(channel) = idle.filter(|channel| channel.status().connected()) {
            return Ok(channel);
        }
        let channel = self.connection.create_channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        Ok(channel)
    }

    fn is_idle(&self, channel: Channel) {
        locked(&self.idle).push(channel);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.runtime.abort();
    }
}

/// Publishes one message on a channel, and returns what the broker says to it.
async fn send(channel: &Channel, call: &Call, message: Message) -> lapin::Result<Confirmation> {
    let Message {
        headers,
        body,
        expiration,
    } = message;
    let properties = BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_content_encoding(CONTENT_ENCODING.into())
        .with_headers(table(headers))
        .with_delivery_mode(PERSISTENT)
        .with_priority(PRIORITY)
        .with_correlation_id(call.id.to_string().into())
        .with_reply_to("".into());
    let properties = match expiration {
        Some(expiration) => properties.with_expiration(expiration.into()),
        None => properties,
    };
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let queue = call.queue.as_str().into();
    let published = channel.basic_publish("".into(), queue, options, &body, properties);
    published.await?.await
}

fn is_not_found(error: &lapin::Error) -> bool {
    let ErrorKind::ProtocolError(error) = error.kind() else {
        return false;
    };
    *error.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND)
}

fn table(headers: Map<String, Value>) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, header) in headers {
        table.insert(name.into(), value(header));
    }
    table
}

/// A header in the types that Celery's own client gives it.
fn value(header: Value) -> AMQPValue {
    match header {
        Value::Null => AMQPValue::Void,
        Value::Bool(bool) => AMQPValue::Boolean(bool),
        Value::Number(number) => AMQPValue::LongLongInt(number.as_i64().unwrap_or_default()),
        Value::String(string) => AMQPValue::LongString(string.into()),
        Value::Array(values) => {
            let values: Vec<_> = values.into_iter().map(value).collect();
            AMQPValue::FieldArray(FieldArray::from(values))
        }
        Value::Object(fields) => AMQPValue::FieldTable(table(fields)),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
