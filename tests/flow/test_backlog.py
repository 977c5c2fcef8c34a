"""What an autoscaler reads: how many jobs wait that nobody has taken."""
import wire
from cascade import line, run_cascade
from models import scored
from until import until


def test_nothing_waits_after_a_restart(fleet, model):
    """An idle worker's backlog is what its group has not finished, not what its topic holds."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    worker, _, escalator = run_cascade(fleet, tiny.url, tiny.url)
    fleet.send(*[wire.job(line(n)) for n in range(40)])
    fleet.outcomes(40)
    assert worker.stop() == 0
    worker = fleet.worker("tiny", name="again").ready()
    # One partition is read again, the other is not. Commits are half a second apart, and the backlog
    # is measured each second: after four it was.
    for n in range(1, 5):
        fleet.send(wire.job(line(40 + n), order_key="one"))
        until(lambda: worker.metric("taskfit_commits_total") >= n, f"commit number {n}")
    assert worker.metric("taskfit_backlog_jobs") == 0
    assert escalator.running
