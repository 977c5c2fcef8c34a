"""Models that misbehave: what is stored, what is tried again, what moves on."""
import json
import time

import pytest

import servers
import wire
from cascade import line, run_cascade, scorer
from models import CUT, busy, chat, page, scored
from until import until


def answer(_):
    return scored("CGST_SGST", 0.97)


def first_attempt(fleet, tiny, model, away="hold"):
    """One job through a first tier that misbehaves; mid accepts."""
    run_cascade(fleet, tiny, model(answer).url, away=away)
    job = wire.job(line())
    fleet.send(job)
    outcome = fleet.outcomes(1)[wire.id_of(job)]
    return fleet.attempts(job)[0], fleet.decisions(job)[0], outcome


@pytest.mark.parametrize("reply, error, calls", [
    (page(), "error.reply", 1),
    (page(status=502), "error.server", 3),
    (page(status=404), "error.refused", 1),
    (page(status=401), "error.auth", 1),
    (page("", 200), "error.reply", 3),
    (page("x" * 3_000_000), "error.too_large", 1),
    ((200, {}, b'{"answer": "\xff"}'), "error.reply", 3),
    ((302, {"Location": "http://127.0.0.1:9/"}, ""), "error.reply", 1),
    (CUT, "error.cut", 3),
    ((200, {}, "{}"), "answer.missing", 1),
], ids=["html", "502", "404", "401", "empty", "large", "utf8", "redirect", "cut", "no answer"])
def test_a_reply_that_is_none(fleet, model, reply, error, calls):
    tiny = model(lambda _: reply)
    attempt, decision, outcome = first_attempt(fleet, tiny.url, model)
    assert (attempt.error, tiny.calls, attempt.calls) == (error, calls, calls)
    assert attempt.error_text and attempt.answer is None
    assert decision.reasons == [error] and decision.next_tier == "mid"
    assert (outcome.verdict, outcome.tier) == ("accept", "mid")


def told(status, body=None):
    return status, {"Content-Type": "application/json"}, json.dumps(body or {"error": {"message": "no"}})


CONTEXT = {"error": {"code": "context_length_exceeded", "message": "8193 tokens"}}
CONTENT = {"error": {"code": "content_filter", "message": "no"}}


@pytest.mark.parametrize("status, body, error, again", [
    (408, None, "error.timeout", True), (409, None, "error.refused", True),
    (425, None, "error.refused", True), (429, None, "error.busy", True),
    (500, None, "error.server", True), (502, None, "error.server", True),
    (503, None, "error.busy", True), (504, None, "error.server", True),
    (529, None, "error.busy", True),
    (400, None, "error.refused", False), (401, None, "error.auth", False),
    (403, None, "error.auth", False), (404, None, "error.refused", False),
    (413, None, "error.context", False), (422, None, "error.refused", False),
    (400, CONTEXT, "error.context", False), (400, CONTENT, "error.content", False),
    (429, {"error": {"code": "insufficient_quota", "message": "pay"}}, "error.refused", False),
], ids=lambda value: str(value) if isinstance(value, int) else "")
def test_which_are_tried_again(model, tmp_path, status, body, error, again):
    """Once more with the same key where another try may do better, and the answer counts; else the
    first reply is the end."""
    tiny = model(lambda request: told(status, body) if request.number == 1
                 else scored("CGST_SGST", 0.97))
    tried = servers.attempt(tmp_path, {
        "dialect": "scorer", "url": tiny.url, "confidence": "field",
        "retry": {"attempts": 3, "for": "20s", "base": "20ms", "cap": "200ms"}}, None)
    assert tried["error"] == (None if again else error)
    assert [request.key for request in tiny.requests] == [tiny.requests[0].key] * (1 + again)
    tiny.rule = lambda _: told(status, body)  # and for ever
    tried = servers.attempt(tmp_path, {
        "dialect": "scorer", "url": tiny.url, "confidence": "field",
        "retry": {"attempts": 2, "for": "20s", "base": "20ms", "cap": "200ms"}}, None)
    assert (tried["error"], tried["calls"]) == (error, 1 + again)


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_are_refused_open_the_breaker_and_alert(fleet, model, status):
    """The first is passed on; the next wait for a credential that is mended, and are not called."""
    tiny = model(lambda _: told(status))
    worker, _, _ = run_cascade(fleet, tiny.url, model(answer).url)
    fleet.send(wire.job(line()))
    fleet.outcomes(1)
    worker.said("level=error .*tiny@1 refuses the credentials")
    until(lambda: worker.metric("taskfit_model_state") > 0, "the alert's metric")
    fleet.send(*[wire.job(line(n)) for n in range(20)])
    until(lambda: worker.metric("taskfit_jobs_taken_total") >= 2, "jobs that wait")
    tiny.rule = answer
    outcomes = fleet.outcomes(21)
    assert sum(outcome.tier == "tiny" for outcome in outcomes.values()) >= 19
    assert tiny.calls <= 23 and worker.metric("taskfit_model_state") == 0


