"""What came out, against the truth that the demo knows, and whether the promises hold."""

import json
import os
import subprocess
import time
import urllib.parse
from pathlib import Path
from typing import NamedTuple

from tiers import TIERS, Tier, judge

SQL_ERROR = 3  # exit status of psql; 2 is a connection that went away

TRUTH = """
set client_min_messages = warning;
create schema if not exists demo;
create table if not exists demo.truth
    (custom_id text primary key, section text not null, tax_type text not null);
truncate demo.truth;
\\copy demo.truth from '{file}' csv
"""

# An earlier demo that was cut short left jobs behind: they need not be called any more.
CANCEL = "update batches set cancelled_at = now() where cancelled_at is null and total is distinct \
from accepted + review + dead + expired + cancelled"

JUDGED = """
with judged as (
    select o.*, t.tax_type, o.answer->>'section' = t.section
           and o.answer->>'tax_type' = t.tax_type as is_right
    from outcomes o join demo.truth t using (custom_id) where o.batch_id = :'batch')
"""

PER_TIER = JUDGED + """
select t.tier, t.attempts, t.accepted, t.escalated, t.ended, t.cost_pico_usd / 1e12 as usd,
       (select count(*) from judged j
        where j.tier = t.tier and verdict = 'accept' and is_right) as correct
from batch_tiers t where t.batch_id = :'batch'
"""

REASONS = """
select tier, next_tier, reason, count(*) as jobs
from decisions, unnest(reasons) reason
where batch_id = :'batch' and verdict in ('escalate', 'review', 'dead')
group by 1, 2, 3 order by 1, 4 desc
"""

PACE = """
select extract(epoch from last_decided_at - created_at) as seconds, cost_pico_usd / 1e12 as usd
from batches where id = :'batch'
"""

# A job of which the first tier was sure, that the rule held back, and that then came out right.
STORY = JUDGED + """
select j.job_id, j.custom_id, d.tier, j.tier as by, j.tax_type,
       d.explanation->0->>'text' as why, a.answer->>'tax_type' as said, a.confidence
from judged j
join decisions d on d.job_id = j.job_id and d.hop = 0
join attempts a on a.job_id = j.job_id and a.hop = 0
where j.verdict = 'accept' and j.is_right and d.verdict = 'escalate'
  and d.reasons[1] like 'rule.%'
order by cardinality(d.reasons), a.confidence desc, j.custom_id limit 1
"""

# Each gives two numbers, which must be equal.
CHECKS = {
    "every job of the file has one outcome":
        "select :count, count(*) from outcomes where batch_id = :'batch'",
    "no job has two final decisions":
        "select 0, count(*) from (select from decisions where final and batch_id = :'batch' "
        "group by job_id having count(*) > 1) twice",
    "every attempt was decided once":
        "select (select count(*) from attempts where batch_id = :'batch'), count(*) "
        "from decisions join attempts using (job_id, hop) where decisions.batch_id = :'batch'",
    "the attempts' cost is the batch's, in 1e-12 USD":
        "select (select sum(cost_pico_usd) from attempts where batch_id = :'batch'), "
        "cost_pico_usd from batches where id = :'batch'",
    "every escalation has a reason":
        "select 0, count(*) from decisions where batch_id = :'batch' and verdict = 'escalate' "
        "and cardinality(reasons) = 0",
    "no answer that stands has a tax type that the states contradict":
        "select 0, count(*) from outcomes o join demo.truth t using (custom_id) "
        "where batch_id = :'batch' and verdict = 'accept' and answer->>'tax_type' <> t.tax_type",
    "nothing is dead, expired or cancelled":
        "select 0, dead + expired + cancelled from batches where id = :'batch'",
}  # fmt: skip


class Report:
    def __init__(self, url: str):
        parts = urllib.parse.urlsplit(url)
        self.environment = {
            **os.environ,
            "PGHOST": parts.hostname or "",
            "PGPORT": str(parts.port or 5432),
            "PGUSER": urllib.parse.unquote(parts.username or ""),
            "PGPASSWORD": urllib.parse.unquote(parts.password or ""),
            "PGDATABASE": parts.path.lstrip("/"),
        }

    def psql(self, text: str, **variables) -> str:
        """Tries again while the database is away, or when psql was killed."""
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        for name, value in variables.items():
            command += ["-v", f"{name}={value}"]
        for _ in range(20):
            done = subprocess.run(
                command, input=text, env=self.environment, stdout=subprocess.PIPE, text=True
            )
            if done.returncode == 0:
                return done.stdout
            if done.returncode == SQL_ERROR:
                break
            time.sleep(1)
        raise RuntimeError(f"psql ended with {done.returncode}: {text}")

    def rows(self, query: str, **variables) -> list[dict]:
        text = self.psql(f"select coalesce(json_agg(q), '[]') from ({query}) q", **variables)
        return json.loads(text)

    def cancel_unfinished(self) -> None:
        self.psql(CANCEL)

    def load_truth(self, file: Path) -> None:
        name = str(file).replace("'", "''")
        self.psql(TRUTH.replace("{file}", name))

    def find_batch(self, key: str) -> str:
        return self.psql("select id from batches where key = :'key'", key=key).strip()

    def checks(self, batch: str, count: int) -> bool:
        """Runs and prints them."""
        print("\nchecks, in SQL")
        all_good = True
        for name, query in CHECKS.items():
            wanted, found = self.psql(query, batch=batch, count=count).strip().split("|")
            all_good &= say_check(name, wanted == found, f"{wanted} = {found}")
        return all_good


