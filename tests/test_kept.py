"""Tables that are kept for many readers, or not made before one asks."""

import gc
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import kept
from dashboard.charts import Chart, coverage

WORDS = {"name": "排名", "title": "", "subtitle": "", "footnotes": [], "reading": "", "simulated": False}
TABLE = pd.DataFrame({"地区": ["包头市"]})


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


def test_a_kept_table_does_not_grow_by_being_read() -> None:
    @kept.table(max_entries=1)
    def table() -> pd.DataFrame:
        return pd.DataFrame({"value": [1.0, 2.0], "name": ["x", "y"]}, index=["a", "b"])

    def notes_after(readers: int) -> int:
        for _ in range(readers):
            mine = table()
            mine[mine["value"] > 1].assign(double=mine["value"] * 2)["name"].to_list()
        gc.collect()
        return sum(isinstance(one, weakref.ref) for one in gc.get_objects())

    few = notes_after(3)
    assert notes_after(300) - few < 300  # less than one a reader; other threads make notes of their own


def test_the_table_of_a_chart_is_made_once_when_somebody_asks() -> None:
    made = []

    def table() -> pd.DataFrame:
        made.append(1)
        return TABLE.copy()

    chart = Chart(figure=go.Figure(), table=table, **WORDS)
    assert not made
    again = Chart.from_json(chart.to_json())
    assert again.table.equals(chart.table)
    assert replace(chart, title="x").table is chart.table
    assert made == [1]
    with pytest.raises(TypeError, match="table"):
        Chart(figure=go.Figure(), **WORDS)


class Sealed(dict):  # type: ignore[type-arg]
    """A trace that several readers use at once."""

    def pop(self, *_: object) -> object:
        raise AssertionError("taken apart while another reader may look")


def test_a_grid_is_drawn_for_one_reader_without_touching_what_the_others_use() -> None:
    shared = coverage.Grid(
        traces=[Sealed(type="heatmap", z=[[1]])],
        layout={"yaxis": {}},
        names={"a": "甲"},
        words=WORDS | {"table": TABLE},
    )
    drawn = shared.chart("a").figure
    assert drawn.data[0].type == "heatmap"
    assert drawn.layout.yaxis.ticktext == ("<b>甲</b>",)


def test_a_chart_is_whole_for_one_reader_while_another_copies_it() -> None:
    chart = Chart(figure=go.Figure([{"type": "heatmap", "z": [[1]]}] * 40), table=TABLE, **WORDS)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as readers:
            kinds = [readers.submit(lambda: {trace.type for trace in chart.own_figure().data}) for _ in range(60)]
            assert {kind for found in kinds for kind in found.result()} == {"heatmap"}
    finally:
        sys.setswitchinterval(before)
