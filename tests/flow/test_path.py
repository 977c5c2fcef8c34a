"""The whole path, with a foreign producer at its head and plain SQL at its end."""
import wire
from cascade import line, run_cascade
from models import CUT, scored


def test_an_answer_stands_where_it_earned_it(fleet, model):
    """Sure and right stays; unsure, wrong by the rule, or failed goes up; then people decide."""
    def tiny(request):
        return {0: scored("CGST_SGST", 0.95), 1: scored("CGST_SGST", 0.5),
                2: scored("CGST_SGST", 0.99), 3: CUT}[request.body["line"]]

    def mid(request):
        return scored("IGST", 0.9) if request.body["line"] == 2 else scored("CGST_SGST", 0.7)

    tiny, mid = model(tiny), model(mid)
    run_cascade(fleet, tiny.url, mid.url)
    sure, unsure, wrong, failed = jobs = [wire.job(line(0)), wire.job(line(1)),
                                          wire.job(line(2, within=False)), wire.job(line(3))]
    fleet.send(*jobs)
    outcomes = fleet.outcomes(4)

    assert outcomes[wire.id_of(sure)].verdict == "accept"
    assert outcomes[wire.id_of(sure)].tier == "tiny"
    assert outcomes[wire.id_of(sure)].answer == "CGST_SGST"
    assert outcomes[wire.id_of(wrong)].tier == "mid"
    assert outcomes[wire.id_of(wrong)].answer == "IGST"
    assert outcomes[wire.id_of(unsure)].verdict == "review"
    assert outcomes[wire.id_of(failed)].verdict == "review"

    assert [d.reasons for d in fleet.decisions(wrong)][0] == ["rule.tax_type"]
    assert [d.reasons for d in fleet.decisions(unsure)] == [
        ["confidence.low"], ["confidence.low", "limit.tiers"]]
    assert fleet.decisions(failed)[0].reasons == ["error.cut"]
    assert [a.error for a in fleet.attempts(failed)] == ["error.cut", None]
    assert tiny.calls == 3 + 3 and mid.calls == 3  # the failed one was tried three times


def test_decisions_are_told_downstream(fleet, model):
    run_cascade(fleet, model(lambda _: scored("CGST_SGST", 0.97)).url, model(lambda _: CUT).url)
    job = wire.job(line(), custom_id="line 1", tenant="a")
    fleet.send(job)
    record, = fleet.read_topic("decisions", 1)
    decision = wire.Decision.FromString(record.value())
    assert (decision.job_id, decision.custom_id, decision.tier) == (job.id, "line 1", "tiny")
    assert decision.attempt.answer == b'"CGST_SGST"' and decision.attempt.confidence == 0.97
    assert dict(record.headers())["ce_type"] == b"taskfit.decision"


def test_fields_of_a_newer_contract_survive(fleet, model):
    """A producer's field that this version does not know reaches the next tier and the decision."""
    run_cascade(fleet, model(lambda _: scored("CGST_SGST", 0.1)).url,
                model(lambda _: scored("CGST_SGST", 0.97)).url)
    unknown = b"\xc2\x3e\x05later"  # field 1000, of bytes
    fleet.send(wire.job(line()).SerializeToString() + unknown)
    fleet.outcomes(1)
    record, = fleet.read_topic("jobs.mid", 1)
    assert unknown in record.value()


def test_a_job_sent_twice_is_called_once(fleet, model):
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    run_cascade(fleet, tiny.url, model(lambda _: CUT).url)
    jobs = [wire.job(line(n)) for n in range(50)]
    fleet.send(*jobs, *jobs)
    fleet.outcomes(50)
    fleet.send(*jobs)
    last = wire.job(line(50))
    fleet.send(last)
    fleet.outcomes(51)
    assert tiny.calls == 51 and tiny.repeats == 0
    assert fleet.count("attempts") == 51


def test_a_trace_goes_on_to_models_and_records(fleet, model):
    """What a producer, or submit, traces a job by is on all that comes of it; what is no trace is not."""
    tiny, mid = model(lambda _: scored("CGST_SGST", 0.1)), model(lambda _: scored("CGST_SGST", 0.97))
    run_cascade(fleet, tiny.url, mid.url)
    trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traced, plain, bad, late = (wire.job(line(n), path="late" if n == 3 else "invoices")
                                for n in range(4))
    for job, header in (traced, trace), (plain, None), (bad, b"00-x\r\nX-Evil: 1"), (late, trace):
        fleet.producer.produce(fleet.topic("jobs.tiny"), job.SerializeToString(), job.id,
                               headers=[("traceparent", header)] if header else None)
    assert fleet.producer.flush(30) == 0
    fleet.outcomes(4)
    for server in tiny, mid:
        got = {request.key[:36]: request.headers["traceparent"] for request in server.requests}
        assert got == {str(wire.id_of(traced)): trace.decode(), str(wire.id_of(plain)): None,
                       str(wire.id_of(bad)): None}
        assert not any("X-Evil" in request.headers for request in server.requests)
    for topic, count in ("jobs.mid", 3), ("results", 6), ("decisions", 3), ("dead", 1):
        for record in fleet.read_topic(topic, count):
            headers = dict(record.headers())
            assert headers["ce_specversion"] == b"1.0" and headers["ce_source"] == b"taskfit"
            job = headers["ce_id"].decode().split("/")[0]
            is_traced = job in (str(wire.id_of(traced)), str(wire.id_of(late)))
            assert headers.get("traceparent") == (trace if is_traced else None), topic
    fleet.command("submit", "--path", "invoices", "--wait", input='{"id": "s", "from": 1, "to": 1}\n')
    own = {request.headers["traceparent"] for request in (tiny.requests[-1], mid.requests[-1])}
    job, = fleet.sql("select job_id from decisions where custom_id = 's' and final")
    assert own == {f"00-{job.job_id.hex}-{job.job_id.hex[16:]}-00"}
