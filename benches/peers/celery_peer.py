"""Measures Celery on RabbitMQ: a backlog worked off, then latency at a steady rate."""

import contextlib
import sys
import time
from functools import partial

from arrivals import Arrivals
from celery_app import handle
from load import request
from processes import running
from results import Figures, backlog_rate, check, fastest, milliseconds, steady_rate

# Kind of pool, processes of it, workers. Prefork is the usual one; solo spares the pipe between a worker and its child,
# and needs a worker for each process.
VARIANTS = [("prefork", 2, 1), ("prefork", 4, 1), ("solo", 1, 2), ("solo", 1, 4)]
STEADY_SECONDS = 8


def measure(place, requests, rate):
    """Every variant drains a backlog; the fastest is then asked at a steady rate."""
    with place.scene(), contextlib.closing(Arrivals(place.broker.url("peers"))) as arrivals:
        best, drained = fastest("Celery", VARIANTS, requests, partial(drain, place, arrivals))
        rate = steady_rate(rate, drained[best])
        taken = steady(place, arrivals, best, rate)
    pool, processes, workers = best
    return [
        Figures(
            system="Celery on RabbitMQ",
            variant=f"{processes * workers} processes, {pool}, quorum queues",
            requests=requests,
            drained=drained[best],
            rate=rate,
            p50=milliseconds(taken, 50),
            p99=milliseconds(taken, 99),
            aim=10,
        )
    ]


def send(number):
    """Returns when the broker has confirmed it."""
    handle.apply_async((request(number),))


def drain(place, arrivals, variant, numbers):
    for number in numbers:
        send(number)
    with workers_of(place, variant) as worker:
        arrived = arrivals.all_of(numbers, worker)
    check("Celery", numbers, arrived, place.database)
    return backlog_rate(arrived.values())


def steady(place, arrivals, variant, rate):
    """Published at a steady rate, whatever the broker takes its time for: from published to in the queue of results."""
    start, count = 1_000_000_000, int(rate * STEADY_SECONDS)
    with workers_of(place, variant) as worker:
        # Until every process has its connections.
        warm = range(start - 200, start)
        for number in warm:
            send(number)
        arrivals.all_of(warm, worker)
        sent, began = {}, time.monotonic()
        for turn in range(count):
            time.sleep(max(0, began + turn / rate - time.monotonic()))
            sent[start + turn] = time.monotonic()
            send(start + turn)
        arrived = arrivals.all_of(sent, worker)
    check("Celery", sent, arrived, place.database)
    return [arrived[number] - at for number, at in sent.items()]


@contextlib.contextmanager
def workers_of(place, variant):
    pool, processes, workers = variant
    command = [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "--pool", pool]
    command += ["--concurrency", processes, "--loglevel", "warning"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    options = {"environment": place.environment, "folder": place.code}
    with contextlib.ExitStack() as stack:
        for number in range(workers):
            name = ["--hostname", f"worker{number}@%h"]
            worker = stack.enter_context(running(command + name, place.folder / "celery.log", **options))
        yield worker
