"""The stack and the programs under test."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import urllib.error
import urllib.request
import uuid

import confluent_kafka
import psycopg

import wire
from until import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
INSPECTED = "INSPECTED" in os.environ  # programs end by themselves, to tell what they leak
CRASH = re.compile(r"Assertion .* failed|AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|stack smashing")


class Stack:
    """deploy/local/stack in a directory of the tests' own."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self._run("reset")
        settings = dict(line.split("=", 1) for line in self._run("up").splitlines())
        self.brokers = settings["TASKFIT_BROKERS"]
        self.database_url = settings["TASKFIT_DATABASE_URL"]

    def _run(self, *arguments, check=True):
        return subprocess.run([ROOT / "deploy/local/stack", *arguments], check=check, text=True,
                              stdout=subprocess.PIPE,
                              env={**os.environ, "TASKFIT_STACK_DIR": str(self.directory)}).stdout

    def pid(self, name):
        """Of the program that runs as `kafka` or `postgres`; None: it is down."""
        found = re.search(rf"^{name} .* pid (\d+)", self._run("status", check=False), re.M)
        return int(found[1]) if found else None

    def kill(self, name):
        os.kill(self.pid(name), signal.SIGKILL)

    @contextlib.contextmanager
    def without(self, name):
        """Kills it; it stays down until the end of the block."""
        self._control(name, "-wD", "-T", "20000", "-d", "-k")
        try:
            yield
        finally:
            self._control(name, "-u")
            self.up()

    def _control(self, name, *what):
        subprocess.run(["s6-svc", *what, self.directory / "service" / name], check=True)

    def up(self):
        """Waits until both answer again."""
        self._run("up")

    def down(self):
        self._run("down")


class Program:
    """A program that runs until it is told to end; what it says is in `log`."""

    def __init__(self, name, argv, directory, env=None):
        self.name = name
        self.file = directory / f"{name}.log"
        self.expected_end = False
        with open(self.file, "ab") as out:
            self.child = subprocess.Popen([str(a) for a in argv], cwd=directory, stdout=out,
                                          stderr=out, env={**os.environ, **(env or {})})

    @property
    def log(self):
        return self.file.read_text(errors="replace")

    @property
    def running(self):
        return self.child.poll() is None

    def memory_mib(self, what="VmRSS"):
        """Resident now, or at most (VmHWM)."""
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.M)[1]) / 1024

    def cpu_seconds(self):
        """User and system time so far."""
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        return f"{self.name} ended with {self.child.returncode}:\n{self.log}"

    def said(self, text, timeout=30):
        """Waits until the log has text (a regular expression); returns the match."""
        def look():
            found = re.search(text, self.log)
            assert found or self.running, self.end()
            return found
        return until(look, f"'{text}' from {self.name}", timeout)

    def kill(self):
        self.expected_end = True
        self.child.kill()
        self.child.wait()

    def stop(self, timeout=40):
        """SIGTERM; returns the exit status."""
        self.expected_end = True
        self.child.terminate()
        return self.child.wait(timeout)

    def ended(self, timeout=15):
        """Waits for it to end by itself; returns the exit status."""
        self.expected_end = True
        return self.child.wait(timeout)


