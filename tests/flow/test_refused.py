"""An answer that the database will not take: to dead, and paid for once, until it is replayed."""
import pytest

import wire
from cascade import RULES, cascade, line
from models import scored
from until import until


@pytest.fixture
def refusing(fleet, model):
    """A fleet whose database takes no attempt that says IGST."""
    fleet.tiny = model(lambda request: scored("IGST" if "odd" in request.text.decode()
                                              else "CGST_SGST", 0.97))
    fleet.configure(cascade(fleet.tiny.url, fleet.tiny.url, limits={"store_linger": "50ms"}), RULES)
    fleet.init()
    fleet.sql_run("alter table attempts add constraint no_igst check (answer #>> '{}' <> 'IGST')")
    fleet.escalator()
    return fleet


def jobs(count):
    return [wire.job({**line(n, within=False), "odd": True} if n % 10 == 3 else line(n)) for n in range(count)]


def test_the_bad_row_alone_goes_to_dead(refusing):
    """The statement is split until it stands alone; all others are stored, and called once."""
    fleet = refusing
    fleet.worker("tiny")
    fleet.send(*jobs(40))
    outcomes = fleet.outcomes(40)
    assert sorted(o.verdict for o in outcomes.values()) == ["accept"] * 36 + ["dead"] * 4
    assert {r.reason for r in fleet.sql("select reason from dead_letters")} == {"row.refused"}
    assert fleet.tiny.calls == 40 and fleet.count("attempts") == 36


def test_is_not_paid_for_again(refusing):
    """Read again, the record finds its letter; a replay of the letter calls anew."""
    fleet = refusing
    worker = fleet.worker("tiny")
    fleet.send(*jobs(10))
    fleet.outcomes(10)
    fleet.read_topic("dead", 1)
    assert worker.stop() == 0 and fleet.set_back("jobs.tiny") == 10
    worker = fleet.worker("tiny", name="second")
    first, again = fleet.read_topic("dead", 2)
    assert (first.key(), first.value()) == (again.key(), again.value())
    until(lambda: worker.metric("taskfit_jobs_known_total") == 10, "ten known jobs")
    assert fleet.tiny.calls == 10 and fleet.count("dead_letters") == 1
    fleet.command("dead", "replay", "--all")  # before the mistake is mended
    until(lambda: fleet.count("dead_letters") == 2, "the next letter")
    assert fleet.tiny.calls == 11 and fleet.count("outcomes") == 10
    fleet.sql_run("alter table attempts drop constraint no_igst")
    fleet.command("dead", "replay", "--all")
    until(lambda: fleet.count("outcomes where verdict = 'accept'") == 10, "an outcome")
    assert fleet.tiny.calls == 12
