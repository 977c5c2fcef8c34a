"""Images and documents that go with an input: to the model, to people, and not past a limit."""
import base64
import contextlib
import hashlib
import http.server
import json
import signal
import threading

import pytest

import wire
from cascade import RULES, cascade, line, run_cascade, scorer
from models import CUT, chat, scored
from until import until

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400  # 102 kB: more than is kept of a request
PROMPT = '[{role: "user", content: [{type: "text", text: "\\(.text): \\(.attachments[0].bytes) ' \
         'bytes of \\(.attachments[0].media_type)"}, {type: "image", attachment: "front"}]}]'
BY_JQ = "{line, picture: .attachments[0].content}"


def attached(document=None, content=IMAGE, media_type="image/png", name="front", **more):
    job = wire.job(document or line(), **more)
    job.input.attachments.add(media_type=media_type, name=name, content=content)
    return job


def vision(url, **more):
    return {**scorer(url, **more), "dialect": "openai_chat", "confidence": "logprob"}


def seen(request):
    """The bytes of the image in a chat request."""
    text, image = request.body["messages"][-1]["content"]
    head, data = image["image_url"]["url"].split(",")
    assert head == "data:image/png;base64,"[:-1], head
    return text["text"], base64.b64decode(data, validate=True)


def test_a_model_sees_the_bytes(fleet, model):
    """By value, to a chat model in its form, and then to a scorer as jq puts them."""
    texts, digests = [], []

    def sees(request):
        text, image = seen(request)
        texts.append(text)
        digests.append(hashlib.sha256(image).hexdigest())
        return chat("CGST_SGST", 0.5, "IGST")

    def scores(request):
        digests.append(hashlib.sha256(base64.b64decode(request.body["picture"])).hexdigest())
        return scored("CGST_SGST", 0.99)

    run_cascade(fleet, vision(model(sees).url, prompt=PROMPT),
                scorer(model(scores).url, prompt=BY_JQ))
    job = attached()
    fleet.send(job)
    outcome = fleet.outcomes(1)[wire.id_of(job)]
    assert (outcome.tier, outcome.answer) == ("mid", "CGST_SGST")
    assert texts == [f"COTTON SAREES: {len(IMAGE)} bytes of image/png"]
    assert digests == [hashlib.sha256(IMAGE).hexdigest()] * 2


def test_a_model_that_cannot_take_it_says_so_at_once(fleet, model):
    """Texts alone; a form that the provider lacks; a dialect without a prompt: no call, and on."""
    tiny, mid = model(lambda _: CUT), model(lambda _: CUT)
    run_cascade(fleet, vision(tiny.url, attachments=False), scorer(mid.url))
    job = attached()
    fleet.send(job)
    assert fleet.outcomes(1)[wire.id_of(job)].verdict == "review"
    first, second = fleet.attempts(job)
    assert (first.error, first.error_text) == ("input.attachment", "tiny@1 takes no attachments")
    assert second.error == "input.attachment" and "only a prompt" in second.error_text
    assert tiny.calls == mid.calls == 0


def test_what_people_shall_look_at_is_kept_with_the_input(fleet, model):
    run_cascade(fleet, vision(model(lambda _: chat("CGST_SGST", 0.5, "IGST")).url),
                scorer(model(lambda _: scored("CGST_SGST", 0.1)).url, prompt=BY_JQ))
    job = attached()
    fleet.send(job)
    fleet.outcomes(1)
    kept, = fleet.sql("select input, attachments from inputs where job_id = %s", wire.id_of(job))
    assert kept.input == line()
    assert kept.attachments == [{"media_type": "image/png", "name": "front", "bytes": len(IMAGE),
                                 "content": base64.b64encode(IMAGE).decode()}]


