"""A model server that means harm: raw bytes for each request, as the input's "attack" says."""
import gzip
import json
import socket
import threading
import time

GOOD = json.dumps({"answer": "CGST_SGST", "confidence": 0.97}).encode()


def reply(body, head="", status="200 OK", length=None):
    body = body if isinstance(body, bytes) else body.encode()
    length = len(body) if length is None else length
    return (f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n{head}\r\n").encode() + body


def drip(first, rest):
    """A byte now and then, for ever."""
    yield first
    while True:
        time.sleep(0.05)
        yield rest


def flood(first, rest):
    yield first
    while True:
        yield rest


OPEN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(b"[" + b"0," * 30_000_000 + b"0]", 9)

# What is sent, and the code that the attempt gets; None: none, its answer is judged.
ATTACKS = {
    "head without end, slowly": (lambda: drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"), "error.timeout"),
    "body without end, slowly": (lambda: drip(reply(b" ", length=10000), b" "), "error.timeout"),
    "nothing": (lambda: drip(b"", b""), "error.timeout"),
    "body without end": (lambda: flood(OPEN, b" " * 65536), "error.too_large"),
    "chunks without end": (lambda: flood(CHUNKED, b"8\r\n        \r\n" * 1000), "error.too_large"),
    "header lines without end": (lambda: flood(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000),
                                 "error.too_large"),
    "a header line without end": (lambda: flood(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536), "error"),
    "interim replies without end": (lambda: flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
                                    "error.too_large"),
    "gzip bomb": (lambda: [reply(BOMB, "Content-Encoding: gzip\r\n")], "error.reply"),
    "shorter than it said": (lambda: [reply(GOOD, length=len(GOOD) + 10)], "error.cut"),
    "longer than it said": (lambda: [reply(GOOD, length=len(GOOD) - 10)], "error.reply"),
    "negative length": (lambda: [reply(GOOD, length=-1)], "error"),
    "two lengths": (lambda: [reply(GOOD, "Content-Length: 3\r\n")], "error"),
    "a chunk of 2^64": (lambda: [CHUNKED + b"FFFFFFFFFFFFFFFFFF\r\n" + GOOD], "error.cut"),
    "no HTTP": (lambda: [b"SSH-2.0-OpenSSH_9.2\r\n" * 10], "error.cut"),
    "NUL": (lambda: [reply(b'{"answer":"CGST_SGST\0","confidence":0.97}')], "error.reply"),
    "U+0000": (lambda: [reply('{"answer":"CGST_SGST\\u0000","confidence":0.97}')], "error.reply"),
    "no UTF-8": (lambda: [reply(b'{"answer":"\xc3\x28","confidence":0.97}')], "error.reply"),
    "a lone surrogate": (lambda: [reply('{"answer":"\\ud800","confidence":0.97}')], "error.reply"),
    "a key twice": (lambda: [reply('{"answer":"IGST","answer":"CGST_SGST","confidence":0.97}')],
                    "error.reply"),
    "nested": (lambda: [reply(b"[" * 30000 + b"]" * 30000)], "error.reply"),
    "1e308": (lambda: [reply('{"answer":"CGST_SGST","confidence":1e308}')], None),
    "1e999": (lambda: [reply('{"answer":"CGST_SGST","confidence":1e999}')], None),
    "NaN": (lambda: [reply('{"answer":"CGST_SGST","confidence":NaN}')], "error.reply"),
    "an answer that is a reply": (lambda: [reply(json.dumps({"answer": GOOD.decode()}))], None),
    "tokens beyond sense": (lambda: [reply('{"answer":"CGST_SGST","confidence":0.2,"usage":'
                                           '{"input_tokens":1e300,"output_tokens":-5}}')], None),
    "elsewhere": (lambda: [reply("", "Location: http://127.0.0.1:9/\r\n", "302 Found")],
                  "error.reply"),
    "status 999": (lambda: [reply(GOOD, status="999 What")], "error"),
}


class Hostile:
    """ATTACKS, and under "echo" the request's own head as an error's message."""

    def __init__(self):
        self.requests = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/score"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as lines:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = lines.readline()
                if not line:
                    return
                head += line
            length = int(next(row.split(b":")[1] for row in head.split(b"\r\n")
                              if row.lower().startswith(b"content-length:")))
            document = json.loads(lines.read(length))
            self.requests.append((head.decode(), document))
            try:
                for piece in self._answer(head.decode(), document):
                    connection.sendall(piece)
            except OSError:
                pass  # the client had enough

    def _answer(self, head, document):
        attack = document.get("attack")
        if attack == "echo":
            return [reply(json.dumps({"error": {"message": head}}), status="400 Bad Request")]
        if attack == "echo as answer":
            return [reply(json.dumps({"answer": head, "confidence": 1}))]
        return ATTACKS[attack][0]() if attack else [reply(GOOD)]

    def close(self):
        self._server.close()
