"""The queue of reviews over HTTP: the same as `taskfit review`, for keys of the scope `review`."""
import base64
import json

import test_gateway_keys as keys
import test_review as people
from test_gateway_login import browser

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000"
                    "1f15c4890000000d49444154789c63f8cfc0f01f0005000156a2d1e6"
                    "0000000049454e44ae426082")


def desk(fleet, model, **more):
    """Four jobs that wait for people, and a gateway; returns who asks it without a key."""
    people.run_batch(fleet, model, **more)
    (fleet.directory / "files").mkdir()
    fleet.config["gateway"] = {"listen": "127.0.0.1:0", "files": "files"}
    fleet.write_config()
    fleet.api = fleet.gateway().ready()
    return browser(fleet.api)


class Reviewer:
    """One person at the desk: by name, or by a key."""

    def __init__(self, page, name=None, key=None):
        self.page = page
        self.name = name
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def post(self, path, /, **body):
        if self.name:
            body["reviewer"] = self.name
        reply, said = self.page.ask("POST", f"/v1/taskfit/reviews/{path}", body, **self.headers)
        return reply.status, said

    def get(self, path):
        reply, said = self.page.ask("GET", f"/v1/taskfit/{path}", **self.headers)
        return reply.status, said

    def next(self, /, **filter):
        status, said = self.post("next", **filter)
        assert status == 200, said
        return said["task"] and said

    def answer(self, task, **word):
        return self.post(f"{task['job_id']}/answer", round=task["round"],
                         revision=task["revision"], **word)


def test_a_job_is_shown_whole_and_answered(fleet, model):
    anna = Reviewer(desk(fleet, model), "anna")
    status, listed = anna.get("reviews?path=invoices&limit=2")
    assert status == 200 and len(listed["data"]) == 2 and listed["waiting"] == 4
    assert anna.get("reviews?reason=rule")[1]["waiting"] == 0
    seen = anna.next(path="invoices")
    task = seen["task"]
    assert task["input"]["id"] == task["custom_id"] and task["why"] == "outcome"
    assert [hop["answer"] for hop in task["hops"]] == ["CGST_SGST", "IGST"]
    assert task["hops"][0]["decision"]["reasons"] == ["rule.tax_type"]
    assert task["proposed_hop"] == 1 and task["lease_by"] == "anna" and task["words"] is None
    assert seen["form"] == [{"name": None, "labels": ["CGST_SGST", "IGST"], "optional": False}]
    assert seen["rules"] == [{"code": "rule.tax_type", "severity": "escalate",
                              "text": "the tax type contradicts the states"}]
    assert anna.next()["task"]["job_id"] == task["job_id"]  # a reload gets what it had
    status, said = anna.answer(task, hop=1, note="sure")
    assert (status, said["answer"], said["revision"], said["next"]) == (200, "IGST", 1, None)
    made = people.outcome(fleet, task["custom_id"])
    assert (made.verdict, made.tier, made.answer, made.reviewer) == (
        "accept", "review", "IGST", "anna")
    second = anna.next()["task"]
    assert second["job_id"] != task["job_id"]
    status, said = anna.answer(second, answer="IGTS")
    assert status == 422 and "IGST" in said["error"]["message"]
    assert anna.answer(second, answer="CGST_SGST")[0] == 200
    assert people.outcome(fleet, second["custom_id"]).reasons == ["review.corrected"]
    status, back = anna.post(f"{second['job_id']}/undo")
    assert status == 200 and back["task"]["round"] == 2 and back["task"]["state"] == "open"
    assert people.outcome(fleet, second["custom_id"]).verdict == "review"
    people.check_books(fleet)


