"""The gateway before clients that are slow, half there, many, or wrong: they cost bounded memory, and others
are served. `make bench-gateway` sends a hundred thousand malformed requests."""
import contextlib
import random
import re
import socket

import pytest

import strangers
import test_gateway as gateway
from models import scored
from until import until

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"


@pytest.fixture
def serve(fleet, model):
    def run(**more):
        gateway.serve(fleet, model(lambda _: scored("IGST", 0.99)), start=False, **more)
        return gateway.client(fleet)
    return run


def connect(fleet):
    return socket.create_connection(("127.0.0.1", int(re.search(r":(\d+)/", fleet.api.api)[1])), 20)


def is_closed(sock):
    try:
        return sock.recv(65536) == b""
    except ConnectionResetError:
        return True


def test_malformed_requests(fleet, serve):
    api = serve()
    port = int(re.search(r":(\d+)/", fleet.api.api)[1])
    strangers.malformed(port, 1000, random.Random(fleet.prefix))  # the heap has its size
    before = fleet.api.memory_mib()
    told = strangers.malformed(port, 3000, random.Random(fleet.prefix + "b"))
    assert told["refused"] > 1000 and told["closed"] > 500, told
    assert fleet.api.memory_mib() - before < 8
    assert [m.id for m in api.models.list()] == ["invoices"]
    assert fleet.count("api_responses") == 0


def test_one_address_cannot_hold_all(fleet, serve):
    serve(address_connections=5)
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(fleet)) for _ in range(5)]
        for sock in held:
            sock.sendall(b"GET /v1/models HTTP/1.1\r\nHo")
        with connect(fleet) as more:
            assert is_closed(more)
        for sock in held:  # and leave with their last byte
            sock.sendall(b"st")
            sock.shutdown(socket.SHUT_WR)
        assert all(is_closed(sock) for sock in held)
    assert until(lambda: gateway.client(fleet).models.list().data, "places that are free")


def test_a_head_that_is_never_whole(fleet, serve):
    """It is cut off in spite of a byte now and then."""
    serve()
    with connect(fleet) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nX: ")
        sock.settimeout(0.5)

        def cut():
            try:
                sock.sendall(b"x")
                return is_closed(sock)
            except TimeoutError:
                return False
            except OSError:
                return True
        until(cut, "the end of its time", 30)


def test_bodies_that_stop_half_way(fleet, serve):
    """What they hold is counted, and when it is too much others are told to come again."""
    api = serve(memory="1MiB")
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(fleet)) for _ in range(20)]
        refused = 0
        for sock in held:
            sock.sendall(HEAD + b"x" * 90000)
        for sock in held[-5:]:
            sock.sendall(b"x" * 10000)
            refused += b" 503 " in sock.recv(65536)
        assert refused > 0
        assert api.models.list().data  # what needs no memory is answered
        assert fleet.api.memory_mib("VmHWM") < 64


def test_replies_that_nobody_reads(fleet, serve):
    api = serve()
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            sock = stack.enter_context(connect(fleet))
            sock.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        assert api.models.list().data
        assert fleet.api.memory_mib("VmHWM") < 64
