"""The page 地图: what the reader asks of the map, and the map that answers."""

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import pandas as pd
import streamlit as st

from dashboard import compare, kept, queries, selection, slices
from dashboard.charts import Chart, map_series, maps
from dashboard.charts.anatomy import Scene, moved_words
from dashboard.charts.ground import ZOOMS, Sheet, fitted
from dashboard.charts.scales import METHODS, Scale, around_target, blend, classified
from dashboard.frame import Reader, plain, tell
from dashboard.groups import Group
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.statistics import PEOPLE, PER_PEOPLE, small_base, standings, target_for
from dashboard.theme import (
    LATEST,
    LATEST_NAME,
    LEVEL_NAMES,
    cited,
    format_day,
    format_period,
    format_value,
    in_brackets,
)

VIEWS = {"one": "单图", "pair": "两期并排", "change": "变化图", "years": "历年小图"}
WIDE = ("pair", "years")  # views that need the whole width
SIDES = ("list", "region")
SWITCH = ("off", "on")
PER = ("total", "population")
CITIES = ("150781", "152501")  # 满洲里市 and 二连浩特市, which the region plans for beside their leagues
PLACE_COLUMNS = ["name", "short_name", "level", "parent", "lon", "lat", "area_km2"]
# What the maps need of a figure; the other half of the columns only costs time.
FIGURE_COLUMNS = [
    *("region_code", "region", "level", "indicator_id", "breakdown", "period", "period_end", "period_months"),
    *("value", "unit", "qualifier", "numerator", "denominator", "status", "source_title", "note"),
]


