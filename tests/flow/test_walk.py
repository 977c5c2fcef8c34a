"""README's walk on real answers: from unlabelled invoice lines to a certificate in force, audits of
it, and a queue of reviews worked off.

invoices.csv: 900 lines of the demo with what is right, and what its three trained models answered
(deploy/demo; the texts' classes are those of the Indian GST portal's open data).
"""
import csv
import json
import pathlib

import pytest

from cascade import scorer
from models import scored
from test_reload import hang_up, reloaded
from until import until

HERE = pathlib.Path(__file__).parent
DEMO = HERE.parents[1] / "deploy" / "demo"
TIERS = {"tiny": "0.000001", "mid": "0.00003", "large": "0.001"}
RISK = 0.15
SAMPLE = 600

with open(HERE / "invoices.csv", newline="") as file:
    INVOICES = {row["id"]: row for row in csv.DictReader(file)}


def right(line):
    return {"section": line["section"], "tax_type": line["tax_type"]}


@pytest.fixture
def walk(fleet, model):
    """The fleet over models that answer as the demo's did."""
    def answers(tier):
        def answer(request):
            line = INVOICES[request.body["id"]]
            return scored({"section": line[f"{tier}.section"],
                           "tax_type": line[f"{tier}.tax_type"]}, float(line[f"{tier}.confidence"]))
        return model(answer)
    sections = sorted({line["section"] for line in INVOICES.values()} |
                      {line[f"{t}.section"] for line in INVOICES.values() for t in TIERS})
    fleet.configure({
        "models": {f"{t}@1": scorer(answers(t).url, price={"call": p}) for t, p in TIERS.items()},
        "tiers": {t: {"models": [f"{t}@1"]} for t in TIERS},
        "paths": {"invoices": {
            "tiers": list(TIERS), "accept": dict.fromkeys(TIERS, 1), "rules": "rules.jq",
            "answer": {"fields": {
                "section": {"labels": sections},
                "tax_type": {"labels": ["CGST_SGST", "CGST_UTGST", "IGST"]}}}}}},
        (DEMO / "rules.jq").read_text())
    fleet.init()
    fleet.roles = [*(fleet.worker(t) for t in TIERS), fleet.escalator()]
    for role in fleet.roles:
        role.ready()
    return fleet


def submit(fleet, name, lines, *arguments):
    (fleet.directory / name).write_text("".join(json.dumps({
        "id": line["id"], "supplier_state": line["from"], "place_of_supply": line["to"]}) + "\n"
        for line in lines))
    fleet.command("submit", name, "--wait", *arguments)


def label(fleet, batch, lines):
    with open(fleet.directory / "right.csv", "w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["custom_id", "answer.section", "answer.tax_type"])
        rows.writerows([line["id"], line["section"], line["tax_type"]] for line in lines)
    fleet.command("label", "import", "right.csv", "--batch", batch, "--by", "anna")


def test_from_unlabelled_lines_to_a_certificate_in_force(walk):
    lines = list(INVOICES.values())
    sample, rest = lines[:SAMPLE], lines[SAMPLE:]

    submit(walk, "sample.ndjson", sample, "--all-tiers")
    assert walk.count("attempts") == 3 * SAMPLE
    label(walk, "sample.ndjson", sample)
    tuned = walk.command("tune", "--path", "invoices", "--risk", str(RISK), "-o", "invoices.json")
    assert f"among accepted answers at most {100 * RISK:g} % are wrong" in tuned.stdout
    certificate = json.loads((walk.directory / "invoices.json").read_text())
    assert certificate["labels"] == SAMPLE
    used = {t["tier"]: t["threshold"] for t in certificate["tiers"] if t["used"]}

    path = walk.config["paths"]["invoices"]
    del path["accept"]
    path.update(certificate="invoices.json", audit=1)
    walk.write_config()
    assert "certificate    invoices: " in walk.command("check").stdout
    hang_up(*walk.roles)
    for role in walk.roles:
        reloaded(role)
    submit(walk, "rest.ndjson", rest)
    outcomes = [json.loads(line) for line in walk.command("results", "--json").stdout.splitlines()]
    accepted = [o for o in outcomes if o["verdict"] == "accept"]
    wrong = [o for o in accepted if o["answer"] != right(INVOICES[o["custom_id"]])]
    assert len(outcomes) == len(rest) and {o["tier"] for o in accepted} <= set(used)
    assert len(accepted) / len(rest) == pytest.approx(certificate["expected"]["accepted"], abs=0.1)
    assert 0 < len(wrong) / len(accepted) <= RISK
    # Anyone comes to the same with the file alone, and the rules.
    for o in accepted:
        line = INVOICES[o["custom_id"]]
        assert float(line[f"{o['tier']}.confidence"]) >= used[o["tier"]]

    label(walk, "rest.ndjson", [INVOICES[o["custom_id"]] for o in accepted])
    escalator = walk.roles[-1]
    until(lambda: escalator.metric("taskfit_certificate_audits") == len(accepted), "all verdicts")
    assert escalator.metric("taskfit_certificate_audits_wrong") == len(wrong)
    assert escalator.metric("taskfit_certificate_state") == 0

    queue = [json.loads(line) for line in walk.command(
        "review", "--list", "--batch", "rest.ndjson", "--reason", "outcome", "-n", "1000",
        "--json").stdout.splitlines()]
    assert len(queue) == len(rest) - len(accepted)
    one = queue[0]
    walk.command("review", one["job_id"], "--answer",
                 json.dumps(right(INVOICES[one["custom_id"]])), "--by", "anna")
    outcome, = walk.sql("select verdict, tier, answer from outcomes where job_id = %s",
                        one["job_id"])
    assert (outcome.verdict, outcome.tier) == ("accept", "review")
    assert outcome.answer == right(INVOICES[one["custom_id"]])
