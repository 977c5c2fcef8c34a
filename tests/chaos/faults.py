"""The kinds of faults: for each a batch of jobs is sent, and struck while it is under way."""
import dataclasses
import time
import typing

from scene import SESSION_S, TIERS
from until import until


@dataclasses.dataclass
class Kind:
    name: str
    strike: typing.Callable  # (scene, which)
    strikes: int             # in the full form


def nothing(_scene, _which):
    pass


def kill_worker(scene, which):
    name = TIERS[which % len(TIERS)]
    scene.kill(name)
    scene.start(name)


def kill_escalator(scene, _which):
    scene.kill("escalator")
    scene.start("escalator")


def kill_broker(scene, _which):
    scene.kill_server("kafka")
    scene.stack.up()


def kill_database(scene, which):
    if which % 2:
        scene.kill_backend()
    else:
        scene.kill_server("postgres")
    scene.stack.up()


def kill_model(scene, which):
    name = f"model-{TIERS[which % len(TIERS)]}"
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


def pause_worker(scene, which):
    """Longer than its session: another member takes over, then the first one wakes."""
    name = TIERS[which % len(TIERS)]
    begin = time.time()
    other = scene.start(f"{name}-stand-in").ready()
    program = scene.programs[name]
    scene.pause(SESSION_S * 1.5, program.child.pid)
    until(program.is_ready, f"readiness of {program.name} after its pause")
    scene.shock(name, begin)
    other.stop()
    del scene.programs[f"{name}-stand-in"]


def pause_others(scene, which):
    """What hangs is not dead: escalator, broker, database and model in turn."""
    victims = ("escalator", "kafka", "postgres", "model-tiny")
    name = victims[which % len(victims)]
    if name in scene.programs:
        scene.pause(SESSION_S * 1.5, scene.programs[name].child.pid)
    else:
        scene.pause(SESSION_S * 1.5, scene.stack.pid(name))
        scene.stack.up()


def join_and_leave(scene, which):
    """Members without a name of their own come, and go by SIGTERM: partitions move both times."""
    name = f"{TIERS[which % len(TIERS)]}-guest"
    scene.start(name, instance=False).ready()
    assert scene.programs.pop(name).stop() == 0


def join_and_die(scene, which):
    """The same, but the guest is killed: its partitions move when its session is over."""
    tier = TIERS[which % len(TIERS)]
    name = f"{tier}-guest"
    scene.start(name, instance=False).ready()
    scene.kill(name)
    del scene.programs[name]


KINDS = [
    Kind("none", nothing, 0),
    Kind("worker killed", kill_worker, 12),
    Kind("escalator killed", kill_escalator, 5),
    Kind("broker killed", kill_broker, 4),
    Kind("database killed", kill_database, 4),
    Kind("model killed", kill_model, 3),
    Kind("all killed at once", kill_all, 2),
    Kind("worker paused", pause_worker, 3),
    Kind("others paused", pause_others, 4),
    Kind("members join and leave", join_and_leave, 3),
    Kind("members join and die", join_and_die, 3),
]


def run(scene, kind, jobs, strikes):
    """One batch with so many strikes, at even steps of its progress."""
    batch = scene.submit(kind.name, jobs)
    begin = time.monotonic()
    for which in range(strikes):
        scene.reach((which + 0.5) / (strikes + 1))
        kind.strike(scene, which)
    scene.finish()
    batch.seconds = time.monotonic() - begin
    return batch


def total(jobs):
    """Of jobs for each kind, so that there are at least this many in all."""
    return -(-jobs // len(KINDS))