@dataclass(frozen=True)
class Question:
    """What the reader asks of the map.

    `view`, `classes`, `zoom`, `side`: one of VIEWS, METHODS, ZOOMS (or empty) and SIDES. `steady`: one scale for all
    periods. `apart`: the cities beside their leagues. `group`: whom the reader compares. `people`:
    `queries.population` where counts are shown per 10,000 of them, as `indicator` (a row of `queries.indicators`) and
    `figures` (`queries.figures_of_indicator`) then say; `published`: the figures as they are. `places`: rows of
    `queries.regions`. `periods`: those of the chosen one's length that have figures of these places, oldest first.
    `period2`: the one to set beside it, or empty. `why_not`: view -> why it is not offered. `cuts`: what has been cut
    from the figures so far, by period.
    """

    reader: Reader
    view: str
    classes: str
    zoom: str
    side: str
    steady: bool
    apart: bool
    group: Group
    offered: dict[str, Group]
    people: pd.DataFrame | None
    indicator: pd.Series
    published: pd.DataFrame
    figures: pd.DataFrame
    places: pd.DataFrame
    periods: list[str]
    period2: str
    why_not: dict[str, str] = field(default_factory=dict)
    cuts: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def league(self) -> str:
        """The league whose banners are shown alone, or empty."""
        return self.group.key if self.group.key in self.reader.choices.regions.index else ""

    @property
    def period(self) -> str:
        """The chosen period."""
        return self.reader.selection.period

    @property
    def ends(self) -> tuple[str, str]:
        """The two periods to compare, the earlier first."""
        first, last = sorted([self.period, self.period2], key=self.periods.index)
        return first, last

    @property
    def yearly(self) -> list[str]:
        """The chosen period in every year, oldest first: whole years, or one quarter each."""
        return same_season(self.periods, self.period)[-map_series.MOST_PANELS :]

    def frame(self, period: str) -> pd.DataFrame:
        """`slices.by_region` of the places in one period."""
        if period not in self.cuts:
            self.cuts[period] = self.cut(self.places, period)
        return self.cuts[period]

    def cut(self, places: pd.DataFrame, period: str) -> pd.DataFrame:
        """`slices.by_region` of other places of one level."""
        chosen, level = self.reader.selection, str(places["level"].iloc[0])
        if self.people is None:
            found = _of_level(self.reader.release, chosen.dataset, chosen.indicator, level, chosen.breakdown, period)
            return found if len(found) == len(places) else found.loc[places.index]
        return slices.by_region(self.figures[FIGURE_COLUMNS], places[PLACE_COLUMNS], level, chosen.breakdown, period)

    def standings(self, period: str) -> pd.DataFrame:
        """`frame` with what `statistics.standings` adds."""
        row = self.indicator
        return standings(self.frame(period), row["direction"], row["kind"], row["aggregation"])

    def cities(self) -> pd.DataFrame | None:
        """`slices.by_region` of the cities beside their leagues, where the reader wants them."""
        return self.cut(self.reader.choices.regions.loc[list(CITIES)], self.period) if self.apart else None

    def scene(self) -> Scene:
        """What the charts share with those of other pages."""
        chosen, choices = self.reader.selection, self.reader.choices
        places = self.group.words
        return Scene(
            indicator=self.indicator,
            dataset=chosen.dataset,
            places=places if self.people is None else f"{places} · 按{census(self.people)}折算",
            group_source=self.group.source,
            level_name=LEVEL_NAMES[chosen.level],
            breakdown=chosen.breakdown,
            period=chosen.period,
            release_id=self.reader.release.id,
            case_unit=compare.case_unit(self.reader.indicator, choices.indicators),
            highlighted=chosen.region,
            dark=self.reader.dark,
        )

    def sheet(self) -> Sheet:
        """The ground of the maps."""
        regions, level = self.reader.choices.regions, self.reader.selection.level
        return Sheet(
            shapes=self.reader.shapes,
            level=level,
            group=self.league,
            place=self.group.place,
            zoom="" if self.league or level != "banner" else self.zoom,
            leagues=regions[regions["level"] == "league"] if level == "banner" else None,
            others=self.others,
            fit=fitted(self.places.index, f"{level}s") if self.others else None,
        )

    @cached_property
    def others(self) -> tuple[str, ...]:
        """The places of the level that the reader leaves out, outlined alone; none on the map of one league."""
        regions = self.reader.choices.regions
        of_level = regions.index[regions["level"] == self.reader.selection.level]
        left_out = len(of_level) > len(self.places) and not self.league
        return tuple(of_level.difference(self.places.index)) if left_out else ()

    @cached_property
    def target(self) -> pd.Series | None:
        """The whole region's target that a rate is held against: for totals alone, and where a direction is good."""
        chosen, indicator = self.reader.selection, self.indicator
        if chosen.breakdown or indicator["direction"] == "neutral" or indicator["kind"] not in ("rate", "ratio"):
            return None
        return target_for(queries.targets(self.reader.release), REGION_ROOT, chosen.indicator, chosen.period)

    def reference(self, period: str) -> str:
        """The figures to hold the places against, in words: of their league, and of the whole region."""
        whole = slices.whole(self.figures, self.reader.selection.breakdown, period)
        if not self.league:
            return whole
        regions = self.reader.choices.regions
        league = self.cut(regions.loc[[self.league]], period).iloc[0]
        when = in_brackets(league["period_text"]) if period == LATEST else ""
        words = f"全{regions['type'][self.league][-1]}{league['text']}{when}" if league["state"] == "value" else ""
        return "，".join(part for part in (words, whole) if part)

    def definition_changes(self, first: str, last: str) -> str:
        """Why figures of two periods do not compare, or nothing."""
        chosen = self.reader.selection
        breaks = queries.breaks(self.reader.release, chosen.dataset, chosen.indicator)
        if breaks.empty:
            return ""
        ends = dict(zip(self.figures["period"], self.figures["period_end"], strict=True))
        return "；".join(breaks.loc[(breaks["since"] > ends[first]) & (breaks["since"] <= ends[last]), "reason"])

    def read_by(self, reader: Reader) -> "Question":
        """The same question of a reader in other colours."""
        return self if reader is self.reader else replace(self, reader=reader)


@kept.table(max_entries=400, derived=True)
def _of_level(release: Release, dataset: str, indicator: str, level: str, breakdown: str, period: str) -> pd.DataFrame:
    """`slices.by_region` of all places of a level."""
    figures = queries.figures_of_indicator(release, dataset, indicator)[FIGURE_COLUMNS]
    return slices.by_region(figures, selection.choices_of(release).regions[PLACE_COLUMNS], level, breakdown, period)


