"""Dashboard and review page, in a browser: what they show, keys, phones, dark and light."""
import json

import pytest

import test_gateway_keys as keys
from cascade import RULES, cascade
from models import scored
from pages import Page
from test_gateway_login import browser
from test_gateway_review import PNG, Reviewer
from until import until

GOODS = ["Cotton sarees, handloom", "Steel almirah, two doors", "Basmati rice, 25 kg bags",
         "Consulting, March", "Office chairs, mesh back", "LED panels 40 W", "Freight, Pune to Surat",
         "Printer paper A4, 80 gsm", "Copper wire 2.5 mm", "Catering, annual meeting"]


def line(n):
    return {"id": f"INV-{4200 + n}", "text": GOODS[n % len(GOODS)], "from": "29",
            "to": "29" if n % 3 else "27", "value": 1250 + 730 * n, "n": n}


def tiny(request):
    n = request.body["n"]
    return scored("CGST_SGST", 0.97 if n % 2 else 0.71)


def mid(request):
    n = request.body["n"]
    return scored("IGST" if n % 3 == 0 else "CGST_SGST", 0.62 if n % 6 == 3 else 0.93)


@pytest.fixture
def served(fleet, model):
    """Forty invoice lines, of which some wait for people, one dead letter, and a gateway."""
    config = cascade(model(tiny).url, model(mid).url)
    config["models"]["mid@1"]["price"] = {"call": "0.00002"}
    fleet.configure({**config, "gateway": {"listen": "127.0.0.1:0", "files": "files"}}, RULES)
    (fleet.directory / "files").mkdir()
    fleet.init()
    for program in (fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()):
        program.ready()
    for name, of in (("invoices-march.ndjson", range(40)), ("invoices-april.ndjson", range(40, 52))):
        (fleet.directory / name).write_text("".join(json.dumps(line(n)) + "\n" for n in of))
        fleet.command("submit", name)
        fleet.command("watch")
    fleet.api = fleet.gateway().ready()
    fleet.base = fleet.api.api.removesuffix("/v1")
    return fleet


@pytest.fixture
def page(served):
    page = Page(served.base)
    yield page
    page.close()


def looked_at(page, name):
    """On a desk and on a phone, by day and by night."""
    for width, height, dark in ((1280, 860, False), (1280, 860, True), (390, 844, False)):
        page.look(width, height, dark)
        assert page.overflows() <= 0, (name, width)
        assert not page.faults(), (name, width, dark)
        page.picture(f"{name}-{width}{'-dark' if dark else ''}")
    page.look(1280, 860)


def waiting(fleet):
    return fleet.count("reviews where state = 'open'")


def test_the_dashboard_shows_a_fleet(served, page):
    page.open("/")
    page.shows("#batches", "invoices-april.ndjson")
    page.shows("#state", "live")
    batch, = served.sql("select * from batches where name like 'invoices-march%%'")
    page.at(f"[data-batch='{batch.id}']").click()
    page.shows("#detail-head", "invoices-march.ndjson")
    page.shows("#detail-state", "40 of 40 done · finished")
    page.shows("#detail-parts", "rule.tax_type")
    page.shows("#detail-parts", "95 of 100")
    page.shows("#paths", "no certificate")
    accepted = served.sql("select sum(accepted) as n from batches")[0].n
    page.shows("#accepted", f"{100 * accepted // 52} %")
    page.shows("#people", str(waiting(served)))
    assert page.text("#always") not in ("–", "")
    page.shows("#tiers", "mid")
    job = served.sql("select job_id from attempts where hop = 1 order by job_id")[0].job_id
    page.enter("#job", str(job))
    page.shows("#hops", "1: mid")
    assert len(page.driver.find_elements("css selector", "#hops article")) == 2
    page.driver.execute_script("scrollTo(0, 0)")
    looked_at(page, "dashboard")
    (served.directory / "more.ndjson").write_text(json.dumps(line(99)) + "\n")
    served.command("submit", "more.ndjson")
    page.shows("#batches", "more.ndjson")  # by itself


