"""What the gateway keeps of conversations, through OpenAI's own SDK."""
import json

import openai
import pytest

import cascade
import test_gateway as gateway
from models import scored
from until import until


@pytest.fixture
def talk(fleet, model):
    """A fleet whose model answers with the number of messages that it was shown. `seen`: they."""
    fleet.seen = []

    def rule(request):
        shown = request.body.get("messages") or request.body["input"]
        fleet.seen.append(shown)
        return scored(str(len(shown)), 0.2 if "unsure" in str(shown[-1]) else 0.99)
    fleet.serve = lambda start=True, **more: serve(fleet, model(rule), start, **more)
    return fleet


def serve(fleet, small, start, **more):
    (fleet.directory / "files").mkdir()
    path = {"tiers": ["small"], "accept": {"small": 0.9}}
    fleet.configure({"models": {"small@1": cascade.scorer(small.url)},
                     "tiers": {"small": {"models": [{"use": "small@1"}]}},
                     "paths": {"talk": path, "other": path},
                     "gateway": {"listen": "127.0.0.1:0", "files": "files", **more}})
    fleet.init()
    fleet.api = fleet.gateway().ready()
    if start:
        fleet.worker("small").ready()
        fleet.escalator().ready()
    return gateway.client(fleet)


def said(*pairs):
    return [{"role": role, "content": content} for role, content in pairs]


def items_of(api, conversation, **more):
    return [(item.role, item.content[0].text)
            for item in api.conversations.items.list(conversation, **more)]


def test_a_response_goes_on_from_another(talk):
    api = talk.serve()
    first = api.responses.create(model="talk", input="one")
    assert api.responses.retrieve(first.id).output_text == "1" and not first.background
    second = api.responses.create(model="talk", input=said(("user", "two")), instructions="be brief",
                                  previous_response_id=first.id)
    assert (second.output_text, second.previous_response_id) == ("4", first.id)
    assert talk.seen[-1] == said(("system", "be brief"), ("user", "one"), ("assistant", "1"),
                                 ("user", "two"))
    third = api.responses.create(model="talk", previous_response_id=second.id, input=[
        {"role": "user", "content": [{"type": "input_text", "text": "three"}]}])
    assert talk.seen[-1] == said(("user", "one"), ("assistant", "1"), ("user", "two"),
                                 ("assistant", "4"), ("user", "three"))  # instructions are not kept
    branch = api.responses.create(input="again", previous_response_id=first.id)
    assert talk.seen[-1][-1]["content"] == "again" and branch.output_text == "3"
    assert api.responses.retrieve(third.id).previous_response_id == second.id


def test_a_conversation_keeps_turns_and_path(talk):
    api = talk.serve()
    made = api.conversations.create(items=said(("user", "we spoke before")), metadata={"a": "b"},
                                    extra_body={"model": "other"})
    assert made.object == "conversation" and made.metadata == {"a": "b"}
    done = api.responses.create(input="one", conversation=made.id)
    assert done.output_text == "2" and done.conversation.id == made.id
    assert talk.sql("select path from decisions") == [("other",)]
    api.responses.create(model="talk", input="two", conversation={"id": made.id})
    api.responses.create(input="three", conversation=made.id)  # by the path of the last one
    assert [r.path for r in talk.sql("select path from decisions order by decided_at")] == [
        "other", "talk", "talk"]
    assert talk.seen[-1] == said(("user", "we spoke before"), ("user", "one"), ("assistant", "2"),
                                 ("user", "two"), ("assistant", "4"), ("user", "three"))
    told = items_of(api, made.id, order="asc")
    assert told == [("user", "we spoke before"), ("user", "one"), ("assistant", "2"),
                    ("user", "two"), ("assistant", "4"), ("user", "three"), ("assistant", "6")]
    assert items_of(api, made.id) == told[::-1]
    assert items_of(api, made.id, order="asc", limit=2) == told  # by pages
    added = api.conversations.items.create(made.id, items=said(("user", "x"), ("user", "y")))
    assert [i.content[0].text for i in added.data] == ["x", "y"]
    assert items_of(api, made.id)[:2] == [("user", "y"), ("user", "x")]
    assert api.conversations.update(made.id, metadata={}).metadata == {}
    assert api.conversations.retrieve(made.id).metadata == {}
    assert api.conversations.delete(made.id).deleted
    for gone in (lambda: api.conversations.retrieve(made.id),
                 lambda: api.responses.create(model="talk", input="x", conversation=made.id),
                 lambda: api.conversations.items.list(made.id)):
        with pytest.raises(openai.NotFoundError):
            gone()
    assert talk.count("turns") == 0