def question(reader: Reader) -> Question:
    """What the address asks, with a notice for what makes no sense in it."""
    chosen, regions = reader.selection, reader.choices.regions
    offered = reader.choices.groups(chosen.level, chosen.region)
    asked, notices = selection.current_comparison(reader.choices, chosen, offered)
    group = offered[asked.group]
    own = {}
    for name, known in known_values(reader).items():
        own[name], notes = selection.own(name, known)
        notices += notes
    tell(notices)
    places = regions.loc[list(group.codes)]
    published = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
    people = None
    if own["per"] == "population" and may_be_per_people(reader):
        try:
            people = queries.population(reader.release)
        except queries.OlderReleaseError as error:
            st.info(plain(str(error)), icon=":material/info:")
    figures = published if people is None else per_people(published, people)
    periods = comparable_periods(reader, figures, places)
    made = Question(
        reader=reader,
        view=own["map"],
        classes=own["classes"],
        zoom=own["zoom"],
        side=own["side"],
        steady=own["scale"] == "on",
        apart=own["cities"] == "on" and chosen.level == "league" and people is None,
        group=group,
        offered=offered,
        people=people,
        indicator=reader.indicator if people is None else named_per_people(reader.indicator),
        published=published,
        figures=figures,
        places=places,
        periods=periods,
        period2=_beside(chosen.period, asked.period2, periods),
    )
    why_not = _why_not(made)
    return replace(made, view="one" if made.view in why_not else made.view, why_not=why_not)


def known_values(reader: Reader) -> dict[str, list[str]]:
    """The page's own parameters, each with its values, the default first."""
    return {
        "map": list(VIEWS),
        "classes": list(METHODS),
        "zoom": ["", *ZOOMS],
        "side": list(SIDES if reader.selection.region == REGION_ROOT else SIDES[::-1]),
        "scale": list(SWITCH),
        "cities": list(SWITCH),
        "per": list(PER),
    }


