"""Readers' pages are made one after the other.

Python runs one thread at a time: of pages that are made at once all are late, and with them the thread that sends them
off. docs/reliability.md (Load) has the figures with and without.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 5  # seconds; nobody waits longer for somebody whose page is held up
WAITING = frozenset({"briefs", "import"})  # pages that wait for pictures and loads, and keep no processor busy
_turn = threading.Lock()


@contextmanager
def of(page: str) -> Iterator[None]:
    """The turn of a page (its address), until it is made."""
    mine = page not in WAITING and _turn.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if mine:
            _turn.release()
