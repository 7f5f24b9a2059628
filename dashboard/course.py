"""The page 趋势: what is drawn of one indicator through time, worked out once for its charts, words and switches."""

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd
import streamlit as st

from dashboard import compare, kept, queries, selection, trends
from dashboard.charts import Chart
from dashboard.charts import trends as charts
from dashboard.charts.trends import Fit, Point
from dashboard.frame import Reader
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT, Selection
from dashboard.theme import LATEST
from dashboard.trends import Direction

OUTLINE_HEIGHT = 280  # pixels
CHARTS_KEPT = 256  # of each kind that is the same whatever place is chosen


@dataclass(frozen=True)
class Course:
    """One indicator through time, at the chosen place.

    `step`: a key of trends.STEPS. `figures`: `queries.figures_of_indicator`; `breaks`: `queries.breaks`. `names`:
    code -> short name of the places that are drawn.
    """

    reader: Reader
    step: str
    figures: pd.DataFrame
    breaks: pd.DataFrame
    names: dict[str, str]

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """The figures of all places that are drawn."""
        return self.figures[self.figures["region_code"].isin([*self.names])]

    @cached_property
    def points(self) -> list[Point]:
        """Their `trends.series`."""
        return self._series(self.drawn, self.step)

    @cached_property
    def mine(self) -> list[Point]:
        """That of the chosen place; may be empty."""
        return [point for point in self.points if point.region_code == self.reader.selection.region]

    @cached_property
    def years(self) -> list[Point]:
        """The annual `trends.series` of the chosen place."""
        if self.step == "year":
            return self.mine
        return self._series(self.drawn[self.drawn["region_code"] == self.reader.selection.region], "year")

    @cached_property
    def target(self) -> tuple[pd.Series | None, str]:
        """`trends.target_of` for the newest figure."""
        newest = (self.years or self.mine)[-1].period
        targets = queries.targets(self.reader.release)
        return trends.target_of(targets, self.reader.selection.region, self.reader.indicator, newest)

    @cached_property
    def direction(self) -> Direction:
        """`trends.direction` of the chosen place."""
        return trends.direction(self.years, self.reader.indicator["direction"])

    @cached_property
    def projection(self) -> tuple[Fit | None, str]:
        """`trends.projection` of the chosen place."""
        return trends.projection(self.years, self.target[0], self.reader.indicator["direction"])

    @cached_property
    def changes(self) -> pd.DataFrame:
        """`trends.changes` of the chosen place, the published growth beside the computed one."""
        chosen = self.reader.selection
        growth = queries.growth(self.reader.release, chosen.dataset, chosen.region, chosen.indicator)
        published = growth[growth["breakdown"] == chosen.breakdown]
        return trends.changes(self.mine, published, self.reader.indicator)

    def lines(self, reader: Reader, fit: Fit | None) -> Chart:
        """The chosen place beside those that it belongs to, in the reader's colours; `mine` must not be empty.

        `fit`: the projection, where it is wanted.
        """
        target, whose = self.target
        breakdown = reader.selection.breakdown
        aimed = target if self.step == "year" else None
        return charts.lines(
            self.points,
            self.names,
            trends.scene(reader, "、".join(self.names.values())),
            title=trends.statement(self.mine, reader.indicator, breakdown, aimed, whose),
            finding=self.direction.sentence,
            method=self.direction.method,
            step=self.step,
            aim=trends.aim_of(self.years, target, whose),
            gaps=trends.gaps(self.drawn, reader.selection.region, breakdown),
            breaks=self.breaks,
            fit=fit,
        )

    @property
    def leagues_have_figures(self) -> bool:
        """Whether there is anything to draw of the leagues."""
        return self._leagues(self.reader.dark) is not None

    @property
    def no_leagues(self) -> str:
        """What to say where there is not."""
        breakdown = self.reader.selection.breakdown
        part = f"（{breakdown}）" if breakdown else ""
        silent = f"{len(trends.leagues(self.reader.choices))}个盟市均未公布{self.reader.indicator['name']}{part}"
        known = self.figures[(self.figures["level"] == "league") & self.figures["value"].notna()]
        in_parts = [] if breakdown else known.loc[known["breakdown"] != "", "region"].unique().tolist()
        return f"{silent}合计，{'、'.join(in_parts)}只公布分项" if in_parts else silent

    def panels(self, reader: Reader) -> Chart:
        """All leagues side by side, in the reader's colours; not to be changed. Raises ValueError unless
        `leagues_have_figures`.
        """
        chart = self._leagues(reader.dark)
        if chart is None:
            raise ValueError(self.no_leagues)
        return chart

    def _leagues(self, dark: bool) -> Chart | None:
        return _leagues(*_whole(replace(self.reader, dark=dark)), self.step)

    def _series(self, figures: pd.DataFrame, step: str) -> list[Point]:
        unit = compare.case_unit(self.reader.indicator, self.reader.choices.indicators)
        return trends.series(figures, self.reader.indicator, self.reader.selection.breakdown, step, self.breaks, unit)


