"""Listens to the queue of results, in a thread and on a connection of its own: when each number came first."""

import contextlib
import json
import threading
import time

from kombu import Connection

from load import QUORUM, RESULTS
from processes import Failed

# Nothing arrived for so long: whatever is still missing is lost.
PATIENCE = 30


def connect(url, confirm=False):
    """A plain connection of py-amqp, the client that Celery brings."""
    connection = Connection(url, transport_options={"confirm_publish": confirm})
    return connection.connection


class Arrivals:
    def __init__(self, url):
        self.first = {}
        self.again = 0
        self.heard = time.monotonic()
        self.over = threading.Event()
        self.connection = connect(url)
        channel = self.connection.channel()
        channel.queue_declare(RESULTS, durable=True, auto_delete=False, arguments=QUORUM)
        channel.queue_purge(RESULTS)
        channel.basic_consume(RESULTS, no_ack=True, callback=self.take)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def take(self, message):
        number = json.loads(message.body)["number"]
        self.heard = time.monotonic()
        if number in self.first:
            self.again += 1
        else:
            self.first[number] = self.heard

    def listen(self):
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                self.connection.drain_events(timeout=0.2)

    def all_of(self, numbers, worker=None):
        """Waits until every one came: when each did."""
        self.heard = time.monotonic()
        while not all(number in self.first for number in numbers):
            if worker and worker.poll() is not None:
                raise Failed(f"a worker ended: see {worker.log}")
            if time.monotonic() - self.heard > PATIENCE:
                missing = sum(number not in self.first for number in numbers)
                raise Failed(f"{missing} of {len(numbers)} results never came")
            time.sleep(0.01)
        return {number: self.first[number] for number in numbers}

    def close(self):
        self.over.set()
        self.thread.join()
        self.connection.close()
