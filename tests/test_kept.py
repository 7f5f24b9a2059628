"""Tables that are kept for many readers, or not made before one asks."""

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import kept
from dashboard.charts import Chart


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


def test_the_table_of_a_chart_is_made_once_when_somebody_asks() -> None:
    made = []

    def table() -> pd.DataFrame:
        made.append(1)
        return pd.DataFrame({"地区": ["包头市"]})

    chart = Chart(
        name="排名",
        figure=go.Figure(),
        title="",
        subtitle="",
        footnotes=[],
        reading="",
        table=table,
        simulated=False,
    )
    assert not made
    again = Chart.from_json(chart.to_json())
    assert again.table.equals(chart.table)
    assert replace(chart, title="x").table is chart.table
    assert made == [1]
    with pytest.raises(TypeError, match="table"):
        Chart(name="", figure=go.Figure(), title="", subtitle="", footnotes=[], reading="", simulated=False)
