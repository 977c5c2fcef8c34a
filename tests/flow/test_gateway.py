"""taskfit-gateway, with the official SDK of OpenAI and nothing but another base URL."""
import concurrent.futures
import json
import re
import signal
import urllib.error
import urllib.request

import openai
import pytest

import cascade
import models
from fleet import ROOT
from until import until


def body(n, model="invoices", **more):
    return {"model": model, "messages": [{"role": "user", "content": json.dumps(cascade.line(n))}],
            **more}


def row(n, url="/v1/chat/completions", **more):
    return {"custom_id": f"n{n}", "method": "POST", "url": url, "body": body(n), **more}


def lines(*rows):
    return "".join(json.dumps(r) + "\n" for r in rows).encode()


@pytest.fixture
def served(fleet, model):
    """A fleet of one tier whose model says IGST, surely, but to every fifth line; and its API."""
    def rule(request):
        asked = request.body.get("messages") or request.body["input"]
        number = json.loads(asked[0]["content"])["line"]
        return models.scored("IGST", 0.2 if number % 5 == 4 else 0.99)
    serve(fleet, model(rule))
    return fleet


def serve(fleet, small, start=True, **more):
    (fleet.directory / "files").mkdir()
    fleet.configure({"models": {"small@1": cascade.scorer(small.url)},
                     "tiers": {"small": {"models": [{"use": "small@1"}]}},
                     "paths": {"invoices": {"tiers": ["small"], "accept": {"small": 0.9},
                                            "answer": {"labels": ["CGST_SGST", "IGST"]}}},
                     "gateway": {"listen": "127.0.0.1:0", "files": "files", **more}})
    fleet.init()
    if start:
        fleet.worker("small").ready()
        fleet.escalator().ready()
    fleet.api = fleet.gateway().ready()


def client(fleet, **more):
    return openai.OpenAI(base_url=fleet.api.api, api_key="none", max_retries=0, **more)


def upload(api, content, name="in.jsonl"):
    return api.files.create(file=(name, content), purpose="batch")


def ended(api, batch, timeout=60):
    """Waits until it is over; returns it."""
    over = ("completed", "failed", "expired", "cancelled")

    def look():
        seen = api.batches.retrieve(batch.id)
        return seen if seen.status in over else None
    return until(look, f"the end of {batch.id}", timeout)


def rows_of(api, file_id):
    return {r["custom_id"]: r for r in map(json.loads, api.files.content(file_id).text.split("\n")[:-1])}


def test_from_a_file_to_its_answers(served):
    api = client(served)
    content = lines(*map(row, range(50)))
    file = upload(api, content)
    assert (file.bytes, file.filename, file.purpose, file.status) == (
        len(content), "in.jsonl", "batch", "processed")
    batch = api.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions",
                               completion_window="24h", metadata={"who": "me"})
    assert batch.status == "validating" and batch.metadata == {"who": "me"}
    done = ended(api, batch)
    assert done.status == "completed" and done.completion_window == "24h", done
    counts = done.request_counts
    assert (counts.total, counts.completed, counts.failed) == (50, 40, 10)
    assert done.created_at <= done.in_progress_at <= done.finalizing_at <= done.completed_at
    good, bad = rows_of(api, done.output_file_id), rows_of(api, done.error_file_id)
    assert len(good) == 40 and len(bad) == 10
    first = good["n0"]["response"]
    assert first["status_code"] == 200
    assert first["body"]["choices"][0]["message"]["content"] == "IGST"
    assert bad["n4"]["response"] is None and bad["n4"]["error"]["code"] == "confidence.low"
    stored, = served.sql("select * from batches")
    assert f"batch_{stored.id}" == batch.id and (stored.total, stored.name) == (50, "in.jsonl")
    assert "n4" in served.command("results", str(stored.id)).stdout


