"""The simulation's tables mean what the statements mean: one script, on them and on a server."""
import subprocess

import pytest

from cascade import RULES, cascade
from fleet import BUILD


def replies(*argv):
    """What came back, line by line; the tiers of a batch in any order."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    return ([line for line in lines if not line.startswith("tier ")],
            sorted(line for line in lines if line.startswith("tier ")))


@pytest.mark.parametrize("seed", range(1, 4))
def test_tables_and_server(fleet, seed):
    fleet.configure(cascade("http://127.0.0.1:9", "http://127.0.0.1:9"), RULES)
    fleet.init()
    server, server_tiers = replies(BUILD / "agree_server", fleet.database_url, seed)
    tables, tables_tiers = replies(BUILD / "agree_tables", seed)
    assert len(server) > 500
    for number, (theirs, ours) in enumerate(zip(server, tables)):
        assert theirs == ours, "\n".join(server[max(0, number - 10):number])
    assert (tables, tables_tiers) == (server, server_tiers)
