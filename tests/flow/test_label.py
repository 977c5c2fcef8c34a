"""Labels from files and into files: `taskfit label`."""
import csv
import io
import json
import os

from cascade import RULES, cascade, line
from models import scored
from test_review import LINES, check_books, run_batch


def write(fleet, name, text):
    (fleet.directory / name).write_text(text)


BEN = {**os.environ, "TASKFIT_REVIEWER": "ben"}


def imported(fleet, *arguments, **more):
    done = fleet.command("label", "import", *arguments, "--json", **more)
    return json.loads(done.stdout)


def labels(fleet):
    return {(row.custom_id, row.labeler): row.answer for row in fleet.sql(
        "select custom_id, labeler, answer from person_labels join decisions d using (job_id) "
        "where d.final")}


def test_csv_twice_is_once_and_bad_lines_are_named(fleet, model):
    run_batch(fleet, model)
    write(fleet, "labels.csv", "custom_id,answer,labeler,labelled_at\r\n"
                               "INV-1,IGST,anna,2026-11-24T10:00:00+05:30\r\n"
                               "INV-2,\"\"\"IGST\"\"\",anna,\r\n"
                               "INV-3,VAT,anna,\r\n"
                               "INV-9,IGST,anna,\r\n"
                               "INV-4,igst,,yesterday\r\n"
                               "INV-4,igst,,\r\n")
    for new, known in ((3, 0), (0, 3)):
        done = imported(fleet, "labels.csv", "--batch", "lines.ndjson", env=BEN,
                        check=False)
        assert (done["new"], done["known"], done["bad_lines"]) == (new, known, 3)
        assert {b["line"]: b["reason"].split(":")[0] for b in done["bad"]} == {
            4: "that is no answer of path invoices", 5: "no job 'INV-9' was ever answered",
            6: "labelled_at 'yesterday' is no time such as 2026-11-24T04"}
    assert {k: v for k, v in labels(fleet).items() if k[1] == "anna"} == {
        ("INV-1", "anna"): "IGST", ("INV-2", "anna"): "IGST"}
    assert fleet.sql("select labelled_at at time zone 'UTC' as at from labels order by 1")[
        0].at.isoformat() == "2026-11-24T04:30:00"
    text = fleet.command("label", "import", "labels.csv", "-b", "lines.ndjson", env=BEN,
                         check=False)
    assert text.returncode == 65 and "labels.csv:4: that is no answer" in text.stderr
    assert "allowed are CGST_SGST, IGST" in text.stderr


def test_a_change_of_mind_is_not_undone_by_an_old_file(fleet, model):
    run_batch(fleet, model)
    write(fleet, "old.ndjson", '{"custom_id": "INV-1", "answer": "IGST"}\n')
    arguments = ("old.ndjson", "-b", "lines.ndjson", "--by", "anna")
    assert imported(fleet, *arguments, "--dry-run")["new"] == 1 and fleet.count("labels") == 0
    assert imported(fleet, *arguments)["new"] == 1
    fleet.command("review", "INV-1", "--answer", "CGST_SGST", "--by", "anna")
    assert imported(fleet, *arguments)["changed_since"] == 1
    assert labels(fleet)[("INV-1", "anna")] == "CGST_SGST"
    assert imported(fleet, *arguments, "--again")["new"] == 1
    assert labels(fleet)[("INV-1", "anna")] == "IGST"
    outcome = fleet.sql("select answer from outcomes where custom_id = 'INV-1'")
    assert outcome == [("CGST_SGST",)]  # a label alone changes none


def test_what_waits_is_settled_by_a_file(fleet, model):
    """A row is a person's word on the job, of whom it names; what does not wait gets a label."""
    run_batch(fleet, model)
    fleet.command("review", "INV-4", "--accept", "mid", "--by", "carl")
    write(fleet, "done.csv", "custom_id,answer,labeler,note\nINV-1,IGST,anna,\n"
                             "INV-2,CGST_SGST,ben,a stock transfer\nINV-4,IGST,ben,\n")
    arguments = ("done.csv", "-b", "lines.ndjson", "--settle")
    assert imported(fleet, *arguments, "--dry-run")["settled"] == 0 == fleet.count(
        "reviews where reviewer <> 'carl'")
    done = imported(fleet, *arguments)
    assert (done["new"], done["known"], done["settled"]) == (3, 0, 2)
    check_books(fleet)
    assert fleet.count("reviews where state = 'open'") == 1
    rows = fleet.sql("select custom_id, verdict, tier, answer, reviewer, reasons, note, model"
                     " from outcomes where verdict = 'accept' order by 1")
    assert [tuple(r) for r in rows] == [
        ("INV-1", "accept", "review", "IGST", "anna", ["review.accepted"], None, "mid@1"),
        ("INV-2", "accept", "review", "CGST_SGST", "ben", ["review.accepted"],
         "a stock transfer", "tiny@1"),
        ("INV-4", "accept", "review", "IGST", "carl", ["review.accepted"], None, "mid@1")]
    assert labels(fleet)[("INV-4", "ben")] == "IGST"
    again = imported(fleet, *arguments)
    assert (again["new"], again["known"], again["settled"]) == (0, 3, 0)
    done = fleet.command("label", "import", "done.csv", "-b", "lines.ndjson", "--settle").stdout
    assert done == "0 new labels, 3 known before\n"


