"""What keys may ask for, what tenants may spend, and the log of who did what."""
import concurrent.futures
import json
import threading
import time

import openai
import psycopg
import pytest

import test_gateway as gateway
import test_gateway_keys as keys
from models import scored
from test_gateway_login import PAGE, browser
from until import until


@pytest.fixture
def served(fleet, model):
    gateway.serve(fleet, model(lambda _: scored("IGST", 0.99)))
    return fleet


def early_in_a_minute():
    """No test of limits a minute shall see a minute end."""
    until(lambda: time.time() % 60 < 40, "a new minute", 70)


def test_requests_a_minute(served):
    free = keys.knows(served, keys.add(served, "free")["key"])
    key = keys.add(served, "few", "--rpm", "6")
    api = keys.client(served, key["key"])
    early_in_a_minute()
    first = until(lambda: try_raw(api), "a gateway that knows the key")
    assert first.headers["x-ratelimit-limit-requests"] == "6"
    left = [int(first.headers["x-ratelimit-remaining-requests"])]
    while left[-1]:
        left.append(int(try_raw(api).headers["x-ratelimit-remaining-requests"]))
    assert left == [5, 4, 3, 2, 1, 0]
    with pytest.raises(openai.RateLimitError) as e:
        api.models.list()
    assert e.value.code == "rate_limit_exceeded"
    assert 0 < int(e.value.response.headers["retry-after"]) <= 60
    assert free.models.list().data and "x-ratelimit-limit-requests" not in free.models.with_raw_response.list().headers
    until(lambda: served.sql("select sum(requests) as n from key_requests")[0].n == 6, "a count")
    other = keys.client(served, key["key"])
    other.base_url = served.gateway(name="gateway-2").ready().api
    until(lambda: refused(other), "a second gateway that knows of these requests")
    assert served.sql("select sum(requests) as n from key_requests")[0].n <= 6 + 6


def try_raw(api):
    try:
        return api.models.with_raw_response.list()
    except openai.AuthenticationError:
        return None


def refused(api):
    try:
        api.models.list()
    except openai.RateLimitError:
        return True
    return False


def test_spending(served):
    served.config["models"]["small@1"]["price"] = {"call": 0.4}
    served.write_config()
    for program in served.programs:
        if program.name != "gateway":
            program.stop()
    served.worker("small", name="worker-2").ready()
    served.escalator(name="escalator-2").ready()
    mine = keys.knows(served, keys.add(served, "mine", "--tenant", "acme", "--spend-per-day", "1")["key"])
    other = keys.client(served, keys.add(served, "other", "--tenant", "other")["key"])
    until(lambda: try_raw(other), "a gateway that knows the second key")

    def ask(api):
        try:
            return api.chat.completions.create(**gateway.body(1))
        except openai.RateLimitError as error:
            assert error.code == "insufficient_quota" and "this day" in error.message
            assert error.response.headers["x-should-retry"] == "false"
            return None
    answers = 0
    while ask(mine):
        answers += 1
        assert answers < 100
    assert answers >= 3  # the third one spends the rest
    spent, = served.sql("select * from tenant_spend")
    assert (spent.tenant, spent.cost_pico_usd) == ("acme", answers * 4 * 10**11)
    with pytest.raises(openai.RateLimitError):
        mine.batches.create(input_file_id=gateway.upload(mine, b"{}").id,
                            endpoint="/v1/chat/completions", completion_window="24h")
    assert mine.models.list().data and ask(other)
    said = served.command("key", "limit", "acme", "--no-day", "--spend-per-month", "1000").stdout
    assert "any sum a day, $1,000.00 a month" in said
    until(lambda: ask(mine), "a gateway that knows the new limit")
    served.command("key", "limit", "other", "--spend-per-month", "0.1")  # what was spent counts
    until(lambda: refused_month(other), "a gateway that knows the other's limit")


def refused_month(api):
    try:
        api.chat.completions.create(**gateway.body(1))
    except openai.RateLimitError as error:
        return "this month" in error.message
    return False


def test_who_did_what(served):
    key = keys.add(served, "anna", "--tenant", "acme", "--scopes", "submit,read")
    api = keys.knows(served, key["key"])
    file = gateway.upload(api, gateway.lines(gateway.row(1)))
    api.files.retrieve(file.id)
    batch = api.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions",
                               completion_window="24h")
    api.files.delete(gateway.upload(api, b"{}").id)
    with pytest.raises(openai.PermissionDeniedError):
        api.webhooks.create(event_types=["batch.completed"], name="n", url="https://x/")
    page = browser(served.api)
    page.login(key["key"])
    page.ask("POST", "/logout", **PAGE)
    served.command("key", "revoke", key["id"])

    def look():
        rows = [json.loads(line) for line in served.command("key", "log", "--json").stdout.splitlines()]
        return rows if len(rows) >= 9 else None
    rows = until(look, "nine rows")
    seen = [(r["action"], r["status"]) for r in rows]
    assert sorted(seen) == sorted([
        ("key add", 0), ("POST /v1/files", 200), ("POST /v1/batches", 200),
        ("POST /v1/files", 200), ("DELETE /v1/files/{}", 200), ("POST /v1/webhook_endpoints", 403),
        ("POST /login", 200), ("POST /logout", 200), ("key revoke", 0)])
    assert {r["tenant"] for r in rows} == {"acme"}
    made = {r["action"]: r["object"] for r in rows}
    assert made["POST /v1/batches"] == batch.id and made["key revoke"] == key["id"]
    assert {r["who"] for r in rows if r["by"] != "command"} == {key["id"]}
    assert all("@" in r["who"] for r in rows if r["by"] == "command")
    stored = str(served.sql("select * from audit_log"))
    assert key["key"] not in stored and "invoices" not in stored
    assert len(served.command("key", "log", key["id"][:8], "--limit", "2").stdout.splitlines()) == 3
    for change in ("update audit_log set who = 'x'", "delete from audit_log"):
        with pytest.raises(psycopg.errors.RaiseException):
            served.sql_run(change)


def test_what_is_parsed_counts_as_memory(fleet, model):
    came, go = threading.Event(), threading.Event()

    def rule(_):
        came.set()
        go.wait(30)
        return scored("IGST", 0.99)
    gateway.serve(fleet, model(rule), memory="1MiB")
    client, url = gateway.client(fleet)._client, f"{fleet.api.api}/chat/completions"
    body = {"model": "invoices", "messages": [{"role": "user", "content": '{"line": 1}'}],
            "numbers": [0] * 100000}  # 300 KB, 2 MB parsed

    def ask():
        return client.post(url, json=body, timeout=60)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(ask)
        assert came.wait(30)
        refused = ask()
        go.set()
        assert first.result().status_code == 200  # alone it is let in
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
    assert ask().status_code == 200
