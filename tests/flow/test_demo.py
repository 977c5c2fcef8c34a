"""The demo's parts that can be wrong without anybody seeing it: its truth and rules, the thresholds
that it chooses, its model server's reading of HTTP."""
import asyncio
import itertools
import json
import pathlib
import re
import subprocess
import sys
import zipfile

DEMO = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "demo"
sys.path.insert(0, str(DEMO))

import data  # noqa: E402
import serve  # noqa: E402
import tiers  # noqa: E402


# --- truth


def test_a_rule_is_breached_exactly_when_the_tax_type_is_wrong():
    cases = list(itertools.product(data.STATES, data.STATES, data.TAX_TYPES))
    lines = "".join(json.dumps({
        "input": {"supplier_state": supplier, "place_of_supply": place},
        "answer": {"tax_type": said}}) + "\n" for supplier, place, said in cases)
    done = subprocess.run(["jq", "-c", "-f", DEMO / "rules.jq"], input=lines, text=True,
                          capture_output=True, check=True)
    breached = [sum(text is not False for text in json.loads(line).values())
                for line in done.stdout.splitlines()]
    wrong = [int(said != data.tax_type(supplier, place)) for supplier, place, said in cases]
    assert breached == wrong


def test_check_digits_are_those_of_real_tax_numbers():
    # Examples that are printed in many places.
    for number in ("27AAPFU0939F1ZV", "29AAGCB7383J1Z4"):
        assert data.check_digit(number[:14]) == number[14]


def test_tariff_lines_are_whole_codes_with_one_text_and_one_section(tmp_path):
    wheel = tmp_path / "some.whl"
    with zipfile.ZipFile(wheel, "w") as z:
        z.writestr(data.MASTER, "HSNCode,Description\n"
                   "0101,LIVE HORSES\n"                   # a heading
                   "01012100,Live  horses for breeding\n"
                   "01012990,LIVE HORSES FOR BREEDING\n"  # again
                   "02011000,Offal\n15011000,OFFAL\n"     # in two chapters
                   "03011100,OTHER\n"                     # says nothing
                   "98010011,Project imports\n"           # no commodity
                   "995411,Construction services\n")
    found = data.tariff_lines(wheel)
    assert [line[:3] for line in found] == [
        ("01012100", "Live horses for breeding", "I"),
        ("995411", "Construction services", "SERVICES")]


def test_invoices_repeat_texts_with_new_headers_and_begin_alike():
    lines = [data.Line(f"0101{n:04}", f"horse {n}", "I", "test") for n in range(10)]
    lines.append(data.Line("01020000", "cow", "I", "train"))
    many = list(data.invoices(lines, "test", 25))
    assert many[:7] == list(data.invoices(lines, "test", 7))
    assert {fields["text"] for fields, _ in many[:10]} == {f"horse {n}" for n in range(10)}
    assert len({fields["supplier_gstin"] for fields, _ in many}) == 25
    assert all(right["tax_type"] == data.tax_type(f["supplier_state"], f["place_of_supply"])
               for f, right in many)


# --- thresholds


def test_the_cheapest_thresholds_that_keep_the_accuracy_are_chosen():
    # Tiny is right when it is .8 sure, mid never is; large always, but not sure of one line in 50.
    count = 100
    tiny = tiers.Verdicts([i < 40 for i in range(count)], [True] * count,
                          [0.8 if i < 40 else 0.6 for i in range(count)])
    mid = tiers.Verdicts([False] * count, [True] * count, [0.9] * count)
    large = tiers.Verdicts([True] * count, [True] * count,
                           [0.1 if i >= 98 else 0.9 for i in range(count)])
    accept = tiers.choose([tiny, mid, large], [1, 10, 1000])
    assert 0.6 < accept["tiny"] <= 0.8
    assert accept["mid"] > 0.9
    assert 0.1 < accept["large"] <= 0.9


def test_an_answer_that_breaks_a_rule_moves_on_however_sure():
    sure_and_wrong = tiers.Verdicts([False], [False], [1.0])
    right = tiers.Verdicts([True], [True], [0.3])
    assert tiers.cascade([sure_and_wrong, right, right], [0.5, 0.2, 0], [1, 10, 1000]) == (1, 11, 0)
    assert tiers.cascade([sure_and_wrong] * 3, [0.5, 0.2, 0], [1, 10, 1000]) == (0, 1011, 1)


# --- the model server


class Certain:
    """In place of trained models: what matters here is HTTP."""

    name = "tiny"

    def answer(self, lines):
        return [tiers.Answer("I", "IGST", 0.9) for _ in lines]


LINE = json.dumps({"text": "horse", "supplier_state": "27", "place_of_supply": "29", "rate": 5})


def post(body, path="/score", extra=""):
    return f"POST {path} HTTP/1.1\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def talk(pieces):
    scorer = serve.Scorer(Certain())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: serve.Connection(scorer), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    writer.write_eof()
    reply = await reader.read()
    writer.close()
    server.close()
    return reply.decode()


def statuses(*pieces):
    return [int(status) for status in re.findall(r"HTTP/1\.1 (\d+)", asyncio.run(talk(pieces)))]


def test_requests_sent_ahead_are_each_answered():
    assert statuses(post(LINE) * 3) == [200] * 3
    assert statuses(post("{") * 5000) == [400] * 5000


def test_a_request_in_pieces_of_one_byte_is_one_request():
    assert statuses(*(bytes([b]) for b in post(LINE))) == [200]


def test_what_is_no_invoice_line_is_refused_and_the_connection_goes_on():
    bad = ["{", "[]", "{}", "", LINE.replace("5}", '"5"}')]
    assert statuses(*(post(b) for b in bad), post(LINE)) == [400] * 5 + [200]


def test_other_requests_are_told_what_there_is():
    assert statuses(post(LINE, path="/v1/score"), b"GET /healthz HTTP/1.1\r\n\r\n") == [404, 200]


def test_a_body_of_unknown_or_huge_length_ends_the_connection():
    chunked = b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert statuses(chunked, post(LINE)) == [400]
    assert statuses(b"POST /score HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n") == [413]
    assert statuses(b"POST /score HTTP/1.1\r\nContent-Length: many\r\n\r\n") == [400]
    assert statuses(b"A" * 20000) == [413]