def course(reader: Reader) -> Course:
    """What the address asks for."""
    chosen = reader.selection
    return Course(
        reader=reader,
        step=trends.step_of(reader),
        figures=queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator),
        breaks=queries.breaks(reader.release, chosen.dataset, chosen.indicator),
        names=trends.places(reader),
    )


def has_outline(reader: Reader) -> bool:
    """Whether the whole region has figures of years."""
    return _outline(*_whole(reader)) is not None


def outline(reader: Reader) -> Chart:
    """The whole region through the years as a small chart, in the reader's colours; not to be changed. Raises
    ValueError unless `has_outline`.
    """
    chart = _outline(*_whole(reader))
    if chart is None:
        raise ValueError("the whole region has no figures of years")
    return chart


def _whole(reader: Reader) -> tuple[Release, str, str, str, bool]:
    """What matters of a choice where the place does not."""
    chosen = reader.selection
    return reader.release, chosen.dataset, chosen.indicator, chosen.breakdown, reader.dark


def _of_whole(release: Release, dataset: str, indicator_id: str, breakdown: str, dark: bool) -> Reader:
    """A reader who has chosen that, and the whole region."""
    chosen = Selection(dataset, indicator_id, breakdown, LATEST, "league", REGION_ROOT)
    return Reader(release, selection.choices_of(release), chosen, dark, shapes="")


@st.cache_resource(show_spinner=False, max_entries=CHARTS_KEPT, hash_funcs=kept.NAMED)
def _outline(release: Release, dataset: str, indicator_id: str, breakdown: str, dark: bool) -> Chart | None:
    reader = _of_whole(release, dataset, indicator_id, breakdown, dark)
    found = Course(
        reader=reader,
        step="year",
        figures=queries.figures_of_indicator(release, dataset, indicator_id),
        breaks=queries.breaks(release, dataset, indicator_id),
        names={REGION_ROOT: "全区"},
    )
    if not any(point.regular for point in found.mine):
        return None
    chart = found.lines(reader, None)
    chart.figure.layout.height = OUTLINE_HEIGHT
    return chart


@st.cache_resource(show_spinner=False, max_entries=CHARTS_KEPT, hash_funcs=kept.NAMED)
def _leagues(release: Release, dataset: str, indicator_id: str, breakdown: str, dark: bool, step: str) -> Chart | None:
    """All leagues side by side, which are the same whatever place the reader has chosen; None: nothing to draw."""
    reader = _of_whole(release, dataset, indicator_id, breakdown, dark)
    indicator, names = reader.indicator, trends.leagues(reader.choices)
    scene = trends.scene(reader, f"{len(names)}个盟市")
    figures = queries.figures_of_indicator(release, dataset, indicator_id)
    breaks = queries.breaks(release, dataset, indicator_id)
    places = [*names, *([REGION_ROOT] if indicator["kind"] in trends.DIFFERENCES else [])]
    drawn = figures[figures["region_code"].isin(places)]
    points = trends.series(drawn, indicator, breakdown, step, breaks, scene.case_unit)
    if all(point.region_code == REGION_ROOT for point in points):
        return None
    # Who published parts of what is asked for and never the whole may have no line.
    parts = drawn.loc[(drawn["breakdown"] != "") & drawn["value"].notna(), "region_code"]
    return charts.small_multiples(
        points,
        names,
        scene,
        whole=REGION_ROOT,
        step=step,
        breaks=breaks,
        in_parts=set() if breakdown else set(parts),
    )
