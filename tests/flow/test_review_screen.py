"""The queue worked off on a terminal, as a person types."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from cascade import RULES, cascade, line
from fleet import BUILD
from models import scored
from test_review import LINES, check_books, outcome, run_batch
from until import until


class Person:
    """`taskfit review` on a terminal of its own."""

    def __init__(self, fleet, *arguments, by="anna"):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        os.set_blocking(self.master, False)
        self.before = termios.tcgetattr(self.slave)
        self.seen = ""
        self.child = subprocess.Popen(
            [BUILD / "taskfit", "review", "--by", by, *arguments], cwd=fleet.directory,
            stdin=self.slave, stdout=self.slave, stderr=subprocess.PIPE, start_new_session=True)

    def _read(self):
        try:
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        except BlockingIOError:
            pass
        return re.sub(r"\033\[[0-9;]*[A-Za-z]", "", self.seen)

    def sees(self, text):
        """Waits for it on the screen that was drawn since the last key."""
        return until(lambda: self._read() if text in self._read() else None,
                     f"'{text}' on the screen: {self._read()!r}")

    def types(self, keys):
        self.seen = ""
        os.write(self.master, keys.encode())

    def ends(self):
        """The exit status, and whether the terminal is as it was."""
        until(lambda: (self._read(), self.child.poll() is not None)[1], "the end")
        same = termios.tcgetattr(self.slave) == self.before
        return self.child.returncode, same

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def person(fleet):
    people = []

    def come(*arguments, **more):
        people.append(Person(fleet, *arguments, **more))
        return people[-1]
    yield come
    for one in people:
        one.close()


def test_the_queue_worked_off(fleet, model, person):
    run_batch(fleet, model)
    anna = person("--path", "invoices")
    screen = anna.sees("keys")
    first = re.search(r"(INV-\d), path invoices, outcome, round 1", screen)[1]
    for words in ("a tiny", "*b mid", "answer ≠", "CGST_SGST", "rule.tax_type",
                  "the tax type contradicts the states", "1 CGST_SGST, 2 IGST", "0.3000"):
        assert words in screen, words
    anna.types("\r")
    screen = anna.sees("keys")
    second = re.search(r"(INV-\d), path", screen)[1]
    assert f'{first}: "IGST"' in screen
    anna.types("1")
    third = re.search(r"(INV-\d), path", anna.sees(f'{second}: "CGST_SGST"'))[1]
    anna.types("s")
    anna.sees("skipped")
    anna.types("n")
    anna.sees("note: ")
    anna.types("a stock transfer\n")
    anna.sees("a stock transfer")
    anna.types("=")
    anna.sees("answer: ")
    anna.types("VAT\n")
    anna.sees("allowed are CGST_SGST, IGST")
    anna.types("=")
    anna.sees("answer: ")
    anna.types("igst\n")
    anna.sees("your answer")
    anna.types("\r")
    assert "1 accepted, 2 corrected, 1 skipped" in anna.sees("nothing more waits for you")
    assert anna.ends() == (0, True)
    assert (outcome(fleet, first).answer, outcome(fleet, first).model) == ("IGST", "mid@1")
    assert outcome(fleet, second).answer == "CGST_SGST"
    assert outcome(fleet, third).verdict == "review"
    assert {r.note for r in fleet.sql("select note from outcomes")} == {None, "a stock transfer"}
    check_books(fleet)


def test_undo_and_leaving_give_back(fleet, model, person):
    run_batch(fleet, model)
    anna = person()
    first = re.search(r"(INV-\d), path", anna.sees("keys"))[1]
    anna.types("u")
    anna.sees("there is nothing to take back")
    anna.types("b")
    anna.sees(f'{first}: "IGST"')
    anna.types("u")
    assert first + ", path" in anna.sees("taken back")
    assert outcome(fleet, first).verdict == "review"
    anna.types("q")
    assert anna.ends() == (0, True)
    assert fleet.count("reviews where lease_by is not null") == 0
    check_books(fleet)


def test_two_people_never_see_the_same_job(fleet, model, person):
    run_batch(fleet, model)
    people = [person(by=name) for name in ("anna", "ben", "carl")]
    names = {re.search(r"(INV-\d), path", one.sees("keys"))[1] for one in people}
    assert len(names) == 3
    for one in people:
        one.types("q")
        assert one.ends() == (0, True)


def test_a_signal_leaves_the_terminal_as_it_was(fleet, model, person):
    run_batch(fleet, model)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV):
        anna = person()
        anna.sees("keys")
        assert termios.tcgetattr(anna.slave) != anna.before
        anna.child.send_signal(number)
        assert anna.ends() == (-number, True)
        held = fleet.count("reviews where lease_by is not null")
        assert held == (number == signal.SIGSEGV)


def test_fields_are_changed_one_by_one(fleet, model, person):
    config = cascade(model(lambda _: scored({"tax": "CGST_SGST", "hsn": "5208"}, 0.97)).url,
                     model(lambda _: scored({"tax": "IGST", "hsn": "5209"}, 0.3)).url)
    config["paths"]["invoices"]["answer"] = {"fields": {
        "tax": {"labels": ["CGST_SGST", "IGST"]}, "hsn": {"optional": True}}}
    fleet.configure(config, RULES.replace(".answer ==", ".answer.tax =="))
    fleet.init()
    for program in (fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()):
        program.ready()
    (fleet.directory / "lines.csv").write_text("id,from,to\nINV-1,29,27\n")
    fleet.command("submit", "lines.csv")
    fleet.command("watch")
    anna = person()
    screen = anna.sees("keys")
    assert "tax ≠" in screen and "hsn ≠" in screen and "1 tax, 2 hsn" in screen
    anna.types("2")
    anna.sees("hsn: ")
    anna.types('"5210"\n')
    anna.sees('{"tax":"IGST","hsn":"5210"}')
    anna.types("1")
    anna.sees("2 IGST")
    anna.types("cg\n")
    anna.sees('{"tax":"CGST_SGST","hsn":"5210"}')
    anna.types("\r")
    anna.sees("nothing more waits for you")
    assert anna.ends() == (0, True)
    assert outcome(fleet, "INV-1").answer == {"tax": "CGST_SGST", "hsn": "5210"}
