"""The configuration that most tests use: two tiers of scorers, one rule, then people."""
RULES = """\
# rule tax_type escalate: the tax type contradicts the states
{ tax_type: ((.input.from != .input.to) != (.answer == "IGST")) }
"""


def scorer(url, **more):
    return {"dialect": "scorer", "url": url, "confidence": "field", "price": {"call": "0.000001"},
            "timeout": "10s", **more,
            "retry": {"attempts": 3, "for": "20s", "base": "20ms", "cap": "200ms"}}


def cascade(tiny, mid, away="hold", **more):
    """tiny and mid: URLs, or models as scorer() gives them; away: of tiny."""
    entries = [m if isinstance(m, dict) else scorer(m) for m in (tiny, mid)]
    return {"models": {"tiny@1": entries[0], "mid@1": entries[1]},
            "tiers": {"tiny": {"models": [{"use": "tiny@1"}], "away": away},
                      "mid": {"models": [{"use": "mid@1"}]}},
            "paths": {"invoices": {"tiers": ["tiny", "mid"], "accept": {"tiny": 0.9, "mid": 0.8},
                                   "answer": {"labels": ["CGST_SGST", "IGST"]},
                                   "rules": "rules.jq", "last": "review"}},
            **more}


def line(n=0, within=True):
    """An invoice line whose states agree (within) or not."""
    return {"line": n, "from": "29", "to": "29" if within else "27", "text": "COTTON SAREES"}


def run_cascade(fleet, tiny, mid, **more):
    """Configures, makes topics and schema, starts all three; returns them when they are ready."""
    fleet.configure(cascade(tiny, mid, **more), RULES)
    fleet.init()
    programs = fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()
    return [program.ready() for program in programs]
