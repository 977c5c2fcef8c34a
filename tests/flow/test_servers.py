"""The dialects against servers that someone else wrote."""
import json
import re
import socket
import subprocess

import pytest

import wire
from fleet import ROOT
from servers import PINS, Server, aimock_script, asked_for, attempt, node, post, venv

pytestmark = pytest.mark.timeout(400)  # what is fetched the first time counts too

KEY = "sk-flow"
TAXES = {"fields": {"tax": {"labels": ["IGST", "CGST_SGST"]}}}
FIXTURES = [
    {"match": {"userMessage": "Rice"},
     "response": {"content": '{"tax": "IGST", "confidence": 0.75}',
                  "usage": {"prompt_tokens": 120, "completion_tokens": 9, "total_tokens": 129}}},
    {"match": {"userMessage": "Long"},
     "response": {"content": '{"ta', "finishReason": "length"}},
    {"match": {"userMessage": "Tool"},
     "response": {"toolCalls": [{"name": "answer", "arguments": '{"tax": "CGST_SGST"}'}]}},
    {"match": {"userMessage": "Busy"},
     "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429}},
]
PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/gemini-3.8-flash:generateContent",
}
SPEAKING = pytest.mark.parametrize("dialect", PATHS)


# --- aimock: the four APIs of the large providers

class Aimock(Server):
    def __init__(self, directory):
        (directory / "fixtures.json").write_text(json.dumps({"fixtures": FIXTURES}))
        super().__init__([node()[0], aimock_script(), "-p", "0", "-f", "fixtures.json"], directory,
                         env={"AIMOCK_API_KEYS": KEY})
        self.url = self.said(re.compile(r"listening on (http://\S+)"))[1]
        self.own = {"Authorization": f"Bearer {KEY}"}

    def model(self, dialect, **more):
        return {"dialect": dialect, "url": self.url + PATHS[dialect], "model": "some-model",
                "key": KEY, **more}

    def fail(self, **rates):
        post(f"{self.url}/__aimock/chaos", rates, self.own)

    def heal(self):
        post(f"{self.url}/__aimock/chaos", {}, self.own, method="DELETE")

    def last_request(self):
        return post(f"{self.url}/__aimock/journal", None, self.own, method="GET")[-1]


@pytest.fixture(scope="module")
def aimock_server(tmp_path_factory):
    server = Aimock(tmp_path_factory.mktemp("aimock"))
    yield server
    server.close()


@pytest.fixture
def aimock(aimock_server):
    yield aimock_server
    aimock_server.heal()


@SPEAKING
def test_an_answer(aimock, tmp_path, dialect):
    tried = attempt(tmp_path, aimock.model(dialect, confidence="field",
                                           price={"input": 1, "output": 10}), TAXES)
    assert tried["answer"] == {"tax": "IGST", "confidence": 0.75}, tried
    assert (tried["confidence_raw"], tried["input_tokens"], tried["output_tokens"]) == (.75, 120, 9)
    assert float(tried["cost_usd"]) == pytest.approx(0.00021)
    seen = aimock.last_request()
    roles = [message["role"] for message in seen["body"]["messages"]]  # as aimock understood it
    assert (seen["path"], roles) == (PATHS[dialect], ["system", "user"])
    if dialect == "anthropic":
        assert seen["headers"]["anthropic-version"] == "2023-06-01"


@SPEAKING
def test_a_call_of_a_tool(aimock, tmp_path, dialect):
    tried = attempt(tmp_path, aimock.model(dialect), TAXES, "Tool")
    assert tried["answer"] == {"tax": "CGST_SGST"}, tried


@SPEAKING
@pytest.mark.parametrize("text, error", [
    ("Long", "error.truncated"), ("Busy", "error.busy"), ("Rye", "error.refused"),
], ids=["cut short", "429", "404"])
def test_a_reply_without_an_answer(aimock, tmp_path, dialect, text, error):
    tried = attempt(tmp_path, aimock.model(dialect), TAXES, text)
    assert (tried["error"], tried["answer"]) == (error, None), tried


@SPEAKING
def test_a_wrong_key(aimock, tmp_path, dialect):
    tried = attempt(tmp_path, aimock.model(dialect, key="sk-wrong"), TAXES)
    assert (tried["error"], tried["http_status"]) == ("error.auth", 401), tried
    assert "sk-wrong" not in json.dumps(tried)


