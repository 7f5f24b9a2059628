"""Chart builders: DataFrame in, plotly Figure out. They never query, and never touch the page."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from dashboard.theme import DEMO_MARK, Palette


@dataclass(frozen=True)
class Chart:
    """A figure and the words that belong to it (design, section 5), the same on screen and in an export.

    `title`: what it says, as a statement. `subtitle`: indicator, unit, period, data set. `footnotes`: source,
    definition, date, release, map note. `reading`: one sentence for readers who cannot see it. `table`: the same
    figures as a table with Chinese headers. `simulated`: carries the mark 演示数据（模拟）.
    """

    name: str
    figure: go.Figure
    title: str
    subtitle: str
    footnotes: list[str]
    reading: str
    table: pd.DataFrame
    simulated: bool


def watermark(figure: go.Figure, colours: Palette) -> None:
    """Writes 演示数据（模拟） across the figure, so that no picture of simulated data can pass for real."""
    figure.add_annotation(
        text=DEMO_MARK,
        xref="paper",
        yref="paper",
        x=0.5,
        y=0.5,
        showarrow=False,
        textangle=-18,
        opacity=0.16,
        font={"size": 54, "color": colours.text},
    )
