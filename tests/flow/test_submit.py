"""taskfit submit: a file becomes the jobs of a batch, once."""
import json
import re
import signal
import subprocess

import pytest

import cascade
import models
import wire
from fleet import BUILD


def lines(count, start=0):
    return "".join(json.dumps({"id": f"n{n}", **cascade.line(n)}) + "\n"
                   for n in range(start, start + count))


@pytest.fixture
def ready(fleet):
    """Topics and schema; no program runs."""
    fleet.configure(cascade.cascade("http://127.0.0.1:9/score", "http://127.0.0.1:9/score"),
                    cascade.RULES)
    fleet.init()
    return fleet


def submit(fleet, *arguments, **more):
    return fleet.command("submit", "--path", "invoices", *arguments, **more)


def summary(fleet, *arguments, **more):
    return json.loads(submit(fleet, "--json", *arguments, **more).stdout)


def jobs(fleet, count):
    messages = [wire.Job.FromString(r.value()) for r in fleet.read_topic("jobs.tiny", count)]
    assert len(messages) == count
    return messages


def stream(fleet, *arguments):
    """A submit whose standard input stays open."""
    return subprocess.Popen([BUILD / "taskfit", "submit", "--path", "invoices", *arguments],
                            cwd=fleet.directory, text=True, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_jobs_are_what_the_contract_says(ready):
    (ready.directory / "in.csv").write_text('id,customer,text\nr1,c1,"a, ""b"""\nr2,,é\n')
    told = summary(ready, "in.csv", "--order-key", "customer", "--tenant", "acme")
    first, second = sorted(ready.read_topic("jobs.tiny", 2),
                           key=lambda r: wire.Job.FromString(r.value()).line)
    job = wire.Job.FromString(first.value())
    assert json.loads(job.input.json) == {"id": "r1", "customer": "c1", "text": 'a, "b"'}
    assert (job.custom_id, job.line, job.path, job.tier) == ("r1", 2, "invoices", "tiny")
    assert (job.order_key, job.tenant, first.key()) == ("c1", "acme", b"c1")
    assert second.key() == wire.Job.FromString(second.value()).id
    headers = {name: value.decode() for name, value in first.headers()}
    assert headers["ce_type"] == "taskfit.job" and headers["ce_specversion"] == "1.0"
    assert headers["ce_id"] == f"{wire.id_of(job)}/0"
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", headers["traceparent"])
    batch, = ready.sql("select * from batches")
    assert str(batch.id) == told["batch_id"] and batch.id.bytes == job.batch_id
    assert (batch.total, batch.bad_lines, batch.name) == (2, 0, "in.csv")
    assert (batch.format, batch.tenant) == ("csv", "acme") and batch.submitted_at


def test_the_same_file_twice_is_once_the_work(fleet, model):
    tiny = model(lambda _: models.scored("CGST_SGST", 0.99))
    mid = model(lambda _: models.scored("CGST_SGST", 0.99))
    cascade.run_cascade(fleet, tiny.url, mid.url)
    (fleet.directory / "in.ndjson").write_text(lines(50))
    first = summary(fleet, "in.ndjson")
    fleet.outcomes(50)
    second = summary(fleet, "in.ndjson")
    assert second["already_submitted"] and second["batch_id"] == first["batch_id"]
    again = summary(fleet, "in.ndjson", "--again")
    assert again["batch_id"] == first["batch_id"] and again["jobs"] == 50
    waited = submit(fleet, "-", "--wait", input=lines(1, start=50))
    assert first["batch_id"] not in waited.stdout
    assert fleet.count("outcomes") == 51
    assert (tiny.calls, fleet.count("attempts"), fleet.count("batches")) == (51, 51, 2)
    done, = fleet.sql("select accepted, total from batches where id = %s", first["batch_id"])
    assert (done.accepted, done.total) == (50, 50)


@pytest.mark.parametrize("with_what", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_submit_that_was_stopped_goes_on(ready, with_what):
    with stream(ready, "--key", "k") as child:
        child.stdin.write(lines(30))
        child.stdin.flush()
        before = jobs(ready, 30)
        child.send_signal(with_what)
        child.wait(30)
        words = child.stderr.read()
    assert child.returncode == (-9 if with_what == signal.SIGKILL else 75), words
    assert with_what == signal.SIGKILL or "30 jobs of batch" in words
    batch, = ready.sql("select total, submitted_at from batches")
    assert batch.total is None and batch.submitted_at is None
    done = submit(ready, "--key", "k", input=lines(40))
    assert "going on with batch" in done.stderr
    after = jobs(ready, 70)
    assert len({job.id for job in after}) == 40
    assert {job.id for job in before} < {job.id for job in after}
    batch, = ready.sql("select total, submitted_at from batches")
    assert batch.total == 40 and batch.submitted_at


def test_a_pipe_and_its_file_are_one_batch(ready):
    (ready.directory / "in.ndjson").write_text(lines(20))
    first = summary(ready, "in.ndjson")
    second = summary(ready, input=lines(20))
    assert second["already_submitted"] and second["batch_id"] == first["batch_id"]
    assert len(jobs(ready, 20)) == 20


def test_bad_lines_are_told_and_the_rest_goes_on(ready):
    text = '{"id":"a"}\n[1]\n{"id":"a"}\n\nnope\n{"id":"b"}\n'
    (ready.directory / "in.ndjson").write_text(text)
    done = submit(ready, "in.ndjson", "--strict", check=False)
    assert done.returncode == 65 and "nothing was submitted" in done.stderr
    assert ready.count("batches") == 0
    done = submit(ready, "in.ndjson", "--bad", "bad.ndjson")
    assert "in.ndjson:2: an array, where an object should be\n" in done.stderr
    bad = [json.loads(row) for row in (ready.directory / "bad.ndjson").read_text().splitlines()]
    assert [row["line"] for row in bad] == [2, 3, 5]
    told = summary(ready, "in.ndjson", "--again")
    assert told["bad"] == bad and (told["jobs"], told["bad_lines"]) == (2, 3)
    assert {job.custom_id for job in jobs(ready, 4)} == {"a", "b"}
    batch, = ready.sql("select total, bad_lines from batches")
    assert (batch.total, batch.bad_lines) == (2, 3)


def test_strict_sends_what_is_good(ready):
    assert summary(ready, "--strict", input=lines(5))["jobs"] == 5
    assert len(jobs(ready, 5)) == 5


def test_openai_requests(ready):
    row = {"custom_id": "r1", "method": "POST", "url": "/v1/chat/completions",
           "body": {"model": "m", "messages": [{"role": "user", "content": "hi"}]}}
    told = summary(ready, input=json.dumps(row) + "\n")
    assert told["format"] == "openai"
    job, = jobs(ready, 1)
    assert json.loads(job.input.json) == row["body"] and job.custom_id == "r1"


@pytest.mark.parametrize("content, status, words", [
    (b"", 65, "is empty"),
    (b"\x7fELF\0\0", 65, "is binary"),
    (b"\x1f\x8b\x08 ", 65, "gunzip"),
    (b"x" * (10 << 20) + b"\n", 65, "a line of more than"),
    (b"a,a\n1,2\n", 65, "the column 'a' twice"),
    (b"a,b\n", 65, "there is no job in it"),
    (b"\xff\n", 65, "not UTF-8"),
    (b"[{}]", 65, "jq -c"),
    (None, 66, "No such file"),
])
def test_what_cannot_be_submitted_is_said(ready, content, status, words):
    if content is not None:
        (ready.directory / "in").write_bytes(content)
    done = submit(ready, "in", check=False)
    assert done.returncode == status and words in done.stderr and done.stdout == ""
    assert ready.count("batches") == 0


def test_what_is_away_is_said(ready):
    (ready.directory / "in.ndjson").write_text(lines(2))
    done = ready.command("submit", "in.ndjson", "--path", "invoice", check=False)
    assert done.returncode == 64 and "is 'invoices' meant?" in done.stderr
    ready.config["kafka"]["prefix"] = "other"
    ready.write_config()
    done = submit(ready, "in.ndjson", check=False)
    assert done.returncode == 69 and "other.jobs.tiny" in done.stderr
    assert "taskfit init" in done.stderr
    ready.config["kafka"]["brokers"] = "127.0.0.1:9"
    ready.write_config()
    done = submit(ready, "in.ndjson", check=False)
    assert done.returncode == 69 and "127.0.0.1:9" in done.stderr
    ready.config["postgres"]["url"] = "postgresql://x@127.0.0.1:9/x"
    ready.write_config()
    done = submit(ready, "in.ndjson", check=False)
    assert done.returncode == 69 and "postgres.url" in done.stderr
    assert ready.count("batches") == 0


def test_without_tables(fleet):
    fleet.configure(cascade.cascade("http://127.0.0.1:9/score", "http://127.0.0.1:9/score"),
                    cascade.RULES)
    (fleet.directory / "in.ndjson").write_text(lines(2))
    done = submit(fleet, "in.ndjson", check=False)
    assert done.returncode == 78 and "run `taskfit init`" in done.stderr
