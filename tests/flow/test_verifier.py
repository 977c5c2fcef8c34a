"""A second model says whether the first one's answer is correct."""
import json

import pytest

import wire
from cascade import RULES, cascade, line, scorer
from models import chat, page, scored
from until import until

JUDGE_PROMPT = '{messages: [{role: "user", content: "\\(.input.text): \\(.answer)?"}]}'


def start(fleet, model, judge, own=lambda _: scored("CGST_SGST", 0.1)):
    """tiny, whose confidence is what a chat model says of its answers, and mid, a scorer."""
    fleet.tiny, fleet.judge = model(own), model(judge)
    fleet.mid = model(lambda _: scored("CGST_SGST", 0.97))
    tiny = scorer(fleet.tiny.url, confidence="verifier", verifier="judge@1", price={"call": "0.25"})
    config = cascade(tiny, fleet.mid.url)
    config["models"]["judge@1"] = scorer(fleet.judge.url, dialect="openai_chat", model="judge",
                                         confidence="logprob", prompt=JUDGE_PROMPT,
                                         price={"call": "0.5", "input": "1", "output": "1"})
    fleet.configure(config, RULES)
    fleet.init()
    fleet.worker("mid").ready()
    fleet.escalator().ready()
    return fleet.worker("tiny").ready()


def outcome_of(fleet):
    job = wire.job(line())
    fleet.send(job)
    return job, fleet.outcomes(1)[wire.id_of(job)]


@pytest.mark.parametrize("says, confidence, tier", [("correct", 0.95, "tiny"), ("wrong", 0.05, "mid")])
def test_its_word_is_the_confidence(fleet, model, says, confidence, tier):
    other = {"correct": "wrong", "wrong": "correct"}[says]
    worker = start(fleet, model, lambda _: chat(says, 0.95, other))
    job, outcome = outcome_of(fleet)
    assert (outcome.verdict, outcome.tier) == ("accept", tier)
    attempt = fleet.attempts(job)[0]
    assert (attempt.model, attempt.answer, attempt.error) == ("tiny@1", "CGST_SGST", None)
    assert (attempt.verifier, attempt.verifier_says) == ("judge@1", says)
    assert attempt.confidence == pytest.approx(confidence)
    assert (attempt.calls, attempt.cost_pico_usd) == (2, 750_101_000_000)
    assert (attempt.input_tokens, attempt.output_tokens) == (100, 1)
    asked = fleet.judge.requests[0].body
    assert asked["messages"][0]["content"] == "COTTON SAREES: CGST_SGST?"
    assert fleet.judge.requests[0].key != fleet.tiny.requests[0].key
    assert worker.metric("taskfit_calls_total") == 2
    shown = fleet.command("show", str(wire.id_of(job))).stdout
    assert f"judge@1 says {says}" in shown
    hop = json.loads(fleet.command("show", str(wire.id_of(job)), "--json").stdout)["hops"][0]
    assert (hop["verifier"], hop["verifier_says"]) == ("judge@1", says)


@pytest.mark.parametrize("reply, error, calls", [
    (chat("maybe", 0.95), "answer.verifier", 1),
    (chat("", 0.95), "answer.verifier", 1),
    (page(status=502), "error.server", 3),
    (page(status=404), "error.refused", 1),
], ids=["another word", "nothing", "502", "404"])
def test_a_word_that_is_none_is_no_guess(fleet, model, reply, error, calls):
    start(fleet, model, lambda _: reply)
    job, outcome = outcome_of(fleet)
    attempt = fleet.attempts(job)[0]
    assert (attempt.answer, attempt.error, attempt.confidence) == (None, error, None)
    assert (attempt.verifier, attempt.verifier_says) == ("judge@1", None)
    assert (fleet.tiny.calls, fleet.judge.calls, attempt.calls) == (1, calls, 1 + calls)
    assert attempt.cost_pico_usd >= 250_000_000_000  # the first model's answer was paid for
    assert fleet.decisions(job)[0].reasons == [error]
    assert (outcome.verdict, outcome.tier) == ("accept", "mid")
    assert "judge@1 gave no answer" in fleet.command("show", str(wire.id_of(job))).stdout


def test_what_has_not_the_form_is_not_asked_about(fleet, model):
    start(fleet, model, lambda _: chat("correct"), own=lambda _: scored("VAT", 0.9))
    job, outcome = outcome_of(fleet)
    assert (fleet.judge.calls, outcome.tier) == (0, "mid")
    assert fleet.decisions(job)[0].reasons == ["answer.label"]
    assert fleet.attempts(job)[0].verifier is None


def test_a_drain_verifies_what_was_paid_for(fleet, model):
    """The verifier fails until SIGTERM comes: the answer that is there waits for it all the same."""
    replies = [page(status=503)]
    worker = start(fleet, model, lambda _: replies[-1])
    job = wire.job(line())
    fleet.send(job)
    until(lambda: fleet.judge.calls > 0, "a question to the verifier")
    worker.child.terminate()
    worker.said("draining")
    replies.append(chat("correct"))
    assert worker.ended(40) == 0
    attempt = fleet.attempts(job)[0]
    assert (attempt.verifier_says, fleet.tiny.calls) == ("correct", 1)


def test_try_shows_both_requests(fleet, model):
    start(fleet, model, lambda _: chat("wrong", 0.9, "correct"))
    (fleet.directory / "line.json").write_text(json.dumps(line()))
    tried = json.loads(fleet.command("try", "line.json", "--tier", "tiny", "--json").stdout)
    tier = tried["tiers"][0]
    assert tier["request"] == line()
    assert tier["verifier_request"]["messages"][0]["content"] == "COTTON SAREES: CGST_SGST?"
    assert (tier["model"], tier["verifier"], tier["verifier_says"]) == ("tiny@1", "judge@1", "wrong")
    assert tier["confidence"] == pytest.approx(0.1)
    shown = fleet.command("try", "line.json", "--tier", "tiny").stdout
    assert "request of tiny's verifier: POST" in shown and "judge@1: wrong" in shown
