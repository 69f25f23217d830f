//! RabbitMQ as somebody else sees it, who declares queues in ways of their own.

use lapin::options::{BasicAckOptions, BasicGetOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties};

pub(crate) struct Other {
    _connection: Connection,
    channel: Channel,
}

impl Other {
    pub(crate) async fn at(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default());
        let connection = connection.await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        Self {
            _connection: connection,
            channel,
        }
    }

    pub(crate) async fn declare(&self, queue: &str, arguments: &[(&str, AMQPValue)]) {
        let mut table = FieldTable::default();
        for (name, value) in arguments {
            table.insert((*name).into(), value.clone());
        }
        let declared =
            self.channel
                .queue_declare(queue.into(), QueueDeclareOptions::durable(), table);
        declared.await.unwrap();
    }

    pub(crate) async fn delete(&self, queue: &str) {
        let deleted = self
            .channel
            .queue_delete(queue.into(), QueueDeleteOptions::default());
        deleted.await.unwrap();
    }

    /// Takes the next message of a queue, and returns the id of its task.
    pub(crate) async fn take(&self, queue: &str) -> Option<String> {
        let message = self
            .channel
            .basic_get(queue.into(), BasicGetOptions::default());
        let message = message.await.unwrap()?.delivery;
        message.ack(BasicAckOptions::default()).await.unwrap();
        message
            .properties
            .correlation_id()
            .as_ref()
            .map(ToString::to_string)
    }
}
