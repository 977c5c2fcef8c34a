"""Streams of the gateway, through the helpers of OpenAI's own SDK."""
import openai
import pytest

import test_gateway as gateway
from models import scored

QUESTION = gateway.messages(1)


@pytest.fixture
def api(fleet, model):
    gateway.serve(fleet, model(lambda r: scored("IGST", 0.2 if "unsure" in str(r.body) else 0.99)))
    return gateway.client(fleet)


def test_a_chat_in_chunks(api):
    chunks = list(api.chat.completions.create(model="invoices", messages=QUESTION, stream=True,
                                              stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == "IGST"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens >= 0
    with api.chat.completions.stream(model="invoices", messages=QUESTION) as stream:
        kinds = {event.type for event in stream}
        done = stream.get_final_completion()
    assert {"content.delta", "content.done"} <= kinds
    assert (done.choices[0].message.content, done.choices[0].finish_reason) == ("IGST", "stop")


def test_a_response_in_events(api):
    with api.responses.stream(model="invoices", input=QUESTION) as stream:
        events = list(stream)
        done = stream.get_final_response()
    assert [e.sequence_number for e in events] == list(range(len(events)))
    kinds = [e.type for e in events]
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    assert [e.delta for e in events if e.type == "response.output_text.delta"] == ["IGST"]
    assert (done.status, done.output_text, done.model) == ("completed", "IGST", "small@1")
    assert events[0].response.id == done.id and events[0].response.output == []
    plain = [e.type for e in api.responses.create(model="invoices", input=QUESTION, stream=True)]
    assert plain == kinds


def test_what_has_no_answer_is_no_stream(api):
    """But an error with its status: nothing was sent before."""
    for create, asked in ((api.chat.completions.create, {"messages": [{"role": "user",
                                                                       "content": "unsure"}]}),
                          (api.responses.create, {"input": "unsure"})):
        with pytest.raises(openai.UnprocessableEntityError) as e:
            list(create(model="invoices", stream=True, **asked))
        assert e.value.code == "confidence.low"
    with pytest.raises(openai.BadRequestError) as e:
        api.responses.create(model="invoices", input="hello", background=True, stream=True)
    assert e.value.param == "stream"
