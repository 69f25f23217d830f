"""The side of Celery in the example `celery`.

BROKER=amqp://guest:guest@localhost// celery -A tasks worker
"""

import os

from celery import Celery

app = Celery("tasks", broker=os.environ["BROKER"])


@app.task
def index_object(id, title):
    print(f"object {id} is indexed: {title}")
