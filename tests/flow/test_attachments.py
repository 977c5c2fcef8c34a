"""Images and documents that go with an input: to the model, to people, and not past a limit."""
import base64
import hashlib
import signal

import wire
from cascade import line, run_cascade, scorer
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
