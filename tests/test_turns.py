"""Pages are made one after the other, and nobody waits for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard import turns


def test_one_page_is_made_at_a_time_and_a_failing_one_gives_its_turn_back() -> None:
    at_work, most = 0, 0
    counting = threading.Lock()

    def make(number: int) -> None:
        nonlocal at_work, most
        with turns.of("map"):
            with counting:
                at_work += 1
                most = max(most, at_work)
            threading.Event().wait(0.002)
            with counting:
                at_work -= 1
            if number % 3 == 0:
                raise RuntimeError

    with ThreadPoolExecutor(6) as readers:
        made = [readers.submit(make, number) for number in range(24)]
    assert [task.exception() is None for task in made] == [number % 3 != 0 for number in range(24)]
    assert most == 1


def test_nobody_waits_longer_than_patience_lasts_nor_for_a_page_that_only_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    held, reached = threading.Event(), threading.Event()

    def hang() -> None:
        with turns.of("map"):
            reached.set()
            held.wait(10)

    with ThreadPoolExecutor(1) as other:
        hanging = other.submit(hang)
        assert reached.wait(10)
        with turns.of("map"), turns.of("import"):
            assert not hanging.done()
        held.set()
    with turns.of("map"):
        assert turns._turn.locked()
    assert not turns._turn.locked()
