"""What the fleet asks the database costs the same however old its tables are: no statement of its
loop reads a table from end to end."""
import re

import psycopg
import pytest

from cascade import cascade
from fleet import ROOT, Fleet

# Rows as of some weeks: what was cancelled, decided and died long ago.
OLD = """
insert into batches (id, key, name, path, format, cancelled_at)
    select gen_random_uuid(), n, n, 'p', 'csv', now() - interval '1 week'
    from generate_series(1, 20000) n;
insert into cancellations select gen_random_uuid(), now() - interval '1 week'
    from generate_series(1, 20000);
insert into attempts (job_id, hop, tier, path, error, input_tokens, output_tokens, cached_tokens,
        cost_pico_usd, calls, latency_ms, http_status, worker, started_at)
    select gen_random_uuid(), 0, 't', 'p', 'error.busy', 0, 0, 0, 0, 1, 1, 200, 'w', now()
    from generate_series(1, 20000);
insert into decisions (job_id, hop, tier, verdict, final, reasons, policy, path, cost_pico_usd,
        created_at)
    select job_id, hop, tier, 'review', true, '{error.busy}', 'v', path, 0, now() from attempts;
insert into dead_letters (topic, partition, "offset", job_id, value, reason, attempts, recorded_at)
    select 't', 0, row_number() over (), job_id, '', 'path.unknown', 0, now() from attempts;
insert into inputs select job_id, null, '{}' from attempts;
insert into policies (version, path, text) select n, 'p', '' from generate_series(1, 20000) n;
insert into labels (job_id, path, answer, labeler, source)
    select job_id, 'p' || mod(row_number() over (), 100), '1', 'anna', 'import' from attempts;
insert into audits (job_id, hop) select job_id, 0 from attempts;
update batches set capped_at = now() - interval '1 week' where right(key, 1) < '5';
analyze;
"""
STATEMENTS = ["admit", "recall", "store_attempts", "store_decisions", "find_decisions",
              "store_dead_letters", "audit_verdicts"]


def text_of(statement):
    queries = (ROOT / "schema/queries.sql").read_text()
    text = re.search(rf"^-- name: {statement}\n(.*?)(?=^-- name: |\Z)", queries, re.M | re.S)[1]
    return re.sub(r"^--.*", "", text, flags=re.M)  # those on the next one


def scanned(plan):
    """Tables that are read from end to end."""
    found = [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" else []
    return found + [table for part in plan.get("Plans", []) for table in scanned(part)]


@pytest.fixture(scope="module")
def old(stack, tmp_path_factory):
    """The address of such a database."""
    fleet = Fleet(stack, tmp_path_factory.mktemp("old"))
    fleet.configure(cascade("http://127.0.0.1:9/", "http://127.0.0.1:9/"), "{}")
    fleet.init()
    fleet.sql_run(OLD)
    return fleet.database_url


def plan_of(old, name):
    text = text_of(name)
    nulls = ", ".join(["null"] * max(int(number) for number in re.findall(r"\$(\d+)", text)))
    with psycopg.connect(old, autocommit=True) as database:
        database.execute("set plan_cache_mode = force_generic_plan")  # as the fleet does
        database.execute(f"prepare statement as {text}")
        plan, = database.execute(f"explain (format json) execute statement ({nulls})").fetchone()
    return plan[0]["Plan"]


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_is_read_from_end_to_end(old, name):
    assert scanned(plan_of(old, name)) == []


@pytest.mark.parametrize("name", ["tune_jobs", "tune_answers", "tune_inputs"])
def test_labels_of_a_path_are_found_by_index(old, name):
    assert "labels" not in scanned(plan_of(old, name))
