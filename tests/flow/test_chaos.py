"""make chaos in short: each kind of kill once, under load (tests/chaos)."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))

import accounts  # noqa: E402
import faults  # noqa: E402
import replay  # noqa: E402
from scene import Scene  # noqa: E402

JOBS = 5000
KINDS = [kind for kind in faults.KINDS if "killed" in kind.name or "join" in kind.name]


@pytest.mark.timeout(240)
def test_everything_killed_in_turn(fleet):
    scene = Scene(fleet)
    scene.configure()
    scene.start_all()
    for kind in KINDS:
        faults.run(scene, kind, 1, -(-JOBS // len(KINDS)))
    assert set(scene.stop_all().values()) == {0}
    lines, strangers = accounts.table(scene)
    print(accounts.markdown(lines))
    assert not accounts.faults(scene, lines, strangers)
    assert sum(line.kills for line in lines) >= 14
    for records, _, _ in replay.replay(scene).values():
        assert records > 0
