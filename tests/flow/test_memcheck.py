"""Programs and commands under valgrind: they touch what is theirs, and leave nothing behind."""
import json
import os

import pytest

from cascade import RULES, cascade, line
from models import scored
from until import until

JOBS = 12
MEMCHECK = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--fair-sched=yes",
            "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"]


def run(fleet, *arguments):
    """A command; again when the database took too long to connect, as slow as it is here."""
    def done():
        ended = fleet.command(*arguments, check=False, timeout=120)
        assert ended.returncode in (0, os.EX_UNAVAILABLE), ended
        return ended.returncode == 0
    until(done, f"end of {arguments}", 120)


@pytest.mark.timeout(600)
def test_clean_at_the_end(fleet, model):
    tiny = model(lambda request: scored("CGST_SGST", 0.3 if request.body["line"] % 3 else 0.95))
    fleet.database_url += "?sslmode=disable&gssencmode=disable"  # what is slow to begin there
    fleet.configure(cascade(tiny.url, model(lambda _: scored("IGST", 0.9)).url), RULES)
    fleet.init()
    (fleet.directory / "lines.ndjson").write_text("".join(
        json.dumps({"id": str(n), **line(n)}) + "\n" for n in range(JOBS)))
    fleet.under = MEMCHECK
    run(fleet, "submit", "lines.ndjson", "--path", "invoices")
    fleet.send(b"no job")
    programs = fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()
    until(lambda: fleet.count("outcomes") == JOBS and fleet.count("dead_letters") == 1,
          "an outcome each, and a letter", 240)
    assert [program.stop(120) for program in programs] == [0, 0, 0]
    run(fleet, "check")
    run(fleet, "results", "--format", "csv")
    run(fleet, "show", "--batch", "lines.ndjson", "7")
    run(fleet, "dead", "replay", "--all")
    run(fleet, "cancel", "lines.ndjson")