def say_check(name: str, good: bool, figures: str) -> bool:
    print(f"  {'ok    ' if good else 'FAILED'}  {name}: {figures}")
    return good


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


class Alone(NamedTuple):
    """What one tier would have made of all lines."""

    correct: int
    usd: float


def call_alone(tiers: list[Tier], known: list[tuple[dict, dict]], prices: dict) -> dict[str, Alone]:
    return {
        tier.name: Alone(sum(judge(tier, known).right), len(known) * float(prices[tier.name]))
        for tier in tiers
    }


def print_tiers(rows: list[dict], accept: dict[str, float]) -> None:
    form = "{:<8}{:>11}{:>9}{:>10}{:>10}{:>12}{:>11}{:>11}"
    heads = ("tier", "accepts at", "jobs", "accepted", "accuracy", "escalated", "to people", "USD")
    print("\n" + form.format(*heads))
    for r in rows:
        print(form.format(
            r["tier"], accept[r["tier"]], f"{r['attempts']:,}", f"{r['accepted']:,}",
            percent(r["correct"], r["accepted"]), f"{r['escalated']:,}", f"{r['ended']:,}",
            f"{r['usd']:.4f}",
        ))  # fmt: skip


def print_comparison(rows: list[dict], alone: dict[str, Alone], count: int, usd: float) -> None:
    accepted = sum(r["accepted"] for r in rows)
    correct = sum(r["correct"] for r in rows)
    form = "{:<14}{:>10}{:>10}{:>12}{:>18}"
    print("\n" + form.format("all lines", "answered", "accuracy", "USD", "of large's cost"))
    large = alone["large"].usd
    print(form.format("cascade", f"{accepted:,}", percent(correct, accepted), f"{usd:.4f}",
                      percent(usd, large)))  # fmt: skip
    for name, one in alone.items():
        print(form.format(f"{name} alone", f"{count:,}", percent(one.correct, count),
                          f"{one.usd:.4f}", percent(one.usd, large)))  # fmt: skip


def print_reasons(rows: list[dict]) -> None:
    print("\nwhy jobs moved on (one may have several reasons)")
    for r in rows:
        way = f"{r['tier']} to {r['next_tier'] or 'people'}"
        print(f"  {way:<16}{r['reason']:<28}{r['jobs']:>8,}")


def tell_story(report: Report, batch: str, show) -> None:
    found = report.rows(STORY, batch=batch)
    if not found:
        print("\nno job was held back by the rule alone")
        return
    s = found[0]
    print(f"""
The story of {s['custom_id']}: {s['tier']} said {s['said']}, {percent(s['confidence'], 1)} sure.
The rule: {s['why']}. {s['by']} then said {s['tax_type']}, which is right.
""", flush=True)  # fmt: skip
    show(s["job_id"])


def print_report(report: Report, batch: str, known: list, accept: dict, alone: dict) -> bool:
    """False: something does not hold. accept: the thresholds; alone: what call_alone gave."""
    rows = sorted(report.rows(PER_TIER, batch=batch), key=lambda r: TIERS.index(r["tier"]))
    pace = report.rows(PACE, batch=batch)[0]
    correct = sum(r["correct"] for r in rows)
    print_tiers(rows, accept)
    print_comparison(rows, alone, len(known), pace["usd"])
    print_reasons(report.rows(REASONS, batch=batch))
    print(f"\n{len(known):,} jobs in {pace['seconds']:.1f} s:"
          f" {len(known) / pace['seconds']:,.0f} jobs/s")  # fmt: skip
    good = report.checks(batch, len(known))
    good &= say_check(
        "the cascade, lines for people counted as wrong, is right at least as often as mid alone",
        correct >= alone["mid"].correct, f"{correct:,} and {alone['mid'].correct:,} right",
    )  # fmt: skip
    good &= say_check(
        "the cascade is cheaper than large alone",
        pace["usd"] < alone["large"].usd, f"{pace['usd']:.4f} and {alone['large'].usd:.4f} USD",
    )  # fmt: skip
    return good