def test_a_long_chain_is_not_read_whole(talk):
    api = talk.serve()
    assert api.responses.create(model="talk", input="x").output_text == "1"
    talk.sql_run("""
        insert into turns (id, tenant, previous, items)
        select md5('turn ' || i)::uuid, '', md5('turn ' || i - 1)::uuid, json_build_array(
            json_build_object('role', 'user', 'content',
                              case when i = 100 then 'near' else repeat('far ', 250000) end))
        from generate_series(1, 100) i order by i""")
    last, = talk.sql("select id from turns order by n desc limit 1")
    before = talk.api.memory_mib("VmHWM")
    done = api.responses.create(model="talk", input="on", previous_response_id=f"resp_{last.id}")
    assert done.output_text == "2" and talk.seen[-1] == said(("user", "near"), ("user", "on"))
    assert talk.api.memory_mib("VmHWM") - before < 30  # of 100


def test_what_is_not_stored_is_not_known(talk):
    api = talk.serve()
    done = api.responses.create(model="talk", input="secret", store=False)
    assert done.output_text == "1" and not done.store
    with pytest.raises(openai.NotFoundError):
        api.responses.retrieve(done.id)
    with pytest.raises(openai.BadRequestError) as e:
        api.responses.create(model="talk", input="more", previous_response_id=done.id)
    assert e.value.code == "previous_response_not_found"
    made = api.conversations.create()
    api.responses.create(model="talk", input="secret", conversation=made.id, store=False)
    assert items_of(api, made.id) == [] and talk.count("turns") == 0
    kept = api.responses.create(model="talk", input="known")
    api.responses.delete(kept.id)
    with pytest.raises(openai.NotFoundError):
        api.responses.retrieve(kept.id)
    assert talk.count("turns") == talk.count("api_responses") == 0
    with pytest.raises(openai.BadRequestError) as e:
        api.responses.create(model="talk", input="x", background=True, store=False)
    assert e.value.param == "store"


def test_an_answer_that_does_not_stand_is_no_turn(talk):
    api = talk.serve()
    made = api.conversations.create()
    with pytest.raises(openai.UnprocessableEntityError):
        api.responses.create(model="talk", input="unsure", conversation=made.id)
    assert api.responses.create(model="talk", input="again", conversation=made.id).output_text == "1"


def test_the_oldest_turns_are_dropped(talk):
    api = talk.serve(turns=3, turn_bytes="2KiB")
    made = api.conversations.create()
    for n in range(6):
        api.responses.create(model="talk", input=f"turn {n}", conversation=made.id)
    assert [m["content"] for m in talk.seen[-1] if m["role"] == "user"] == [
        "turn 2", "turn 3", "turn 4", "turn 5"]
    until(lambda: talk.count("turns") == 3, "three turns that are left")
    api.responses.create(model="talk", input="x" * 1500, conversation=made.id)
    api.responses.create(model="talk", input="y" * 1500, conversation=made.id)
    until(lambda: talk.count("turns") == 1, "one turn that there is room for")
    api.responses.create(model="talk", input="z", conversation=made.id)
    assert [m["content"][0] for m in talk.seen[-1]] == ["y", "7", "z"]
    last = api.responses.create(model="talk", input="0")
    for n in range(5):
        last = api.responses.create(model="talk", input=str(n), previous_response_id=last.id)
    assert len(talk.seen[-1]) == 7


