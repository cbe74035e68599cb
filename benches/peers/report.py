"""The table and the JSON of a run: usciere's drained rate divided by each peer's, beside what it is to be."""

import json
import os
import platform
from dataclasses import asdict
from importlib.metadata import version

PACKAGES = ("celery", "dbos", "restate-sdk", "psycopg", "granian")
HEAD = ("system", "how", "requests", "drained, /s", "usciere through it", "aim", "at, /s", "p50, ms", "p99, ms")


def lines(figures):
    usciere = figures[0]
    for one in figures:
        yield {**asdict(one), "ratio": usciere.drained / one.drained, "reached": reached(usciere, one)}


def reached(usciere, one):
    return None if one.aim is None else usciere.drained / one.drained >= one.aim


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def cells(line):
    return (
        line["system"],
        line["variant"],
        number(line["requests"]),
        number(line["drained"]),
        number(line["ratio"], 1),
        "" if line["aim"] is None else f">= {line['aim']}",
        number(line["rate"]),
        number(line["p50"], 1),
        number(line["p99"], 1),
    )


def tell(figures):
    rows = [HEAD, *(cells(line) for line in lines(figures))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    rows.insert(1, tuple("-" * width for width in widths))
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    print(f"\n{os.cpu_count()} processors, shared by everything here: only the ratios mean anything elsewhere.")


def write(path, figures):
    machine = {"processors": os.cpu_count(), "system": f"{platform.system()} {platform.release()}"}
    versions = {package: version(package) for package in PACKAGES}
    text = json.dumps({"machine": machine, "versions": versions, "lines": list(lines(figures))}, indent=2)
    path.write_text(text + "\n")
