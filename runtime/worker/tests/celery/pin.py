"""Takes the one message of a queue, has Celery publish another one for the same call, and prints both."""

import base64
import json
import sys
from datetime import datetime

from celery import Celery

broker, queue, name, args, kwargs = sys.argv[1:]
app = Celery("tasks", broker=broker)


def of_amqp(channel):
    message = channel.basic_get(queue, no_ack=True)
    # What the client says of itself is no part of the message.
    properties = {key: value for key, value in message.properties.items() if key != "application_headers"}
    return {
        "headers": message.headers,
        "properties": properties,
        "body": json.loads(message.body),
        "exchange": message.delivery_info["exchange"],
        "routing_key": message.delivery_info["routing_key"],
    }


def of_redis(client):
    message = json.loads(client.rpop(queue))
    message["body"] = json.loads(base64.b64decode(message["body"]))
    return message


def take():
    with app.connection_for_read() as connection:
        if broker.startswith("redis"):
            return of_redis(connection.default_channel.client)
        return of_amqp(connection.default_channel)


ours = take()
times = {key: ours["headers"][key] for key in ("eta", "expires") if ours["headers"][key]}
app.send_task(
    name,
    tuple(json.loads(args)),
    json.loads(kwargs),
    task_id=ours["headers"]["id"],
    queue=queue,
    **{key: datetime.fromisoformat(time) for key, time in times.items()},
)
print(json.dumps([ours, take()]))
