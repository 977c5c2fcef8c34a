"""People as the last tier: `taskfit review`, and what becomes of outcomes."""
import json

import psycopg

import wire
from cascade import RULES, cascade
from models import scored
from until import until

LINES = [{"id": f"INV-{n}", "from": "29", "to": "27", "n": n} for n in range(1, 5)]


def run_batch(fleet, model, review=None, audit=None, lines=LINES, escalator=True):
    """A batch that all goes to people: tiny breaks the rule, mid is not sure."""
    sure = 0.99 if audit else 0.3
    config = cascade(model(lambda _: scored("CGST_SGST", 0.97)).url,
                     model(lambda _: scored("IGST", sure)).url)
    config["paths"]["invoices"].update(review=review or {}, audit=audit or 0)
    fleet.configure(config, RULES)
    fleet.init()
    programs = [fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()]
    for program in programs:
        program.ready()
    (fleet.directory / "lines.ndjson").write_text("".join(json.dumps(l) + "\n" for l in lines))
    fleet.command("submit", "lines.ndjson")
    fleet.command("watch")
    return programs[2]


def review(fleet, *arguments, by=None, **more):
    return fleet.command("review", *arguments, *(["--by", by] if by else []), **more)


def story(fleet, name):
    return json.loads(fleet.command("show", name, "--json").stdout)


def outcome(fleet, custom_id):
    return fleet.sql("select * from outcomes where custom_id = %s", custom_id)[0]


def check_books(fleet):
    """What batches and tiers count is what outcomes are."""
    batch, = fleet.sql("select * from batches")
    counted = dict(fleet.sql("select verdict, count(*) from outcomes group by 1"))
    assert {"accept": batch.accepted, "review": batch.review} == {
        "accept": counted.get("accept", 0), "review": counted.get("review", 0)}
    assert fleet.sql("select sum(accepted) as n from batch_tiers")[0].n == batch.accepted
    assert fleet.count("decisions where final") == len(LINES)
    assert fleet.count("(select job_id from decisions where final group by 1 "
                       "having count(*) > 1) d") == 0


def published(fleet, count, job):
    """Events of a job on the topic of decisions, in their order, when all revisions are out."""
    until(lambda: fleet.count("revisions where published_at is null") == 0, "published revisions")
    records = fleet.read_topic("decisions", count)
    events = [(wire.Decision.FromString(r.value()), dict(r.headers())) for r in records]
    return [(e, h) for e, h in events if e.job_id == job.bytes]


def test_what_waits_and_a_word_on_each(fleet, model):
    run_batch(fleet, model)
    listed = [json.loads(l) for l in review(fleet, "--list", "--json").stdout.splitlines()]
    assert sorted(l["custom_id"] for l in listed) == [l["id"] for l in LINES]
    first, = [l for l in listed if l["custom_id"] == "INV-1"]
    assert (first["why"], first["proposed"], first["tier"]) == ("outcome", "IGST", "mid")
    assert first["input"]["n"] == 1 and first["reasons"] == ["confidence.low", "limit.tiers"]
    table = review(fleet, "--list", "--reason", "confidence", "--path", "invoices").stdout
    assert table.count("INV-") == 2 * len(LINES)  # the name and the input
    assert "nothing waits" in review(fleet, "--list", "--reason", "rule").stderr

    rows = fleet.command("results", "--verdict", "review").stdout
    assert "PROPOSED" in rows and "INPUT" in rows and '"n":1' in rows.replace(" ", "")
    row = json.loads(fleet.command("results", "-v", "review", "-i", "--json")
                     .stdout.splitlines()[0])
    assert row["proposed"] == "IGST" and row["answer"] is None and row["input"]["n"] == 1

    done = review(fleet, "INV-1", "--accept", "mid", by="anna").stdout
    assert done == 'INV-1: accepted "IGST"; revision 1 of its outcome\n'
    review(fleet, "INV-2", "--answer", "cgst_sgst", "--note", "a stock transfer", by="ben")
    check_books(fleet)
    accepted, corrected = outcome(fleet, "INV-1"), outcome(fleet, "INV-2")
    assert (accepted.verdict, accepted.tier, accepted.hop) == ("accept", "review", 2)
    assert (accepted.answer, accepted.model, accepted.reviewer) == ("IGST", "mid@1", "anna")
    assert (corrected.answer, corrected.model) == ("CGST_SGST", None)
    assert corrected.reasons == ["review.corrected"] and corrected.note == "a stock transfer"
    labels = fleet.sql("select answer, labeler, source from job_labels order by labelled_at")
    assert labels == [("IGST", "anna", "review"), ("CGST_SGST", "ben", "review")]
    rows = [json.loads(l) for l in fleet.command("results", "-i", "--json").stdout.splitlines()]
    assert [(r["verdict"], r.get("reviewer")) for r in rows] == [
        ("accept", "anna"), ("accept", "ben"), ("review", None), ("review", None)]