def test_a_reviewer_works_the_queue_off_by_keys(served, page):
    page.open("/review")
    page.enter("#name", "anna")
    page.shows("#what-head", "INV-")
    count = waiting(served)
    page.shows("#progress", f"0 done by you, {count} waiting")
    page.shows("#attempts", "the tax type contradicts the states")
    page.shows("#rules", "rule.tax_type")
    looked_at(page, "review")
    first = page.text("#what-head")
    page.press("2")
    page.shows("#state", f"{first}: IGST")
    said, = served.sql("select * from labels")
    assert (said.labeler, said.answer) == ("anna", "IGST")
    page.press("u")
    page.shows("#state", "taken back")
    page.shows("#what-head", first)
    assert served.count("labels where withdrawn_at is null") == 0
    page.press("b")  # what mid said
    page.shows("#progress", f"1 done by you, {count - 1} waiting")
    until(lambda: page.text("#what-head") != first, "the next job")
    second = page.text("#what-head")
    page.press("s")
    page.shows("#state", f"{second}: skipped")
    for left in range(count - 2, 1, -1):
        page.press("1")
        page.shows("#progress", f"{left} waiting")
    page.press("1")
    page.shows("#state", "Nothing waits for you.")
    assert waiting(served) == 1  # that was skipped
    assert served.count("labels where withdrawn_at is null") == count - 1


def test_nothing_is_lost_by_a_reload_or_a_conflict(served, page):
    page.open("/review")
    page.enter("#name", "anna")
    page.shows("#what-head", "INV-")
    job = page.text("#what-head")
    page.press("n")
    page.type("#note", "the states differ")
    page.open("/review")
    page.shows("#what-head", job)
    assert page.at("#note").get_property("value") == "the states differ"
    served.sql_run("update reviews set lease_until = now() - interval '1 minute'")
    served.command("review", "--batch", "invoices-march.ndjson", job, "--accept", "mid",
                   "--by", "ben")
    page.press("\n")
    page.shows("#state", "the job changed while it was looked at")
    until(lambda: page.text("#what-head") != job, "the next job")
    assert served.sql("select distinct labeler from labels")[0].labeler == "ben"


def test_fields_are_chosen_and_images_are_shown(served, page):
    import base64
    served.config["paths"]["invoices"]["answer"] = {"fields": {
        "tax": {"labels": ["CGST_SGST", "IGST"]}, "section": {"labels": ["TEXTILES", "SERVICES"]},
        "hsn": {"optional": True}}}
    served.write_config()
    served.api.stop()
    served.api = served.gateway(name="gateway-2").ready()
    page.base = served.api.api.removesuffix("/v1")
    kept = [{"media_type": "image/png", "name": "scan.png", "bytes": len(PNG),
             "content": base64.b64encode(PNG).decode()}]
    served.sql_run("update inputs set attachments = %s", json.dumps(kept))
    page.open("/review")
    page.enter("#name", "anna")
    page.shows("#fields", "section")
    until(lambda: page.driver.execute_script("return document.images[0]?.naturalWidth") == 1,
          "the image")
    page.press("2")
    page.press("1")
    page.type("#field-2", "5208")
    page.open("/review")  # a draft outlives a reload
    page.shows("#send", "Send this answer")
    looked_at(page, "review-fields")
    page.press("\n")
    page.shows("#progress", "1 done by you")
    said, = served.sql("select * from labels")
    assert said.answer == {"tax": "IGST", "section": "TEXTILES", "hsn": 5208}


def test_a_key_is_asked_for_once(served, page):
    key = keys.add(served, "anna", "--scopes", "review,read")
    keys.knows(served, key["key"])
    page.open("/review")
    page.shows("#state", "an API key is needed")
    assert not page.faults()
    page.enter("#key", "tfk_wrong")
    page.shows("#login-state", "not known")
    page.enter("#key", key["key"])
    page.shows("#what-head", "INV-")
    assert key["key"] not in json.dumps(page.stored())
    assert Reviewer(browser(served.api), None, key["key"]).get("reviews?limit=1")[0] == 200
    page.press("1")
    page.shows("#progress", "1 done by you")
    assert served.sql("select labeler from labels")[0].labeler == "anna"
    page.open("/")
    page.shows("#state", "live")
    page.at("#logout").click()
    page.shows("#state", "an API key is needed")


def test_no_input_breaks_the_review_page(served, page):
    shapes = ['{"messages": "none"}', '{"messages": [null, 5, {"role": {}, "content": 5}]}',
              '{"messages": [{"role": "user", "content": [null, {"image_url": null}, 7]}]}',
              '[null]', 'null', '{"messages": [{"content": {"text": "<img src=x>"}}]}']
    jobs = served.sql("select job_id from reviews where state = 'open' order by opened_at, job_id")
    for n, job in enumerate(jobs):
        served.sql_run("update inputs set input = %s where job_id = %s", shapes[n % len(shapes)],
                       job.job_id)
    assert len(jobs) >= len(shapes)
    page.open("/review")
    page.enter("#name", "anna")
    for left in range(len(jobs) - 1, -1, -1):
        page.shows("#what-head", "INV-")
        assert not page.faults()
        page.press("1")
        page.shows("#progress", f"{left} waiting")
    assert waiting(served) == 0
