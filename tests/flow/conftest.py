import fcntl

import pytest

import fleet as fleet_module
import models


@pytest.fixture(scope="session")
def stack():
    directory = fleet_module.BUILD / "flow"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of this checkout may be under way
        stack = fleet_module.Stack(directory / "stack")
        yield stack
        stack.down()


@pytest.fixture
def fleet(stack, tmp_path):
    """Topics, tables and programs of this test alone."""
    fleet = fleet_module.Fleet(stack, tmp_path)
    yield fleet
    bad = fleet.close()
    assert not bad, bad


@pytest.fixture
def model():
    """model(rule): a server that follows a script (models.py), on any free port or the given one."""
    opened = []

    def open_model(rule, port=0):
        opened.append(models.Model(rule, port))
        return opened[-1]
    yield open_model
    for server in opened:
        server.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    fleet = getattr(item, "funcargs", {}).get("fleet")
    if report.failed and fleet:
        for program in fleet.programs:
            report.sections.append((f"{program.name}, {program.file}", program.log[-4000:]))
    return report
