"""Starts and stops the processes of the benchmark: each in a session of its own, with its output in a file, as a user
who is not root (PostgreSQL refuses to run as root), and never left behind."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


class Failed(Exception):
    """Why nothing can be measured, in words for whoever started the benchmark."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def owner():
    """Who runs the servers: whoever started us, or somebody harmless in root's place."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Failed("neither a user postgres nor a user nobody is there to run servers")


def give(path):
    """Gives a file or folder to whoever runs the servers."""
    as_user = owner()
    if as_user:
        os.chown(path, as_user["user"], as_user["group"])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def last_lines(log, count=15):
    with contextlib.suppress(OSError):
        return "\n".join(Path(log).read_text(errors="replace").splitlines()[-count:])
    return ""


@contextlib.contextmanager
def running(command, log, environment=None, as_user=None, folder=None, stop=signal.SIGTERM):
    """A process while the block runs; with it goes everything that it started."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            **(as_user or {}),
        )
    process.log = log
    try:
        yield process
    finally:
        end(process, stop)


def end(process, stop):
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(stop)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(is_ready, what, process, seconds=60):
    """Asks until it is so; tells the last words of a process that ended or never got there."""
    until = time.monotonic() + seconds
    while not is_ready():
        if process.poll() is not None or time.monotonic() > until:
            raise Failed(f"{what} did not get ready:\n{last_lines(process.log)}")
        time.sleep(0.1)


def finish(command, log, seconds, **options):
    """A process from its start to its end, which has to be a good one."""
    with running(command, log, **options) as process:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{command[0]} took more than {seconds} s:\n{last_lines(log)}") from None
    if code != 0:
        raise Failed(f"{command[0]} ended with {code}:\n{last_lines(log)}")
