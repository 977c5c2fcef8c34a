"""The frame itself: what other tests lean on must hold."""
import json
import urllib.request

import pytest

import models
from until import until


def post(url, document, key=None):
    request = urllib.request.Request(url, json.dumps(document).encode(),
                                     {"Idempotency-Key": key} if key else {})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def test_until_says_what_is_missing():
    with pytest.raises(AssertionError, match="still no luck"):
        until(lambda: False, "luck", timeout=0.05)


def test_stub_counts_calls_by_key(fleet):
    stub = fleet.stub("--labels", "a,b,c")
    first = post(stub.base + "/score", {"x": 1}, "k1")
    assert post(stub.base + "/score", {"x": 1}, "k1") == first
    assert first["answer"] in ("a", "b", "c") and 0.5 <= first["confidence"] < 1
    chat = post(stub.base + "/v1/chat/completions", {"x": 1}, "k2")
    assert chat["choices"][0]["logprobs"] is None
    stats = stub.stats()
    assert (stats["calls"], stats["distinct_keys"], stats["repeats"]) == (3, 2, 1)


def test_scripted_model_counts_calls_by_key(model):
    server = model(lambda request: models.scored("a", 0.5, n=request.number))
    assert [post(server.url, {}, "k")["n"] for _ in range(2)] == [1, 2]
    assert server.calls == 2 and server.repeats == 1


@pytest.mark.parametrize("name", ["kafka", "postgres"])
def test_stack_starts_again_what_was_killed(stack, fleet, name):
    before = stack.pid(name)
    stack.kill(name)
    until(lambda: stack.pid(name) not in (before, None), f"new {name}")
    stack.up()
    assert fleet.sql("select 1 as one")[0].one == 1
