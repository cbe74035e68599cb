"""A small HTTP client for Restate's ingress: so many connections, each with one request in flight. It does only what is
needed here, so that what drives the load takes little of the processors that are measured."""

import asyncio
import json
import time

from processes import Failed


class Ingress:
    def __init__(self, port, path):
        self.port = port
        self.head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def call(self, connection, body):
        """One request and its answer; the connection is kept."""
        reader, writer = connection
        text = json.dumps(body).encode()
        writer.write(f"{self.head}{len(text)}\r\n\r\n".encode() + text)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n", 1)[0])
        answer = await reader.readexactly(length)
        if " 200 " not in head.split("\r\n", 1)[0]:
            raise Failed(f"Restate answers {answer.decode(errors='replace')}")
        return json.loads(answer)

    async def drain(self, bodies, at_once):
        """As fast as it takes them: how long from the first request sent to the last answer, and every answer."""
        waiting, answers = iter(bodies), []

        async def one_after_the_other(connection):
            for body in waiting:
                answers.append(await self.call(connection, body))

        connections = [await self.connect() for _ in range(at_once)]
        began = time.monotonic()
        await asyncio.gather(*(one_after_the_other(connection) for connection in connections))
        took = time.monotonic() - began
        close(connections)
        return took, answers

    async def steady(self, bodies, rate):
        """At a steady rate, whatever it takes its time for: how long each took, and every answer."""
        idle, opened, taken, answers = [], [], [], []

        async def one(body):
            sent = time.monotonic()
            if not idle:
                opened.append(await self.connect())
                idle.append(opened[-1])
            connection = idle.pop()
            answers.append(await self.call(connection, body))
            taken.append(time.monotonic() - sent)
            idle.append(connection)

        began, flying = time.monotonic(), []
        for turn, body in enumerate(bodies):
            await asyncio.sleep(max(0, began + turn / rate - time.monotonic()))
            flying.append(asyncio.create_task(one(body)))
        await asyncio.gather(*flying)
        close(opened)
        return taken, answers


def close(connections):
    for _, writer in connections:
        writer.close()
