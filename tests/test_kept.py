"""Tables that are kept for many readers."""

import pandas as pd
import pytest

from dashboard import kept


def test_a_kept_table_is_made_once_and_no_reader_changes_it_for_another() -> None:
    made = []

    @kept.table(max_entries=2)
    def table(name: str) -> pd.DataFrame:
        made.append(name)
        return pd.DataFrame({"value": [1.0, 2.0], "name": [name, name]}, index=["a", "b"])

    mine = table("x")
    mine.loc["a", "value"] = 99.0
    mine["new"] = 1
    mine.index.name = "mine"
    yours = table("x")
    assert made == ["x"]
    assert yours["value"].tolist() == [1.0, 2.0]
    assert list(yours) == ["value", "name"]
    assert yours.index.name is None
    assert table("y")["name"].tolist() == ["y", "y"]
    assert made == ["x", "y"]
    with pytest.raises(ValueError, match="read-only"):
        yours["value"].to_numpy()[0] = 5.0
