"""Sessions of browsers: a key is shown once, a cookie carries it, and no other site can use it."""
import http.client
import json

import pytest

import test_gateway as gateway
import test_gateway_keys as keys
from test_gateway_keys import served  # noqa: F401
from until import until

PAGE = {"X-Taskfit-Page": "1"}
SECRET = "0123456789abcdef0123456789abcdef"


class Browser:
    """Requests with a cookie; as a page of the gateway would make them, or others."""

    def __init__(self, port):
        self.port = port
        self.cookie = None

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        return reply, json.loads(text) if text[:1] == b"{" else text

    def login(self, key, **more):
        reply, said = self.ask("POST", "/login", {"key": key}, **{**PAGE, **more})
        if reply.status == 200:
            self.cookie = reply.getheader("Set-Cookie").split(";")[0]
        return reply, said


def browser(api):
    return Browser(int(api.api.rsplit(":", 1)[1].split("/")[0]))


@pytest.fixture
def key(served):  # noqa: F811
    served.config["gateway"]["secret"] = SECRET
    served.write_config()
    served.api.stop()
    served.api = served.gateway(name="gateway-2").ready()
    key = keys.add(served, "anna", "--tenant", "acme", "--scopes", "read,review,submit")
    keys.knows(served, key["key"])
    return key


def test_a_session_is_the_key_without_it(served, key):  # noqa: F811
    page = browser(served.api)
    assert page.ask("GET", "/v1/taskfit/me")[0].status == 401
    reply, who = page.login(key["key"])
    flags = reply.getheader("Set-Cookie")
    assert key["key"] not in flags
    assert "; HttpOnly; SameSite=Strict" in flags and "Path=/; Max-Age=43200" in flags
    assert "Secure" not in flags  # there is no TLS
    assert who["tenant"] == "acme" and who["key_id"] == key["id"] and not who["open"]
    assert who["scopes"] == ["submit", "read", "review"] and who["until"]
    assert page.ask("GET", "/v1/taskfit/me")[1] == who
    assert page.ask("GET", "/v1/batches")[1]["data"] == []
    other = browser(served.gateway(name="gateway-3").ready())  # which has the same secret
    other.cookie = page.cookie
    assert other.ask("GET", "/v1/taskfit/me")[1] == who
    assert browser(served.api).login("tfk_" + "0" * 81)[0].status == 401


def test_other_sites_cannot_use_it(served, key):  # noqa: F811
    page = browser(served.api)
    page.login(key["key"])
    job = {"path": "invoices", "input": {"line": 1}}

    def status(method="POST", path="/v1/taskfit/jobs", **headers):
        return page.ask(method, path, job if method == "POST" else None, **headers)[0].status
    assert status(**PAGE) == 202
    assert status(**PAGE, Origin=f"http://127.0.0.1:{page.port}") == 202
    assert status() == 403  # a form of another site
    assert status(**PAGE, Origin="http://evil.example") == 403
    assert status(**PAGE, Origin="null") == 403
    for site in ("cross-site", "same-site"):
        assert status(**PAGE, **{"Sec-Fetch-Site": site}) == 403
        assert status("GET", "/v1/batches", **{"Sec-Fetch-Site": site}) == 403
        assert page.login(key["key"], **{"Sec-Fetch-Site": site})[0].status == 403
    assert status("GET", "/v1/batches", **{"Sec-Fetch-Site": "same-origin"}) == 200
    assert page.ask("POST", "/logout")[0].status == 403
    assert page.ask("GET", "/v1/taskfit/me")[0].status == 200


def test_a_session_ends(served, key):  # noqa: F811
    first, second = browser(served.api), browser(served.api)
    elsewhere = browser(served.gateway(name="gateway-3").ready())
    for page in (first, second):
        page.login(key["key"])
    elsewhere.cookie = first.cookie
    assert elsewhere.ask("GET", "/v1/taskfit/me")[0].status == 200
    reply, _ = first.ask("POST", "/logout", **PAGE)
    assert reply.status == 200 and "Max-Age=0" in reply.getheader("Set-Cookie")
    assert first.ask("GET", "/v1/taskfit/me")[0].status == 401  # the cookie that was kept
    until(lambda: elsewhere.ask("GET", "/v1/taskfit/me")[0].status == 401,
          "a gateway that knows of the logout")
    assert second.ask("GET", "/v1/taskfit/me")[0].status == 200
    served.command("key", "revoke", key["id"])
    until(lambda: second.ask("GET", "/v1/taskfit/me")[0].status == 401,
          "a gateway that knows the end of the key")


def test_without_keys_all_is_open(served):  # noqa: F811
    reply, who = browser(served.api).ask("GET", "/v1/taskfit/me")
    assert reply.status == 200 and who["open"] and who["tenant"] == ""


def test_keys_that_vanish_leave_it_closed(served, key):  # noqa: F811
    pages = browser(served.api), browser(served.api)
    for page in pages:
        page.login(key["key"])
    served.sql_run("delete from api_keys")
    for page in pages:  # a look at what is logged out begins when the one before has seen the keys
        served.sql_run("insert into ended_sessions values (%s, now() + interval '1 hour')",
                       page.cookie.split(".")[1])
        until(lambda page=page: page.ask("GET", "/v1/taskfit/me")[0].status == 401,
              "a gateway that looked again")
    assert not keys.is_known(served, "none") and keys.is_known(served, key["key"])


def test_without_keys_other_sites_are_refused(served):  # noqa: F811
    page = browser(served.api)
    job = {"path": "invoices", "input": {"line": 1}}
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Sec-Fetch-Site": "cross-site"}):
        reply, said = page.ask("POST", "/v1/taskfit/jobs", job, **headers)
        assert reply.status == 403 and said["error"]["code"] == "cross_site", headers
        assert page.ask("GET", "/", **headers)[0].status == 200
    for headers in ({}, {"Origin": f"http://127.0.0.1:{page.port}", "Sec-Fetch-Site": "same-origin"}):
        assert page.ask("POST", "/v1/taskfit/jobs", job, **headers)[0].status == 202


def test_pages_run_no_code_of_others(served):  # noqa: F811
    for path in ("/", "/dashboard.css", "/dashboard.js"):
        reply, text = browser(served.api).ask("GET", path)
        policy = reply.getheader("Content-Security-Policy")
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and reply.getheader("X-Content-Type-Options") == "nosniff"
        if path == "/":
            assert b"onclick=" not in text and b"style=" not in text
            assert text.count(b"<script") == text.count(b"<script src=")


def test_a_short_secret_is_refused(served):  # noqa: F811
    served.config["gateway"]["secret"] = "short"
    served.write_config()
    done = served.command("check", check=False)
    assert "secret: of 32 bytes or more" in done.stderr + done.stdout
    assert gateway.client(served).models.list().data
