"""A hostile model server costs each job one reason code, and the others nothing."""
import http.server
import re
import ssl
import subprocess
import threading

import pytest

import wire
from cascade import line, run_cascade, scorer
from hostile import ATTACKS, Hostile
from models import scored

KEY = "sk-" + "0123456789abcdef" * 300  # longer than a line is for some


@pytest.fixture
def hostile():
    server = Hostile()
    yield server
    server.close()


def run(fleet, model, hostile):
    tiny = scorer(hostile.url, timeout="1s", reply_bytes="64KiB", key=KEY)
    tiny["retry"] = {"attempts": 1}
    return run_cascade(fleet, tiny, model(lambda _: scored("CGST_SGST", 0.97)).url)


def test_each_costs_its_job_a_code_and_no_other_anything(fleet, model, hostile):
    worker, _, _ = run(fleet, model, hostile)
    came_to = {}
    for number, attack in enumerate(ATTACKS):
        bad, good = wire.job({**line(number), "attack": attack}), wire.job(line(number))
        fleet.send(bad, good)
        outcomes = fleet.outcomes(2 * number + 2)
        assert outcomes[wire.id_of(good)].tier == "tiny", attack
        assert outcomes[wire.id_of(bad)].tier == "mid", attack
        attempt, decision = fleet.attempts(bad)[0], fleet.decisions(bad)[0]
        assert attempt.calls == 1 and len(decision.reasons) == 1, attack
        came_to[attack] = attempt.error
        assert attempt.confidence is None or attempt.confidence < 0.9
    expected = {attack: code for attack, (_, code) in ATTACKS.items()}
    for attack, code in came_to.items():
        if expected[attack] == "error":  # one of several
            assert code.startswith("error."), attack
            expected[attack] = code
    assert came_to == expected
    assert len(hostile.requests) == 2 * len(ATTACKS)  # nothing was asked twice, or elsewhere
    assert fleet.count("dead_letters") == 0
    assert worker.memory_mib("VmHWM") < 200


def test_a_key_is_sent_whole_and_shown_nowhere(fleet, model, hostile):
    """Also when the server tells it back; nor is it in a core file."""
    programs = run(fleet, model, hostile)
    fleet.send(*[wire.job({**line(), "attack": attack}) for attack in ("echo", "echo as answer")])
    fleet.outcomes(2)
    assert all(f"Authorization: Bearer {KEY}\r\n" in head for head, _ in hostile.requests)
    errors = fleet.sql("select error from attempts where hop = 0 order by error")
    assert [row.error for row in errors] == ["error.refused", "error.reply"]
    kept = [str(fleet.sql(f"select t::text from {table} t"))
            for table in ("attempts", "decisions", "inputs", "policies", "dead_letters")]
    kept += [program.log for program in fleet.programs]
    kept += [str(record.value()) + str(record.headers()) for name, count in
             (("results", 4), ("decisions", 2)) for record in fleet.read_topic(name, count)]
    for attempt in fleet.sql("select distinct job_id::text as id from attempts"):
        kept += [fleet.command("show", attempt.id).stdout,
                 fleet.command("show", attempt.id, "--json").stdout]
    kept += [programs[0]._get("/metrics")]
    assert not [text[:200] for text in kept if KEY[:40] in text]
    for program in programs:
        with open(f"/proc/{program.child.pid}/limits") as limits:
            assert re.search(r"Max core file size +1 +1 ", limits.read())
        with open(f"/proc/{program.child.pid}/cmdline") as command:
            assert KEY[:40] not in command.read()


def test_a_certificate_that_nobody_signed(fleet, model, tmp_path):
    """Nothing is sent to a server whose name nobody vouches for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-out", certificate, "-days", "2", "-subj", "/CN=localhost"], check=True,
                   capture_output=True)
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.path)

        def log_message(self, *args):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        url = f"https://localhost:{server.server_address[1]}/score"
        run_cascade(fleet, url, model(lambda _: scored("CGST_SGST", 0.97)).url, away="next")
        job = wire.job(line())
        fleet.send(job)
        assert fleet.outcomes(1)[wire.id_of(job)].tier == "mid"
        assert fleet.attempts(job)[0].error == "error.connect" and not seen
    finally:
        server.shutdown()
        server.server_close()
