"""Each route, asked by one tenant for what is another's: the list is the program's own table."""
import json
import re
import uuid

import openai
import pytest

import test_gateway as gateway
import test_gateway_keys as keys
from fleet import ROOT
from models import scored
from test_gateway_login import SECRET
from until import until

TABLE = (ROOT / "src/gateway/route.c").read_text()
DEFINED = dict(re.findall(r'^#define (\w+) "(.*)"$', TABLE, re.M))
ROWS = re.findall(r'^    \{"([A-Z]+)", +(.*?), +("[a-z_-]*"|NULL), +(BODY_\w+), +([^,]+), +(\w+)\},$',
                  TABLE, re.M)


def path_of(text):
    """Of "…", or NAME "…", in C."""
    return "".join(DEFINED[name] if name else part
                   for part, name in re.findall(r'"([^"]*)"|(\w+)', text))


ROUTES = [(method, path_of(path), None if prefix == "NULL" else prefix.strip('"'), body, scope)
          for method, path, prefix, body, scope, _ in ROWS]

# What is nobody's: pages, the session's own, the models, which are paths.
OPEN = {("GET", "/v1/models"), ("GET", "/v1/models/{}"), ("GET", "/v1/taskfit/me"),
        ("GET", "/v1/taskfit/paths"), ("POST", "/login"), ("POST", "/logout")}


def is_open(method, path, scope):
    return (method, path) in OPEN or (scope == "0" and method == "GET")


def test_the_table_is_read_whole():
    assert len(ROUTES) == len(re.findall(r'^    \{"[A-Z]+",', TABLE, re.M)) >= 40
    assert ("GET", "/v1/files", None, "BODY_NONE", "SCOPE_READ") in ROUTES
    assert ("POST", "/v1/webhook_endpoints/{}/test", "we_", "BODY_JSON", "SCOPE_ADMIN") in ROUTES


class Side:
    """A tenant with one of everything; every text of it holds its name."""

    def __init__(self, fleet, tenant):
        self.tenant = tenant
        self.api = keys.knows(fleet, keys.add(fleet, tenant, "--tenant", tenant, "--scopes",
                                              "submit,read,review,admin")["key"])
        api = self.api
        hook = api.webhooks.create(event_types=["*"], name=tenant,
                                   url=f"https://hooks.example.com/{tenant}")
        file = gateway.upload(api, gateway.lines(gateway.row(1)), f"{tenant}.jsonl")
        batch = api.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions",
                                   completion_window="24h", metadata={"of": tenant})
        gateway.ended(api, batch)
        item = {"role": "user", "content": json.dumps({"line": 1, "of": tenant})}
        talk = api.post("/conversations", body={"items": [item], "metadata": {"of": tenant}},
                        cast_to=object)
        answer = api.responses.create(model="invoices", background=True, input=[item])
        until(lambda: api.responses.retrieve(answer.id).status == "completed", "a response")
        self.ids = {"file-": file.id, "batch_": batch.id, "conv_": talk["id"], "resp_": answer.id,
                    "we_": hook.id}
        assert api.get(f"/webhook_endpoints/{hook.id}/deliveries", cast_to=object)["data"]
        job = answer.id[len("resp_"):]
        self.bare = {"jobs": job, "reviews": job, "batches": batch.id[len("batch_"):]}
        fleet.sql_run("insert into inputs (job_id, input, attachments) values (%s, '{}', %s)", job,
                      json.dumps([{"media_type": "text/plain", "name": tenant, "content": "eA=="}]))

    def id_of(self, path, prefix):
        """Of a route's path; a new kind of id must be told of here."""
        if prefix == "":
            kind, = [k for k in self.bare if f"/{k}/{{}}" in path]
            return self.bare[kind]
        return self.ids[prefix]

    def marks(self):
        return [self.tenant, *self.bare.values(), *self.ids.values()]

    def ask(self, method, path, body=None):
        """(status, text); of a stream the first piece."""
        options = {"method": method, "url": self.api.base_url.copy_with(path=path)}
        headers = {"Authorization": f"Bearer {self.api.api_key}"}
        with self.api._client.stream(method, options["url"], json=body, headers=headers) as reply:
            if "event-stream" in reply.headers["content-type"]:
                return reply.status_code, next(reply.iter_text())
            return reply.status_code, reply.read().decode()