def test_a_sample_goes_out_and_comes_back(fleet, model):
    run_batch(fleet, model)
    fleet.command("label", "export", "--sample", "3", "-o", "todo.csv", "--path", "invoices")
    rows = list(csv.DictReader(io.StringIO((fleet.directory / "todo.csv").read_text())))
    assert len(rows) == 3 and {r["answer"] for r in rows} == {""}
    assert {r["proposed"] for r in rows} == {"IGST"} and json.loads(rows[0]["input"])["to"] == "27"
    again = fleet.command("label", "export", "--sample", "3", "-f", "csv", "-p", "invoices")
    assert again.stdout.splitlines() == (fleet.directory / "todo.csv").read_text().splitlines()
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows({**r, "answer": "IGST"} for r in rows)
    write(fleet, "done.csv", out.getvalue())
    assert imported(fleet, "done.csv", "--by", "ben")["new"] == 3
    rest = fleet.command("label", "export", "--sample", "9").stdout.splitlines()
    assert len(rest) == 1
    kept = [json.loads(l) for l in fleet.command("label", "export").stdout.splitlines()]
    assert {(k["labeler"], k["answer"], k["source"]) for k in kept} == {("ben", "IGST", "import")}
    write(fleet, "back.ndjson", "".join(json.dumps(k) + "\n" for k in kept))
    assert imported(fleet, "back.ndjson")["known"] == 3


def test_label_studio_both_ways(fleet, model):
    run_batch(fleet, model)
    fleet.command("label", "export", "--sample", str(len(LINES)), "-f", "labelstudio", "-o",
                  "tasks.json")
    tasks = json.loads((fleet.directory / "tasks.json").read_text())
    assert {t["data"]["custom_id"] for t in tasks} == {l["id"] for l in LINES}
    prediction = tasks[0]["predictions"][0]
    assert (prediction["model_version"], prediction["result"][0]["value"]) == (
        "mid", {"choices": ["IGST"]})
    # What Label Studio makes of them: an id, and an annotation that takes over the prediction.
    for n, task in enumerate(tasks):
        task["id"] = n
        task["annotations"] = [{
            "id": n, "completed_by": {"id": 1, "email": "anna@example.org"},
            "created_at": "2026-11-24T10:00:00.123456Z", "was_cancelled": n == 1,
            "result": [{**prediction["result"][0], "id": "x", "origin": "prediction"}]}]
    tasks[2]["annotations"][0]["result"][0]["value"] = {"choices": ["VAT"]}
    write(fleet, "export.json", json.dumps(tasks))
    for new in (2, 0):
        done = imported(fleet, "export.json", check=False)
        assert (done["new"], [b["line"] for b in done["bad"]]) == (new, [3])
    assert set(labels(fleet).values()) == {"IGST"}
    out = json.loads(fleet.command("label", "export", "-f", "labelstudio").stdout)
    assert out[0]["annotations"][0]["completed_by"] == {"email": "anna@example.org"}
    write(fleet, "again.json", json.dumps(out))
    assert imported(fleet, "again.json")["known"] == 2


def test_answers_of_several_fields(fleet, model):
    """A cell for each field, or an object, or Label Studio's result for each."""
    answer = {"tax": "IGST", "hsn": "5208"}
    config = cascade(model(lambda _: scored(answer, 0.97)).url,
                     model(lambda _: scored(answer, 0.97)).url)
    config["paths"]["invoices"]["answer"] = {"fields": {
        "tax": {"labels": ["CGST_SGST", "IGST"]}, "hsn": {"optional": True}}}
    fleet.configure(config, RULES.replace(".answer ==", ".answer.tax =="))
    fleet.init()
    for program in (fleet.worker("tiny"), fleet.escalator()):
        program.ready()
    write(fleet, "lines.ndjson", "".join(
        json.dumps({"id": f"INV-{n}", **line(n, within=False)}) + "\n" for n in range(4)))
    fleet.command("submit", "lines.ndjson")
    fleet.command("watch")
    write(fleet, "a.csv", "custom_id,answer.tax,answer.hsn\nINV-0,IGST,5208\nINV-1,IGST,\n"
                          "INV-2,,5208\n")
    done = imported(fleet, "a.csv", "-b", "lines.ndjson", "--by", "anna", check=False)
    assert done["new"] == 2 and done["bad"][0]["line"] == 4
    write(fleet, "b.csv", 'custom_id,answer\nINV-2,"{""tax"":""CGST_SGST""}"\n')
    assert imported(fleet, "b.csv", "-b", "lines.ndjson", "--by", "anna")["new"] == 1
    found = labels(fleet)
    assert found[("INV-0", "anna")] == answer and found[("INV-1", "anna")] == {"tax": "IGST"}
    fleet.command("label", "export", "-f", "labelstudio", "-o", "tasks.json")
    fleet.sql_run("delete from labels")
    assert imported(fleet, "tasks.json")["new"] == 3
    assert labels(fleet) == found


def test_wrong_uses_of_label(fleet, model):
    run_batch(fleet, model)
    write(fleet, "x.csv", "custom_id,answer\nINV-1,IGST\n")
    for arguments, code, words in ((["eat", "x.csv"], 64, "neither import nor export"),
                                   (["import"], 64, "import which FILE"),
                                   (["import", "x.csv", "--by", "a"], 64, "need --batch"),
                                   (["import", "y.csv"], 66, "y.csv"),
                                   (["export", "x.csv"], 64, "-o x.csv")):
        done = fleet.command("label", *arguments, check=False)
        assert done.returncode == code and words in done.stderr, arguments
