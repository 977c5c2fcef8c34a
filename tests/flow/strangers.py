"""What strangers may send to an HTTP server: heads and bodies that are wrong in many ways."""
import contextlib
import selectors
import socket

HEADS = [b"", b"\r\n\r\n", b"\0" * 64, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n",
         b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
         b"GET / HTTP/1.1\r\nHost\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n",
         b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"b" * 40000,
         b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 4000 + b"\r\n",
         b"GET /v1/models?limit=%zz&%00&&&= HTTP/1.1\r\nHost: x\r\n\r\n",
         b"POST /v1/responses HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
         b"POST /v1/responses HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
         b"POST /v1/responses HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         b"POST /v1/responses HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         b"POST /v1/files HTTP/1.1\r\nContent-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc"]
PATHS = ["/v1/responses", "/v1/chat/completions", "/v1/batches", "/v1/conversations", "/v1/taskfit/jobs"]
BODIES = [b"", b"{", b"[]", b"null", b'{"model":1}', b'{"model":"bench","input":', b"\xff\xfe", b"[" * 500,
          b'{"a":1,"a":2}', b'{"model":"bench","messages":7}', b'{"model":"x","input":"y"}',
          b'{"path":"bench"}', b'{"items":[{}]}', b'{"input_file_id":"file-1"}']


def message(chance):
    """One that no server should take."""
    kind = chance.randrange(3)
    if kind == 0:
        return chance.choice(HEADS)
    body = chance.choice(BODIES)
    whole = (f"POST {chance.choice(PATHS)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
             f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    if kind == 1:
        return whole
    torn = bytearray(whole)
    for _ in range(chance.randrange(1, 4)):
        torn[chance.randrange(len(torn))] = chance.randrange(256)
    return bytes(torn[:chance.randrange(len(torn) + 1)])


def _end_of(sock, told):
    """Whether it is over; counts how."""
    try:
        reply = sock.recv(65536)
    except (ConnectionResetError, BrokenPipeError):
        reply = b""
    if not reply:
        how = "closed"
    elif reply.startswith(b"HTTP/1.") and reply[9:10] in b"45":
        how = "refused"
    else:
        how = reply.split(b"\r\n", 1)[0].decode(errors="replace")
    told[how] = told.get(how, 0) + 1
    sock.close()


def _begin(port, chance):
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    with contextlib.suppress(ConnectionResetError, BrokenPipeError, OSError):
        sock.sendall(message(chance))
        sock.shutdown(socket.SHUT_WR)
    return sock


def malformed(port, count, chance, at_a_time=400):
    """Sends so many of them, each on its own connection; how many were refused (an error as the reply), closed,
    or answered otherwise. The server must end each: what it leaves open stops the test."""
    told = {"refused": 0, "closed": 0}
    begun = 0
    with selectors.DefaultSelector() as waiting:
        while begun < count or waiting.get_map():
            while begun < count and len(waiting.get_map()) < at_a_time:
                waiting.register(_begin(port, chance), selectors.EVENT_READ)
                begun += 1
            ended = waiting.select(timeout=20)
            assert ended, f"{len(waiting.get_map())} connections that nobody ends"
            for key, _ in ended:
                waiting.unregister(key.fileobj)
                _end_of(key.fileobj, told)
    return told