@pytest.mark.parametrize("rates, error", [
    ({"malformedRate": 1}, "error.reply"), ({"disconnectRate": 1}, "error.cut"),
    ({"dropRate": 1}, "error.server"), ({"rateLimitRate": 1}, "error.busy"),
], ids=["malformed", "disconnect", "500", "429"])
@SPEAKING
def test_a_server_that_fails(aimock, tmp_path, dialect, rates, error):
    aimock.fail(**rates)
    tried = attempt(tmp_path, aimock.model(dialect), TAXES)
    assert tried["error"] == error, tried


# Retry-After: 1 stands in the reply, and no retry may start so late.
WAITS = {"attempts": 2, "base": "1ms", "cap": "1ms", "for": "900ms"}


@SPEAKING
def test_retry_after_is_obeyed(aimock, tmp_path, dialect):
    tried = attempt(tmp_path, aimock.model(dialect, retry=WAITS), TAXES, "Busy")
    assert (tried["error"], tried["calls"]) == ("error.busy", 1), tried


def test_up_through_all_of_them(fleet, aimock):
    """One job, a tier of each dialect: each but the last is not sure enough."""
    tiers = list(PATHS)
    fleet.configure({
        "models": {f"{d}@1": aimock.model(d, confidence="field", price={"input": 1, "output": 10})
                   for d in tiers},
        "tiers": {d: {"models": [f"{d}@1"]} for d in tiers},
        "paths": {"taxes": {"tiers": tiers, "last": "review", "answer": TAXES,
                            "accept": {d: 0.5 if d == tiers[-1] else 0.9 for d in tiers}}}})
    fleet.init()
    for dialect in tiers:
        fleet.worker(dialect).ready()
    fleet.escalator().ready()
    job = wire.job({"text": "Rice"}, path="taxes")
    fleet.send(job, tier=tiers[0])
    outcome = fleet.outcomes(1)[wire.id_of(job)]
    attempts = fleet.attempts(job)
    assert (outcome.verdict, [a.model for a in attempts]) == ("accept", [f"{d}@1" for d in tiers])
    assert [(a.input_tokens, a.output_tokens) for a in attempts] == [(120, 9)] * 4


# --- a real language model: llama.cpp with SmolLM2. What it says is its own affair.

@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    server = Server([ROOT / "deploy/tour/model"], tmp_path_factory.mktemp("llama"))
    yield server.said(re.compile(r"^(http://\S+)/v1$", re.M), 300)[1]
    server.close()


def test_logprobs_of_a_language_model(llama, tmp_path):
    tried = attempt(tmp_path, {
        "dialect": "openai_chat", "url": f"{llama}/v1/chat/completions", "confidence": "logprob",
        "top_logprobs": 20, "max_tokens": 30, "extra": {"temperature": 0}}, TAXES)
    assert tried["answer"]["tax"] in TAXES["fields"]["tax"]["labels"], tried  # the grammar's work
    assert 0 < tried["confidence_raw"] <= 1
    assert tried["input_tokens"] > 10 and 0 < tried["output_tokens"] <= 30


@pytest.mark.parametrize("dialect, path", [("openai_responses", "/v1/responses"),
                                           ("anthropic", "/v1/messages")])
def test_other_apis_of_a_language_model(llama, tmp_path, dialect, path):
    tried = attempt(tmp_path, {"dialect": dialect, "url": llama + path, "model": "smollm2",
                               "max_tokens": 8, "extra": {"temperature": 0}}, {})
    assert tried["error"] in (None, "error.truncated"), tried
    assert tried["input_tokens"] > 10 and 0 < tried["output_tokens"] <= 8


def test_agreement_of_a_language_model(llama, tmp_path):
    tried = attempt(tmp_path, {
        "dialect": "openai_chat", "url": f"{llama}/v1/chat/completions", "confidence": "agreement",
        "samples": 2, "max_tokens": 30, "extra": {"temperature": 1}}, TAXES)
    assert tried["answer"]["tax"] in TAXES["fields"]["tax"]["labels"], tried
    assert tried["confidence_raw"] in (0.5, 1)


def test_an_input_too_long_for_a_language_model(llama, tmp_path):
    tried = attempt(tmp_path, {"dialect": "openai_chat", "url": f"{llama}/v1/chat/completions"},
                    TAXES, "rice and wheat " * 3000)
    assert tried["error"] == "error.context", tried


