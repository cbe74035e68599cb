"""The work that every peer is given: a request of 1.1 KB becomes one row and one result. All their processes use it."""

import json
import os

TABLE = "create table done (number bigint primary key, body jsonb not null, at timestamptz not null default now())"
INSERT = "insert into done (number, body) values (%s, %s)"
# What is sent again after a failure finds its row, as it would in a real system.
INSERT_ONCE = INSERT + " on conflict do nothing"

REQUESTS = "peers.requests"
RESULTS = "peers.results"
QUORUM = {"x-queue-type": "quorum"}


def request(number):
    """As large as the request of `usciere bench`."""
    text = "La persona chiede un appuntamento presso la sede per un accesso agli atti della propria pratica. " * 9
    return {
        "number": number,
        "source": "portale",
        "sede": f"sede-{number % 100}",
        "reason": "access_requirements",
        "email": "mario.rossi@example.org",
        "fiscal_code": "RSSMRA80A01H501U",
        "text": text,
    }


def row(body):
    return body["number"], json.dumps(body)


def result(number):
    return json.dumps({"number": number, "status": "accepted"})


def database_url():
    return os.environ["PEERS_DATABASE_URL"]


def amqp_url():
    return os.environ["PEERS_AMQP_URL"]