def test_files(served):
    api = client(served)
    first, second = upload(api, b"{}\n", "a"), upload(api, b"[]", "b")
    assert [f.id for f in api.files.list()] == [second.id, first.id]
    assert [f.id for f in api.files.list(limit=1)] == [second.id, first.id]  # two pages
    assert [f.id for f in api.files.list(purpose="batch_output")] == []
    assert api.files.retrieve(first.id).filename == "a"
    assert api.files.content(second.id).read() == b"[]"
    assert api.files.delete(first.id).deleted
    for gone in (api.files.retrieve, api.files.content, api.files.delete):
        with pytest.raises(openai.NotFoundError) as e:
            gone(first.id)
        assert e.value.code == "not_found" and e.value.request_id
    assert [p.name for p in (served.directory / "files").iterdir()] == [second.id[len("file-"):]]
    with pytest.raises(openai.BadRequestError) as e:
        api.files.create(file=("x", b"y"), purpose="vision")
    assert e.value.param == "purpose"
    until(lambda: len(list((served.directory / "files").iterdir())) == 1, "end of what was refused")


BAD = [
    (b"", "invalid_file", None),
    (b"\n \n", "empty_file", None),
    (b"\x1f\x8b\x08rest", "invalid_file", None),
    (lines(row(1)) + b"{\n", "invalid_line", 2),
    (lines(row(1), row(1)), "invalid_line", 2),
    (lines(row(1), row(2, url="/v1/responses")), "invalid_line", 2),
    (lines(row(1), {**row(2), "body": body(2, model="gpt-4o")}), "model_not_found", 2),
    (lines({**row(2), "body": {"messages": []}}), "missing_required_parameter", 1),
]


def test_what_is_wrong_with_a_file_is_said_by_line(served):
    api = client(served)
    for content, code, line in BAD:
        batch = api.batches.create(input_file_id=upload(api, content).id,
                                   endpoint="/v1/chat/completions", completion_window="24h")
        done = ended(api, batch)
        assert done.status == "failed" and done.failed_at, done
        error, = done.errors.data
        assert (error.code, error.line) == (code, line), error
    assert served.count("batches") == 0
    good = api.batches.create(input_file_id=upload(api, lines(row(1)) + b"{\n" + lines(row(2))).id,
                              endpoint="/v1/chat/completions", completion_window="24h",
                              extra_body={"bad_lines": "skip"})
    done = ended(api, good)
    assert done.status == "completed" and done.errors.data[0].line == 2
    counts = done.request_counts
    assert (counts.total, counts.completed, counts.failed) == (3, 2, 1)


def test_what_is_wrong_with_a_request_is_said(served):
    api = client(served)
    file = upload(api, lines(row(1)))
    good = {"input_file_id": file.id, "endpoint": "/v1/chat/completions",
            "completion_window": "24h"}
    for wrong, param in (({"endpoint": "/v1/embeddings"}, "endpoint"),
                         ({"completion_window": "1y"}, "completion_window"),
                         ({"input_file_id": "file-1"}, "input_file_id"),
                         ({"metadata": {"a": 1}}, "metadata")):
        with pytest.raises(openai.BadRequestError) as e:
            api.batches.create(**{**good, **wrong})
        assert e.value.param == param and e.value.type == "invalid_request_error"
    api.files.delete(file.id)
    with pytest.raises(openai.NotFoundError) as e:
        api.batches.create(**good)
    assert e.value.param == "input_file_id"
    with pytest.raises(openai.NotFoundError):
        api.batches.retrieve("batch_01a21236-4937-764f-9935-db491c63b689")
    with pytest.raises(openai.NotFoundError):
        api.get("/nowhere", cast_to=object)
    with pytest.raises(openai.APIStatusError) as e:
        api.put("/files", cast_to=object)
    assert e.value.status_code == 405


def test_batches_are_listed_and_made_once_by_key(served):
    api = client(served)
    file = upload(api, lines(row(1)))
    made = [api.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions",
                               completion_window="24h", extra_headers={"Idempotency-Key": key})
            for key in ("a", "b", "a")]
    assert made[0].id == made[2].id != made[1].id
    assert [b.id for b in api.batches.list(limit=1)] == [made[1].id, made[0].id]  # two pages
    assert [b.id for b in api.batches.list(after=made[1].id)] == [made[0].id]
    for batch in made[:2]:
        assert ended(api, batch).status == "completed"


