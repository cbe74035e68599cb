# Over RabbitMQ's management API; MANAGEMENT_URL is http://user:password@host:port
message_id=$(cat /proc/sys/kernel/random/uuid)
request='{"role": "operator", "patronato": "inca", "office": "INCA-RM-001",
  "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
  "citizen": {"codice_fiscale": "BNCMRA50A01H501U"}, "delegation": true,
  "reason": "status_or_rejection",
  "practice": {"kind": "pension", "number": "030010110000000"},
  "topic": "pensioni-paesi-non-convenzionati",
  "text": "Vorrei conoscere lo stato della pratica."}'
python3 - "$message_id" "$request" <<'PY' | curl --fail --silent --show-error --header 'content-type: application/json' \
    --data @- "${MANAGEMENT_URL%/}/api/exchanges/${VHOST:-%2F}/usciere.commands/publish"
import json, sys
print(json.dumps({"routing_key": "portal.inca.request.submit", "payload": sys.argv[2], "payload_encoding": "string",
                  "properties": {"message_id": sys.argv[1], "type": "request.submit",
                                 "content_type": "application/json", "delivery_mode": 2}}))
PY
