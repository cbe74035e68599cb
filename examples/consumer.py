# pip install pika          python consumer.py sede.230001
"""Sees every effect exactly once and in order. SQLite stands for the database your own work is in."""
import json, os, sqlite3, sys
import pika

SCHEMA = """
    create table if not exists last_seq (request text primary key, seq integer not null);
    create table if not exists held (request text, seq integer, kind text, body text, primary key (request, seq));
    create table if not exists applied (id integer primary key, request text, seq integer, kind text);
"""


class Consumer:
    KNOWN = {"request.assigned", "request.message", "request.attached", "request.solicited",
             "appointment.booked", "request.revoked"}

    def __init__(self):
        self.db = sqlite3.connect(os.environ.get("CONSUMER_DB", "consumer.db"), isolation_level=None, timeout=30)
        self.db.executescript(SCHEMA)

    def work(self, request, seq, kind, body):
        """Your work. The same transaction remembers that it was done."""
        self.db.execute("insert into applied (request, seq, kind) values (?, ?, ?)", (request, seq, kind))

    def last(self, request):
        row = self.db.execute("select seq from last_seq where request = ?", (request,)).fetchone()
        return row[0] if row else 0

    def advance(self, request, seq):
        self.db.execute("insert into last_seq values (?, ?) on conflict (request) do update set seq = excluded.seq",
                        (request, seq))

    def take(self, properties, body):
        seq = (properties.headers or {}).get("case-seq")
        if seq is None:  # command.refused: the answer to a command of ours, and no step of the request
            return print("refused", body, file=sys.stderr)
        request = json.loads(body)["request_id"]
        self.db.execute("begin immediate")
        if seq > self.last(request):  # up to the last: a repetition, already done
            self.db.execute("insert or ignore into held values (?, ?, ?, ?)", (request, seq, properties.type, body))
        while row := self.db.execute("delete from held where request = ? and seq = ? returning seq, kind, body",
                                     (request, self.last(request) + 1)).fetchone():
            if row[1] in self.KNOWN:  # of a later version: nothing to do, but its number counts
                self.work(request, *row)
            self.advance(request, row[0])
        self.db.execute("commit")

    def run(self, queue):
        connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
        channel = connection.channel()
        channel.basic_qos(prefetch_count=50)
        for method, properties, body in channel.consume(queue):
            self.take(properties, body)
            channel.basic_ack(method.delivery_tag)  # after the commit

    def report(self):
        for request, seq, kind in self.db.execute("select request, seq, kind from applied order by id"):
            print(json.dumps({"request_id": request, "case_seq": seq, "type": kind}))


if __name__ == "__main__":
    Consumer().report() if sys.argv[1] == "--applied" else Consumer().run(sys.argv[1])