def test_the_story_and_the_event(fleet, model):
    run_batch(fleet, model)
    review(fleet, "INV-1", "--answer", '"IGST"', by="anna")
    job = outcome(fleet, "INV-1").job_id
    (before, _), (after, headers) = published(fleet, len(LINES) + 1, job)
    assert (before.verdict, before.tier, before.revision) == (3, "mid", 0)
    assert (after.verdict, after.tier, after.hop, after.revision) == (1, "review", 2, 1)
    assert (after.reviewer, after.attempt.answer) == ("anna", b'"IGST"')
    assert (after.custom_id, after.line, after.path) == ("INV-1", 1, "invoices")
    assert headers["ce_id"] == f"{job}/2.1".encode()
    told = story(fleet, "INV-1")
    assert (told["outcome"], told["outcome_tier"], told["answer"]) == ("accept", "review", "IGST")
    assert told["hops"][1]["decision"]["verdict"] == "review"
    assert told["reviews"][0]["reviewer"] == "anna" and told["revisions"][0]["published_at"]
    text = fleet.command("show", "INV-1").stdout
    for words in ("review 1, for people: anna", 'answered "IGST"', "revision 1 of the outcome",
                  "outcome: accept at review"):
        assert words in text


def test_undone_is_as_before(fleet, model):
    run_batch(fleet, model)
    batch = fleet.sql("select accepted, review from batches")
    review(fleet, "INV-1", "--accept", "1", by="anna")
    assert review(fleet, "INV-1", "--undo", by="ben", check=False).returncode == 66
    review(fleet, "INV-1", "--undo", by="anna")
    assert fleet.sql("select accepted, review from batches") == batch
    check_books(fleet)
    now = outcome(fleet, "INV-1")
    assert (now.verdict, now.answer, now.revision) == ("review", None, 2)
    assert now.reasons == ["confidence.low", "limit.tiers"]
    assert fleet.count("job_labels") == 0
    assert fleet.sql("select round, state from reviews where job_id = %s order by 1",
                     now.job_id) == [(1, "undone"), (2, "open")]
    review(fleet, "INV-1", "--answer", "IGST", by="anna")
    events = published(fleet, len(LINES) + 3, now.job_id)
    assert [(e.revision, e.verdict) for e, _ in events] == [(0, 3), (1, 1), (2, 3), (3, 1)]
    check_books(fleet)


def test_an_audit_corrects_what_was_accepted(fleet, model):
    run_batch(fleet, model, audit=1)
    assert {r.why for r in fleet.sql("select why from reviews")} == {"audit"}
    one = review(fleet, "--list", "--json", "-n", "1")
    assert json.loads(one.stdout)["input"]["to"] == "27" and "-n shows more" in one.stderr
    review(fleet, "INV-1", "--accept", "mid", by="anna")
    review(fleet, "INV-2", "--answer", "CGST_SGST", by="anna")
    check_books(fleet)
    assert outcome(fleet, "INV-1").tier == "mid" and outcome(fleet, "INV-1").revision == 0
    assert (outcome(fleet, "INV-2").tier, outcome(fleet, "INV-2").answer) == (
        "review", "CGST_SGST")
    assert {r.source for r in fleet.sql("select source from labels")} == {"audit"}
    review(fleet, "INV-2", "--undo", by="anna")
    restored = outcome(fleet, "INV-2")
    assert (restored.tier, restored.answer, restored.model) == ("mid", "IGST", "mid@1")
    check_books(fleet)


