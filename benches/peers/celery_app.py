"""The Celery side: a worker's task writes one row, publishes the result, and only then is its message acknowledged.

Settings that make it fast without giving up durability:
* `task_acks_late`: what a worker that dies had taken is delivered again (durable; costs nothing here);
* `worker_prefetch_multiplier = 64`: the guide's figure for many short tasks, so that no process waits for a delivery;
* `task_ignore_result`, no events, gossip, mingle, heartbeats or rate limits: nothing is done that is not asked for;
* the queue is a quorum queue, as usciere's are, which Celery finds out by itself (`x-queue-type`).
"""

import functools

import psycopg
from amqp.basic_message import Message
from celery import Celery
from kombu import Exchange, Queue

from arrivals import connect
from load import INSERT_ONCE, QUORUM, REQUESTS, RESULTS, amqp_url, database_url, result, row

app = Celery("peers", broker=amqp_url())
app.conf.update(
    task_queues=[Queue(REQUESTS, Exchange(REQUESTS), REQUESTS, queue_arguments=QUORUM)],
    task_default_queue=REQUESTS,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_track_started=False,
    task_store_errors_even_if_ignored=False,
    worker_prefetch_multiplier=64,
    worker_disable_rate_limits=True,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_heartbeat=0,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
)


@functools.cache
def database():
    """One connection for a worker's process; a commit for each task."""
    return psycopg.connect(database_url(), autocommit=True)


@functools.cache
def channel():
    return connect(amqp_url(), confirm=True).channel()


@app.task(name="peers.handle")
def handle(body):
    database().execute(INSERT_ONCE, row(body))
    message = Message(result(body["number"]), delivery_mode=2, content_type="application/json")
    # Returns when the broker has confirmed it.
    channel().basic_publish(message, routing_key=RESULTS)