def test_an_answer_that_was_cut_short_is_not_asked_for_again(model, tmp_path):
    """The same limit would cut it in the same place."""
    status, head, text = chat("CGST_SG")
    reply = json.loads(text)
    reply["choices"][0]["finish_reason"] = "length"
    mini = model(lambda _: (status, head, json.dumps(reply)))
    tried = servers.attempt(tmp_path, {
        "dialect": "openai_chat", "url": mini.url, "model": "mini", "confidence": "logprob",
        "price": {"output": "2"}, "prompt": '{messages: [{role: "user", content: .text}]}',
        "retry": {"attempts": 3, "base": "20ms"}}, {"labels": ["CGST_SGST"]})
    assert (tried["error"], mini.calls, tried["cost_usd"]) == ("error.truncated", 1, 0.000002)


def test_a_reply_that_the_mapping_fails_on_is_paid_for(model, tmp_path):
    tiny = model(answer)
    tried = servers.attempt(tmp_path, {"dialect": "scorer", "url": tiny.url, "reply": "error(\"?\")",
                                       "price": {"call": "0.25"}}, None)
    assert (tried["error"], tried["cost_usd"], tiny.calls) == ("error.reply", 0.25, 1)


def test_a_call_cut_on_a_kept_connection_counts(fleet, model):
    """The client may not send it again by itself: each request to a model is counted."""
    tiny = model(lambda _: CUT if tiny.calls == 2 else scored("CGST_SGST", 0.97))
    run_cascade(fleet, tiny.url, tiny.url, limits={"in_flight": 1})  # one connection, used again
    jobs = [wire.job(line(n)) for n in range(2)]
    for n, job in enumerate(jobs):
        fleet.send(job)
        fleet.outcomes(n + 1)
    assert (tiny.calls, tiny.repeats) == (3, 1)
    assert [fleet.attempts(job)[0].calls for job in jobs] == [1, 2]


def test_large_requests_are_made_anew(fleet, model):
    """A large body is not kept: each try has it whole, also one on a connection that was cut."""
    replies = [page(status=500), CUT, scored("CGST_SGST", 0.97), CUT, page(status=500)]
    tiny = model(lambda _: replies[min(tiny.calls - 1, len(replies) - 1)])
    run_cascade(fleet, tiny.url, model(answer).url, limits={"in_flight": 1})
    documents = [{**line(n), "text": chr(97 + n) * 300_000} for n in range(2)]
    for n, document in enumerate(documents):
        fleet.send(wire.job(document))
        fleet.outcomes(n + 1)
    assert [request.body for request in tiny.requests] == [documents[0]] * 3 + [documents[1]] * 3
    (fleet.directory / "line.json").write_text(json.dumps(documents[1]))
    tried = json.loads(fleet.command("try", "line.json", "--tier", "mid", "--json").stdout)
    assert tried["tiers"][0]["request"] == documents[1]


