"""Measures Restate: all of the work as two durable steps of a handler, and its own log alone with an empty step."""

import contextlib

import uvloop

from arrivals import Arrivals
from ingress import Ingress
from load import request
from processes import Failed
from restate_server import handlers, register, server
from results import Figures, check, fastest, milliseconds, steady_rate

AT_ONCE = (64, 256)
STEADY_SECONDS = 8


def measure(place, requests, rate):
    with place.scene(), contextlib.closing(Arrivals(place.broker.url("peers"))) as arrivals:
        with server(place) as ports, handlers(place) as handler_port:
            register(ports["admin"], handler_port)
            whole = one_line(place, arrivals, ports["ingress"], "Work", requests, rate)
            alone = one_line(place, None, ports["ingress"], "Log", requests, rate)
    whole.system, whole.aim = "Restate, whole work", 6
    alone.system = "Restate, its own log alone"
    return [whole, alone]


def one_line(place, arrivals, port, service, requests, rate):
    """The faster of the numbers in flight, then latency at a steady rate."""
    ingress = Ingress(port, f"/{service}/handle")
    drive(place, arrivals, ingress.drain([request(number) for number in range(-200, 0)], 16), range(-200, 0))

    def drain(at_once, numbers):
        work = ingress.drain([request(number) for number in numbers], at_once)
        return requests / drive(place, arrivals, work, numbers)

    best, drained = fastest(f"Restate, {service}, in flight", AT_ONCE, requests, drain)
    rate = steady_rate(rate, drained[best])
    numbers = range(1_000_000_000, 1_000_000_000 + int(rate * STEADY_SECONDS))
    taken = drive(place, arrivals, ingress.steady([request(number) for number in numbers], rate), numbers)
    return Figures(
        system=service,
        variant=f"{best} in flight",
        requests=requests,
        drained=drained[best],
        rate=rate,
        p50=milliseconds(taken, 50),
        p99=milliseconds(taken, 99),
    )


def drive(place, arrivals, work, numbers):
    """Runs the load; whoever answered has to have done the work."""
    measured, answers = uvloop.run(work)
    if sorted(answers) != list(numbers):
        raise Failed(f"Restate answered {len(answers)} times to {len(numbers)} requests")
    if arrivals:
        check("Restate", numbers, arrivals.all_of(numbers), place.database)
    return measured
