"""Chart builders: DataFrame in, plotly Figure out. They never query, and never touch the page."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io

from dashboard.theme import DEMO_MARK, Palette

VALUE = "数值"  # the column of a table twin with the value in words
CHANGE = "变化"  # the same of what rose or fell, in words
MARK_TONE = "#7a828c"  # of the mark of simulated data
BAR = "对照"  # of a column with the same value as a number, shown as a bar: alone, or behind the name of its column


class Later:
    """A table that is there, or a function that makes it, called when the table is first asked for.

    Most readers never open a table twin. See "Descriptor-typed fields" in the documentation of dataclasses.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, chart: object | None, owner: type) -> pd.DataFrame:
        if chart is None:  # the dataclass asks for a default
            raise AttributeError(self._name)
        kept: pd.DataFrame | Callable[[], pd.DataFrame] = vars(chart)[self._name]
        if callable(kept):
            kept = vars(chart)[self._name] = kept()
        return kept

    def __set__(self, chart: object, table: pd.DataFrame | Callable[[], pd.DataFrame]) -> None:
        vars(chart)[self._name] = table


@dataclass(frozen=True)
class Chart:
    """A figure and the words that belong to it (design, section 5), the same on screen and in an export.

    `title`: what it says, as a statement. `subtitle`: indicator, unit, period, data set. `footnotes`: source,
    definition, date, release, map note. `reading`: one sentence for readers who cannot see it. `table`: the same
    figures as a table with Chinese headers; may be given as a function that makes it. `simulated`: carries the mark
    演示数据（模拟）.
    """

    name: str
    figure: go.Figure
    title: str
    subtitle: str
    footnotes: list[str]
    reading: str
    simulated: bool
    table: Later = Later()

    def own_figure(self) -> go.Figure:
        """The figure once more, to be changed.

        Not `go.Figure(chart.figure)`: plotly takes the type out of a trace while it copies it, and other readers may
        be shown the same figure.
        """
        return go.Figure(self.figure.to_dict())

    def to_json(self) -> str:
        """The whole chart as text, to be kept; `from_json` makes it again."""
        parts: dict[str, Any] = {**vars(self), "figure": self.figure.to_json()}
        parts["table"] = self.table.to_json(orient="split", date_format="iso", double_precision=15, force_ascii=False)
        return json.dumps(parts, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Chart":
        """The chart that `to_json` wrote. Raises ValueError (json), KeyError or TypeError for any other text."""
        parts = json.loads(text)
        figure = plotly.io.from_json(parts.pop("figure"), skip_invalid=False)
        table = pd.read_json(io.StringIO(parts.pop("table")), orient="split", dtype=False)
        return cls(figure=figure, table=table, **parts)


def add_notes(figure: go.Figure, texts: list[dict[str, Any]], shapes: list[dict[str, Any]] | None = None) -> None:
    """Annotations and shapes, all at once: plotly checks the whole list anew at every single one."""
    figure.layout.annotations = [*figure.layout.annotations, *texts]
    if shapes:
        figure.layout.shapes = [*figure.layout.shapes, *shapes]


def watermark_note(colours: Palette, size: int = 54, at: tuple[float, float] = (0.5, 0.5)) -> dict[str, Any]:
    """The mark of simulated data as an annotation, for a figure that is put together in one step.

    `at`: where its middle lies in the figure, 0 to 1 from the left and from below. A middle tone with an edge: it has
    to be seen on the lightest and on the darkest area, through all of which what it lies on must be read.
    """
    edge = ((1.5, 0), (-1.5, 0), (0, 1.5), (0, -1.5))
    return {
        "text": DEMO_MARK,
        "xref": "paper",
        "yref": "paper",
        "x": at[0],
        "y": at[1],
        "xanchor": "center",
        "yanchor": "middle",
        "showarrow": False,
        "textangle": -18,
        "opacity": 0.32,
        "font": {
            "size": size,
            "color": MARK_TONE,
            "shadow": ",".join(f"{x}px {y}px 0px {colours.ground}" for x, y in edge),
        },
    }


def watermark(figure: go.Figure, colours: Palette) -> None:
    """Writes 演示数据（模拟） across the figure, so that no picture of simulated data can pass for real."""
    figure.add_annotation(watermark_note(colours))