def test_one_person_a_job(fleet, model):
    run_batch(fleet, model)
    job = outcome(fleet, "INV-1").job_id
    with psycopg.connect(fleet.database_url, autocommit=True) as db:
        db.execute("update reviews set lease_by = 'ben', lease_until = now() + interval '1 h' "
                   "where job_id = %s", [job])
    held = review(fleet, "INV-1", "--accept", "mid", by="anna", check=False)
    assert held.returncode == 75 and "'ben' looks at this job" in held.stderr
    fleet.sql_run("update reviews set lease_until = now() - interval '1 s'")
    review(fleet, "INV-1", "--accept", "mid", by="anna")
    assert review(fleet, "INV-2", "--skip", by="anna").stdout == "INV-2: skipped\n"
    assert review(fleet, "INV-1", "--skip", by="anna", check=False).returncode == 66
    waits = map(json.loads, review(fleet, "--list", "--json").stdout.splitlines())
    assert {w["custom_id"]: w["skipped_by"] for w in waits} == {
        "INV-2": "anna", "INV-3": "", "INV-4": ""}


def test_four_eyes(fleet, model):
    run_batch(fleet, model, review={"four_eyes": True})
    done = review(fleet, "INV-1", "--accept", "mid", by="anna").stdout
    assert "a second person has to say the same first" in done and "revision" not in done
    assert outcome(fleet, "INV-1").verdict == "review"
    barred = review(fleet, "INV-1", "--accept", "mid", by="anna", check=False)
    assert barred.returncode == 77 and "another person has to look" in barred.stderr
    review(fleet, "INV-1", "--answer", '"IGST"', by="ben")
    assert outcome(fleet, "INV-1").reviewer == "anna, ben"

    review(fleet, "INV-2", "--answer", "IGST", by="anna")
    assert "differ" in review(fleet, "INV-2", "--answer", "CGST_SGST", by="ben").stdout
    review(fleet, "INV-2", "--answer", "CGST_SGST", by="anna")
    assert (outcome(fleet, "INV-2").answer, outcome(fleet, "INV-2").reviewer) == (
        "CGST_SGST", "ben, anna")
    check_books(fleet)


def test_second_opinions_and_how_far_they_agree(fleet, model):
    run_batch(fleet, model, review={"second": 1})
    for name, answers in (("INV-1", ("IGST", "IGST")), ("INV-2", ("CGST_SGST", "CGST_SGST")),
                          ("INV-3", ("IGST", "CGST_SGST"))):
        for person, answer in zip(("anna", "ben"), answers):
            review(fleet, name, "--answer", answer, by=person)
    waits = [json.loads(l) for l in review(fleet, "--list", "--json").stdout.splitlines()]
    assert [(w["custom_id"], w["why"]) for w in waits] == [
        ("INV-4", "outcome"), ("INV-3", "dispute")]
    assert outcome(fleet, "INV-3").answer == "IGST"  # the first word holds meanwhile
    stats = json.loads(review(fleet, "--stats", "--json").stdout)
    assert (stats["pairs"], stats["pairs_same"], stats["open"]) == (3, 2, 2)
    assert abs(stats["kappa"] - 0.4) < 1e-12
    assert "2 of 3 second opinions the same" in review(fleet, "--stats").stdout
    review(fleet, "INV-3", "--answer", "CGST_SGST", by="carl")
    assert (outcome(fleet, "INV-3").answer, outcome(fleet, "INV-3").revision) == ("CGST_SGST", 2)
    disputed = fleet.sql("select disputed from job_labels where answer::text = '\"CGST_SGST\"' "
                         "and persons = 3")
    assert disputed == [(True,)]


def test_words_that_are_none(fleet, model):
    run_batch(fleet, model)
    for arguments, code, words in (
            (["INV-1", "--answer", "VAT"], 65, "allowed are CGST_SGST, IGST"),
            (["INV-1", "--accept", "large"], 64, "no hop and no tier 'large'"),
            (["INV-1"], 64, "one of --accept"),
            (["INV-1", "--undo"], 66, "could be taken back"),
            (["INV-9", "--accept", "0"], 66, "INV-9"),
            (["--list", "--path", "nope"], 64, "no path 'nope'"),
            ([], 64, "--list")):
        done = review(fleet, *arguments, by="anna" if arguments else None, check=False)
        assert done.returncode == code and words in done.stderr, arguments
    assert fleet.count("labels") == 0


def test_a_revision_is_published_by_whoever_lives(fleet, model):
    escalator = run_batch(fleet, model)
    escalator.kill()
    review(fleet, "INV-1", "--accept", "mid", by="anna")
    job = outcome(fleet, "INV-1").job_id
    # What a dead one had claimed is claimed again when its claim is over.
    fleet.sql_run("update revisions set claimed_until = now() + interval '2 s'")
    fleet.escalator(name="second").ready()
    events = published(fleet, len(LINES) + 1, job)
    assert [e.revision for e, _ in events] == [0, 1]
