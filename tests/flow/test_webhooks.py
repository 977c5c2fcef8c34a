"""Webhooks, read with the official SDK and the library of the specification."""
import json
import threading
import uuid

import openai
import psycopg
import pytest
import standardwebhooks

import models
import test_gateway as gateway
import test_gateway_keys as keys
from receiver import Receiver
from test_gateway_login import SECRET
from until import until

FAST = {"private": True, "timeout": "10s", "base": "20ms", "cap": "100ms"}


@pytest.fixture
def receiver():
    made = []

    def make(*arguments):
        made.append(Receiver(*arguments))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.fixture
def hooked(fleet, model, request):
    """A fleet with webhooks to receivers on this machine, whose model is sure but of line 4."""
    def rule(asked):
        number = json.loads((asked.body.get("messages") or asked.body["input"])[0]["content"])["line"]
        return models.scored("IGST", 0.2 if number % 5 == 4 else 0.99)
    gateway.serve(fleet, model(rule), secret=SECRET,
                  webhooks={"allow": ["http://127.0.0.1:1/"], **FAST})
    return fleet


def allow(fleet, *receivers, **more):
    """Lets the gateway send to them: it is started anew."""
    hooks = fleet.config["gateway"]["webhooks"]
    hooks.update({"allow": [r.base for r in receivers], **more})
    fleet.write_config()
    fleet.api.stop()
    fleet.api = fleet.gateway(name=f"gateway-{len(fleet.programs)}").ready()


def add(fleet, url, *more):
    made = json.loads(fleet.command("webhook", "add", url, "--json", *more).stdout)
    return made["id"], made["signing_secret"]


def deliveries(fleet, endpoint, *more):
    out = fleet.command("webhook", "deliveries", endpoint, "--json", *more).stdout
    return [json.loads(line) for line in out.splitlines()]


def settled(fleet, endpoint, count=1, state="delivered"):
    return until(lambda: (lambda d: d if len(d) >= count else None)(
        deliveries(fleet, endpoint, "--state", state)), f"{count} {state} deliveries")


def test_the_sdk_verifies_and_parses(hooked, receiver):
    there = receiver()
    allow(hooked, there)
    endpoint, secret = add(hooked, there.url)
    api = openai.OpenAI(base_url=hooked.api.api, api_key="none", max_retries=0,
                        webhook_secret=secret)
    batch = api.batches.create(
        input_file_id=gateway.upload(api, gateway.lines(*map(gateway.row, range(5)))).id,
        endpoint="/v1/chat/completions", completion_window="24h")
    good = api.responses.create(model="invoices", background=True,
                                input=[{"role": "user", "content": '{"line": 1}'}])
    bad = api.responses.create(model="invoices", background=True,
                               input=[{"role": "user", "content": '{"line": 4}'}])
    broken = api.batches.create(input_file_id=gateway.upload(api, b"{").id,
                                endpoint="/v1/chat/completions", completion_window="24h")
    wanted = {("batch.completed", batch.id), ("batch.failed", broken.id),
              ("response.completed", good.id), ("response.failed", bad.id)}

    def seen():
        return {(e.type, e.body["data"]["id"]) for e in list(there.events)}
    for one in wanted:
        until(lambda one=one: one in seen(), f"{one} in {seen()}")
    until(lambda: len(there.of("taskfit.job.completed")) == 7, "an event for each job")
    assert {t for t, _ in seen()} == {t for t, _ in wanted} | {"taskfit.job.completed"}
    for event in there.events:
        parsed = api.webhooks.unwrap(event.text, event.headers)
        assert (parsed.id, parsed.type, parsed.object) == (event.id, event.type, "event")
        assert standardwebhooks.Webhook(secret).verify(event.text, event.headers) == event.body
        with pytest.raises(openai.InvalidWebhookSignatureError):
            api.webhooks.unwrap(event.text + b" ", event.headers)
    assert len({e.id for e in there.events}) == len(there.events) == 11
    verdicts = [e.body["data"]["verdict"] for e in there.of("taskfit.job.completed")]
    assert sorted(verdicts) == ["accept"] * 5 + ["review"] * 2
    assert len(settled(hooked, endpoint, 11)) == 11
    stored = hooked.sql("select encode(secret, 'escape') as secret from webhook_endpoints")[0].secret
    assert secret.split("_")[1] not in stored


def test_it_is_told_of_what_people_made_of_it(hooked, receiver):
    there = receiver()
    allow(hooked, there)
    add(hooked, there.url, "--events", "taskfit.job.revised")
    api = gateway.client(hooked)
    answer = api.responses.create(model="invoices", background=True,
                                  input=[{"role": "user", "content": '{"line": 4}'}])
    job = answer.id[len("resp_"):]
    until(lambda: hooked.count("reviews where job_id = %s", job), "a job for people")
    hooked.command("review", job, "--answer", '"IGST"', "--by", "anna")
    until(lambda: there.count, "an event")
    event, = there.events
    data = event.body["data"]
    assert event.type == "taskfit.job.revised" and data["id"] == job
    assert (data["verdict"], data["revision"], data["reviewer"]) == ("accept", 1, "anna")


