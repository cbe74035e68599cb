"""Measures DBOS Transact: workflows called by threads that wait for results, and workflows worked off its queue."""

import contextlib
import multiprocessing
import time
from functools import partial

import dbos_app
from load import request
from processes import Failed
from results import Figures, backlog_rate, check, fastest, milliseconds, steady_rate

# How workflows are started, how many run at once, in how many processes.
VARIANTS = [("calls", 4, 1), ("calls", 16, 1), ("calls", 16, 2), ("queue", 16, 1), ("queue", 16, 2)]
# Seconds between two looks of a worker into the queue; the default of 1 s would leave it idle.
POLLING = 0.02
STEADY_SECONDS = 8
PATIENCE = 120
spawn = multiprocessing.get_context("spawn")


def measure(place, requests, rate):
    with place.scene():
        best, drained = fastest("DBOS", VARIANTS, requests, partial(drain, place))
        calls = max(drained_of for (kind, _, _), drained_of in drained.items() if kind == "calls")
        rate = steady_rate(rate, calls)
        start = len(VARIANTS) * requests
        outcome = call(place, ("calls", 16, 1), range(start, start + int(rate * STEADY_SECONDS)), rate)
    taken = [ended - began for _, began, ended in outcome]
    kind, at_once, processes = best
    return [
        Figures(
            system="DBOS Transact",
            variant=f"{at_once} at once, {kind}, {processes} processes",
            requests=requests,
            drained=drained[best],
            rate=rate,
            p50=milliseconds(taken, 50),
            p99=milliseconds(taken, 99),
            aim=50,
        )
    ]


def drain(place, variant, numbers):
    way = drain_calls if variant[0] == "calls" else drain_queue
    return way(place, variant, numbers)


def drain_calls(place, variant, numbers):
    """From the first call to the last result."""
    outcome = call(place, variant, numbers, None)
    return len(numbers) / (max(ended for *_, ended in outcome) - min(began for _, began, _ in outcome))


def call(place, variant, numbers, rate):
    _, at_once, processes = variant
    ready, outcome = spawn.Barrier(processes), spawn.Queue()
    share = [list(numbers[index::processes]) for index in range(processes)]
    targets = [
        (dbos_app.calls, (f"caller{index}", at_once // processes, share[index], rate, ready, outcome))
        for index in range(processes)
    ]
    with processes_of(targets):
        answered = [one for _ in range(processes) for one in outcome.get(timeout=PATIENCE)]
    check("DBOS", numbers, [answer for answer, *_ in answered], place.database)
    return answered


def drain_queue(place, variant, numbers):
    """A backlog worked off: from the first result in the database to the last."""
    _, at_once, processes = variant
    client = dbos_app.client()
    options = {"queue_name": dbos_app.QUEUE, "workflow_name": "handle", "app_version": "1"}
    handles = {}
    for number in numbers:
        handles[number] = client.enqueue(options, request(number)).get_workflow_id()
    over = spawn.Event()
    targets = [
        (dbos_app.works, (f"worker{index}", at_once // processes, POLLING, over)) for index in range(processes)
    ]
    with processes_of(targets):
        ended = all_ended(place, handles)
        over.set()
    client.destroy()
    check("DBOS", numbers, ended, place.database)
    return backlog_rate(ended.values())


def all_ended(place, handles):
    """Waits for every result: when it was recorded."""
    until = time.monotonic() + PATIENCE
    statement = (
        "select workflow_uuid, completed_at / 1000.0 from dbos.workflow_status join dbos.workflow_output"
        " using (workflow_uuid) where status = 'SUCCESS' and workflow_output.output is not null"
    )
    while time.monotonic() < until:
        time.sleep(0.5)
        found = dict(place.database.ask(statement, "peers").fetchall())
        if all(workflow in found for workflow in handles.values()):
            return {number: float(found[workflow]) for number, workflow in handles.items()}
    raise Failed(f"DBOS did not work off {len(handles)} requests in {PATIENCE} s")


@contextlib.contextmanager
def processes_of(targets):
    started = [spawn.Process(target=target, args=arguments, daemon=True) for target, arguments in targets]
    for process in started:
        process.start()
    try:
        yield
        for process in started:
            process.join(20)
    finally:
        for process in started:
            process.kill()
            process.join()