def comparable_periods(reader: Reader, figures: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """The periods as long as the chosen one that have figures of `places`, oldest first; none for 各地最新值."""
    chosen, months = reader.selection, reader.choices.months
    covered = reader.choices.of(chosen.dataset, chosen.indicator, chosen.breakdown)
    there = figures["value"].notna() & (figures["breakdown"] == chosen.breakdown)
    known = set(figures["period"][there & figures["region_code"].isin(places.index)].tolist())
    return [p for p in reversed(covered.periods) if p in known and months[p] == months.get(chosen.period)]


def same_season(periods: list[str], period: str) -> list[str]:
    """Those of `periods` that differ from `period` in nothing but the year."""
    return [other for other in periods if _season(other) == _season(period)]


@lru_cache(maxsize=1024)
def _season(period: str) -> str:
    return re.sub(r"\d{4}", "", period)


def _beside(period: str, wanted: str, periods: list[str]) -> str:
    """The period to set beside the chosen one: the one asked for, else the one before, else the next; empty: none."""
    if period not in periods or len(periods) < 2:
        return ""
    if wanted in periods and wanted != period:
        return wanted
    at = periods.index(period)
    return periods[at - 1] if at else periods[1]


def _why_not(asked: Question) -> dict[str, str]:
    """The views that have nothing to show, each with the reason."""
    if asked.period == LATEST:
        return dict.fromkeys(["pair", "change", "years"], f"“{LATEST_NAME}”不是同一期间，选定一个期间后可看")
    reasons: dict[str, str] = {}
    if not asked.period2:
        reasons |= dict.fromkeys(["pair", "change"], "没有两个长度相同、均有数据的期间")
    elif asked.definition_changes(*asked.ends):
        first, last = map(format_period, asked.ends)
        reasons["change"] = f"{first}与{last}之间口径有变，不可比"
    if len(asked.yearly) < 2:
        reasons["years"] = "只有一个年份有数据" if asked.yearly else "各年均无数据"
    return reasons


# ---- per 10,000 people ----


def may_be_per_people(reader: Reader) -> bool:
    """Whether figures can be held against the people of a place: counts, of the leagues, whose people were counted."""
    return reader.indicator["kind"] in maps.COUNTED and reader.selection.level == "league"


def per_people(figures: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Counts per 10,000 people, to two decimals, of the places whose people were counted.

    `people`: `queries.population`; every year is held against the same census. A count that is only about right says
    so: 约. The count itself becomes the numerator, the people the denominator.
    """
    counted = figures[figures["region_code"].isin(people.index)]
    number = counted["region_code"].map(people["population"])
    return counted.assign(
        value=(counted["value"] / number * PEOPLE).round(2),
        numerator=counted["value"],
        denominator=number,
        unit=counted["unit"] + "/万人",
        qualifier=counted["qualifier"].where(counted["qualifier"] == "", "约"),
    )


def named_per_people(indicator: pd.Series) -> pd.Series:
    """The row of an indicator whose figures are `per_people`."""
    row = indicator.copy()
    row["name"], row["unit"], row["kind"] = f"{PER_PEOPLE}{row['name']}", f"{row['unit']}/万人", PER_PEOPLE
    return row


def census(people: pd.DataFrame) -> str:
    """The count of the people in words: 2020年11月1日普查人口."""
    return f"{format_day(people['as_of'].iloc[0])}普查人口"


# ---- the map that answers ----


def chart(asked: Question) -> Chart:
    """The map of the chosen view."""
    return BUILDERS[asked.view](asked)


def _one(asked: Question) -> Chart:
    rows, scale = asked.frame(asked.period), None
    steady = asked.steady and asked.period != LATEST
    if slices.comparable(rows) and rows["value"].notna().any():
        scale = _scale(asked, asked.periods if steady else [asked.period])
    return maps.one_map(
        rows,
        asked.scene(),
        asked.sheet(),
        whole=asked.reference(asked.period),
        scale=scale,
        apart=asked.cities(),
        note=_notes(asked, "各期同一色阶。" if steady else ""),
    )


def _pair(asked: Question) -> Chart:
    first, last = asked.ends
    changes = asked.definition_changes(first, last)
    return map_series.two_maps(
        asked.frame(first),
        asked.frame(last),
        asked.scene(),
        asked.sheet(),
        periods=(first, last),
        headings=(asked.reference(first), asked.reference(last)),
        scale=_scale(asked, [first, last]),
        compare=not changes,
        note=_notes(asked, f"口径变化：{changes}" if changes else ""),
    )


def _change(asked: Question) -> Chart:
    first, last = asked.ends
    breakdown = asked.reader.selection.breakdown
    before, after = (compare.whole_of(asked.figures, breakdown, period) for period in (first, last))
    whole = ""
    if before is not None and after is not None:
        whose = slices.OWN_LEVEL if slices.own_bodies(after["note"]) else "全区"
        whole = f"{whose}{moved_words(after['value'] - before['value'], after['unit'])}"
    return map_series.change_map(
        asked.standings(first),
        asked.standings(last),
        asked.scene(),
        asked.sheet(),
        periods=(first, last),
        whole=whole,
        note=_notes(asked),
    )


def _years(asked: Question) -> Chart:
    periods = asked.yearly
    changes = asked.definition_changes(periods[0], periods[-1])
    return map_series.yearly_maps(
        {period: asked.frame(period) for period in periods},
        asked.scene(),
        asked.sheet(),
        headings={period: asked.reference(period) for period in periods},
        scale=_scale(asked, periods),
        compare=not changes,
        note=_notes(asked, f"口径变化：{changes}" if changes else ""),
    )


BUILDERS = {"one": _one, "pair": _pair, "change": _change, "years": _years}


def _scale(asked: Question, periods: list[str]) -> Scale:
    """The scale that the reader asks for, over the places in `periods`; rates on a small base do not count."""
    scene, dark = asked.scene(), asked.reader.dark
    direction = asked.indicator["direction"]
    cut = asked.frame(periods[0]) if len(periods) == 1 else _figures_in(asked, periods)
    sound = cut["value"].notna() & ~small_base(cut["denominator"]) if scene.rate else cut["value"].notna()
    values = cut["value"][sound]
    unit = str(cut["unit"][sound].iloc[0]) if len(values) else asked.indicator["unit"]
    target = asked.target
    if asked.classes == "target" and target is not None and len(values):
        return around_target(values, target["value"], direction, asked.indicator["near"], unit, dark)
    if asked.classes in ("continuous", "target"):
        return blend(values, direction, unit, scene.colours)
    return classified(values, asked.classes, direction, unit, scene.colours)


def _figures_in(asked: Question, periods: list[str]) -> pd.DataFrame:
    """The figures of the places in several periods."""
    figures = asked.figures
    of_places = figures["region_code"].isin(asked.places.index)
    return figures[
        of_places & (figures["breakdown"] == asked.reader.selection.breakdown) & figures["period"].isin(periods)
    ]


def _notes(asked: Question, *notes: str) -> str:
    """`notes`, whose target the classes are about and of which year, which people counts are held against."""
    target, words = asked.target, list(notes)
    if asked.others:
        words.append("未着色的地区不在所比的范围内。")
    if asked.classes == "target" and target is not None and asked.view != "change":
        aim = format_value(target["value"], asked.indicator["unit"])
        words.append(f"按距全区{format_period(target['period'])}目标{aim}分级。")
    if asked.people is not None:
        source = cited(asked.people["source_title"].iloc[0])
        words.append(f"{PER_PEOPLE}数由公布的数量除以{census(asked.people)}算出，各年用同一人口，人口来源：{source}。")
    return "".join(words)