# --- MLServer: the Open Inference Protocol with a model of scikit-learn's

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory):
    directory = tmp_path_factory.mktemp("mlserver")
    python = venv("mlserver")
    subprocess.run([python, PINS / "mlserver_model.py"], cwd=directory, check=True, timeout=200)
    ports = {"http_port": free_port(), "grpc_port": free_port(), "metrics_port": free_port()}
    (directory / "settings.json").write_text(json.dumps(
        {"host": "127.0.0.1", "parallel_workers": 0, **ports}))
    (directory / "model-settings.json").write_text(json.dumps({
        "name": "tax", "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": "v1", "content_type": "str"}}))
    server = Server([python.parent / "mlserver", "start", "."], directory)
    url = f"http://127.0.0.1:{ports['http_port']}/v2/models/tax"
    server.answers(f"{url}/ready", 120)
    yield url
    server.close()


@asked_for("mlserver", "530 MiB")
class TestMlserver:
    def model(self, url, **tensors):
        return {"dialect": "kserve", "url": f"{url}/infer", "prompt": ".text",
                "labels": ["CGST_SGST", "IGST"], "confidence": "field",
                "tensors": {"input": "text", "probabilities": "predict_proba", **tensors}}

    @pytest.mark.parametrize("tensors", [{}, {"answer": "predict"}], ids=["argmax", "predict"])
    def test_an_answer(self, mlserver, tmp_path, tensors):
        for text, tax in ("within the state", "CGST_SGST"), ("across states", "IGST"):
            tried = attempt(tmp_path, self.model(mlserver, **tensors), TAXES, text)
            assert tried["answer"] == {"tax": tax}, tried
            assert 0.5 < tried["confidence_raw"] < 1

    def test_errors(self, mlserver, tmp_path):
        tried = attempt(tmp_path, self.model(mlserver, answer="none"), TAXES)
        assert tried["error"] in ("error.reply", "error.refused"), tried
        tried = attempt(tmp_path, {**self.model(mlserver), "labels": ["a", "b", "c"]}, TAXES)
        assert (tried["error"], tried["answer"]) == ("error.reply", None), tried
        other = mlserver.replace("tax", "other")
        tried = attempt(tmp_path, self.model(other), TAXES)
        assert (tried["error"], tried["http_status"]) == ("error.refused", 404), tried
        tried = attempt(tmp_path, {**self.model(mlserver), "prompt": "{inputs: [{name: 1}]}"},
                        TAXES)
        assert (tried["error"], tried["http_status"]) == ("error.refused", 422), tried


# --- LiteLLM's proxy between

GATEWAY_KEY = "sk-" + 16 * "flow"


@pytest.fixture(scope="module")
def litellm(aimock_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("litellm")
    port = free_port()
    upstream = {"api_key": KEY, "num_retries": 0, "max_retries": 0}
    (directory / "config.yaml").write_text(json.dumps({
        "model_list": [
            {"model_name": "gpt", "litellm_params": {
                "model": "openai/some-model", "api_base": f"{aimock_server.url}/v1", **upstream}},
            {"model_name": "claude", "litellm_params": {
                "model": "anthropic/some-model", "api_base": aimock_server.url, **upstream}}],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True}}))
    python = venv("litellm")
    server = Server([python.parent / "litellm", "--config", "config.yaml", "--host", "127.0.0.1",
                     "--port", port], directory, env={
                         "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": GATEWAY_KEY})
    url = f"http://127.0.0.1:{port}"
    server.answers(f"{url}/health/liveliness", 180)
    yield url
    server.close()


@asked_for("litellm", "740 MiB")
class TestLitellm:
    @pytest.mark.parametrize("model", ["gpt", "claude"])
    def test_an_answer(self, litellm, tmp_path, model):
        tried = attempt(tmp_path, {
            "dialect": "openai_chat", "model": model, "key": GATEWAY_KEY, "confidence": "field",
            "url": f"{litellm}/v1/chat/completions"}, TAXES)
        assert tried["answer"]["tax"] == "IGST", tried
        assert (tried["confidence_raw"], tried["input_tokens"]) == (.75, 120)

    def test_messages(self, litellm, tmp_path):
        tried = attempt(tmp_path, {
            "dialect": "anthropic", "model": "claude", "key": GATEWAY_KEY, "confidence": "field",
            "url": f"{litellm}/v1/messages"}, TAXES)
        assert (tried["answer"]["tax"], tried["input_tokens"]) == ("IGST", 120), tried

    def test_its_retry_after_is_obeyed(self, litellm, tmp_path):
        tried = attempt(tmp_path, {
            "dialect": "openai_chat", "model": "gpt", "key": GATEWAY_KEY, "retry": WAITS,
            "url": f"{litellm}/v1/chat/completions"}, TAXES, "Busy")
        assert (tried["error"], tried["calls"]) == ("error.busy", 1), tried
