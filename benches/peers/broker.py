"""The private RabbitMQ that usciere and every peer are measured on, with the settings of the one that usciere starts
for itself (src/dev/broker.rs), on loopback only. Its management API makes virtual hosts and removes them."""

import contextlib
import json
import secrets
import shutil
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from processes import Failed, free_port, give, owner, running, wait_for

PLUGINS = "[rabbitmq_management,rabbitmq_consistent_hash_exchange].\n"


@dataclass
class Broker:
    port: int
    management: int
    password: str

    def url(self, vhost):
        return f"amqp://peers:{self.password}@127.0.0.1:{self.port}/{vhost}"

    def create(self, vhost):
        """A virtual host, which takes its queues along when it goes."""
        self.call("PUT", f"vhosts/{vhost}")

    def drop(self, vhost):
        self.call("DELETE", f"vhosts/{vhost}")

    def call(self, method, path):
        key = b64encode(f"peers:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.management}/api/{path}"
        request = urllib.request.Request(url, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read() or "null")

    def answers(self):
        with contextlib.suppress(urllib.error.URLError, OSError):
            return bool(self.call("GET", "overview")["listeners"])
        return False


@contextlib.contextmanager
def rabbitmq(folder):
    program, mapper = find_rabbitmq(), shutil.which("epmd")
    if not program or not mapper:
        raise Failed("RabbitMQ is not installed: run scripts/setup")
    broker = Broker(free_port(), free_port(), secrets.token_hex(16))
    ports = {"mapper": free_port(), "distribution": free_port()}
    home = folder / "mq"
    home.mkdir()
    give(home)
    write_files(home, broker)
    environment = environment_of(home, ports)
    options = {"as_user": owner(), "folder": home}
    epmd = [mapper, "-address", "127.0.0.1", "-port", ports["mapper"]]
    with running(epmd, folder / "epmd.log", **options):
        log = folder / "rabbitmq.log"
        with running([program], log, environment=environment, **options) as server:
            wait_for(broker.answers, "RabbitMQ", server, 90)
            yield broker


def find_rabbitmq():
    """RabbitMQ's own script: the wrapper in the search path insists on a user of its own."""
    found = [*Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server")]
    found += [Path(f"{brew}/opt/rabbitmq/sbin/rabbitmq-server") for brew in ("/opt/homebrew", "/usr/local")]
    return next((path for path in found if path.exists()), None)


def write_files(home, broker):
    configuration = {
        "listeners.tcp.1": f"127.0.0.1:{broker.port}",
        "management.tcp.ip": "127.0.0.1",
        "management.tcp.port": broker.management,
        "default_user": "peers",
        "default_pass": broker.password,
        "log.file": "false",
        "log.console": "true",
        "log.console.level": "warning",
    }
    files = {
        ".erlang.cookie": secrets.token_hex(16),
        "enabled_plugins": PLUGINS,
        "rabbitmq.conf": "".join(f"{key} = {value}\n" for key, value in configuration.items()),
    }
    for name, text in files.items():
        path = home / name
        path.write_text(text)
        path.chmod(0o400)
        give(path)


def environment_of(home, ports):
    erlang = "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +B i"
    return {
        "RUNNING_UNDER_SYSTEMD": "true",
        "HOME": str(home),
        "RABBITMQ_NODENAME": "peers@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(ports["distribution"]),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home),
        "RABBITMQ_PID_FILE": str(home / "node.pid"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(home / "feature_flags"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": erlang,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(ports["mapper"]),
    }