def test_a_turn_waits_for_the_one_before(talk):
    api = talk.serve(start=False)
    begun = api.responses.create(model="talk", input="one", background=True)
    with pytest.raises(openai.ConflictError) as e:
        api.responses.create(model="talk", input="two", previous_response_id=begun.id)
    assert e.value.code == "conversation_locked" and e.value.response.headers["retry-after"] == "1"


def test_what_is_wrong_is_said(talk):
    api = talk.serve()
    plain = api.responses.create(model="talk", input="one")
    tools = api.responses.create(model="talk", input=said(("user", "one")), tools=[])
    unknown = "01a21236-4937-764f-9935-db491c63b689"
    for code, param, asked in (
            ("invalid_value", "previous_response_id", {"previous_response_id": "resp_1"}),
            ("previous_response_not_found", "previous_response_id",
             {"previous_response_id": f"resp_{unknown}"}),
            ("previous_response_not_found", "previous_response_id",
             {"previous_response_id": tools.id}),
            ("invalid_value", "conversation", {"conversation": "x"}),
            ("mutually_exclusive_parameters", "previous_response_id",
             {"conversation": f"conv_{unknown}", "previous_response_id": plain.id}),
            ("unsupported_parameter", "tools", {"tools": [], "previous_response_id": plain.id}),
            ("unsupported_parameter", "input",
             {"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}],
              "previous_response_id": plain.id}),
            ("missing_required_parameter", "model", {"model": None, "conversation":
                                                     api.conversations.create().id})):
        with pytest.raises(openai.BadRequestError) as e:
            api.responses.create(**{"model": "talk", "input": "x", **asked})
        assert (e.value.code, e.value.param) == (code, param)
    with pytest.raises(openai.APIStatusError) as e:
        api.responses.create(model="talk", input="x" * (1 << 20))
    assert e.value.status_code == 413
    for items in ("x", [{"role": "user"}], said(*[("user", "x")] * 21)):
        with pytest.raises(openai.BadRequestError) as e:
            api.conversations.create(items=items)
        assert e.value.param == "items"


def test_conversations_of_other_tenants(talk):
    api = talk.serve()
    keys = [json.loads(talk.command("key", "add", name, "--json", "--tenant", name).stdout)["key"]
            for name in ("one", "two")]
    until(lambda: not answers(api), "keys that are asked for")
    one, two = (openai.OpenAI(base_url=talk.api.api, api_key=key, max_retries=0) for key in keys)
    made = one.conversations.create()
    done = one.responses.create(model="talk", input="mine", conversation=made.id)
    for asked in ({"conversation": made.id}, {"previous_response_id": done.id}):
        with pytest.raises((openai.NotFoundError, openai.BadRequestError)):
            two.responses.create(model="talk", input="x", **asked)
    for gone in (two.conversations.retrieve, two.conversations.delete, two.conversations.items.list):
        with pytest.raises(openai.NotFoundError):
            gone(made.id)
    for gone in (two.responses.retrieve, two.responses.delete):
        with pytest.raises(openai.NotFoundError):
            gone(done.id)
    assert len(items_of(one, made.id)) == 2


def answers(api):
    try:
        return api.models.list()
    except openai.AuthenticationError:
        return None


def test_what_is_too_old_is_deleted(talk):
    api = talk.serve()
    made = api.conversations.create()
    api.responses.create(model="talk", input="one", conversation=made.id)
    api.responses.create(model="talk", input="two")
    assert talk.api.stop() == 0
    talk.sql_run("update conversations set used_at = used_at - interval '29 days'")
    talk.sql_run("update api_responses set created_at = created_at - interval '31 days'")
    talk.sql_run("update turns set created_at = created_at - interval '31 days'")
    talk.api = talk.gateway(name="gateway-2").ready()
    until(lambda: talk.count("api_responses") == 0, "the end of old responses")
    assert talk.count("turns") == 1  # of the conversation, which was used later
    assert talk.api.stop() == 0
    talk.sql_run("update conversations set used_at = used_at - interval '2 days'")
    talk.gateway(name="gateway-3").ready()
    until(lambda: talk.count("conversations") == talk.count("turns") == 0, "the end of all")