def test_a_cancelled_batch_ends_with_what_there_is(fleet, model):
    serve(fleet, model(lambda _: models.scored("IGST", 0.99)), start=False)
    api = client(fleet)
    batch = api.batches.create(input_file_id=upload(api, lines(*map(row, range(20)))).id,
                               endpoint="/v1/chat/completions", completion_window="24h")
    until(lambda: api.batches.retrieve(batch.id).status == "in_progress", "jobs that are sent")
    assert api.batches.cancel(batch.id).status == "cancelling"
    fleet.worker("small").ready()
    fleet.escalator().ready()
    done = ended(api, batch)
    assert done.status == "cancelled" and done.cancelled_at and not done.output_file_id
    assert done.request_counts.failed == 20
    assert rows_of(api, done.error_file_id)["n7"]["error"]["code"] == "batch_cancelled"


def test_a_gateway_that_was_killed_goes_on(fleet, model):
    """With lines that were looked at and sent, and with outcomes that were to be written."""
    serve(fleet, model(lambda _: models.scored("IGST", 0.99)), start=False)
    api = client(fleet)
    count = 3000
    batch = api.batches.create(input_file_id=upload(api, lines(*map(row, range(count)))).id,
                               endpoint="/v1/chat/completions", completion_window="24h")
    until(lambda: fleet.count("batches") == 1, "a batch that was looked at")
    fleet.api.kill()
    fleet.worker("small").ready()
    fleet.escalator().ready()
    fleet.sql_run("update api_batches set worked_until = null")  # as if the claim had ended
    fleet.api = fleet.gateway(name="gateway-2").ready()
    api = client(fleet)
    until(lambda: fleet.count("api_batches where status <> 'validating'"), "the rest to be sent")
    until(lambda: fleet.count("outcomes") == count, "all outcomes")
    fleet.api.kill()
    fleet.sql_run("update api_batches set worked_until = null")
    fleet.api = fleet.gateway(name="gateway-3").ready()
    done = ended(client(fleet), batch)
    assert done.request_counts.completed == count == fleet.count("attempts")
    assert len(rows_of(client(fleet), done.output_file_id)) == count


def test_a_large_file_needs_little_memory(fleet, model):
    serve(fleet, model(lambda _: models.scored("IGST", 0.99)), start=False)
    api = client(fleet)
    before = fleet.api.memory_mib()
    padding = "x" * 40000
    content = lines(*({**row(n), "body": body(n, padding=padding)} for n in range(3000)))
    assert len(content) > 100 << 20
    file = upload(api, content)
    assert file.bytes == len(content)
    assert fleet.api.memory_mib("VmHWM") - before < 32
    assert api.files.content(file.id).read() == content
    assert fleet.api.memory_mib("VmHWM") < 64


def test_a_file_that_is_too_large_is_refused(fleet, model):
    serve(fleet, model(lambda _: models.scored("IGST", 0.99)), start=False, file_bytes="100KiB",
          file_lines=3)
    api = client(fleet)
    for size in (150 << 10, 300 << 10):  # one that is refused on its way, one by its head
        with pytest.raises(openai.APIStatusError) as e:
            upload(api, b"x" * size)
        assert e.value.status_code == 413
    assert not list((fleet.directory / "files").iterdir())
    batch = api.batches.create(input_file_id=upload(api, lines(*map(row, range(4)))).id,
                               endpoint="/v1/chat/completions", completion_window="24h")
    done = ended(api, batch)
    assert done.status == "failed" and done.errors.data[0].code == "too_many_lines"


def messages(n):
    return body(n)["messages"]


def test_a_chat_waits_for_its_outcome(served):
    api = client(served)
    assert [m.id for m in api.models.list()] == ["invoices"]
    assert api.models.retrieve("invoices").owned_by == "taskfit"
    done = api.chat.completions.create(model="invoices", messages=messages(1))
    assert done.choices[0].message.content == "IGST" and done.model == "small@1"
    with pytest.raises(openai.UnprocessableEntityError) as e:
        api.chat.completions.create(model="invoices", messages=messages(4))
    assert e.value.code == "confidence.low" and "review" in e.value.message
    again = [api.chat.completions.create(model="invoices", messages=messages(2),
                                         extra_headers={"Idempotency-Key": "k"}).id
             for _ in range(2)]
    assert again[0] == again[1] and served.count("outcomes") == 3
    text = ""
    for chunk in api.chat.completions.create(model="invoices", messages=messages(1), stream=True):
        text += chunk.choices[0].delta.content or ""
    assert text == "IGST"


