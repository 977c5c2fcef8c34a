"""taskfit-gateway, with the official SDK of OpenAI for Node (openai.mjs does the asking)."""
import json
import os
import pathlib
import subprocess

import pytest

import test_gateway as gateway
from models import scored
from servers import node, packages

SCRIPT = pathlib.Path(__file__).parent / "openai.mjs"


@pytest.fixture
def ask(fleet, model):
    """ask(scene): what the SDK saw in it."""
    def rule(request):
        line = json.loads(request.body["messages"][-1]["content"])["line"]
        return scored("IGST", 0.2 if line % 5 == 4 else 0.99)
    gateway.serve(fleet, model(rule))

    def run(scene):
        done = subprocess.run([node()[0], SCRIPT, scene], text=True, capture_output=True, timeout=60,
                              env={**os.environ, "OPENAI_BASE_URL": fleet.api.api,
                                   "PACKAGES": str(packages("openai"))})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)[scene]
    return run


def test_a_batch_in_node(ask):
    seen = ask("batch")
    assert seen["file"]["filename"] == "in.jsonl" and seen["file"]["expires_at"]
    assert seen["listed"] == [seen["file"]["id"]]
    assert seen["done"]["request_counts"] == {"total": 10, "completed": 8, "failed": 2}
    answers = {row["custom_id"]: row["response"]["body"]["choices"][0]["message"]["content"]
               for row in seen["answers"]}
    assert len(answers) == 8 and set(answers.values()) == {"IGST"}
    assert (seen["gone"]["kind"], seen["gone"]["status"]) == ("NotFoundError", 404)


def test_chats_in_node(ask):
    seen = ask("chat")
    assert seen["done"]["choices"][0]["message"]["content"] == "IGST"
    assert seen["text"] == seen["final"] == "IGST"


def test_responses_in_node(ask):
    seen = ask("responses")
    assert seen["begun"]["background"] and seen["done"]["status"] == "completed"
    assert seen["done"]["output"][0]["content"][0]["text"] == seen["streamed"] == "IGST"
    assert seen["events"][0] == "response.created" and seen["events"][-1] == "response.completed"


def test_a_conversation_in_node(ask):
    seen = ask("conversation")
    question = '{"line": 1}'
    assert seen["items"] == [["user", question], ["assistant", "IGST"]] * 2 and seen["deleted"]


def test_errors_in_node(ask):
    unknown, unsure, streamed, wrong = ask("errors")
    assert unknown == {"kind": "NotFoundError", "status": 404, "code": "model_not_found",
                       "param": "model", "request": "string"}
    assert unsure == streamed
    assert (unsure["kind"], unsure["code"]) == ("UnprocessableEntityError", "confidence.low")
    assert (wrong["kind"], wrong["param"]) == ("BadRequestError", "input_file_id")