def test_nobody_listens_and_the_tier_passes_on(fleet, model):
    nobody = "http://127.0.0.1:9/score"
    attempt, _, outcome = first_attempt(fleet, nobody, model, away="next")
    assert (attempt.error, outcome.tier) == ("error.connect", "mid")


def test_no_reply_in_time(fleet, model):
    tiny = model(answer)
    tiny.hold()
    attempt, _, outcome = first_attempt(fleet, {**scorer(tiny.url), "timeout": "200ms"}, model)
    assert (attempt.error, attempt.calls) == ("error.timeout", 3)
    assert outcome.tier == "mid"


def test_retry_after_is_obeyed(fleet, model):
    at = []

    def rule(request):
        at.append(time.monotonic())
        return busy(1) if request.number == 1 else scored("CGST_SGST", 0.97)
    tiny = model(rule)
    attempt, _, outcome = first_attempt(fleet, tiny.url, model)
    assert (attempt.error, attempt.calls, outcome.tier) == (None, 2, "tiny")
    assert at[1] - at[0] >= 1
    assert tiny.repeats == 1  # the same key: the server may know it


def test_always_busy_moves_on(fleet, model):
    """Not for its number of attempts, but when its time for retries is over."""
    tiny = model(lambda _: busy(0))
    mine = scorer(tiny.url)
    mine["retry"] = {"attempts": 1, "for": "1s", "base": "20ms", "cap": "200ms"}
    attempt, decision, _ = first_attempt(fleet, mine, model)
    assert (attempt.error, attempt.http_status) == ("error.busy", 429)
    assert attempt.calls == tiny.calls > 1
    assert decision.reasons == ["error.busy"]


@pytest.mark.parametrize("confidence", [1.2, -0.1, "high", None])
def test_a_confidence_that_is_no_probability_never_passes(fleet, model, confidence):
    tiny = model(lambda _: scored("CGST_SGST", confidence))
    attempt, decision, outcome = first_attempt(fleet, tiny.url, model)
    assert attempt.confidence is None and attempt.answer == "CGST_SGST"
    assert decision.reasons == ["answer.confidence"] and outcome.tier == "mid"


def test_an_answer_out_of_vocabulary_never_passes(fleet, model):
    tiny = model(lambda _: scored("GST", 0.999))
    attempt, decision, outcome = first_attempt(fleet, tiny.url, model)
    assert attempt.answer == "GST" and "answer.label" in decision.reasons
    assert outcome.tier == "mid"


def test_chat_with_logprobs(fleet, model):
    """OpenAI's chat completions: key, labels, confidence from the tokens, tokens and cost."""
    mini = model(lambda _: chat("CGST_SGST", probability=0.96, other="IGST"))
    conf = {"dialect": "openai_chat", "url": mini.url, "model": "mini", "key": "sk-secret",
            "confidence": "logprob", "price": {"input": "0.25", "output": "2"}}
    run_cascade(fleet, conf, model(answer).url)
    body = {"messages": [{"role": "user", "content": "29 to 29"}], "from": "29", "to": "29"}
    job = wire.job(body)
    fleet.send(job)
    outcome = fleet.outcomes(1)[wire.id_of(job)]
    attempt, = fleet.attempts(job)
    assert (outcome.verdict, outcome.answer, outcome.tier) == ("accept", "CGST_SGST", "tiny")
    assert abs(attempt.confidence - 0.96) < 1e-6
    assert (attempt.input_tokens, attempt.output_tokens) == (100, 1)
    assert attempt.cost_pico_usd == 100 * 250_000 + 1 * 2_000_000
    request, = mini.requests
    assert request.headers["Authorization"] == "Bearer sk-secret"
    assert request.body["model"] == "mini" and request.body["logprobs"] is True
    assert not any("sk-secret" in program.log for program in fleet.programs)
