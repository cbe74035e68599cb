"""The clients of the chaos rig: what a portal and a sede would write with pika, and not a line of usciere in it.

client.py publish          reads {"id", "key", "body"} lines, publishes each until the broker confirms it, says so
client.py record QUEUE...  writes a line for every delivery, then acknowledges it

AMQP_URL names the broker. Neither ever gives up; both end with their standard input.
"""
import json
import os
import sys
import threading
import time

import pika
from pika.exceptions import AMQPError

PAUSE = 0.1


def channel():
    parameters = pika.URLParameters(os.environ["AMQP_URL"])
    parameters.heartbeat = 0
    parameters.socket_timeout = 5
    while True:
        try:
            return pika.BlockingConnection(parameters).channel()
        except (AMQPError, OSError):
            time.sleep(PAUSE)


def say(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def publish():
    confirming = None
    for line in sys.stdin:
        message = json.loads(line)
        properties = pika.BasicProperties(
            message_id=message["id"], type=message["key"].split(".", 2)[2], content_type="application/json",
            delivery_mode=2)
        while True:
            try:
                if confirming is None:
                    confirming = channel()
                    confirming.confirm_delivery()
                confirming.basic_publish(
                    "usciere.commands", message["key"], message["body"], properties, mandatory=True)
                break
            except (AMQPError, OSError):
                confirming = None
                time.sleep(PAUSE)
        say(confirmed=message["id"])


def record(queues):
    def take(consuming, method, properties, body):
        headers = properties.headers or {}
        say(queue=queues[method.consumer_tag], id=properties.message_id, kind=properties.type,
            request=properties.correlation_id, cause=headers.get("causation-id"), seq=headers.get("case-seq"))
        consuming.basic_ack(method.delivery_tag)

    while True:
        try:
            consuming = channel()
            consuming.basic_qos(prefetch_count=100)
            for tag, queue in queues.items():
                consuming.basic_consume(queue, take, consumer_tag=tag)
            consuming.start_consuming()
        except (AMQPError, OSError):
            time.sleep(PAUSE)


def end_with_input():
    sys.stdin.read()
    os._exit(0)


if sys.argv[1] == "publish":
    publish()
else:
    threading.Thread(target=end_with_input, daemon=True).start()
    record({f"record-{number}": queue for number, queue in enumerate(sys.argv[2:])})
