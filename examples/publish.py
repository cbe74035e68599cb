# pip install pika
import json, os, time, uuid
import pika

request = {
    "role": "operator", "patronato": "inca", "office": "INCA-RM-001",
    "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
    "citizen": {"codice_fiscale": "BNCMRA50A01H501U"}, "delegation": True,
    "reason": "status_or_rejection",
    "practice": {"kind": "pension", "number": "030010110000000"},
    "topic": "pensioni-paesi-non-convenzionati",
    "text": "Vorrei conoscere lo stato della pratica.",
}
message_id = str(uuid.uuid4())  # keep it over your retries: it is the idempotency key

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.confirm_delivery()  # raises when the broker does not take the message
channel.basic_publish(
    "usciere.commands", "portal.inca.request.submit", json.dumps(request),
    pika.BasicProperties(message_id=message_id, type="request.submit", content_type="application/json",
                         delivery_mode=2, timestamp=int(time.time())),
    mandatory=True)

for method, properties, body in channel.consume("portal.inca", inactivity_timeout=30):
    if method is None:
        raise SystemExit("no answer within 30 seconds")
    channel.basic_ack(method.delivery_tag)
    if properties.headers.get("causation-id") == message_id:
        print(properties.type, json.loads(body))
        break
connection.close()
