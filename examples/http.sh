# Over HTTP, as an operator of a development system: HTTP_URL and DATABASE_URL are those it printed
token=$(usciere token create --role operator)
key=$(cat /proc/sys/kernel/random/uuid)
request='{"citizen": {"codice_fiscale": "BNCMRA50A01H501U"}, "delegation": true,
  "reason": "status_or_rejection",
  "practice": {"kind": "pension", "number": "030010110000000"},
  "topic": "pensioni-paesi-non-convenzionati",
  "text": "Vorrei conoscere lo stato della pratica."}'
curl --fail-with-body --silent --show-error --header "authorization: Bearer $token" \
    --header "idempotency-key: $key" --header 'content-type: application/json' --data "$request" \
    "${HTTP_URL%/}/api/v1/requests"