def test_beyond_a_limit_a_job_is_dead_and_replayed_whole(fleet, model):
    """The letter has the attachment; when the limit is mended a replay brings it to the model."""
    run_cascade(fleet, vision(model(lambda r: chat(
        "CGST_SGST" if seen(r)[1] == IMAGE else "IGST")).url, prompt=PROMPT),
                model(lambda _: CUT).url, attachments={"max_bytes": "64KiB", "count": 2})
    large, many = attached(), attached(content=b"x")
    for n in range(2):
        many.input.attachments.add(media_type="image/png", name=f"more {n}", content=b"x")
    fleet.send(large, many)
    fleet.read_topic("dead", 2)
    letters = {row.job_id: row for row in fleet.sql("select * from dead_letters")}
    assert letters[wire.id_of(large)].reason == letters[wire.id_of(many)].reason == \
        "message.too_large"
    assert letters[wire.id_of(large)].text == f"attachment 0 of {len(IMAGE)} bytes, more than 65536"
    assert letters[wire.id_of(many)].text == "3 attachments, more than 2"
    assert b"attachment" not in letters[wire.id_of(large)].value and \
        IMAGE in bytes(letters[wire.id_of(large)].value)

    fleet.config["attachments"]["max_bytes"] = "1MiB"
    fleet.write_config()
    for program in fleet.programs:
        program.child.send_signal(signal.SIGHUP)
        program.said("yaml loaded")
    fleet.command("dead", "replay", str(wire.id_of(large)))
    until(lambda: fleet.decisions(large), "a decision on it")
    assert fleet.outcomes(2)[wire.id_of(large)].answer == "CGST_SGST"


# --- by address

class Store:
    """A server of files: what it holds under a path, as bytes or as a rule for a request."""

    def __init__(self, **files):
        self.files = files
        self.asked = []
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                store.asked.append(self.path)
                what = store.files.get(self.path.rpartition("/")[2].partition(".")[0])
                reply = what(self) if callable(what) else what
                if reply is not None:
                    self.give(*reply)

            def give(self, status, headers, body=b""):
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def png(body=IMAGE, media_type="image/png"):
    return 200, {"Content-Type": media_type}, body


@pytest.fixture
def store():
    opened = []

    def open_store(**files):
        opened.append(Store(**files))
        return opened[-1]
    yield open_store
    for server in opened:
        server.close()


def linked(uri, name="front", media_type=None):
    job = wire.job(line())
    job.input.attachments.add(uri=uri, name=name, media_type=media_type)
    return job


def run_linked(fleet, model, store, rule=None, **attachments):
    """Two tiers that look at the picture at `store`; returns the first one's model."""
    def sees(request):
        return chat("CGST_SGST" if seen(request)[1] == IMAGE else "IGST", 0.99)
    tiny = model(rule or sees)
    run_cascade(fleet, vision(tiny.url, prompt=PROMPT.replace("[0].bytes", "[0].name")),
                vision(model(sees).url, prompt=PROMPT.replace("[0].bytes", "[0].name")),
                attachments={"private": [store.url + "in/"], "timeout": "2s", **attachments})
    return tiny


def test_what_an_address_names_is_fetched_before_the_call(fleet, model, store):
    """Once for a hop, whatever the message says of its type; a job of two has both."""
    files = store(cat=png(), untyped=png(media_type="application/octet-stream"))
    tiny = run_linked(fleet, model, files)
    plain = linked(files.url + "in/cat.png")
    typed = linked(files.url + "in/untyped.bin", media_type="image/png")
    both = linked(files.url + "in/%63at.png")  # it has one form
    both.input.attachments.add(uri=files.url + "in/cat.png?again")
    fleet.send(plain, typed, both)
    outcomes = fleet.outcomes(3)
    assert {o.answer for o in outcomes.values()} == {"CGST_SGST"} and tiny.calls == 3
    assert sorted(files.asked) == ["/in/cat.png", "/in/cat.png", "/in/cat.png?again",
                                   "/in/untyped.bin"]


