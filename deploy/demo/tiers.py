"""The three tiers' models: trained on the training split, tempered on the dev split.

A tier answers {section, tax_type}; each field has a model of its own, and the tier's confidence is
the product of both probabilities. Probabilities are softmax(scores / temperature), the temperature
being the one under which the dev split is least surprising: what a model says of itself then is
about the share of its answers that are right.

tiny   fastText, 4 dimensions. Its tax model has room for 50 pairs of states and so mixes some up:
       it calls a sale between two states a sale within one, and is sure of it.
mid    fastText with subwords.
large  TF-IDF of characters and words, linear.
"""

import json
import math
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data import Line, invoices, tariff_lines

DEV_LINES = 3000
PIECE = 2000  # texts at once: bounds the memory of the linear models' features
TIERS = ("tiny", "mid", "large")
FIELDS = ("section", "tax_type")
# Seconds on one core: 0.3, 2 and 3. -lr 0.5 is essential with so few lines.
FASTTEXT = {
    ("tiny", "section"): "-dim 4 -epoch 2 -lr 0.5",
    ("tiny", "tax_type"): "-dim 10 -epoch 5 -lr 0.5 -wordNgrams 2 -bucket 50",
    ("mid", "section"): "-dim 32 -epoch 15 -lr 0.5 -wordNgrams 2 -minn 3 -maxn 5 -bucket 100000",
    ("mid", "tax_type"): "-dim 16 -epoch 25 -lr 0.5 -wordNgrams 2 -bucket 20000",
}
TEMPERATURES = [0.2 + 0.05 * i for i in range(77)]

Scores = tuple[list[str], list[float]]  # labels, and a score for each


class Answer(NamedTuple):
    section: str
    tax_type: str
    confidence: float


# --- what a model sees of an invoice line


def words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def see_text(fields: dict) -> str:
    return words(fields["text"])


def see_states(fields: dict) -> str:
    return f"from{fields['supplier_state']} to{fields['place_of_supply']}"


def see_all(fields: dict) -> str:
    return f"{see_states(fields)} rate{fields['rate']} {words(fields['text'])}"


def see_pair(fields: dict) -> str:
    return f"{fields['supplier_state']}_{fields['place_of_supply']} {see_states(fields)}"


SEES: dict[tuple[str, str], Callable[[dict], str]] = {
    ("tiny", "tax_type"): see_states,
    ("mid", "tax_type"): see_all,
    ("large", "tax_type"): see_pair,
}


# --- one field of one tier


class Field:
    """Scores of all labels for many lines at once."""

    def __init__(self, folder: Path, tier: str, field: str):
        self.see = SEES.get((tier, field), see_text)
        self.temperature = 1.0
        self.path = folder / f"{tier}-{field}"
        meta = self.path.with_suffix(".json")
        if meta.exists():
            self.temperature = json.loads(meta.read_text())["temperature"]

    def scores(self, seen: list[str]) -> list[Scores]:
        raise NotImplementedError

    def predict(self, lines: list[dict]) -> list[tuple[str, float]]:
        seen = [self.see(line) for line in lines]
        different = list(dict.fromkeys(seen))
        scores = self.scores(different)
        found = {s: best(x, self.temperature) for s, x in zip(different, scores, strict=True)}
        return [found[s] for s in seen]


class FastTextField(Field):
    def __init__(self, folder: Path, tier: str, field: str):
        import fasttext

        super().__init__(folder, tier, field)
        self.model = fasttext.load_model(str(self.path.with_suffix(".bin")))

    def scores(self, seen: list[str]) -> list[Scores]:
        found = []
        for text in seen:
            labels, chances = self.model.predict(text, k=-1)
            found.append(
                ([x[9:] for x in labels], [math.log(max(float(p), 1e-9)) for p in chances])
            )
        return found


class LinearField(Field):
    def __init__(self, folder: Path, tier: str, field: str):
        super().__init__(folder, tier, field)
        self.model = pickle.loads(self.path.with_suffix(".pickle").read_bytes())

    def scores(self, seen: list[str]) -> list[Scores]:
        labels = list(self.model.classes_)
        found: list[Scores] = []
        for i in range(0, len(seen), PIECE):
            rows = self.model.decision_function(seen[i : i + PIECE])
            found += [(labels, row) for row in rows.tolist()]
        return found


def best(scores: Scores, temperature: float) -> tuple[str, float]:
    labels, values = scores
    most = max(values)
    total = sum(math.exp((v - most) / temperature) for v in values)
    return labels[values.index(most)], 1 / total


class Tier:
    def __init__(self, folder: Path, name: str):
        kind = LinearField if name == "large" else FastTextField
        self.name = name
        self.fields = [kind(folder, name, field) for field in FIELDS]

    def answer(self, lines: list[dict]) -> list[Answer]:
        section, tax = (field.predict(lines) for field in self.fields)
        return [Answer(s, t, p * q) for (s, p), (t, q) in zip(section, tax, strict=True)]


# --- training


