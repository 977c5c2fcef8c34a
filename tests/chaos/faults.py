"""The kinds of faults. For each strike a batch is sent, and struck while it is under way."""
import dataclasses
import os
import signal
import time
import typing

from scene import SESSION_S, TIERS
from until import until


@dataclasses.dataclass
class Kind:
    name: str
    strike: typing.Callable  # (scene, which)
    strikes: int             # in the full form
    prepare: typing.Callable = lambda scene, which: None  # before the batch is sent


def nothing(_scene, _which):
    pass


def tier(which):
    return TIERS[which % len(TIERS)]


def kill_worker(scene, which):
    name = tier(which)
    scene.kill(name)
    scene.start(name)


def kill_escalator(scene, _which):
    scene.kill("escalator")
    scene.start("escalator")


def kill_broker(scene, _which):
    scene.kill_server("kafka")
    scene.stack.up()


def lose_broker(scene, _which):
    """The two that are left are enough for min.insync.replicas."""
    scene.stack.lose()
    scene.round.kills += 1


def kill_database(scene, which):
    if which % 2:
        scene.kill_backend()
    else:
        scene.kill_server("postgres")
    scene.stack.up()


def kill_model(scene, which):
    name = f"model-{tier(which)}"
    scene.kill(name)
    scene.start(name)


def kill_all(scene, _which):
    names = list(scene.programs)
    scene.kill(*names)
    scene.kill_server("kafka")
    scene.kill_server("postgres")
    scene.stack.up()
    for name in names:
        scene.start(name)


def add_stand_in(scene, which):
    scene.start(f"{tier(which)}-stand-in").ready()


def pause_worker(scene, which):
    """Longer than its session: another member takes over, then the first one wakes."""
    name = tier(which)
    program = scene.programs[name]
    begin = time.time()
    os.kill(program.child.pid, signal.SIGSTOP)
    scene.shock(name, begin)
    time.sleep(SESSION_S * 1.5)
    begin = time.time()
    os.kill(program.child.pid, signal.SIGCONT)
    scene.shock(name, begin)
    scene.round.pauses += 1
    until(program.is_ready, f"readiness of {program.name} after its pause")
    assert scene.programs.pop(f"{name}-stand-in").stop() == 0


def pause_others(scene, which):
    """What hangs is not dead: escalator, broker, database and model in turn."""
    victims = ("escalator", "kafka", "postgres", "model-tiny")
    name = victims[which % len(victims)]
    if name in scene.programs:
        scene.pause(SESSION_S * 1.5, scene.programs[name].child.pid)
    else:
        scene.pause(SESSION_S * 1.5, scene.stack.pid(name))
        scene.stack.up()


def add_guest(scene, which):
    """A member without a name of its own."""
    scene.start(f"{tier(which)}-guest", instance=False).ready()


def join_and_leave(scene, which):
    """The guest goes by SIGTERM, another comes under load and goes: partitions move each time."""
    name = f"{tier(which)}-guest"
    assert scene.programs.pop(name).stop() == 0
    add_guest(scene, which)
    assert scene.programs.pop(name).stop() == 0


def kill_guest(scene, which):
    """Its partitions move when its session is over."""
    name = f"{tier(which)}-guest"
    scene.kill(name)
    del scene.programs[name]


KINDS = [
    Kind("none", nothing, 1),
    Kind("worker killed", kill_worker, 12),
    Kind("escalator killed", kill_escalator, 5),
    Kind("broker killed", kill_broker, 4),
    Kind("database killed", kill_database, 4),
    Kind("model killed", kill_model, 3),
    Kind("all killed at once", kill_all, 2),
    Kind("worker paused", pause_worker, 3, add_stand_in),
    Kind("others paused", pause_others, 4),
    Kind("members join and leave", join_and_leave, 3, add_guest),
    Kind("members join and are killed", kill_guest, 3, add_guest),
]
CLUSTER_KINDS = [
    *(kind for kind in KINDS if kind.name in ("none", "broker killed", "all killed at once")),
    Kind("a broker lost for good", lose_broker, 1),
    Kind("worker killed, a broker less", kill_worker, 3),
]
UNDER_WAY = 0.15  # of a batch has its outcome when it is struck: then all tiers are busy


def run(scene, kind, strikes, jobs):
    """One round: so many strikes, each under the load of a batch of so many jobs."""
    done = scene.begin(kind.name)
    begin = time.monotonic()
    for which in range(strikes):
        kind.prepare(scene, which)
        before = scene.round.sent
        scene.submit(jobs)
        scene.reach(before + UNDER_WAY * jobs)
        kind.strike(scene, which)
        scene.finish()
    done.seconds = time.monotonic() - begin
    return done
