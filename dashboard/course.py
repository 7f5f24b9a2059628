"""The page 趋势: what is drawn of one indicator through time, worked out once for its charts, words and switches."""

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from dashboard import queries, trends
from dashboard.charts import Chart
from dashboard.charts import trends as charts
from dashboard.charts.anatomy import Scene
from dashboard.charts.trends import Fit
from dashboard.frame import Reader
from dashboard.selection import REGION_ROOT
from dashboard.trends import Direction

OUTLINE_HEIGHT = 280  # pixels


@dataclass(frozen=True)
class Course:
    """One indicator through time, at the chosen place and in all leagues.

    `step`: a key of trends.STEPS. `figures`: `queries.figures_of_indicator`; `breaks`: `queries.breaks`. `names`,
    `leagues`: code -> short name of the places on the one chart and on the other.
    """

    reader: Reader
    step: str
    figures: pd.DataFrame
    breaks: pd.DataFrame
    names: dict[str, str]
    leagues: dict[str, str]

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """The figures of all places that are drawn."""
        return self.figures[self.figures["region_code"].isin([*self.names, *self.leagues, REGION_ROOT])]

    @cached_property
    def points(self) -> pd.DataFrame:
        """Their `trends.timeline`."""
        return self._timeline(self.drawn, self.step)

    @cached_property
    def mine(self) -> pd.DataFrame:
        """That of the chosen place; may be empty."""
        return self.points[self.points["region_code"] == self.reader.selection.region]

    @cached_property
    def years(self) -> pd.DataFrame:
        """The annual `trends.timeline` of the chosen place."""
        if self.step == "year":
            return self.mine
        return self._timeline(self.drawn[self.drawn["region_code"] == self.reader.selection.region], "year")

    @cached_property
    def target(self) -> tuple[pd.Series | None, str]:
        """`trends.target_of` for the newest figure."""
        newest = (self.years if len(self.years) else self.mine)["period"].iloc[-1]
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

    @cached_property
    def of_leagues(self) -> Scene:
        """The scene of the chart of all leagues."""
        return trends.scene(self.reader, f"{len(self.leagues)}个盟市")

    @cached_property
    def in_parts(self) -> set[str]:
        """The leagues that published parts of what is asked for, and never the whole; they may have no line."""
        known = self.figures[self.figures["value"].notna()]
        parts = known.loc[known["breakdown"] != "", "region_code"]
        return set() if self.reader.selection.breakdown else set(parts) & set(self.leagues)

    @property
    def leagues_have_figures(self) -> bool:
        """Whether there is anything to draw of the leagues."""
        return bool(self.points["region_code"].isin(list(self.leagues)).any())

    def lines(self, reader: Reader, fit: Fit | None) -> Chart:
        """The chosen place beside those that it belongs to, in the reader's colours; `mine` must not be empty.

        `fit`: the projection, where it is wanted.
        """
        target, whose = self.target
        breakdown = reader.selection.breakdown
        aimed = target if self.step == "year" else None
        return charts.lines(
            self.points[self.points["region_code"].isin(list(self.names))],
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

    def outline(self, reader: Reader) -> Chart:
        """As `lines`, small, of the place that this is about, in the reader's colours."""
        chart = self.lines(replace(self.reader, dark=reader.dark), None)
        chart.figure.layout.height = OUTLINE_HEIGHT
        return chart

    def panels(self, reader: Reader) -> Chart:
        """All leagues side by side, in the reader's colours; `leagues_have_figures` must hold."""
        places = list(self.leagues)
        if reader.indicator["kind"] in trends.DIFFERENCES:
            places.append(REGION_ROOT)
        return charts.small_multiples(
            self.points[self.points["region_code"].isin(places)],
            self.leagues,
            replace(self.of_leagues, dark=reader.dark),
            whole=REGION_ROOT,
            step=self.step,
            breaks=self.breaks,
            in_parts=self.in_parts,
        )

    def _timeline(self, figures: pd.DataFrame, step: str) -> pd.DataFrame:
        unit = self.of_leagues.case_unit
        return trends.timeline(figures, self.reader.indicator, self.reader.selection.breakdown, step, self.breaks, unit)


def course(reader: Reader) -> Course:
    """What the address asks for."""
    chosen = reader.selection
    return Course(
        reader=reader,
        step=trends.step_of(reader),
        figures=queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator),
        breaks=queries.breaks(reader.release, chosen.dataset, chosen.indicator),
        names=trends.places(reader),
        leagues=trends.leagues(reader),
    )


def of_whole(reader: Reader) -> Course:
    """The whole region through the years, whatever place and step the address asks for."""
    whole = replace(reader, selection=replace(reader.selection, region=REGION_ROOT))
    return replace(course(whole), step="year", names={REGION_ROOT: "全区"}, leagues={})
