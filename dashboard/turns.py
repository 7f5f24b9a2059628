"""Readers' pages are made one after the other, and so are large files.

Python runs one thread at a time: of pages that are made at once all are late, and with them the thread that sends them
off. Large files take memory besides. docs/reliability.md (Load, Whole tables) has the figures with and without.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

PATIENCE = 5  # seconds; nobody waits longer for somebody whose page is held up
WAITING = frozenset({"briefs", "import"})  # pages that wait for pictures and loads, and keep no processor busy
LARGE = 2_000  # rows; who asks for more waits for the turn of large files
LOOK_SECONDS = 0.05
_turn = threading.Lock()
_large = threading.Lock()


class BusyError(Exception):
    """Others are having large files made for longer than somebody waits for it; the message says so in Chinese."""

    def __init__(self) -> None:
        super().__init__("正在为其他人生成整份数据，请稍后再试")


@contextmanager
def of(page: str) -> Iterator[None]:
    """The turn of a page (its address), until it is made."""
    mine = page not in WAITING and _turn.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if mine:
            _turn.release()


@contextmanager
def of_large_file(patience: float) -> Iterator[None]:
    """The turn of a large file, for a thread that may wait so many seconds. Raises BusyError."""
    if not _large.acquire(timeout=patience):
        raise BusyError
    try:
        yield
    finally:
        _large.release()


@asynccontextmanager
async def of_large_answer(patience: float) -> AsyncIterator[None]:
    """The same turn, waited for without keeping a thread. Raises BusyError."""
    deadline = time.monotonic() + patience
    while not _large.acquire(blocking=False):
        if time.monotonic() > deadline:
            raise BusyError
        await asyncio.sleep(LOOK_SECONDS)
    try:
        yield
    finally:
        _large.release()