def test_two_people_do_not_meet(fleet, model):
    page = desk(fleet, model)
    anna, ben = Reviewer(page, "anna"), Reviewer(page, "ben")
    hers, his = anna.next()["task"], ben.next()["task"]
    assert hers["job_id"] != his["job_id"]
    status, said = ben.post(f"{hers['job_id']}/lease")
    assert status == 409 and said["error"]["code"] == "leased" and "anna" in str(said)
    assert ben.answer(hers, hop=1)[0] == 409
    assert ben.post(f"{hers['job_id']}/skip")[0] == 409
    assert anna.post(f"{hers['job_id']}/skip")[1]["skipped"]
    assert anna.next()["task"]["job_id"] not in (hers["job_id"], his["job_id"])
    people.review(fleet, hers["custom_id"], "--accept", "mid", by="carl")  # at a terminal
    status, said = anna.answer(hers, hop=0)
    assert status == 409 and said["error"]["code"] == "review_changed"
    assert anna.post(f"{hers['job_id']}/lease")[0] == 409
    assert anna.post(f"{hers['job_id']}/lease", ask=True)[0] == 200
    assert ben.post(f"{hers['job_id']}/undo")[1]["error"]["code"] == "nothing_to_undo"
    for wrong in ({"hop": 7}, {"hop": "x"}, {}, {"hop": 1, "answer": "IGST"}):
        assert ben.answer(his, **wrong)[0] == 400
    assert Reviewer(page).post("next")[1]["error"]["param"] == "reviewer"
    assert Reviewer(page, "a,b").post("next")[1]["error"]["param"] == "reviewer"


def test_a_tenant_reviews_its_own_and_a_name_is_the_keys(fleet, model):
    page = desk(fleet, model)
    made = {tenant: keys.add(fleet, f"anna {tenant}", "--tenant", tenant, "--scopes", "review")
            for tenant in ("acme", "other")}
    reads = keys.add(fleet, "reads", "--tenant", "acme", "--scopes", "read")
    keys.knows(fleet, reads["key"])
    fleet.sql_run("update decisions set tenant = 'acme'")
    acme, other = (Reviewer(page, None, made[t]["key"]) for t in ("acme", "other"))
    job = fleet.sql("select job_id from decisions where final order by 1")[0].job_id
    for path in ("lease", "answer", "skip", "release", "undo"):
        body = {"hop": 1, "round": 1, "reviewer": "x"}
        assert other.post(f"{job}/{path}", **body)[0] == 404, path
        assert Reviewer(page, None, reads["key"]).post(f"{job}/{path}", **body)[0] == 403, path
    assert other.next() is None and other.get("reviews")[1]["waiting"] == 0
    assert other.get("reviews")[1]["data"] == [] and len(acme.get("reviews")[1]["data"]) == 4
    task = acme.next(reviewer="somebody else")["task"]
    assert task["lease_by"] == "anna acme"
    assert acme.post(f"{task['job_id']}/release")[1] == {
        "job_id": task["job_id"], "skipped": False}


def test_attachments_are_shown_and_cannot_run(fleet, model):
    page = desk(fleet, model)
    anna = Reviewer(page, "anna")
    kept = [{"media_type": t, "name": "a", "bytes": len(PNG),
             "content": base64.b64encode(PNG).decode()} for t in ("image/png", "text/html")]
    fleet.sql_run("update inputs set attachments = %s", json.dumps(kept))
    task = anna.next()["task"]
    assert [(a["n"], a["media_type"]) for a in task["attachments"]] == [
        (0, "image/png"), (1, "text/html")]
    for n, kind in ((0, "image/png"), (1, "application/octet-stream")):
        reply, said = page.ask("GET", f"/v1/taskfit/jobs/{task['job_id']}/attachment?n={n}")
        assert reply.status == 200 and said == PNG and reply.getheader("Content-Type") == kind
        assert reply.getheader("X-Content-Type-Options") == "nosniff"
        assert "sandbox" in reply.getheader("Content-Security-Policy")
    assert anna.get(f"jobs/{task['job_id']}/attachment?n=2")[0] == 404
    assert anna.get(f"jobs/{task['job_id']}/attachment?n=x")[0] == 400
