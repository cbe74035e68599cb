"""The DBOS side: a workflow with one durable step, and the processes that run it.

The step is a transaction of a data source, DBOS's fastest durable step: the row and the record of the step are one
commit, at READ COMMITTED instead of the default SERIALIZABLE, which an insert does not need. Workflow and result are
recorded by DBOS itself. Each process is an executor of its own; logs are off but for errors.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy
from dbos import DBOS, DBOSClient, SQLAlchemyDatasource

from load import database_url, request, row

QUEUE = "requests"
WARM = 20
INSERT = sqlalchemy.text("insert into done (number, body) values (:number, :body) on conflict do nothing")


def url():
    return database_url().replace("postgres://", "postgresql://", 1)


def launch(executor, at_once):
    """Starts DBOS in this process: the workflow that takes a request and returns its number."""
    DBOS(
        config={
            "name": "peers",
            "system_database_url": url(),
            "sys_db_pool_size": at_once + 8,
            "application_version": "1",
            "executor_id": executor,
            "console_log_level": "ERROR",
            "log_level": "ERROR",
        }
    )
    source = SQLAlchemyDatasource.create(url(), engine_kwargs={"pool_size": at_once})

    @source.transaction(isolation_level="READ COMMITTED")
    def write(number, body):
        source.sql_session().execute(INSERT, {"number": number, "body": body})

    @DBOS.workflow(name="handle")
    def handle(body):
        write(*row(body))
        return body["number"]

    DBOS.launch()
    return handle


def client():
    return DBOSClient(system_database_url=url(), application_name="peers")


def calls(executor, at_once, numbers, rate, ready, outcome):
    """Calls workflows, so many at once; at a steady rate where one is given. Puts when each began and ended."""
    handle = launch(executor, at_once)

    def one(number, due=None):
        if due is not None:
            time.sleep(max(0, due - time.monotonic()))
        began = due or time.monotonic()
        answer = handle(request(number))
        return answer, began, time.monotonic()

    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(one, [-number - 1 for number in numbers[:WARM]]))
        ready.wait()
        start = time.monotonic()
        due = [start + turn / rate for turn in range(len(numbers))] if rate else [None] * len(numbers)
        outcome.put(list(threads.map(one, numbers, due)))
    DBOS.destroy()


def works(executor, at_once, polling, over):
    """Works off the queue, so many at once, until it is over."""
    launch(executor, at_once)
    DBOS.register_queue(QUEUE, worker_concurrency=at_once, polling_interval_sec=polling, on_conflict="always_update")
    over.wait()
    DBOS.destroy()
