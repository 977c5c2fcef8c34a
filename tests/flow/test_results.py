"""What comes out of a batch: `taskfit results` and `taskfit watch`, after `taskfit submit`."""
import csv
import io
import json

from cascade import RULES, cascade, run_cascade
from models import scored

LINES = [{"id": f"INV-{n}", "from": "29", "to": "29" if n % 3 else "27", "n": n}
         for n in range(1, 31)]


def tiny(request):
    """Says CGST_SGST, which the rule refuses where the states differ; unsure of every tenth."""
    return scored("CGST_SGST", 0.4 if request.body["n"] % 10 == 0 else 0.95)


def mid(request):
    """Right, but never sure of the thirtieth."""
    right = "CGST_SGST" if request.body["from"] == request.body["to"] else "IGST"
    return scored(right, 0.2 if request.body["n"] == 30 else 0.9, usage={"input_tokens": 7})


def run_batch(fleet, model):
    run_cascade(fleet, model(tiny).url, model(mid).url)
    (fleet.directory / "lines.ndjson").write_text("".join(json.dumps(l) + "\n" for l in LINES))
    fleet.command("submit", "lines.ndjson")
    return fleet.command("watch", "--json").stdout.splitlines()


def test_results_in_every_form(fleet, model):
    last = json.loads(run_batch(fleet, model)[-1])
    assert last["finished"] and last["total"] == last["done"] == len(LINES)
    assert (last["accepted"], last["review"]) == (29, 1)

    rows = [json.loads(r) for r in
            fleet.command("results", "--format", "ndjson", "--in-order").stdout.splitlines()]
    assert [r["custom_id"] for r in rows] == [l["id"] for l in LINES]
    for row, line in zip(rows, LINES):
        if line["n"] == 30:
            assert (row["verdict"], row["answer"]) == ("review", None)
            assert row["reasons"] == ["confidence.low", "limit.tiers"]
        else:
            assert row["verdict"] == "accept" and row["tier"] == (
                "mid" if line["n"] % 3 == 0 or line["n"] % 10 == 0 else "tiny")
            assert row["answer"] == ("CGST_SGST" if line["n"] % 3 else "IGST")

    table = list(csv.DictReader(io.StringIO(
        fleet.command("results", "lines.ndjson", "-f", "csv", "-i").stdout)))
    assert [r["answer"] for r in table] == [r["answer"] or "" for r in rows]
    assert abs(sum(float(r["cost_usd"]) for r in table) - last["cost_usd"]) < 1e-12

    review = fleet.command("results", "--verdict", "review", "--json").stdout.splitlines()
    assert [json.loads(r)["custom_id"] for r in review] == ["INV-30"]
    assert fleet.sql("select why, state, reasons from reviews") == [
        ("outcome", "open", ["confidence.low", "limit.tiers"])]
    assert fleet.command("results").stdout.count("\n") == len(LINES) + 1


def test_results_as_openai_writes_them(fleet, model):
    run_batch(fleet, model)
    fleet.command("results", "--format", "openai", "--output", "out.jsonl")
    rows = {r["custom_id"]: r for r in
            map(json.loads, (fleet.directory / "out.jsonl").read_text().splitlines())}
    assert rows["INV-1"]["error"] is None and rows["INV-1"]["response"]["status_code"] == 200
    message = rows["INV-3"]["response"]["body"]["choices"][0]["message"]
    assert (message["role"], message["content"]) == ("assistant", "IGST")
    assert rows["INV-3"]["response"]["body"]["usage"]["prompt_tokens"] == 7
    assert rows["INV-30"]["response"] is None
    assert rows["INV-30"]["error"]["code"] == "confidence.low"


def test_results_of_what_still_runs(fleet, model):
    slow = model(lambda _: scored("CGST_SGST", 0.95))
    slow.hold()
    run_cascade(fleet, slow.url, model(mid).url)
    (fleet.directory / "lines.ndjson").write_text('{"id":"a","from":"29","to":"29"}\n')
    fleet.command("submit", "lines.ndjson")
    done = fleet.command("results", "--json")
    assert done.stdout == "" and "0 of 1 jobs have an outcome so far" in done.stderr
    now = json.loads(fleet.command("watch", "--json", "--once").stdout)
    assert (now["done"], now["finished"]) == (0, False)
    slow.release()
    fleet.command("watch")
    assert json.loads(fleet.command("results", "--json").stdout)["verdict"] == "accept"


def test_a_batch_that_is_not_there(fleet, model):
    run_cascade(fleet, model(tiny).url, model(mid).url)
    for arguments in (["results"], ["watch"]):
        done = fleet.command(*arguments, check=False)
        assert done.returncode == 66 and "there is no batch yet" in done.stderr
    done = fleet.command("results", "nope", check=False)
    assert done.returncode == 66 and "'nope'" in done.stderr


def test_a_database_without_tables(fleet):
    fleet.configure(cascade("http://127.0.0.1:1/", "http://127.0.0.1:1/"), RULES)
    done = fleet.command("results", check=False)
    assert done.returncode == 78 and "taskfit init" in done.stderr
