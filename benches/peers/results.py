"""What came of it: figures are made only of results that all arrived and rows that are all there."""

import math
from dataclasses import dataclass

from processes import Failed, say


@dataclass
class Figures:
    system: str
    variant: str
    requests: int
    # Requests a second; latency in milliseconds, at so many requests a second.
    drained: float
    rate: float | None = None
    p50: float | None = None
    p99: float | None = None
    # What usciere's drained rate is to be, divided by this one's.
    aim: float | None = None


def fastest(what, variants, requests, drain):
    """Each variant drains a backlog of its own numbers: the fastest of them, and the rate of each."""
    drained = {}
    for turn, variant in enumerate(variants):
        drained[variant] = drain(variant, range(turn * requests, (turn + 1) * requests))
        say(f"{what}, {variant}: {drained[variant]:.0f}/s")
    return max(drained, key=drained.get), drained


def steady_rate(rate, drained):
    """Half of what it drains at most: nearer to that, latency is the length of a queue that grows."""
    return min(rate, drained / 2)


def percentile(values, percent):
    """A value that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def milliseconds(seconds, percent):
    return percentile(seconds, percent) * 1000


def backlog_rate(arrived):
    """Requests a second from the first arrival to the last, as `usciere bench` has it."""
    return (len(arrived) - 1) / (max(arrived) - min(arrived))


def check(what, numbers, arrived, database):
    """Every number has its result, at least one, and its row."""
    rows = {number for (number,) in database.ask("select number from done", "peers").fetchall()}
    unanswered, unwritten = set(numbers) - set(arrived), set(numbers) - rows
    if unanswered or unwritten:
        raise Failed(
            f"{what}: of {len(numbers)} requests {len(unanswered)} have no result and {len(unwritten)} have no row: "
            "no figure is worth anything"
        )
