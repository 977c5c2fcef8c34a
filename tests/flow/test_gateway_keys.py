"""Keys of the gateway: who may do what, and to whose."""
import json

import openai
import pytest

import test_gateway as gateway
from models import scored
from until import until


@pytest.fixture
def served(fleet, model):
    gateway.serve(fleet, model(lambda _: scored("IGST", 0.99)))
    return fleet


def add(fleet, name, *more):
    return json.loads(fleet.command("key", "add", name, "--json", *more).stdout)


def client(fleet, key):
    return openai.OpenAI(base_url=fleet.api.api, api_key=key, max_retries=0)


def is_known(fleet, key):
    try:
        return client(fleet, key).models.list()
    except openai.PermissionDeniedError:
        return True
    except openai.AuthenticationError:
        return False


def knows(fleet, key):
    """Waits until the gateway has learned of a new key; the first one closes it to all others."""
    until(lambda: is_known(fleet, key) and not is_known(fleet, "none"),
          "a gateway that knows the key")
    return client(fleet, key)


def test_no_key_no_answer(served):
    assert gateway.client(served).models.list().data
    key = add(served, "one")
    api = knows(served, key["key"])
    for wrong in ("none", key["key"][:-1] + ("0" if key["key"][-1] != "0" else "1"), "tfk_"):
        with pytest.raises(openai.AuthenticationError) as e:
            client(served, wrong).models.list()
        assert e.value.code == "invalid_api_key"
    with pytest.raises(openai.AuthenticationError):
        client(served, "none").files.create(file=("x", b"x" * (3 << 20)), purpose="batch")
    assert api.files.list().data == []
    stored, = served.sql("select * from api_keys")
    assert key["key"] not in str(stored) and stored.id == key["id"]
    assert key["id"] in served.command("key", "list").stdout
    served.command("key", "revoke", key["id"][:8])
    until(lambda: not is_known(served, key["key"]), "a gateway that knows the end of the key")
    with pytest.raises(openai.AuthenticationError):  # no key is left, and it stays closed
        gateway.client(served).models.list()


def test_scopes(served):
    reader = knows(served, add(served, "reader", "--scopes", "read")["key"])
    with pytest.raises(openai.PermissionDeniedError) as e:
        gateway.upload(reader, b"{}")
    assert e.value.code == "insufficient_scope"
    sender = knows(served, add(served, "sender", "--scopes", "submit")["key"])
    file = gateway.upload(sender, b"{}")
    with pytest.raises(openai.PermissionDeniedError):
        sender.files.retrieve(file.id)
    assert reader.files.retrieve(file.id).id == file.id
    done = served.command("key", "add", "x", "--scopes", "all", check=False)
    assert done.returncode == 64 and "--scopes all" in done.stderr


def test_a_tenant_sees_its_own_alone(served):
    ours = knows(served, add(served, "ours", "--tenant", "acme")["key"])
    theirs = knows(served, add(served, "theirs", "--tenant", "other")["key"])
    file = gateway.upload(ours, gateway.lines(gateway.row(1)))
    batch = ours.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions",
                                completion_window="24h", extra_headers={"Idempotency-Key": "k"})
    done = gateway.ended(ours, batch)
    answer = ours.responses.create(model="invoices", input="hello", background=True)
    for foreign in (lambda: theirs.files.retrieve(file.id),
                    lambda: theirs.files.content(done.output_file_id),
                    lambda: theirs.files.delete(file.id),
                    lambda: theirs.batches.retrieve(batch.id),
                    lambda: theirs.batches.cancel(batch.id),
                    lambda: theirs.batches.create(input_file_id=file.id,
                                                  endpoint="/v1/chat/completions",
                                                  completion_window="24h"),
                    lambda: theirs.responses.retrieve(answer.id),
                    lambda: theirs.responses.cancel(answer.id)):
        with pytest.raises(openai.NotFoundError):
            foreign()
    for path in (f"jobs/{answer.id[len('resp_'):]}", f"batches/{batch.id[len('batch_'):]}/outcomes"):
        ours.get(f"/taskfit/{path}", cast_to=object)
        with pytest.raises(openai.NotFoundError):
            theirs.get(f"/taskfit/{path}", cast_to=object)
    assert ours.get("/taskfit/overview", cast_to=object)["batches"]
    assert not theirs.get("/taskfit/overview", cast_to=object)["batches"]
    assert theirs.files.list().data == [] and theirs.batches.list().data == []
    own = gateway.upload(theirs, gateway.lines(gateway.row(1)))
    other = theirs.batches.create(input_file_id=own.id, endpoint="/v1/chat/completions",
                                  completion_window="24h", extra_headers={"Idempotency-Key": "k"})
    assert other.id != batch.id
    assert ours.files.retrieve(file.id).id == file.id
    stored = served.sql("select tenant from decisions where batch_id = %s",
                        batch.id[len("batch_"):])
    assert [row.tenant for row in stored] == ["acme"]


def test_who_watches_is_told_no_more_when_the_key_ends(served):
    key = add(served, "one")
    api = knows(served, key["key"])
    url = f"{served.api.api}/taskfit/events"
    with api._client.stream("GET", url, headers={"Authorization": f"Bearer {key['key']}"}) as reply:
        events = reply.iter_text()
        assert next(events).startswith("data: ")
        served.command("key", "revoke", key["id"])
        assert len([event for _, event in zip(range(20), events)]) < 20  # one comes every 2 s


def test_without_a_key_it_listens_on_this_machine_alone(served):
    served.config["gateway"]["listen"] = "0.0.0.0:0"
    served.write_config()
    refused = served.gateway(name="refused")
    assert refused.ended() == 78
    assert "gateway.listen: 0.0.0.0:0 is open to other machines, and there are no API keys" in refused.log


def test_with_a_key_it_may_listen_anywhere(served):
    add(served, "one")
    served.config["gateway"]["listen"] = "0.0.0.0:0"
    served.write_config()
    served.gateway(name="open").ready()
