"""The whole promise, from a client that is not ours (pika): run by `cargo test --test foreign`, or by hand:

    python acceptance.py READY_FILE [REQUESTS] [BROKEN]

1,000 valid requests and 50 broken ones among them: every request once, in the queue of one sede, with case-seq 1;
every broken one kept byte for byte with its reason; one reply gives one event and one mail; P14D refuses a solicit,
P15D accepts it, P16D flags each waiting request once.
"""

import collections
import json
import random
import sys
import time
import urllib.request
import uuid

import pika

ready = json.load(open(sys.argv[1]))
REQUESTS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
BROKEN = int(sys.argv[3]) if len(sys.argv) > 3 else 50
random.seed(20261123)

connection = pika.BlockingConnection(pika.URLParameters(ready["amqp_url"]))
channel = connection.channel()
channel.confirm_delivery()


def http(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ready["http_url"] + path, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
    return json.loads(text) if text.startswith(("{", "[")) else text


def valid():
    return {
        "request_id": str(uuid.uuid4()), "role": "operator", "patronato": "inca", "office": "INCA-RM-001",
        "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
        "citizen": {"codice_fiscale": "BNCMRA50A01H501U", "person_id": None}, "delegation": True,
        "reason": "status_or_rejection", "practice": {"kind": "pension", "number": "030010110000000"},
        "topic": "pensioni-paesi-non-convenzionati", "text": "Vorrei conoscere lo stato della pratica: perché è ferma?",
        "notes": None, "sede": None,
        "attachments": [],
    }


def publish(key, body, **properties):
    kind = ".".join(key.split(".")[2:])
    defaults = dict(message_id=str(uuid.uuid4()), type=kind, content_type="application/json", delivery_mode=2,
                    timestamp=int(time.time()))
    defaults.update(properties)
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    channel.basic_publish("usciere.commands", key, body, pika.BasicProperties(**defaults), mandatory=True)
    return defaults["message_id"]


def json_of(body):
    return json.dumps(body).encode()


SUBMIT = "portal.inca.request.submit"
BREAKERS = [
    ("missing_message_id", lambda: (SUBMIT, json_of(valid()), dict(message_id=None))),
    ("wrong_content_type", lambda: (SUBMIT, json_of(valid()), dict(content_type="text/plain"))),
    ("wrong_content_encoding", lambda: (SUBMIT, json_of(valid()), dict(content_encoding="gzip"))),
    ("invalid_utf8", lambda: (SUBMIT, b'{"text": "\xff\xfe"}', {})),
    ("invalid_json", lambda: (SUBMIT, b'{"text": ', {})),
    ("nul_in_text", lambda: (SUBMIT, b'{"text": "a\\u0000b"}', {})),
    ("too_deep", lambda: (SUBMIT, b"[" * 200 + b"]" * 200, {})),
    ("too_many_headers", lambda: (SUBMIT, json_of(valid()), dict(headers={f"h{i}": i for i in range(500)}))),
    ("duplicate_key", lambda: (SUBMIT, b'{"text": "a", "text": "b"}', {})),
    ("unknown_type", lambda: ("portal.inca.request.fly", json_of(valid()), {})),
    ("type_mismatch", lambda: (SUBMIT, json_of(valid()), dict(type="request.message"))),
    ("schema_too_new", lambda: (SUBMIT, json_of(valid()), dict(headers={"schema-version": 99}))),
    ("publisher_not_authorised", lambda: (SUBMIT, json_of(valid() | {"patronato": "acli"}), {})),
    ("publisher_not_authorised", lambda: ("portal.nessuno.request.submit", json_of(valid() | {"patronato": "nessuno"}), {})),
]


def get_all(queue, wanted, match, seconds=120):
    """Takes messages off a queue until `wanted` of them match."""
    found = []
    deadline = time.time() + seconds
    for method, properties, body in channel.consume(queue, inactivity_timeout=1):
        if method is not None:
            channel.basic_ack(method.delivery_tag)
            if match(properties):
                found.append((properties, json.loads(body)))
        if len(found) >= wanted or time.time() > deadline:
            break
    channel.cancel()
    return found


def depth(queue):
    return channel.queue_declare(queue, passive=True).method.message_count


def until(condition, seconds=60):
    deadline = time.time() + seconds
    while not condition():
        if time.time() > deadline:
            return False
        connection.sleep(0.1)
    return True


def check(claim, holds, detail=""):
    print(("ok   " if holds else "FAIL ") + claim, detail, flush=True)
    if not holds:
        sys.exit(1)


# 1. publish, the broken ones among the good
sent, broken = {}, []
positions = set(random.sample(range(REQUESTS + BROKEN), BROKEN))
began = time.time()
for position in range(REQUESTS + BROKEN):
    if position in positions:
        reason, make = BREAKERS[len(broken) % len(BREAKERS)]
        key, body, properties = make()
        publish(key, body, **properties)
        broken.append((reason, body))
    else:
        request = valid()
        sent[request["request_id"]] = publish(SUBMIT, request)
print(f"published {REQUESTS} + {BROKEN} in {time.time() - began:.1f} s")

# 2. every request is accepted once
accepted = get_all("portal.inca", REQUESTS, lambda p: p.type == "request.accepted")
numbers = {body["protocol_number"] for _, body in accepted}
check("every request is accepted", {body["request_id"] for _, body in accepted} == set(sent), f"{len(accepted)}")
check("each under its own protocol number", len(numbers) == REQUESTS)
check("the answer names the message it answers",
      all(p.headers["causation-id"] == sent[body["request_id"]] for p, body in accepted))
check("the state is the manual's", {body["state"] for _, body in accepted} == {"Assegnato a Sede"})
sedi = {body["sede"] for _, body in accepted}
check("one citizen, one topic: one sede", len(sedi) == 1, str(sedi))
sede = sedi.pop()
sequences = sorted(int(number.rsplit(".", 1)[1]) for number in numbers)
check("the protocol register has no gap", sequences == list(range(sequences[0], sequences[0] + REQUESTS)))

# 3. every request lies once in its sede's queue
assigned = get_all(f"sede.{sede}", REQUESTS, lambda p: p.type == "request.assigned")
counts = collections.Counter(body["request_id"] for _, body in assigned)
check("each once in the right sede's queue", set(counts) == set(sent) and max(counts.values()) == 1)
check("with case-seq 1", all(p.headers["case-seq"] == 1 for p, _ in assigned))
check("and nothing else", depth(f"sede.{sede}") == 0)

# 4. every broken one is kept byte for byte, with its reason
if "database_url" in ready:
    try:
        import psycopg2
    except ImportError:
        psycopg2 = None
    if psycopg2:
        database = psycopg2.connect(ready["database_url"])
        database.autocommit = True
        cursor = database.cursor()

        def letters():
            cursor.execute("select reason, body from dead_letter where resolution is null")
            return [(reason, bytes(body)) for reason, body in cursor.fetchall()]

        until(lambda: len(letters()) >= BROKEN)
        kept = collections.Counter(letters())
        check("every broken one is kept with its reason and its bytes", kept == collections.Counter(broken),
              str((kept - collections.Counter(broken), collections.Counter(broken) - kept))[:600])

# 5. a resent request is answered the same and changes nothing
request_id, message_id = next(iter(sent.items()))
again = valid() | {"request_id": request_id}
publish(SUBMIT, again, message_id=message_id)
same = get_all("portal.inca", 1, lambda p: p.headers.get("causation-id") == message_id)
before = next(body for _, body in accepted if body["request_id"] == request_id)
check("a resent request gets the same outcome", same[0][1]["protocol_number"] == before["protocol_number"])
check("and reaches no sede again", depth(f"sede.{sede}") == 0)

# 6. one reply, one event, one mail
mails_before = len(http("GET", "/dev/mails"))
answered = list(sent)[:20]
officer = {"id": "av1", "name": "Anna Verdi"}
for request_id in answered:
    publish(f"sede.{sede}.request.reply", {"request_id": request_id, "officer": officer, "text": "La pratica è definita."})
replied = get_all("portal.inca", len(answered), lambda p: p.type == "request.replied")
check("every reply gives one event", collections.Counter(b["request_id"] for _, b in replied) == collections.Counter(answered))
check("closed by the official", {b["state"] for _, b in replied} == {"Chiuso da Funzionario"})
check("two interactions are left", {b["interactions_left"] for _, b in replied} == {2})
check("every reply gives one mail", until(lambda: len(http("GET", "/dev/mails")) >= mails_before + len(answered)))
connection.sleep(2)
mails = http("GET", "/dev/mails")
check("and no more", len(mails) == mails_before + len(answered), str(len(mails)))
text = json.dumps(mails, ensure_ascii=False)
check("no mail names the citizen", "BIANCHI" not in text.upper() and "BNCMRA" not in text)

# 7. solicits: P14D refused, P15D accepted
open_request = list(sent)[30]
operator = {"id": "op1", "name": "Mario Rossi"}
http("PUT", "/dev/clock", {"offset": "P14D"})
publish("portal.inca.request.solicit", {"request_id": open_request, "operator": operator})
refused = get_all("portal.inca", 1, lambda p: p.type == "command.refused")[0][1]
check("a solicit at D+14 is not_yet", refused["code"] == "not_yet" and refused.get("available_from"), refused["message"])
http("PUT", "/dev/clock", {"offset": "P15D"})
publish("portal.inca.request.solicit", {"request_id": open_request, "operator": operator})
solicited = get_all("portal.inca", 1, lambda p: p.type == "request.solicited")[0][1]
check("a solicit at D+15 is accepted", solicited["request_id"] == open_request and solicited["number"] == 1)
check("and told to the sede under case-seq 2",
      get_all(f"sede.{sede}", 1, lambda p: p.type == "request.solicited")[0][0].headers["case-seq"] == 2)

# 8. P16D: every waiting request is flagged once
http("PUT", "/dev/clock", {"offset": "P16D"})
waiting = set(sent) - set(answered)
overdue = get_all("portal.inca", len(waiting), lambda p: p.type == "request.overdue", seconds=150)
check("every waiting request is overdue", {b["request_id"] for _, b in overdue} == waiting, str(len(overdue)))
connection.sleep(3)
check("each was told once", len(overdue) == len(waiting) and depth("portal.inca") == 0)
http("PUT", "/dev/clock", {"offset": "PT0S"})
print(f"{13 + 9} passed, 0 failed in {time.time() - began:.1f} s")
