"""Serves one tier's models over HTTP: POST /score with an invoice line, back comes
{"answer": {"section", "tax_type"}, "confidence"}. GET /healthz says that they are loaded.

Usage: serve.py TIER PORT MODELS

Requests that are there at the same time are answered together, which for the linear models is
several times faster. HTTP/1.1 with keep-alive and Content-Length is all that is spoken.
"""

import asyncio
import json
import sys
from pathlib import Path

from tiers import Tier

HEAD_BYTES = 16 << 10
BODY_BYTES = 1 << 20
BATCH = 64  # answered in one go: bounds how long one round takes
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 413: "Content Too Large"}
WANTED = {"text": str, "supplier_state": str, "place_of_supply": str, "rate": int}


class Scorer:
    """Collects lines, answers them in batches."""

    def __init__(self, tier: Tier):
        self.tier = tier
        self.waiting: list[tuple[Connection, dict]] = []

    def add(self, connection: "Connection", line: dict) -> None:
        if not self.waiting:
            asyncio.get_running_loop().call_soon(self.round)
        self.waiting.append((connection, line))

    def round(self) -> None:
        batch, self.waiting = self.waiting[:BATCH], self.waiting[BATCH:]
        answers = self.tier.answer([line for _, line in batch])
        for (connection, _), answer in zip(batch, answers, strict=True):
            reply = {
                "answer": {"section": answer.section, "tax_type": answer.tax_type},
                "confidence": answer.confidence,
            }
            connection.reply(200, reply)
            connection.advance()
        if self.waiting:
            asyncio.get_running_loop().call_soon(self.round)


def read_line(body: bytes) -> dict:
    """The invoice line in a request; ValueError says what is wrong with it."""
    line = json.loads(body)
    if not isinstance(line, dict):
        raise ValueError("an invoice line is an object")
    for name, kind in WANTED.items():
        if not isinstance(line.get(name), kind):
            raise ValueError(f"{name}: {kind.__name__} expected, got {line.get(name)!r}")
    return line


class Connection(asyncio.Protocol):
    """One request after the other; what a client sends ahead waits in the buffer."""

    def __init__(self, scorer: Scorer):
        self.scorer = scorer
        self.buffer = bytearray()
        self.busy = False
        self.ended = False
        self.transport: asyncio.Transport

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.advance()

    def eof_received(self) -> bool:
        """A client that says no more may still wait for answers."""
        self.ended = True
        return self.busy

    def advance(self) -> None:
        while not self.busy and self.take():
            pass
        if self.ended and not self.busy:
            self.transport.close()

    def take(self) -> bool:
        """Handles a request; False: there is no whole one."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > HEAD_BYTES:
                self.refuse(413, "the header is too long")
            return False
        head = bytes(self.buffer[:end])
        size = content_length(head)
        if size is None or size > BODY_BYTES:
            self.refuse(413 if size else 400, f"a Content-Length of at most {BODY_BYTES} is needed")
            return False
        if len(self.buffer) < end + 4 + size:
            return False
        body = bytes(self.buffer[end + 4 : end + 4 + size])
        del self.buffer[: end + 4 + size]
        self.busy = True
        self.handle(head.split(b" ", 2)[:2], body)
        return True

    def handle(self, target: list[bytes], body: bytes) -> None:
        if target == [b"GET", b"/healthz"]:
            self.reply(200, {"tier": self.scorer.tier.name})
        elif target != [b"POST", b"/score"]:
            self.reply(404, {"error": "here are POST /score and GET /healthz"})
        else:
            try:
                line = read_line(body)
            except ValueError as e:
                self.reply(400, {"error": str(e)})
                return
            self.scorer.add(self, line)

    def reply(self, status: int, value: dict) -> None:
        body = json.dumps(value).encode()
        self.busy = False
        if self.transport.is_closing():
            return
        self.transport.write(
            b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (status, REASONS[status].encode(), len(body), body)
        )

    def refuse(self, status: int, text: str) -> None:
        self.buffer.clear()
        self.reply(status, {"error": text})
        self.transport.close()


def content_length(head: bytes) -> int | None:
    """0 without the header; None when it is no number, or the body comes in chunks."""
    size = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"transfer-encoding":
            return None
        if name.lower() == b"content-length":
            if not value.strip().isdigit():
                return None
            size = int(value)
    return size


async def serve(name: str, port: int, models: Path) -> None:
    scorer = Scorer(Tier(models, name))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(scorer), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
