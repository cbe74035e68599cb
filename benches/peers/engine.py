"""usciere's own benchmark on the same servers: its drained rate and its latency at the rate the peers are given."""

import json

from processes import finish
from results import Figures

SECONDS = 900


def measure(program, place, requests, rate):
    place.database.create("usciere")
    place.broker.create("usciere")
    report = place.folder / "usciere.json"
    command = [program, "bench", "--requests", requests, "--rounds", 1, "--rate", rate, "--report", report]
    servers = {"DATABASE_URL": place.database.url("usciere"), "AMQP_URL": place.broker.url("usciere")}
    finish(command, place.folder / "usciere.log", SECONDS, environment=servers)
    lines = {line["measure"]: line for line in json.loads(report.read_text())["lines"]}
    place.database.drop("usciere")
    place.broker.drop("usciere")
    return Figures(
        system="usciere",
        variant="as it comes, quorum queues",
        requests=requests,
        drained=lines["backlog drained"]["engine"],
        rate=rate,
        p50=lines["latency p50"]["engine"],
        p99=lines["latency p99"]["engine"],
    )