def test_outside_of_the_prefixes_nothing_is_fetched(fleet, model, store):
    files, other = store(cat=png()), store(cat=png())
    run_linked(fleet, model, files)
    host = files.url.removeprefix("http://").rstrip("/")
    outside = [files.url + "cat.png", files.url + "in/../cat.png", files.url + "in/%2e%2e/cat.png",
               files.url + "in%2fcat.png", files.url + "inside/cat.png", other.url + "in/cat.png",
               f"http://{host}@{other.url.removeprefix('http://')}in/cat.png",
               files.url.replace("127.0.0.1", "localhost") + "in/cat.png",
               files.url.replace("http", "https") + "in/cat.png", "file:///etc/passwd"]
    jobs = [linked(uri) for uri in outside]
    fleet.send(*jobs)
    fleet.read_topic("dead", len(jobs))
    letters = fleet.sql("select job_id, reason, text from dead_letters")
    assert {row.reason for row in letters} == {"attachment.uri"}
    texts = {row.job_id: row.text for row in letters}
    for job, uri in zip(jobs, outside):
        assert texts[wire.id_of(job)].startswith(f"attachment 0, {uri}: ")
    assert texts[wire.id_of(jobs[0])].endswith(
        ": no prefix of `attachments` in the configuration is above it")
    assert texts[wire.id_of(jobs[1])].endswith(": its path has a segment . or ..")
    assert files.asked == other.asked == []


def test_what_cannot_be_fetched(fleet, model, store):
    """No redirect is followed, no page is taken for a picture, and no more than the limit is read; a
    failure that may pass is tried again."""
    failures = []

    def fails_once(handler):
        failures.append(1)
        return (503, {}) if len(failures) == 1 else png()

    def endless(handler):  # tells no length
        handler.send_response(200)
        handler.send_header("Content-Type", "image/png")
        handler.send_header("Connection", "close")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(IMAGE)

    files = store(moved=(302, {"Location": "/in/cat.png"}), cat=png(), page=png(b"<p>", "text/html"),
                  large=(200, {"Content-Type": "image/png", "Content-Length": 1 << 30}, IMAGE),
                  endless=endless, empty=png(b""), flaky=fails_once,
                  slow=lambda _: threading.Event().wait(30))
    tiny = run_linked(fleet, model, files, max_bytes="200KiB")
    wanted = {"moved": "status 302, and redirects are not followed", "gone": "status 404",
              "page": "is of type 'text/html', not image/png", "empty": "is empty",
              "large": "has more than 204800 bytes", "endless": "has more than 204800 bytes",
              "slow": "Timeout was reached"}
    # Those that may be nothing else: `gone` answers with what a rule gives.
    files.files["gone"] = (404, {"Content-Type": "text/html"}, b"<p>")
    jobs = {name: linked(f"{files.url}in/{name}.png", media_type="image/png")
            for name in [*wanted, "flaky"]}
    fleet.send(*jobs.values())
    outcomes = fleet.outcomes(len(jobs))
    for name, text in wanted.items():
        first, second = fleet.attempts(jobs[name])
        assert (first.error, second.error) == ("error.attachment",) * 2
        assert text in first.error_text and first.error_text.startswith(files.url)
        assert outcomes[wire.id_of(jobs[name])].verdict == "review"
    assert outcomes[wire.id_of(jobs["flaky"])].tier == "tiny" and len(failures) == 2
    assert tiny.calls == 1
    assert files.asked.count("/in/slow.png") > 2 and "/in/cat.png" not in files.asked


def test_a_private_address_is_not_public(fleet, model, store):
    """Not even where a prefix names it, and TLS would not be spoken: no connection is made."""
    files = store(cat=png())
    tiny = run_linked(fleet, model, files,
                      prefixes=[files.url.replace("http", "https") + "out/"])
    job = linked(files.url.replace("http", "https") + "out/cat.png")
    fleet.send(job)
    fleet.outcomes(1)
    assert "the address is not a public one" in fleet.attempts(job)[0].error_text
    assert tiny.calls == 0 and files.asked == []


def test_a_request_that_is_made_anew_is_fetched_anew(fleet, model, store):
    """Neither the request nor what was fetched is kept while the model thinks."""
    replies = [(500, {}, "{}")]

    def rule(request):
        assert seen(request)[1] == IMAGE
        return replies.pop() if replies else chat("CGST_SGST", 0.99)

    files = store(cat=png())
    tiny = run_linked(fleet, model, files, rule)
    job = linked(files.url + "in/cat.png")
    fleet.send(job)
    assert fleet.outcomes(1)[wire.id_of(job)].tier == "tiny"
    assert tiny.calls == 2 and files.asked == ["/in/cat.png"] * 2


