"""usciere beside Celery, DBOS Transact and Restate: one machine, the same servers, one run. See README.md beside this.

Started by scripts/bench-peers, which installs what this needs.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import engine
import report
from place import place
from processes import Failed, say

PEERS = ("celery", "restate", "dbos")


def arguments():
    parser = argparse.ArgumentParser(prog="bench-peers", description="Measures usciere beside other systems.")
    add = parser.add_argument
    add("--requests", type=int, default=10_000, metavar="N", help="requests of usciere's backlog (default: 10000)")
    add("--celery", type=int, default=8_000, metavar="N", help="requests of each of its runs (default: 8000)")
    add("--restate", type=int, default=8_000, metavar="N", help="requests of each of its runs (default: 8000)")
    add("--dbos", type=int, default=2_000, metavar="N", help="requests of each of its runs (default: 2000)")
    add("--rate", type=int, default=400, metavar="N", help="requests a second while latency is measured (default: 400)")
    add("--report", type=Path, metavar="FILE", help="write everything found out into a file, as JSON")
    add("--usciere", type=Path, metavar="FILE", default=Path("target/release/usciere"), help="the program to measure")
    add("--packages", type=Path, metavar="FOLDER", default=Path("target/peers/node_modules"), help="Restate's server")
    return parser.parse_args()


def measure(options):
    with place(options.packages.resolve()) as here:
        # They connect when they are imported, or read where to: only now is there anything.
        import celery_peer
        import dbos_peer
        import restate_peer

        say("usciere bench ...")
        usciere = engine.measure(options.usciere.resolve(), here, options.requests, options.rate)
        figures = [usciere]
        for name, peer in zip(PEERS, (celery_peer, restate_peer, dbos_peer), strict=True):
            say(f"{name} ...")
            figures += peer.measure(here, getattr(options, name), options.rate)
    return figures


def main():
    # Whoever ends us ends what we started, and the temporary folder goes.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    options = arguments()
    if not os.access(options.usciere, os.X_OK):
        raise Failed(f"{options.usciere} is not there: make bench-peers builds it")
    figures = measure(options)
    if options.report:
        report.write(options.report, figures)
    report.tell(figures)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        say(error)
        sys.exit(1)