def test_only_its_own_and_what_it_chose(hooked, receiver):
    ours, theirs = receiver(), receiver()
    allow(hooked, ours, theirs)
    api = keys.knows(hooked, keys.add(hooked, "ours", "--tenant", "acme",
                                      "--scopes", "submit,read,admin")["key"])
    add(hooked, ours.url, "--tenant", "acme", "--events", "response.completed")
    add(hooked, theirs.url, "--tenant", "other")
    answer = api.responses.create(model="invoices", background=True,
                                  input=[{"role": "user", "content": '{"line": 1}'}])
    until(lambda: ours.count, "an event")
    assert ours.events[0].body["data"] == {"id": answer.id}
    made = api.webhooks.create(event_types=["taskfit.test"], name="n", url=ours.base + "b")
    assert made.signing_secret.startswith("whsec_") and made.url == ours.base + "b"
    assert [e.name for e in api.webhooks.list()] == ["n", "webhook"]
    assert not hasattr(api.webhooks.retrieve(made.id), "signing_secret")
    api.post(f"/webhook_endpoints/{made.id}/test", cast_to=object, body={})
    until(lambda: ours.of("taskfit.test"), "a test's event")
    assert openai.OpenAI(api_key="x").webhooks.unwrap(
        ours.of("taskfit.test")[0].text, ours.of("taskfit.test")[0].headers,
        secret=made.signing_secret)
    listed = api.get(f"/webhook_endpoints/{made.id}/deliveries", cast_to=object)["data"]
    assert listed[0]["type"] == "taskfit.test"
    assert api.webhooks.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        api.webhooks.retrieve(made.id)
    assert theirs.count == 0 and {e.type for e in ours.events} == {"response.completed",
                                                                  "taskfit.test"}


def test_failures_are_tried_again_under_the_same_id(hooked, receiver):
    def rule(event, n):
        return [(500, {}, b"x" * 100000), (302, {"Location": "/elsewhere"}, b""),
                (429, {"Retry-After": "1"}, b"slow"), None][min(n, 4) - 1]
    there = receiver(rule)
    allow(hooked, there)
    endpoint, _ = add(hooked, there.url)
    hooked.command("webhook", "test", endpoint)
    done, = settled(hooked, endpoint)
    assert done["attempts"] == 4 and len({e.id for e in there.events}) == 1
    assert {e.path for e in there.events} == {"/hook"}
    assert len({e.text for e in there.events}) == 1
    assert there.events[3].at - there.events[2].at >= 0.95


def test_dead_at_last_and_replayed(hooked, receiver):
    well = threading.Event()
    there = receiver(lambda event, n: None if well.is_set() else (500, {}, b""))
    allow(hooked, there, **{"for": "1s"})
    endpoint, _ = add(hooked, there.url)
    hooked.command("webhook", "test", endpoint)
    dead, = settled(hooked, endpoint, state="dead")
    assert dead["status"] == 500 and dead["attempts"] > 1 and "status 500" in dead["error"]
    well.set()
    assert "1 deliveries" in hooked.command("webhook", "replay", endpoint).stdout
    done, = settled(hooked, endpoint)
    assert done["id"] == dead["id"] == there.events[-1].id


def test_a_delivery_has_its_time(hooked, receiver):
    free = threading.Event()
    there = receiver(lambda event, n: None if n > 1 else free.wait(30) and None)
    allow(hooked, there, timeout="100ms")
    endpoint, _ = add(hooked, there.url)
    hooked.command("webhook", "test", endpoint)
    done, = settled(hooked, endpoint)
    assert done["attempts"] > 1 and there.count > 1
    free.set()


def test_gone_ends_the_endpoint(hooked, receiver):
    well = threading.Event()
    there = receiver(lambda event, n: None if well.is_set() else (410, {}, b""))
    allow(hooked, there)
    endpoint, _ = add(hooked, there.url)
    hooked.command("webhook", "test", endpoint)
    hooked.api.said("said that it is gone")
    listed, = map(json.loads, hooked.command("webhook", "list", "--json").stdout.splitlines())
    assert listed["ended_why"] == "gone" and (listed["open"], listed["dead"]) == (0, 1)
    done = hooked.command("webhook", "test", endpoint, check=False)
    assert done.returncode == 66
    well.set()
    hooked.command("webhook", "replay", endpoint)
    assert settled(hooked, endpoint)[0]["type"] == "taskfit.test"
    hooked.command("webhook", "revoke", endpoint)
    assert hooked.command("webhook", "replay", endpoint, check=False).returncode == 66


def test_a_slow_endpoint_holds_up_no_other(hooked, receiver):
    free = threading.Event()
    slow, quick = receiver(lambda event, n: free.wait(30) and None), receiver()
    allow(hooked, slow, quick, in_flight=2)
    for there in (slow, quick):
        there.endpoint, _ = add(hooked, there.url)
    for _ in range(6):
        hooked.command("webhook", "test", slow.endpoint)
    until(lambda: slow.open == 2, "two deliveries that hang")
    for _ in range(3):
        hooked.command("webhook", "test", quick.endpoint)
    settled(hooked, quick.endpoint, 3)
    assert slow.most_open == 2 and slow.count == 2
    free.set()
    settled(hooked, slow.endpoint, 6)
    assert slow.most_open == 2


