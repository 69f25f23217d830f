"""The tasks of the tests, each run of which is a line of the file NOTES."""

import json
import os

from celery import Celery

app = Celery("tasks", broker=os.environ["BROKER"])


@app.task(bind=True)
def note(self, *args, **kwargs):
    line = {"id": self.request.id, "args": args, "kwargs": kwargs}
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps(line) + "\n")