def test_a_cancelled_job_is_not_fetched_to_its_end(fleet, model, store):
    asked, release = threading.Event(), threading.Event()

    def held(handler):
        asked.set()
        release.wait(60)

    files = store(cat=held)
    tiny = run_linked(fleet, model, files, timeout="1m")
    job = linked(files.url + "in/cat.png")
    fleet.send(job)
    assert asked.wait(30)
    fleet.command("cancel", str(wire.id_of(job)))
    assert fleet.outcomes(1)[wire.id_of(job)].verdict == "cancelled"
    release.set()
    assert tiny.calls == 0


def test_more_than_memory_holds_is_fetched_in_turn(fleet, model, store):
    """What was fetched is given back when it is out: 10 MB in all, where 8 MiB may be held. Whose turn
    it is does not wait for one who holds that room, and has had his."""
    files = store(cat=png())
    tiny = run_linked(fleet, model, files, max_bytes="8MiB")
    fleet.config["limits"] = {"memory": "16MiB"}
    fleet.write_config()
    for program in fleet.programs:
        program.child.send_signal(signal.SIGHUP)
        program.said("yaml loaded")
    jobs = [linked(f"{files.url}in/cat.png?{n}") for n in range(100)]
    for n, job in enumerate(jobs):
        job.tenant = f"tenant {n % 10}"
    fleet.send(*jobs)
    assert {o.tier for o in fleet.outcomes(100).values()} == {"tiny"}
    assert tiny.calls == len(files.asked) == 100


def test_a_shadow_is_asked_with_all_of_it(fleet, model, store):
    """By value and by address, which it fetches for itself."""
    def sees(request):
        *_, one, other = request.body["messages"][-1]["content"]
        assert one["image_url"]["url"] == other["image_url"]["url"]
        return chat("CGST_SGST", 0.99)

    files = store(cat=png())
    tiny, shade = model(sees), model(sees)
    config = cascade(vision(tiny.url), vision(tiny.url), attachments={"private": [files.url]})
    config["models"]["shade@1"] = vision(shade.url)
    config["tiers"]["tiny"]["shadow"] = [{"use": "shade@1"}]
    fleet.configure(config, RULES)
    fleet.init()
    fleet.escalator().ready(), fleet.worker("tiny").ready()
    job = attached()
    job.input.attachments.add(uri=files.url + "cat.png")
    fleet.send(job)
    assert fleet.outcomes(1)[wire.id_of(job)].tier == "tiny"
    until(lambda: fleet.count("shadow_attempts where error is null") == 1, "the shadow")
    assert tiny.calls == shade.calls == 1 and files.asked == ["/cat.png"] * 2


# --- the command line

@pytest.fixture
def ready(fleet, model):
    """Topics and schema, and a folder with pictures; no program runs."""
    fleet.model = model(lambda _: chat("CGST_SGST", 0.99))
    fleet.configure(cascade(vision(fleet.model.url, prompt=PROMPT), vision(fleet.model.url),
                            attachments={"prefixes": ["https://store.example/in/"],
                                         "max_bytes": "200KiB", "count": 2}), RULES)
    fleet.init()
    (fleet.directory / "scans/in").mkdir(parents=True)
    (fleet.directory / "scans/in/cat.PNG").write_bytes(IMAGE)
    (fleet.directory / "scans/bill.pdf").write_bytes(b"%PDF-1.7")
    (fleet.directory / "scans/what").write_bytes(b"?")
    (fleet.directory / "scans/large.png").write_bytes(IMAGE * 3)
    (fleet.directory / "secret.png").write_bytes(IMAGE)
    return fleet


def sent(fleet, count):
    jobs = [wire.Job.FromString(r.value()) for r in fleet.read_topic("jobs.tiny", count)]
    return {job.custom_id: [(a.media_type, a.name, a.content, a.uri)
                            for a in job.input.attachments] for job in jobs}


def submit(fleet, file, *arguments):
    return json.loads(fleet.command("submit", file, "--path", "invoices", "--json",
                                    "--attachments", "scans", *arguments).stdout)


