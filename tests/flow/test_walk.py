"""README's walk on real answers: from unlabelled invoice lines to a certificate in force, audits of
it, and a queue of reviews worked off.

invoices.csv: 900 lines of the demo with what is right, and what its three trained models answered
(deploy/demo; the texts' classes are those of the Indian GST portal's open data).
"""
import csv
import json
import pathlib
import re

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
    fleet.command("label", "import", "right.csv", "--batch", batch, "--by", "anna", "--settle")


def test_from_unlabelled_lines_to_a_certificate_in_force(walk):
    lines = list(INVOICES.values())
    sample, rest = lines[:SAMPLE], lines[SAMPLE:]

    submit(walk, "sample.ndjson", sample, "--all-tiers")
    assert walk.count("attempts") == 3 * SAMPLE
    label(walk, "sample.ndjson", sample)
    assert walk.count("reviews where state = 'open'") == 0
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


def answered(tier, line):
    return {"section": line[f"{tier}.section"], "tax_type": line[f"{tier}.tax_type"]}


def due(line):
    """The tax type by the states, said anew: rules.jq must say the same."""
    return ("IGST" if line["from"] != line["to"] else
            "CGST_UTGST" if line["from"] in ("04", "26", "31", "35", "38") else "CGST_SGST")


def test_each_other_command(walk):
    """Of 300 real lines that all tiers answered: what each command tells is what the file tells."""
    lines = list(INVOICES.values())[:300]
    submit(walk, "sample.ndjson", lines, "--all-tiers")
    label(walk, "sample.ndjson", lines)
    one = lines[7]
    name = f"sample.ndjson/{one['id']}"
    correct = {t: sum(answered(t, i) == right(i) for i in lines) for t in TIERS}

    assert "300 of 300 (100 %)" in walk.command("watch").stdout
    story = json.loads(walk.command("show", name, "--json").stdout)
    assert [h["answer"] for h in story["hops"]] == [answered(t, one) for t in TIERS]
    assert story["answer"] == right(one) and story["outcome_tier"] == "review"

    line = json.dumps({"id": one["id"], "supplier_state": one["from"], "place_of_supply": one["to"]})
    tried = json.loads(walk.command("try", "--json", input=line).stdout)
    assert [t["answer"] for t in tried["tiers"]] == [answered(t, one) for t in TIERS]
    probed = json.loads(walk.command("probe", "mid", "-n", "5", "--input", "sample.ndjson",
                                     "--json").stdout)
    assert probed["calls"] == 5 and walk.count("attempts") == 900  # neither is stored

    found = json.loads(walk.command("compare", "tiny", "large", "--json").stdout)
    assert (found["a"]["accuracy"], found["b"]["accuracy"]) == (
        pytest.approx(correct["tiny"] / 300), pytest.approx(correct["large"] / 300))
    assert found["winner"] == "large"

    (walk.directory / "labelled.ndjson").write_text("".join(json.dumps({
        "input": {"supplier_state": i["from"], "place_of_supply": i["to"]},
        "answer": answered("tiny", i), "label": right(i)}) + "\n" for i in lines))
    ruled = json.loads(walk.command("rules", "test", "rules.jq", "--on", "labelled.ndjson",
                                    "--json").stdout)
    assert sum(r["hits"] for r in ruled["rules"]) == sum(
        i["tiny.tax_type"] != due(i) for i in lines) > 0

    quality = json.loads(walk.command("quality", "--path", "invoices", "--html", "quality.html",
                                      "--json").stdout)
    assert quality["items"] == 300
    page = (walk.directory / "quality.html").read_text()
    assert page.count("<svg") > len(TIERS) and "tax_between_states" in page

    walk.command("switch", "tiny", "mid@1", "--by", "anna")
    assert "mid@1" in walk.command("switch", "tiny").stdout
    walk.command("switch", "tiny", "--undo", "--by", "anna")
    assert walk.command("dead", "list", "--json").stdout == ""
    assert "nothing to cancel" in walk.command("cancel", "sample.ndjson").stdout
    assert walk.command("key", "add", "billing", "--tenant", "acme").returncode == 0
    key, = (json.loads(k) for k in walk.command("key", "list", "--json").stdout.splitlines())
    assert (key["name"], key["tenant"]) == ("billing", "acme")
    assert walk.command("webhook", "list", "--json").stdout == ""


def test_no_command_is_left_out(fleet):
    """Each that `taskfit --help` lists is run over real lines here."""
    told = fleet.command("--help").stdout.split("commands:")[1].split("options of")[0]
    commands = set(re.findall(r"^  ([a-z]+) ", told, re.M)) - {"init"}  # Fleet.init
    assert len(commands) > 15
    assert commands <= set(re.findall(r'command\(\s*"([a-z]+)"', pathlib.Path(__file__).read_text()))
