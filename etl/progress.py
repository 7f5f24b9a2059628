"""How far a long work is. The work tells its share; who started it watches, and nobody in between passes it on.

What is being done is told in words beside it (`Say`), because the words must not get lost where nobody watches.

    with watched(print), part(0, 0.5):
        advance(0.1)  # prints 0.05
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

Say = Callable[[str], None]  # told what begins, in Chinese


@dataclass(frozen=True)
class _Part:
    """Whom to tell, and which stretch of the whole (0 to 1) the present work is."""

    tell: Callable[[float], None]
    start: float
    end: float


_present: ContextVar[_Part | None] = ContextVar("present", default=None)


@contextmanager
def watched(tell: Callable[[float], None]) -> Iterator[None]:
    """Calls `tell` with the share of the whole that is done (0 to 1) for everything within the block."""
    before = _present.set(_Part(tell, 0.0, 1.0))
    try:
        yield
    finally:
        _present.reset(before)


@contextmanager
def part(start: float, end: float) -> Iterator[None]:
    """What is done within the block is the stretch from `start` to `end` of the work around it."""
    whole = _present.get()
    if whole is None:
        yield
        return
    width = whole.end - whole.start
    before = _present.set(_Part(whole.tell, whole.start + start * width, whole.start + end * width))
    try:
        advance(0.0)
        yield
        advance(1.0)
    finally:
        _present.reset(before)


def advance(share: float) -> None:
    """Tells that a share (0 to 1) of the present work is done."""
    present = _present.get()
    if present is not None:
        present.tell(present.start + min(max(share, 0.0), 1.0) * (present.end - present.start))