def train_fasttext(path: Path, settings: str, pairs: list[tuple[str, str]]) -> None:
    text = path.with_suffix(".txt")
    text.write_text("".join(f"__label__{label} {seen}\n" for seen, label in pairs))
    # One thread: the same model each time.
    command = f"fasttext supervised -thread 1 -verbose 0 {settings} -input".split()
    subprocess.run([*command, text, "-output", path], check=True, stderr=subprocess.DEVNULL)
    text.unlink()
    path.with_suffix(".vec").unlink()


def train_linear(path: Path, pairs: list[tuple[str, str]], texts: bool) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    word = TfidfVectorizer(ngram_range=(1, 2 if texts else 1), sublinear_tf=True)
    character = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    features = make_union(character, word) if texts else word
    model = make_pipeline(features, LinearSVC(C=0.5, random_state=1))
    model.fit([seen for seen, _ in pairs], [label for _, label in pairs])
    path.with_suffix(".pickle").write_bytes(pickle.dumps(model))


def surprise(scores: list[Scores], right: list[str], temperature: float) -> float:
    total = 0.0
    for (labels, values), label in zip(scores, right, strict=True):
        most = max(values)
        mass = sum(math.exp((v - most) / temperature) for v in values)
        mine = values[labels.index(label)] if label in labels else most - 20
        total += math.log(mass) - (mine - most) / temperature
    return total


def temper(field: Field, dev: list[tuple[dict, dict]], name: str) -> None:
    scores = field.scores([field.see(fields) for fields, _ in dev])
    right = [truth[name] for _, truth in dev]
    field.temperature = min(TEMPERATURES, key=lambda t: surprise(scores, right, t))
    field.path.with_suffix(".json").write_text(json.dumps({"temperature": field.temperature}))


def train(folder: Path, lines: list[Line], tier: str) -> None:
    """Leaves the tier's models in `folder`."""
    count = sum(line.split == "train" for line in lines)
    known = list(invoices(lines, "train", count))
    random.Random(1).shuffle(known)
    for name in FIELDS:
        see = SEES.get((tier, name), see_text)
        pairs = [(see(fields), truth[name]) for fields, truth in known]
        path = folder / f"{tier}-{name}"
        if tier == "large":
            train_linear(path, pairs, texts=name == "section")
        else:
            train_fasttext(path, FASTTEXT[tier, name], pairs)
    dev = list(invoices(lines, "dev", DEV_LINES))
    for field, name in zip(Tier(folder, tier).fields, FIELDS, strict=True):
        temper(field, dev, name)


# --- what one tier says of many lines, and the thresholds that this suggests


class Verdicts(NamedTuple):
    """A tier's answers to lines whose truth is known; `allowed`: no rule is breached."""

    right: list[bool]
    allowed: list[bool]
    confidence: list[float]


def judge(tier: Tier, known: list[tuple[dict, dict]]) -> Verdicts:
    answers = tier.answer([fields for fields, _ in known])
    pairs = list(zip(answers, (truth for _, truth in known), strict=True))
    return Verdicts(
        [a.section == t["section"] and a.tax_type == t["tax_type"] for a, t in pairs],
        [a.tax_type == t["tax_type"] for a, t in pairs],
        [a.confidence for a, _ in pairs],
    )


def cascade(verdicts: list[Verdicts], accept: list[float], prices: list[float]):
    """Right answers, cost, and what no tier's answer stood for."""
    right, cost, left = 0, 0.0, 0
    for i in range(len(verdicts[0].right)):
        for tier, threshold, price in zip(verdicts, accept, prices, strict=True):
            cost += price
            if tier.allowed[i] and tier.confidence[i] >= threshold:
                right += tier.right[i]
                break
        else:
            left += 1
    return right, cost, left


GRID = [0.5 + 0.02 * i for i in range(25)]
LOSS = 0.01  # of accuracy, against large alone: what the lower price may cost
PEOPLE = 0.03  # share of all lines that may go to people


def choose(verdicts: list[Verdicts], prices: list[float]) -> dict[str, float]:
    """The cheapest thresholds of tiny and mid that lose next to nothing against large alone; then
    large's, so that people get the least sure lines, as many as they have time for."""
    count = len(verdicts[0].right)
    least = sum(verdicts[2].right) - LOSS * count
    pairs = [(tiny, mid) for tiny in GRID for mid in GRID]
    found = {pair: cascade(verdicts, [*pair, 0], prices) for pair in pairs}
    good = [pair for pair in pairs if found[pair][0] >= least] or pairs[-1:]
    pair = min(good, key=lambda p: found[p][1])
    large = max(
        (t for t in (0.01 * i for i in range(50))
         if cascade(verdicts, [*pair, t], prices)[2] <= PEOPLE * count),
        default=0.0,
    )  # fmt: skip
    return {name: round(t, 2) for name, t in zip(TIERS, (*pair, large), strict=True)}


if __name__ == "__main__":
    train(Path(sys.argv[2]), tariff_lines(Path(sys.argv[1])), sys.argv[3])
