"""Where everything runs: the servers, the temporary folder, and what the processes of peers have to know of them."""

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from broker import Broker, rabbitmq
from database import Database, postgres
from load import TABLE
from processes import give


@dataclass
class Place:
    folder: Path
    database: Database
    broker: Broker
    # With Restate's server.
    packages: Path

    code = Path(__file__).parent

    @property
    def environment(self):
        return {"PEERS_DATABASE_URL": self.database.url("peers"), "PEERS_AMQP_URL": self.broker.url("peers")}

    @contextlib.contextmanager
    def scene(self):
        """An empty database and a virtual host for one peer. It finds nothing of whoever was measured before, and
        nobody's vacuum or queues work beside it."""
        self.database.create("peers")
        self.database.ask(TABLE, "peers")
        self.broker.create("peers")
        try:
            yield
        finally:
            self.database.drop("peers")
            self.broker.drop("peers")


@contextlib.contextmanager
def place(packages):
    """Servers and folder are gone when the block is left, however that happens."""
    folder = Path(tempfile.mkdtemp(prefix="usciere-peers."))
    try:
        give(folder)
        with postgres(folder) as database, rabbitmq(folder) as broker:
            here = Place(folder, database, broker, packages)
            os.environ.update(here.environment)
            yield here
    finally:
        shutil.rmtree(folder, ignore_errors=True)
