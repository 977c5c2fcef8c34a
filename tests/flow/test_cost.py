"""What a batch costs is the sum over its attempts, to the last 1e-12 USD, however it is looked at."""
import decimal
import json
import random

from models import scored
from until import until

JSON = {"Content-Type": "application/json"}
PROMPT = '{messages: [{role: "user", content: .text}]}'
PICO = decimal.Decimal(10) ** 12


def usd(amount):
    return int(decimal.Decimal(amount) * PICO)


class Bill:
    """What a provider counted, in 1e-12 USD: tokens come at prices per million."""

    def __init__(self, seed, price):
        self.total = 0
        self.tokens = {"input": 0, "cached": 0, "output": 0}
        self._random = random.Random(seed)
        self._price = {kind: usd(amount) for kind, amount in price.items()}

    def draw(self):
        """Tokens of a request: fresh, cached, said, thought."""
        fresh, cached, said, thought = (self._random.randrange(1, 5000) for _ in range(4))
        self.tokens["input"] += fresh + cached
        self.tokens["cached"] += cached
        self.tokens["output"] += said + thought
        self.total += (fresh * self._price["input"] + cached * self._price["cached"]
                       + (said + thought) * self._price["output"]) // 10**6 + self._price["call"]
        return fresh, cached, said, thought


def chat(bill, answer):
    def rule(_):
        fresh, cached, said, thought = bill.draw()
        return 200, JSON, json.dumps({
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": answer}}],
            "usage": {"prompt_tokens": fresh + cached, "completion_tokens": said + thought,
                      "prompt_tokens_details": {"cached_tokens": cached},
                      "completion_tokens_details": {"reasoning_tokens": thought}}})
    return rule


def anthropic(bill, answer):
    def rule(_):
        fresh, cached, said, thought = bill.draw()
        return 200, JSON, json.dumps({
            "type": "message", "role": "assistant", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": answer}],
            "usage": {"input_tokens": fresh - 1, "cache_creation_input_tokens": 1,
                      "cache_read_input_tokens": cached, "output_tokens": said + thought}})
    return rule


def gemini(bill, answer):
    def rule(_):
        fresh, cached, said, thought = bill.draw()
        return 200, JSON, json.dumps({
            "candidates": [{"finishReason": "STOP", "content": {"role": "model",
                                                                "parts": [{"text": answer}]}}],
            "usageMetadata": {"promptTokenCount": fresh + cached, "cachedContentTokenCount": cached,
                              "candidatesTokenCount": said, "thoughtsTokenCount": thought}})
    return rule


PRICES = {"small": {"input": "0.25", "cached": "0.025", "output": "2", "call": "0.000001"},
          "mid": {"input": "3", "cached": "0.300001", "output": "15", "call": "0"},
          "large": {"input": "1.25", "cached": "0.31", "output": "10.000003", "call": "0.000000000001"}}


def test_every_view_of_it_is_the_sum_over_attempts(fleet, model):
    """Three providers' ways to tell cached and reasoning tokens; a shadow's cost is counted apart."""
    bills = {tier: Bill(n, price) for n, (tier, price) in enumerate(PRICES.items())}
    rules = {"small": chat(bills["small"], "neither"), "mid": anthropic(bills["mid"], "neither"),
             "large": gemini(bills["large"], "IGST")}
    dialects = {"small": "openai_chat", "mid": "anthropic", "large": "gemini"}
    shade = model(lambda _: scored("IGST", 0.5))
    config = {"models": {"shade@1": {"dialect": "scorer", "url": shade.url, "confidence": "field",
                                     "price": {"call": "0.7"}}},
              "tiers": {}, "paths": {"p": {
                  "tiers": list(PRICES), "answer": {"labels": ["IGST", "CGST_SGST"]},
                  "limits": {"spend": "0"}}}}
    for tier, price in PRICES.items():
        config["models"][f"{tier}@1"] = {
            "dialect": dialects[tier], "url": model(rules[tier]).url, "model": tier,
            "prompt": PROMPT, "price": price, "max_tokens": 100}
        config["tiers"][tier] = {"models": [f"{tier}@1"]}
    config["tiers"]["small"]["shadow"] = ["shade@1"]
    fleet.configure(config)
    fleet.init()
    for tier in PRICES:
        fleet.worker(tier)
    fleet.escalator().ready()
    rows = "".join(json.dumps({"id": f"n{n}", "text": "Rice"}) + "\n" for n in range(60))
    batch = json.loads(fleet.command("submit", "--path", "p", "--json",
                                     input=rows).stdout)["batch_id"]
    fleet.outcomes(60)
    until(lambda: fleet.count("shadow_attempts") == 60, "60 shadows")

    def told(*command):
        text = fleet.command(*command).stdout
        return [json.loads(row, parse_float=decimal.Decimal) for row in text.splitlines()]

    total = sum(bill.total for bill in bills.values())
    for tier, bill in bills.items():
        sums, = fleet.sql(
            "select sum(cost_pico_usd) as cost, sum(input_tokens) as input,"
            " sum(cached_tokens) as cached, sum(output_tokens) as output, count(*) as n"
            " from attempts where tier = %s", tier)
        assert (sums.cost, sums.n) == (bill.total, 60)
        assert bill.tokens == {"input": sums.input, "cached": sums.cached, "output": sums.output}
    watched, = told("watch", batch, "--once", "--json")
    results = told("results", batch, "--json")
    assert usd(watched["cost_usd"]) == total
    assert {t["tier"]: usd(t["cost_usd"]) for t in watched["tiers"]} == {
        tier: bill.total for tier, bill in bills.items()}
    assert len(results) == 60 and sum(usd(row["cost_usd"]) for row in results) == total
    assert usd(watched["shadow_cost_usd"]) == 60 * usd("0.7")
    assert {usd(row["shadow_cost_usd"]) for row in results} == {usd("0.7")}
    shown, = told("show", "n7", "--json")
    assert usd(shown["cost_usd"]) == sum(usd(hop["cost_usd"]) for hop in shown["hops"])
    progress, = fleet.sql("select cost_usd from batch_progress where batch_id = %s", batch)
    outcomes, = fleet.sql("select sum(cost_usd) as n from outcomes")
    tiers, = fleet.sql("select sum(cost_usd) as n from tier_stats")
    assert usd(progress.cost_usd) == usd(outcomes.n) == usd(tiers.n) == total
    csv = fleet.command("results", batch, "--format", "csv").stdout.splitlines()
    place = csv[0].split(",").index("cost_usd")
    assert sum(usd(row.split(",")[place]) for row in csv[1:]) == total