class Role(Program):
    """A worker or an escalator."""

    def _get(self, page):
        port = self.said(r"listening on port (\d+)")[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=10) as reply:
            return reply.read().decode()

    def is_ready(self):
        assert self.running, self.end()
        try:
            return self._get("/readyz") == "ready\n"
        except urllib.error.URLError:
            return False

    def ready(self):
        until(self.is_ready, f"readiness of {self.name}")
        return self

    def metric(self, name):
        """The sum over all labels; 0 when it was never counted."""
        return sum(float(value) for value in
                   re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", self.metrics(), re.M))

    def metrics(self):
        return self._get("/metrics")


class Gateway(Role):
    """A gateway; `api` is the base URL of its API."""

    @property
    def api(self):
        return self.said(r"the API is at (https?://[^\s\"]+)")[1]


class Fleet:
    """Topics, tables and a configuration of one test's own, and the programs it runs."""

    def __init__(self, stack, directory):
        self.stack = stack
        self.directory = directory
        self.prefix = f"t{uuid.uuid4().hex[:8]}"
        self.programs = []
        self.under = []  # a command that runs them
        self.config = None
        self._create_schema()
        self.producer = confluent_kafka.Producer(
            {"bootstrap.servers": stack.brokers, "enable.idempotence": True, "linger.ms": 5,
             "log_level": 2})

    def _create_schema(self):
        """A user with a schema of its own: a tenth of the work of a database."""
        with psycopg.connect(self.stack.database_url, autocommit=True) as db:
            db.execute(f"create role {self.prefix} login password '{self.prefix}'")
            db.execute(f"create schema authorization {self.prefix}")
        address = self.stack.database_url.split("@")[1]
        self.database_url = f"postgresql://{self.prefix}:{self.prefix}@{address}"

    # --- configuration

    def configure(self, config, rules=None):
        """Writes taskfit.yaml (JSON is YAML) with this test's topics and database."""
        self.config = {"kafka": {"brokers": self.stack.brokers, "prefix": self.prefix,
                                 "partitions": 2, "replication": 1},
                       "postgres": {"url": self.database_url}, **config}
        self.write_config()
        if rules is not None:
            (self.directory / "rules.jq").write_text(rules)

    def write_config(self):
        (self.directory / "taskfit.yaml").write_text(json.dumps(self.config, indent=1))

    def topic(self, name):
        return f"{self.prefix}.{name}"

    # --- programs

    def command(self, *arguments, check=True, timeout=60, **more):
        """Runs `taskfit`; returns the completed process."""
        done = subprocess.run([*self.under, BUILD / "taskfit", *arguments], cwd=self.directory,
                              text=True, capture_output=True, timeout=timeout, **more)
        assert not CRASH.search(done.stderr), done.stderr
        assert not check or done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
        return done

    def init(self):
        return self.command("init")

    def _start(self, kind, name, argv, **more):
        program = kind(name, [*self.under, *argv], self.directory, **more)
        self.programs.append(program)
        return program

    def worker(self, tier, *arguments, name=None, **more):
        return self._start(Role, name or f"worker-{tier}",
                           [BUILD / "taskfit-worker", "--tier", tier, "--listen", "127.0.0.1:0",
                            *arguments], **more)

    def escalator(self, *arguments, name="escalator", **more):
        return self._start(Role, name, [BUILD / "taskfit-escalator", "--listen", "127.0.0.1:0",
                                        *arguments], **more)

    def gateway(self, *arguments, name="gateway", **more):
        return self._start(Gateway, name, [BUILD / "taskfit-gateway", "--listen", "127.0.0.1:0",
                                           *arguments], **more)

    def stub(self, *arguments):
        return self._start(Stub, f"stub-{len(self.programs)}", [BUILD / "model_stub", *arguments])

    # --- what goes in and what comes out

    def send(self, *messages, tier="tiny", partition=-1):
        """Sends jobs (or bytes) to a tier, and waits until the broker has them. Partition -1: as the
        key says."""
        failed = []
        for message in messages:
            value = message if isinstance(message, bytes) else message.SerializeToString()
            key = None if isinstance(message, bytes) else message.order_key or message.id
            while True:
                try:
                    self.producer.produce(self.topic(f"jobs.{tier}"), value, key, partition,
                                          on_delivery=lambda e, _: e and failed.append(e))
                    break
                except BufferError:
                    self.producer.poll(0.1)
        assert self.producer.flush(60) == 0 and not failed, failed

    def sql(self, query, *arguments):
        with psycopg.connect(self.database_url, row_factory=psycopg.rows.namedtuple_row) as db:
            return db.execute(query, arguments).fetchall()

    def sql_run(self, statement, *arguments):
        with psycopg.connect(self.database_url, autocommit=True) as db:
            db.execute(statement, arguments)

    def count(self, what, *arguments):
        """count("attempts where hop = %s", 0)"""
        return self.sql(f"select count(*) as n from {what}", *arguments)[0].n

    def outcomes(self, count, timeout=60):
        """Waits until so many jobs have their outcome; returns them by job id."""
        until(lambda: self.count("outcomes") >= count, f"outcome of {count} jobs", timeout)
        rows = self.sql("select * from outcomes")
        assert len(rows) == count
        return {row.job_id: row for row in rows}

    def attempts(self, job):
        return self.sql("select * from attempts where job_id = %s order by hop", wire.id_of(job))

    def decisions(self, job):
        return self.sql("select * from decisions where job_id = %s order by hop", wire.id_of(job))

    def consumer(self, group=None):
        return confluent_kafka.Consumer({
            "bootstrap.servers": self.stack.brokers, "enable.auto.commit": False,
            "group.id": group or f"{self.prefix}.{uuid.uuid4().hex}",
            "auto.offset.reset": "earliest", "log_level": 2})

    def read_topic(self, name, count, timeout=30):
        """The first count records of a topic, from the beginning."""
        consumer = self.consumer()
        consumer.subscribe([self.topic(name)])
        records = []

        def enough():
            records.extend(r for r in consumer.consume(count, 0.1) if not r.error())
            return len(records) >= count
        try:
            until(enough, f"{count} records of {name} (there are {len(records)})", timeout)
        finally:
            consumer.close()
        return records

    def set_back(self, name):
        """Offsets of the group that reads the topic, which bears its name, to the start of the log,
        as an operator would. How many records lie before its end."""
        topic = self.topic(name)
        consumer = self.consumer(group=topic)
        starts, records = [], 0
        for p in consumer.list_topics(topic, timeout=20).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(
                confluent_kafka.TopicPartition(topic, p), timeout=20)
            starts.append(confluent_kafka.TopicPartition(topic, p, low))
            records += high - low

        def commit():  # refused until the session of a member that died is over
            try:
                return consumer.commit(offsets=starts, asynchronous=False)
            except confluent_kafka.KafkaException:
                return None
        until(commit, f"group {topic} without members")
        consumer.close()
        return records

    # --- the end

    def close(self):
        """Ends what runs; tells what ended by itself or crashed."""
        self.producer.flush(5)
        bad = []
        for program in self.programs:
            if not program.running and not program.expected_end:
                bad.append(program.end())
            elif program.running and INSPECTED and "started as" in program.log:
                if program.stop() != 0:
                    bad.append(program.end())
            elif program.running:
                program.kill()
            if CRASH.search(program.log):
                bad.append(f"{program.name} crashed")
        return bad


class Stub(Program):
    """build/model_stub."""

    @property
    def base(self):
        return self.said(r"http://\S+")[0]

    def stats(self):
        with urllib.request.urlopen(self.base + "/stats", timeout=10) as reply:
            return json.load(reply)

    def limit(self, **limits):
        """limit(places=5, rpm=600, tells=1): what is refused from now on."""
        text = " ".join(f"{name}={value}" for name, value in limits.items()).encode()
        urllib.request.urlopen(urllib.request.Request(self.base + "/limits", text), timeout=10)
