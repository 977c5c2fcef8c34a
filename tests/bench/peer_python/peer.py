#!/usr/bin/env python3
"""The peer that a user would write in Python: aiokafka, aiohttp and asyncpg on uvloop, one process. It
does what the Go peer does: reads Jobs from a topic, calls an OpenAI-compatible model, stores answer and
confidence in batches, and commits the offsets below which all is stored.
"""
import argparse
import asyncio
import collections
import json
import math
import signal
import time
import uuid

import aiohttp
import aiokafka
import asyncpg
import uvloop

INSERT = """insert into peer_attempts (job_id, answer, confidence, latency_ms, error)
select * from unnest($1::uuid[], $2::text[], $3::float8[], $4::int4[], $5::text[])
on conflict do nothing"""


def fields(data):
    """Number and bytes of each length-delimited field of a protobuf message."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 2:
            size, at = varint(data, at)
            yield tag >> 3, data[at:at + size]
            at += size
        elif kind == 0:
            _, at = varint(data, at)
        else:
            at += 8 if kind == 1 else 4


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def parse_job(value):
    """Job.id and Job.input.json of proto/taskfit.proto."""
    job_id = body = None
    for number, data in fields(value):
        if number == 1:
            job_id = uuid.UUID(bytes=bytes(data))
        elif number == 3:
            body = next(inner for n, inner in fields(data) if n == 1)
    return job_id, body


class Ledger:
    """Offsets finish out of order; what may be committed is the lowest that is not finished."""

    def __init__(self):
        self.taken = collections.deque()
        self.finished = set()

    def finish(self, offset):
        self.finished.add(offset)
        last = None
        while self.taken and self.taken[0] in self.finished:
            last = self.taken.popleft()
            self.finished.remove(last)
        return last


class Peer:
    def __init__(self, options):
        self.options = options
        self.slots = asyncio.Semaphore(options.in_flight)
        self.rows = asyncio.Queue()
        self.ledgers = collections.defaultdict(Ledger)
        self.tasks = set()

    async def call(self, body):
        for attempt in range(5):
            try:
                async with self.http.post(self.options.url, data=body,
                                          headers={"Content-Type": "application/json"}) as reply:
                    text = await reply.read()
                    if reply.status == 200:
                        choice = json.loads(text)["choices"][0]
                        tokens = (choice.get("logprobs") or {}).get("content") or []
                        return (choice["message"]["content"],
                                math.exp(sum(token["logprob"] for token in tokens)), None)
                    failure = f"status {reply.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                failure = str(error)
            await asyncio.sleep(0.1 * 2 ** attempt)
        return None, None, failure

    async def work(self, record):
        try:
            job_id, body = parse_job(record.value)
            start = time.monotonic()
            answer, confidence, failure = await self.call(body)
            latency_ms = int((time.monotonic() - start) * 1000)
            self.rows.put_nowait((record, job_id, answer, confidence, latency_ms, failure))
        finally:
            self.slots.release()

    async def keep(self):
        while True:
            rows = [await self.rows.get()]
            linger = asyncio.get_running_loop().time() + 0.01
            while len(rows) < self.options.batch:
                try:
                    async with asyncio.timeout_at(linger):
                        rows.append(await self.rows.get())
                except TimeoutError:
                    break
            await self.pool.execute(INSERT, *([row[n] for row in rows] for n in range(1, 6)))
            done = {}
            for record, *_ in rows:
                partition = aiokafka.TopicPartition(record.topic, record.partition)
                last = self.ledgers[partition].finish(record.offset)
                if last is not None:
                    done[partition] = last + 1
            if done:
                await self.consumer.commit(done)

    async def consume(self):
        async for record in self.consumer:
            partition = aiokafka.TopicPartition(record.topic, record.partition)
            self.ledgers[partition].taken.append(record.offset)
            await self.slots.acquire()
            task = asyncio.create_task(self.work(record))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def run(self):
        o = self.options
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        connector = aiohttp.TCPConnector(limit=o.in_flight)
        self.consumer = aiokafka.AIOKafkaConsumer(o.topic, bootstrap_servers=o.brokers, group_id="python",
                                                  auto_offset_reset="earliest", enable_auto_commit=False)
        async with (aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(30)) as self.http,
                    asyncpg.create_pool(o.database, min_size=1, max_size=4) as self.pool, self.consumer):
            running = [asyncio.create_task(self.keep()), asyncio.create_task(self.consume()),
                       asyncio.create_task(stopped.wait())]
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                task.cancel()
            for task in ended:
                task.result()


def main():
    parser = argparse.ArgumentParser()
    for name in ("brokers", "topic", "database", "url"):
        parser.add_argument(f"-{name}", required=True)
    parser.add_argument("-in-flight", type=int, default=2000)
    parser.add_argument("-batch", type=int, default=1000)
    uvloop.run(Peer(parser.parse_args()).run())


main()
