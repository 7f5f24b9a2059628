"""The app's own database: data/state/app.sqlite."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboard import state

ROUNDS = 60  # of a hundred first uses at once, six failed while the file was switched to WAL in its place


def test_whoever_comes_first_at_once_meets_one_whole_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(8) as readers:
        for number in range(ROUNDS):
            monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / str(number)))
            assert len(set(readers.map(lambda _: state.seal_key(), range(16)))) == 1
            left = {file.name for file in (tmp_path / str(number) / "state").iterdir()}
            assert left <= {"app.sqlite", "app.sqlite-wal", "app.sqlite-shm"}, "nothing half made"


def test_readers_do_not_wait_for_a_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(state, "WAIT_SECONDS", 0)
    key = state.seal_key()
    with state.writing() as connection:
        connection.execute("DELETE FROM seal")
        with state.database() as other:
            assert other.execute("SELECT key FROM seal").fetchone() == (key,)
