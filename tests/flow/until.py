"""Waiting for a condition, never for a time."""
import time


def until(condition, what, timeout=30):
    """Asks again and again until condition() is true, and returns what it gave."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout} s there is still no {what}")
        time.sleep(0.02)
