"""The consumer of examples/consumer.py, wrong in one way: `wrong.py WAY QUEUE` or `wrong.py WAY --applied`."""
import json, os, sys

import pika

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../examples"))
from consumer import Consumer


def numbered(properties, body):
    seq = (properties.headers or {}).get("case-seq")
    return (None, None) if seq is None else (json.loads(body)["request_id"], seq)


class AppliesAgain(Consumer):
    """Whatever is not ahead is applied."""

    def take(self, properties, body):
        request, seq = numbered(properties, body)
        if seq is not None and seq == self.last(request):
            self.work(request, seq, properties.type, body)
        super().take(properties, body)


class ForgetsOldOnes(Consumer):
    """Knows the last message only."""

    def take(self, properties, body):
        request, seq = numbered(properties, body)
        if seq is not None and seq < self.last(request):
            self.work(request, seq, properties.type, body)
        super().take(properties, body)


class SkipsGaps(Consumer):
    def take(self, properties, body):
        request, seq = numbered(properties, body)
        if seq is not None and seq > self.last(request) + 1:
            self.advance(request, seq - 1)
        super().take(properties, body)


class ThrowsAway(Consumer):
    """What comes before its turn is dropped."""

    def take(self, properties, body):
        request, seq = numbered(properties, body)
        if seq is None or seq <= self.last(request) + 1:
            super().take(properties, body)


class HoldsUpAll(Consumer):
    """While one request waits, no other is worked."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def take(self, properties, body):
        request, seq = numbered(properties, body)
        waits = self.db.execute("select 1 from held where request <> ?", (request,)).fetchone()
        if waits:
            self.waiting.append((properties, body))
            return
        super().take(properties, body)
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            self.take(*one)


class Loops(Consumer):
    def run(self, queue):
        connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
        channel = connection.channel()
        channel.basic_qos(prefetch_count=50)
        for method, properties, body in channel.consume(queue):
            request, seq = numbered(properties, body)
            if seq is not None and seq > self.last(request) + 1:
                channel.basic_nack(method.delivery_tag, requeue=True)
            else:
                self.take(properties, body)
                channel.basic_ack(method.delivery_tag)


class StopsAtStrangers(Consumer):
    """A type it does not know is ignored, number and all."""

    def take(self, properties, body):
        if properties.type in self.KNOWN or properties.type == "command.refused":
            super().take(properties, body)


class FearsFields(Consumer):
    def take(self, properties, body):
        if "of_a_later_version" not in json.loads(body):
            super().take(properties, body)


class CountsRefusals(Consumer):
    def take(self, properties, body):
        if properties.type == "command.refused":
            request = json.loads(body)["request_id"]
            properties.headers["case-seq"] = self.last(request) + 1
            self.work(request, properties.headers["case-seq"], properties.type, body)
            self.advance(request, properties.headers["case-seq"])
        super().take(properties, body)


class AcknowledgesFirst(Consumer):
    def run(self, queue):
        connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
        channel = connection.channel()
        for _, properties, body in channel.consume(queue, auto_ack=True):
            self.take(properties, body)


class Forgets(Consumer):
    """Its last numbers are in memory alone."""

    def __init__(self):
        super().__init__()
        self.numbers = {}

    def last(self, request):
        return self.numbers.get(request, 0)

    def advance(self, request, seq):
        self.numbers[request] = seq


class NeverAcknowledges(Consumer):
    def run(self, queue):
        connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
        channel = connection.channel()
        for _, properties, body in channel.consume(queue):
            self.take(properties, body)


class EndsOnce(Consumer):
    """A type it does not know ends it, the first time."""

    def take(self, properties, body):
        super().take(properties, body)
        if properties.type not in self.KNOWN and properties.type != "command.refused":
            marker = os.environ["CONSUMER_DB"] + ".ended"
            if not os.path.exists(marker):
                open(marker, "w").close()
                os._exit(1)


if __name__ == "__main__":
    consumer = globals()[sys.argv[1]]()
    consumer.report() if sys.argv[2] == "--applied" else consumer.run(sys.argv[2])