def test_submit_reads_what_its_lines_name(ready):
    """Files as seen from the file that names them, and addresses; each as short as it can be said."""
    png_file = ("image/png", "cat.PNG", IMAGE, "")
    pdf_file = ("application/pdf", "bill.pdf", b"%PDF-1.7", "")
    lines = {"one": "in/cat.PNG", "two": ["bill.pdf", {"path": "in/cat.PNG", "name": "front"}],
             "typed": {"path": "what", "media_type": "image/gif"}, "none": None, "empty": "",
             "linked": {"uri": "HTTPS://store.example/in/a.png", "media_type": "image/png"}}
    (ready.directory / "scans/in.ndjson").write_text("".join(
        json.dumps({"id": name, "scans": value}) + "\n" for name, value in lines.items()) +
        '{"id": "without"}\n')
    told = submit(ready, "scans/in.ndjson")
    assert (told["jobs"], told["bad_lines"], told["attachments"]) == (7, 0, 5)
    assert sent(ready, 7) == {
        "one": [png_file], "two": [pdf_file, ("image/png", "front", IMAGE, "")],
        "typed": [("image/gif", "what", b"?", "")], "none": [], "empty": [], "without": [],
        "linked": [("image/png", "", b"", "https://store.example/in/a.png")]}


def test_submit_of_rows(ready):
    (ready.directory / "scans/in.csv").write_text("id,scans\na,bill.pdf\nb,\n")
    assert submit(ready, "scans/in.csv")["attachments"] == 1
    assert sent(ready, 2) == {"a": [("application/pdf", "bill.pdf", b"%PDF-1.7", "")], "b": []}
    (ready.directory / "scans/in.csv").write_text("id,scan\nc,bill.pdf\n")
    done = ready.command("submit", "scans/in.csv", "--attachments", "scans", check=False)
    assert done.returncode == 65 and "no 'scans', which should name its attachments" in done.stderr


def test_submit_says_which_attachment_is_bad(ready):
    bad = {"../secret.png": "does not lie beside the file that names it",
           "in/../../secret.png": "does not lie beside", "/etc/passwd": "does not lie beside",
           "gone.png": "No such file", "large.png": "more than the 204800", "what": "needs a media_type",
           "https://store.example/out/a.png": "no prefix of `attachments`",
           "https://store.example/in/../a.png": "a segment . or ..",
           ("bill.pdf",) * 3: "more than 2 attachments", 7: "a file's name, an address"}
    (ready.directory / "scans/in.ndjson").write_text("".join(
        json.dumps({"id": n, "scans": value}) + "\n" for n, value in enumerate(bad)) +
        '{"id": "good", "scans": "bill.pdf"}\n')
    told = submit(ready, "scans/in.ndjson", "--bad", "bad.ndjson")
    assert (told["jobs"], told["bad_lines"]) == (1, len(bad))
    rows = [json.loads(row) for row in (ready.directory / "bad.ndjson").read_text().splitlines()]
    for row, wanted in zip(rows, bad.values()):
        assert wanted in row["reason"], row


def test_try_and_show_tell_of_them(ready):
    """Names, types and sizes; an image in base64 is nothing to read."""
    (ready.directory / "scans/line.json").write_text(json.dumps(
        {"id": "n1", **line(), "scans": {"path": "in/cat.PNG", "name": "front"}}))
    dry = ready.command("try", "scans/line.json", "--attachments", "scans", "--dry", "-t", "tiny",
                        ).stdout
    assert "attachment 0 front, image/png, 102408 bytes" in dry
    assert "data:image/png;base64,iVBORw0KGgo" in dry and "…(136544 characters)" in dry
    assert len(dry) < 4000 and ready.model.calls == 0
    tried = json.loads(ready.command("try", "scans/line.json", "--attachments", "scans", "--json",
                                     "-t", "tiny").stdout)
    assert tried["attachments"] == [{"media_type": "image/png", "name": "front",
                                     "bytes": len(IMAGE)}]
    assert seen(ready.model.requests[0])[1] == IMAGE

    ready.config["paths"]["invoices"]["keep"] = "all"
    ready.write_config()
    ready.worker("tiny").ready(), ready.escalator().ready()
    submit(ready, "scans/line.json")
    ready.outcomes(1)
    shown = json.loads(ready.command("show", "n1", "--json").stdout)
    assert shown["attachments"] == tried["attachments"]
    assert "attachment 0 front, image/png, 102408 bytes" in ready.command("show", "n1").stdout
