"""Django's `atomic` and `on_commit`, and the drivers below it by hand.

For each line `WAY WORK TIMES` it answers with the nanoseconds that so many transactions took; for one with a fault,
with what came of it.
"""

import os
import sqlite3
import sys
import time
from contextlib import suppress
from functools import partial
from urllib.parse import unquote, urlsplit

import django
import psycopg
from django.conf import settings
from django.db import ProgrammingError, connection as connection_of_django
from django.db.transaction import atomic, on_commit

CREATE = "CREATE TABLE commit_on_success_bench (id INTEGER PRIMARY KEY, title TEXT NOT NULL)"
INSERT = "INSERT INTO commit_on_success_bench (title) VALUES (%s)"
COUNT = "SELECT count(*) FROM commit_on_success_bench"
TITLE = "a title"

# What a transaction inserts, and how many calls follow it.
WORKS = {"one": (1, 1), "nested": (2, 2), "thousand": (1, 1000)}

calls = 0


def call(_number):
    global calls
    calls += 1


class Package:
    """Transactions of Django."""

    def insert(self):
        with connection_of_django.cursor() as cursor:
            cursor.execute(INSERT, [TITLE])

    def one(self):
        with atomic():
            self.insert()
            on_commit(partial(call, 1))

    def nested(self):
        with atomic():
            self.insert()
            on_commit(partial(call, 1))
            self.one()

    def thousand(self):
        with atomic():
            self.insert()
            for number in range(1000):
                on_commit(partial(call, number))


    def swallowed(self):
        with atomic():
            self.insert()
            with connection_of_django.cursor() as cursor, suppress(ProgrammingError):
                cursor.execute("SELECT missing")
            on_commit(partial(call, 1))

    def undone(self):
        with atomic():
            self.insert()
            self.one()
            raise ValueError("undone")


class ByHand:
    """Transactions of a driver, whose connection begins none by itself."""

    def __init__(self, connection, insert):
        self.execute = connection.execute
        self.statement = insert

    def insert(self):
        self.execute(self.statement, (TITLE,))

    def one(self):
        self.execute("BEGIN")
        self.insert()
        self.execute("COMMIT")
        call(1)

    def nested(self):
        self.execute("BEGIN")
        self.insert()
        self.execute("SAVEPOINT inner_one")
        self.insert()
        self.execute("RELEASE SAVEPOINT inner_one")
        self.execute("COMMIT")
        call(1)
        call(2)

    def thousand(self):
        after = []
        self.execute("BEGIN")
        self.insert()
        for number in range(1000):
            after.append(partial(call, number))
        self.execute("COMMIT")
        for function in after:
            function()


def database(kind):
    """What Django calls it."""
    if kind == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    url = urlsplit(os.environ["COMMIT_ON_SUCCESS_POSTGRES_URL"])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": url.hostname,
        "PORT": url.port,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "NAME": url.path.lstrip("/"),
    }


def connect(kind):
    """The driver, and its way to write the insert."""
    if kind == "sqlite":
        connection = sqlite3.connect(":memory:", isolation_level=None)
        return connection, INSERT.replace("%s", "?")
    url = os.environ["COMMIT_ON_SUCCESS_POSTGRES_URL"]
    return psycopg.connect(url, autocommit=True), INSERT


def run(transaction, times):
    start = time.perf_counter_ns()
    for _ in range(times):
        transaction()
    return time.perf_counter_ns() - start


def forget(cursor, clear):
    global calls
    cursor.execute(clear)
    calls = 0


def count(cursor):
    cursor.execute(COUNT)
    return cursor.fetchone()[0]


def outcome(transaction, cursor, clear):
    forget(cursor, clear)
    said = "no error"
    try:
        transaction()
    except Exception:
        said = "an error"
    return f"{said}, rows: {count(cursor)}, calls: {calls}"


def measure(transaction, work, times, cursor, clear):
    """What has not been done is not measured. Nor is the first transaction, which finds a table that was emptied."""
    forget(cursor, clear)
    transaction()
    taken = run(transaction, times)
    rows = count(cursor)
    done = times + 1
    if (rows, calls) != tuple(each * done for each in WORKS[work]):
        sys.exit(f"{work} {done}: {rows} rows and {calls} calls")
    return taken


def answer(words, ways, clear):
    if len(words) == 1:
        transactions, cursor = ways["package"]
        return outcome(getattr(transactions, words[0]), cursor, clear)
    way, work, times = words
    transactions, cursor = ways[way]
    return measure(getattr(transactions, work), work, int(times), cursor, clear)


def main(kind):
    settings.configure(DATABASES={"default": database(kind)})
    django.setup()
    connection, insert = connect(kind)
    ways = {
        "package": (Package(), connection_of_django.cursor()),
        "by-hand": (ByHand(connection, insert), connection.cursor()),
    }
    clear = "TRUNCATE commit_on_success_bench"
    if kind == "sqlite":
        clear = "DELETE FROM commit_on_success_bench"
        for _, cursor in ways.values():
            cursor.execute(CREATE)
    for line in sys.stdin:
        print(answer(line.split(), ways, clear), flush=True)


main(sys.argv[1])
