"""The Restate side: a handler whose two durable steps write the row and publish the result, and one with an empty step.

Served by Granian on uvloop over HTTP/2, so that Restate streams the journal of an invocation instead of calling again
for each step. A process has a small pool of connections to PostgreSQL and one channel with confirms that all
invocations in flight share: many confirms are awaited at the same time.
"""

import os

import aio_pika
import restate
from psycopg_pool import AsyncConnectionPool

from load import INSERT_ONCE, RESULTS, amqp_url, database_url, result, row

CONNECTIONS = int(os.environ.get("PEERS_CONNECTIONS", "8"))

work = restate.Service("Work")
log = restate.Service("Log")


class Servers:
    """Opened in the loop that serves requests, before the first of them."""

    async def open(self):
        options = {"autocommit": True}
        self.pool = AsyncConnectionPool(
            database_url(), kwargs=options, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False
        )
        await self.pool.open(wait=True)
        self.connection = await aio_pika.connect(amqp_url())
        self.channel = await self.connection.channel(publisher_confirms=True)


servers = Servers()


async def write(body):
    async with servers.pool.connection() as connection:
        await connection.execute(INSERT_ONCE, row(body))


async def publish(number):
    message = aio_pika.Message(
        result(number).encode(),
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        content_type="application/json",
    )
    # Returns when the broker has confirmed it.
    await servers.channel.default_exchange.publish(message, routing_key=RESULTS)


async def nothing():
    pass


@work.handler("handle")
async def handle(ctx: restate.Context, body: dict) -> int:
    await ctx.run_typed("row", write, body=body)
    await ctx.run_typed("publish", publish, number=body["number"])
    return body["number"]


@log.handler("handle")
async def handle_nothing(ctx: restate.Context, body: dict) -> int:
    await ctx.run_typed("nothing", nothing)
    return body["number"]


endpoint = restate.app([work, log])


async def app(scope, receive, send):
    """The SDK's application, which begins with its connections open."""
    if scope["type"] != "lifespan":
        return await endpoint(scope, receive, send)
    await receive()
    await servers.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
