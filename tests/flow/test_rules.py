"""taskfit rules test: rules files on their own examples and on labelled answers. Needs no stack."""
import json
import subprocess

import pytest

from fleet import BUILD, ROOT

OK, USAGE, DATA, NOINPUT, CONFIG = 0, 64, 65, 66, 78
FILES = ["deploy/rules/invoice.jq", "deploy/rules/library.jq", "deploy/demo/rules.jq",
         "deploy/tour/rules.jq"]

BETWEEN = """\
# rule between escalate: the tax of another state
#   breaks {"input": {"from": "27", "to": "29"}, "answer": "CGST_SGST"}
#   holds  {"input": {"from": "27", "to": "29"}, "answer": "IGST"}
# rule dear note: worth a look
{
  between: (.input.from != .input.to and .answer != "IGST"),
  dear: (.input.value != null and .input.value > 100)
}
"""


def rules(*arguments, stdin=None):
    return subprocess.run([BUILD / "taskfit", "rules", *map(str, arguments)], text=True,
                          input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "rules.jq"
        file.write_text(text)
        return file
    return write


@pytest.mark.parametrize("file", FILES)
def test_the_rules_that_come_with_it_do_what_they_say(file):
    done = rules("test", ROOT / file)
    assert done.returncode == OK, done.stderr
    assert "examples do what they say" in done.stdout
    assert ", 0 examples" not in done.stdout


def line(frm, to, answer, label, **more):
    return json.dumps({"input": {"from": frm, "to": to, **more}, "answer": answer, "label": label})


LABELLED = "\n".join([
    line("27", "29", "CGST_SGST", "IGST"),             # caught
    line("27", "29", "CGST_SGST", "IGST", value=500),  # caught, and noted
    line("27", "29", "CGST_UTGST", "CGST_UTGST"),      # a hit on a right answer
    line("27", "27", "IGST", "CGST_SGST"),             # missed
    line("27", "27", "CGST_SGST", "CGST_SGST", value=500),
]) + "\n"


def test_what_would_have_been_caught(written):
    done = rules("test", written(BETWEEN), "--on", "-", "--json", stdin=LABELLED)
    assert done.returncode == OK, done.stderr
    told = json.loads(done.stdout)
    assert (told["answers"], told["wrong"]) == (5, 3)
    between, dear = told["rules"]
    assert (between["rule"], between["severity"]) == ("between", "escalate")
    assert (between["hits"], between["wrong"], between["alone"]) == (3, 2, 2)
    # Clopper and Pearson's lower bound of 2 of 3 at 95 %, one-sided: scipy's beta.ppf(.05, 2, 2)
    assert between["precision_at_least"] == pytest.approx(0.13535036217659, abs=1e-9)
    assert (dear["hits"], dear["wrong"], dear["alone"]) == (2, 1, 0)
    assert (told["any"]["hits"], told["any"]["wrong"]) == (3, 2)
    table = rules("test", written(BETWEEN), "--on", "-", stdin=LABELLED).stdout
    assert "5 answers, 3 of them wrong" in table
    row = next(text for text in table.splitlines() if text.startswith("between"))
    assert row.split() == ["between", "escalate", "3", "2", "66.7", "%", "13.5", "%", "66.7", "%",
                           "2"]


def test_equal_answers_are_equal_however_they_are_written(written):
    lines = '{"input": {"from": 1, "to": 1, "value": 2}, "answer": {"a": 1.0, "b": "é"}, ' \
            '"label": {"b": "\\u00e9", "a": 1}}\n'
    told = json.loads(rules("test", written(BETWEEN), "--on", "-", "--json", stdin=lines).stdout)
    assert (told["answers"], told["wrong"]) == (1, 0)


@pytest.mark.parametrize("slip, said", [
    ((".input.to and", ".input.too and"),
     "rules.jq:6: no example has a field 'too'; did you mean 'to'?"),
    (("holds  ", "breaks "),
     "rules.jq:3: rule 'between' holds in this example, which must break it"),
    (("between:", "betwen:"),
     "rules.jq:2: 'betwen' is breached, which the rules do not declare"),
])
def test_slips_are_told(written, slip, said):
    done = rules("test", written(BETWEEN.replace(*slip)))
    assert done.returncode == DATA
    assert said in done.stderr


@pytest.mark.parametrize("lines, said", [
    ('{"input": {}, "answer": "IGST"}\n', 'standard input: line 1: there is no "label"'),
    ('{"input": {}, "answer": 1, "label": 1}\n{"input"\n', "standard input: line 2: "),
    ('{"input": {}, "answer": 1, "label": 1, "hop": 99}\n', '"hop" is no number from 0 to 15'),
    ("", "standard input"),
])
def test_bad_lines_are_told(written, lines, said):
    done = rules("test", written(BETWEEN), "--on", "-", stdin=lines)
    assert done.returncode == DATA
    assert said in done.stderr


def test_other_slips(written, tmp_path):
    assert rules("test", tmp_path / "none.jq").returncode == NOINPUT
    assert rules("try", written(BETWEEN)).returncode == USAGE
    assert rules("test", written("{ between: ")).returncode == CONFIG
    undeclared = rules("test", written('# rule a note: b\n{betwen: true}\n'), "--on", "-",
                       stdin=LABELLED)
    assert undeclared.returncode == DATA
    assert "'betwen' is breached, which the rules do not declare" in undeclared.stderr
