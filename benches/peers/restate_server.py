"""Restate's server and the processes that serve its handlers.

The server is as durable as it comes: its log is written with fsync before anything is acknowledged. What was set for
speed: one partition, the fastest of 1, 2, 4 and the 24 it comes with on two processors, and journals of finished
invocations are not kept for a day.
"""

import contextlib
import json
import socket
import sys
import urllib.request

from processes import Failed, free_port, running, wait_for

PARTITIONS = 1
SERVER = {
    "RESTATE_DEFAULT_NUM_PARTITIONS": str(PARTITIONS),
    "RESTATE_DEFAULT_JOURNAL_RETENTION": "0s",
    "RESTATE_DISABLE_TELEMETRY": "true",
    "RESTATE_LOG_FILTER": "warn",
    "DO_NOT_TRACK": "1",
}
HANDLERS = 1


@contextlib.contextmanager
def server(place):
    data = place.folder / "restate"
    ports = {"ingress": free_port(), "admin": free_port(), "node": free_port()}
    environment = {
        **SERVER,
        "RESTATE_BASE_DIR": str(data),
        "RESTATE_LISTEN_MODE": "tcp",
        "RESTATE_BIND_IP": "127.0.0.1",
        "RESTATE_BIND_PORT": str(ports["node"]),
        "RESTATE_INGRESS__BIND_PORT": str(ports["ingress"]),
        "RESTATE_ADMIN__BIND_PORT": str(ports["admin"]),
    }
    program = program_of(place)
    with running([program, "--no-logo"], place.folder / "restate.log", environment=environment) as process:
        wait_for(lambda: answers(ports["admin"], "health"), "Restate's administration", process)
        wait_for(lambda: answers(ports["ingress"], "restate/health"), "Restate's ingress", process)
        yield ports


def program_of(place):
    found = list(place.packages.glob("@restatedev/restate-server-*/bin/restate-server"))
    if not found:
        raise Failed("Restate has no server for this machine")
    return found[0]


def answers(port, path):
    with contextlib.suppress(OSError):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as response:
            return response.status == 200
    return False


@contextlib.contextmanager
def handlers(place):
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--http", "2", "--loop", "uvloop"]
    command += ["--no-ws", "--port", port, "--workers", HANDLERS, "--log-level", "warning", "restate_app:app"]
    options = {"environment": place.environment, "folder": place.code}
    with running(command, place.folder / "handlers.log", **options) as process:
        wait_for(lambda: listens(port), "Restate's handlers", process)
        yield port


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


def register(admin, port):
    body = json.dumps({"uri": f"http://127.0.0.1:{port}", "force": True}).encode()
    headers = {"Content-Type": "application/json"}
    url = f"http://127.0.0.1:{admin}/deployments"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as response:
        if response.status not in (200, 201):
            raise Failed(f"Restate does not take the handlers: {response.status}")