@pytest.fixture
def sides(fleet, model):
    gateway.serve(fleet, model(lambda _: scored("IGST", 0.99)), secret=SECRET,
                  webhooks={"allow": ["https://hooks.example.com/"]})
    return Side(fleet, "tenant-of-anna"), Side(fleet, "tenant-of-ben")


def body_of(body, side):
    """One that names what is that side's, wherever a route may look."""
    if body == "BODY_NONE":
        return None
    item = {"role": "user", "content": json.dumps({"line": 1})}
    return {"model": "invoices", "path": "invoices", "input": [item], "messages": [item],
            "items": [item], "input_file_id": side.ids["file-"], "endpoint": "/v1/chat/completions",
            "completion_window": "24h", "metadata": {}, "background": True,
            "event_types": ["taskfit.test"], "url": "https://hooks.example.com/x",
            "previous_response_id": side.ids["resp_"], "hop": 0}


def test_no_route_gives_what_is_anothers(sides):
    ours, theirs = sides
    changes = []
    for method, path, prefix, body, scope in ROUTES:
        if is_open(method, path, scope) or body == "BODY_UPLOAD":
            continue
        said = f"{method} {path}"
        if prefix is None:
            status, text = theirs.ask(method, path, body_of(body, theirs))
            assert not any(mark in text for mark in ours.marks()), said
            continue
        full = path.replace("{}", ours.id_of(path, prefix))
        status, text = theirs.ask(method, full, body_of(body, ours))
        empty = status == 200 and json.loads(text).get("data") == []
        assert status == 404 or empty, f"{said}: {status} {text}"
        assert not any(mark in text for mark in ours.marks() if mark not in full), said
        nobody = path.replace("{}", f"{prefix}{uuid.uuid4()}")
        assert theirs.ask(method, nobody, body_of(body, ours))[0] == status, said
        changes.append((method, full, body, said))
    # Those that were asked for are still there, and their owner gets them: those that end it last.
    for method, full, body, said in sorted(changes, key=lambda c: c[0] == "DELETE"):
        status, text = ours.ask(method, full, body_of(body, ours))
        assert status < 300 or status == 409, f"{said}: {status} {text}"


def test_no_body_reaches_what_is_anothers(sides):
    ours, theirs = sides
    item = {"role": "user", "content": '{"line": 1}'}
    for path, body in (
            ("/batches", {"input_file_id": ours.ids["file-"], "endpoint": "/v1/chat/completions",
                          "completion_window": "24h"}),
            ("/responses", {"model": "invoices", "input": [item],
                            "previous_response_id": ours.ids["resp_"]}),
            ("/responses", {"model": "invoices", "input": [item],
                            "conversation": ours.ids["conv_"]})):
        with pytest.raises((openai.NotFoundError, openai.BadRequestError)) as e:
            theirs.api.post(path, body=body, cast_to=object)
        assert "there is no" in e.value.message
        assert ours.api.post(path, body={**body, "background": True}, cast_to=object)


def test_a_job_without_batch_and_response_is_its_tenants(sides, fleet):
    ours, _ = sides
    nobodys = keys.knows(fleet, keys.add(fleet, "nobody")["key"])
    item = {"role": "user", "content": '{"line": 1}'}
    for api, tenant in ((nobodys, ""), (ours.api, ours.tenant)):
        api.chat.completions.create(model="invoices", messages=[item],
                                    extra_headers={"Idempotency-Key": "guessed"})
        job, = fleet.sql("select job_id from decisions where coalesce(tenant, '') = %s "
                         "order by decided_at desc limit 1", tenant)
        path = f"/taskfit/jobs/{job.job_id}"
        if tenant == "":
            assert nobodys.get(path, cast_to=object)["hops"]
        else:
            with pytest.raises(openai.NotFoundError):
                nobodys.get(path, cast_to=object)
