"""Three Kafka brokers that are their own controllers, beside the stack's PostgreSQL: replication 3,
min.insync.replicas 2. Each can be killed and started again; one can be lost for good."""
import os
import signal
import subprocess

import confluent_kafka.admin

from scene import free_port
from until import until

NODES = (1, 2, 3)

SETTINGS = """\
process.roles=broker,controller
node.id={node}
controller.listener.names=CONTROLLER
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


class Cluster:
    """Stands where the flow tests' Stack stands; `kafka` is one of the brokers, in turn."""

    def __init__(self, stack, root, directory):
        self.stack = stack
        self.database_url = stack.database_url
        self.log4j = root / "deploy/local/kafka-log4j2.properties"
        self.directory = directory
        self.ports = {node: free_port() for node in NODES}
        self.controllers = {node: free_port() for node in NODES}
        self.brokers = ",".join(f"127.0.0.1:{port}" for port in self.ports.values())
        self.running = {}
        self.lost = set()
        self.turn = 0
        for node in NODES:
            self._prepare(root, node)
        self.up()

    def _prepare(self, root, node):
        place = self.directory / str(node)
        place.mkdir(parents=True)
        (place / "jars").symlink_to(root / ".cache/kafka")
        voters = ",".join(f"{n}@127.0.0.1:{self.controllers[n]}" for n in NODES)
        (place / "server.properties").write_text(SETTINGS.format(
            node=node, voters=voters, port=self.ports[node], controller=self.controllers[node]))
        self._java(node, "kafka.tools.StorageTool", "format", "-t", "VGFza2ZpdC1jaGFvcy0zQQ", "-c",
                   "server.properties").wait(60)

    def _java(self, node, *arguments):
        place = self.directory / str(node)
        with open(place / "out", "ab") as out:
            return subprocess.Popen(
                ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms128m", "-Xmx384m",
                 "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={self.log4j}",
                 "-cp", "jars/*", *arguments], cwd=place, stdout=out, stderr=out)

    def _next(self):
        alive = [node for node in NODES if node in self.running]
        self.turn += 1
        return alive[self.turn % len(alive)]

    def _kill(self, node):
        child = self.running.pop(node)
        child.kill()
        child.wait()

    def _whole(self):
        """All that run are in, and no partition lacks one of them."""
        admin = confluent_kafka.admin.AdminClient({
            "bootstrap.servers": ",".join(f"127.0.0.1:{self.ports[n]}" for n in self.running),
            "log_level": 2})
        try:
            told = admin.list_topics(timeout=3)
        except confluent_kafka.KafkaException:
            return False
        partitions = [p for topic in told.topics.values() for p in topic.partitions.values()]
        return len(told.brokers) == len(self.running) and all(
            len(p.isrs) == len(self.running) for p in partitions)

    # --- as Stack

    def pid(self, name):
        return self.running[self._next()].pid if name == "kafka" else self.stack.pid(name)

    def kill(self, name):
        if name == "kafka":
            self._kill(self._next())
        else:
            self.stack.kill(name)

    def lose(self):
        node = self._next()
        self.lost.add(node)
        self._kill(node)

    def up(self):
        for node in NODES:
            if node not in self.running and node not in self.lost:
                self.running[node] = self._java(node, "kafka.Kafka", "server.properties")
        self.stack.up()
        until(self._whole, "cluster with all that run in sync", timeout=90)

    def down(self):
        for child in self.running.values():
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        self.stack.down()