def test_a_gateway_killed_amid_deliveries_loses_none(hooked, receiver):
    free = threading.Event()
    there = receiver(lambda event, n: free.wait(30) and None)
    allow(hooked, there)
    endpoint, _ = add(hooked, there.url, "--events", "taskfit.job.completed")
    api = gateway.client(hooked)
    batch = api.batches.create(
        input_file_id=gateway.upload(api, gateway.lines(*map(gateway.row, range(200)))).id,
        endpoint="/v1/chat/completions", completion_window="24h")
    until(lambda: there.open == 8, "deliveries under way")
    hooked.api.kill()
    free.set()
    hooked.sql_run("update webhook_deliveries set due_at = now()")  # as if the claims had ended
    hooked.api = hooked.gateway(name="gateway-after").ready()
    other = hooked.gateway(name="gateway-beside").ready()
    until(
        lambda: hooked.count("webhook_deliveries where state = 'delivered'") == 200, "all delivered")
    assert other.running
    assert hooked.count("webhook_deliveries") == 200
    ids = [e.id for e in there.events]
    assert len(set(ids)) == 200 and len(ids) <= 200 + 8
    assert gateway.ended(gateway.client(hooked), batch).status == "completed"


def test_a_new_secret_and_the_old_one(hooked, receiver):
    there = receiver()
    allow(hooked, there)
    endpoint, old = add(hooked, there.url)
    new = json.loads(hooked.command("webhook", "rotate", endpoint, "--json").stdout)["signing_secret"]
    hooked.command("webhook", "test", endpoint)
    settled(hooked, endpoint)
    event = there.events[0]
    assert len(event.headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(event.text, event.headers)
    newest = json.loads(hooked.command("webhook", "rotate", endpoint, "--at-once",
                                       "--json").stdout)["signing_secret"]
    hooked.command("webhook", "test", endpoint)
    settled(hooked, endpoint, 2)
    event = there.events[-1]
    standardwebhooks.Webhook(newest).verify(event.text, event.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(new).verify(event.text, event.headers)


def test_urls_beyond_the_list_and_private_ones(hooked, receiver):
    there = receiver()
    allow(hooked, there, private=False)
    for url in ("http://127.0.0.1:1/", "https://example.com/", there.base.replace("1:", "1@x:"),
                there.base + "../x", there.base + "%2E%2e/x", there.base + " ", "file:///etc/passwd"):
        done = hooked.command("webhook", "add", url, check=False)
        assert done.returncode == 64 and "gateway.webhooks.allow" in done.stderr, url
    assert hooked.command("webhook", "add", there.url, "--events", "batch.done",
                          check=False).returncode == 64
    endpoint, _ = add(hooked, there.url)
    hooked.command("webhook", "test", endpoint)
    failed = until(lambda: [d for d in deliveries(hooked, endpoint) if d["error"]], "a failure")
    assert "not a public one" in failed[0]["error"] and there.count == 0
    hooked.config["gateway"]["webhooks"]["allow"] = ["https://hooks.example.com"]
    hooked.write_config()
    done = hooked.command("check", check=False)
    assert "with the / after the host" in done.stdout + done.stderr


def test_an_outcome_and_its_response_stored_at_once(hooked, receiver):
    """Neither transaction sees the other: the event comes by the look that follows."""
    there = receiver()
    allow(hooked, there)
    add(hooked, there.url, "--events", "response.completed")
    job = uuid.uuid4()
    with psycopg.connect(hooked.database_url) as one, psycopg.connect(hooked.database_url) as two:
        one.execute("insert into api_responses (id, tenant, path, metadata) "
                    "values (%s, '', 'invoices', '{}')", (job,))
        two.execute("insert into decisions (job_id, hop, tier, verdict, final, reasons, policy, path, "
                    "cost_pico_usd, created_at) values (%s, 0, 'small', 'accept', true, '{}', 'p', "
                    "'invoices', 0, now())", (job,))
        one.commit()
        two.commit()
    until(lambda: there.count, "an event")
    assert there.events[0].body["data"] == {"id": f"resp_{job}"}


def test_what_is_over_is_kept_for_a_while(hooked, receiver):
    there = receiver()
    allow(hooked, there, keep="1m")
    endpoint, _ = add(hooked, there.url, "--events", "taskfit.test")
    hooked.sql_run("insert into webhook_deliveries (id, endpoint, type, subject, data, state, ended_at) "
                   "select gen_random_uuid(), %s, 'taskfit.test', 'x', '{}', 'delivered', "
                   "now() - n * interval '1 s' from generate_series(1, 3000) n", endpoint[3:])
    hooked.api.stop()
    hooked.api = hooked.gateway(name="gateway-after").ready()
    until(lambda: hooked.count("webhook_deliveries where ended_at < now() - interval '1 min'") == 0,
          "end of what is old")
    assert hooked.count("webhook_deliveries") > 0
