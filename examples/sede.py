# pip install pika          python sede.py 230001
import json, os, sys, time, uuid
import pika

sede = sys.argv[1]
connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.confirm_delivery()
channel.basic_qos(prefetch_count=50)
last = {}  # request -> last case-seq; keep it in your own database, written in the same transaction as your work

for method, properties, body in channel.consume(f"sede.{sede}", inactivity_timeout=30):
    if method is None:
        raise SystemExit("nothing came within 30 seconds")
    message, seq = json.loads(body), properties.headers.get("case-seq")
    request = message.get("request_id")
    new = seq is not None and seq == last.get(request, 0) + 1
    if new and properties.type == "request.assigned":
        reply = {"request_id": request, "officer": {"id": "av1", "name": "Anna Verdi"},
                 "text": "La pratica è in lavorazione.", "continuation": "allowed"}
        channel.basic_publish(
            "usciere.commands", f"sede.{sede}.request.reply", json.dumps(reply),
            pika.BasicProperties(message_id=str(uuid.uuid4()), type="request.reply", content_type="application/json",
                                 delivery_mode=2, timestamp=int(time.time())),
            mandatory=True)
        print("answered", request)
    if new:
        last[request] = seq
    channel.basic_ack(method.delivery_tag)  # after your own commit
    if new and properties.type == "request.assigned":
        break
connection.close()