def test_many_chats_at_a_time(served):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        api = client(served)
        done = pool.map(lambda n: api.chat.completions.create(model="invoices",
                                                              messages=messages(5 * n)), range(200))
        assert all(d.choices[0].message.content == "IGST" for d in done)


def test_what_is_wrong_with_a_chat_is_said(served):
    api = client(served)
    with pytest.raises(openai.NotFoundError) as e:
        api.chat.completions.create(model="gpt-4o", messages=messages(1))
    assert (e.value.code, e.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as e:
        api.chat.completions.create(model="invoices", messages="hello")
    assert e.value.param == "messages"
    with pytest.raises(openai.BadRequestError) as e:
        api.responses.create(model="invoices", input="hello", previous_response_id="resp_1")
    assert e.value.param == "previous_response_id"
    for content in (b"", b"[]", b'{"a":1', b'{"a":1,"a":2}', b"\xff"):
        with pytest.raises(openai.BadRequestError) as e:
            api.post("/chat/completions", content=content, cast_to=object)
        assert e.value.code == "invalid_json"


def test_a_chat_waits_only_so_long(fleet, model):
    serve(fleet, model(lambda _: models.scored("IGST", 0.99)), start=False, wait="1s")
    with pytest.raises(openai.InternalServerError) as e:
        openai.OpenAI(base_url=fleet.api.api, api_key="none").chat.completions.create(
            model="invoices", messages=messages(1))  # the SDK would try again
    assert e.value.status_code == 504 and e.value.code == "timeout"
    assert len(fleet.read_topic("jobs.small", 1)) == 1


def test_responses(served):
    api = client(served)
    text = json.dumps(cascade.line(1))

    def create(**more):
        return api.responses.create(model="invoices", input=[{"role": "user", "content": text}],
                                    **more)
    done = create()
    assert (done.status, done.output_text) == ("completed", "IGST")
    begun = create(background=True, metadata={"a": "b"})
    assert begun.status in ("queued", "in_progress", "completed") and begun.background
    seen = until(lambda: (r := api.responses.retrieve(begun.id)).status == "completed" and r,
                 "the answer in the background")
    assert (seen.id, seen.output_text, seen.metadata) == (begun.id, "IGST", {"a": "b"})
    assert api.responses.cancel(begun.id).status == "completed"  # too late
    with pytest.raises(openai.NotFoundError):
        api.responses.retrieve("resp_01a21236-4937-764f-9935-db491c63b689")


def test_a_response_is_cancelled(fleet, model):
    serve(fleet, model(lambda _: models.scored("IGST", 0.99)), start=False)
    api = client(fleet)
    begun = api.responses.create(model="invoices", input="hello", background=True)
    assert api.responses.retrieve(begun.id).status == "queued"
    assert api.responses.cancel(begun.id).status == "cancelled"
    fleet.worker("small").ready()
    fleet.escalator().ready()
    fleet.outcomes(1)
    assert api.responses.retrieve(begun.id).status == "cancelled"


def test_an_address_for_others_needs_keys(fleet, model):
    serve(fleet, model(lambda _: models.scored("IGST", 0.99)), start=False)
    fleet.config["gateway"]["listen"] = "0.0.0.0:0"
    fleet.write_config()
    other = fleet.gateway(name="open")
    assert other.ended() == 78 and "no API keys" in other.log


def test_a_reload_brings_new_paths_and_keeps_the_gateway(served):
    api = client(served)
    served.config["paths"]["more"] = served.config["paths"]["invoices"]
    del served.config["gateway"]
    served.write_config()
    for program in served.programs:
        if program.name in ("gateway", "worker-small", "escalator"):
            program.child.send_signal(signal.SIGHUP)
    until(lambda: len(api.models.list().data) == 2, "the new path")
    assert api.chat.completions.create(model="more", messages=messages(1)).choices
    assert upload(api, b"{}").bytes == 2


def test_a_drain_ends_what_is_in_hand(served):
    api = client(served)
    upload(api, lines(row(1)))
    assert served.api.stop() == 0
    with pytest.raises(openai.APIConnectionError):
        api.files.list()


def test_database_that_is_away_is_said(served, stack):
    api = client(served)
    with stack.without("postgres"):
        with pytest.raises(openai.InternalServerError) as e:
            api.files.list()
        assert e.value.status_code == 503 and e.value.response.headers["retry-after"]
    until(lambda: not urllib.request.urlopen(f"{served.api.api}/files").read() is None,
          "the database again")


def ask(fleet, path, **more):
    """A request of the gateway's own API; returns status, headers, text."""
    request = urllib.request.Request(fleet.api.api + path, **more)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read().decode()


def test_a_job_and_its_timeline(served):
    def submit(text):
        return ask(served, "/taskfit/jobs", method="POST", data=text.encode(),
                   headers={"Idempotency-Key": "k"})
    given = json.dumps({"path": "invoices", "input": body(4)})
    status, _, text = submit(given)
    job = json.loads(text)["job_id"]
    assert status == 202 and json.loads(submit(given)[2])["job_id"] == job
    served.outcomes(1)
    story = json.loads(ask(served, f"/taskfit/jobs/{job}")[2])
    assert (story["path"], story["outcome"], story["answer"]) == ("invoices", "review", None)
    hop, = story["hops"]
    assert (hop["answer"], hop["model"], hop["decision"]["verdict"]) == ("IGST", "small@1", "review")
    assert hop["decision"]["reasons"][0] == "confidence.low"
    assert ask(served, "/taskfit/jobs/01a21236-4937-764f-9935-db491c63b689")[0] == 404
    assert ask(served, "/taskfit/jobs/x")[0] == 404
    assert json.loads(submit('{"path": "invoices"}')[2])["error"]["param"] == "input"
    assert json.loads(submit('{"path": "x", "input": 1}')[2])["error"]["param"] == "path"


def test_outcomes_by_pages_of_lines(served):
    text = "".join(json.dumps({"id": f"i{n}", "messages": body(n)["messages"]}) + "\n"
                   for n in range(25))
    told = json.loads(served.command("submit", "-", "--json", input=text).stdout)
    served.outcomes(25)
    rows, after, pages = [], "0", 0
    while after is not None:
        status, headers, page = ask(served, f"/taskfit/batches/{told['batch_id']}/outcomes"
                                            f"?limit=10&after={after}")
        assert status == 200
        rows += [json.loads(line) for line in page.splitlines()]
        after, pages = headers.get("X-Next-After"), pages + 1
    assert [row["custom_id"] for row in rows] == [f"i{n}" for n in range(25)] and pages == 3
    assert ask(served, f"/taskfit/batches/{told['batch_id']}/outcomes?after=x")[0] == 400
    seen = json.loads(ask(served, "/taskfit/overview")[2])
    assert (seen["batches"][0]["total"], seen["batches"][0]["accepted"]) == (25, 20)
    assert seen["tiers"][0]["tier"] == "small" and seen["tiers"][0]["attempts"] == 25


def test_the_dashboard_and_its_events(served):
    base = served.api.api.removesuffix("/v1")
    page = urllib.request.urlopen(base + "/")
    text = page.read().decode()
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<style" not in text and not re.search(r"<script(?! src=)|style=|onclick", text)
    for part in re.findall(r'(?:src|href)="(/[^"]+[.](?:js|css))"', text):
        with urllib.request.urlopen(base + part) as reply:
            assert reply.read() == (ROOT / f"src/gateway/web{part}").read_bytes()
    with urllib.request.urlopen(served.api.api + "/taskfit/events", timeout=20) as events:
        def event():
            line = events.readline().decode()
            assert line.startswith("data: ") and events.readline() == b"\n", line
            return json.loads(line[len("data: "):])
        assert event()["batches"] == []
        api = client(served)
        batch = api.batches.create(input_file_id=upload(api, lines(row(1))).id,
                                   endpoint="/v1/chat/completions", completion_window="24h")
        ended(api, batch)
        seen = until(lambda: event()["batches"], "the batch")
        assert (seen[0]["total"], seen[0]["accepted"]) == (1, 1)
        assert served.api.stop() == 0
        while events.readline():
            pass  # to the end of the stream
