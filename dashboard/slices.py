"""Cuts of the figures that charts and pages draw: pure pandas, no SQL, no page."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from dashboard.theme import LATEST, NOT_PUBLISHED, STATE_NAMES, format_period, format_value, in_brackets

MISSING = "not_published"  # the state of what nobody says anything of
STATES = ("value", "parts_only", "not_published", "not_applicable", "not_reported")
OWN_LEVEL = "自治区本级"
# How notes of published figures say so; the only place where the words of a note decide anything.
INFERRED = re.compile(r"期间原文未写|期末推定|推断为|记(19|20)\d\d$")
OWN_BODIES = "本级"
NO_ADDRESS = "未取得网址"
NOT_PUBLISHED_ANYWHERE = {"demo": "模拟数据，没有网址"}
OWN_TABLE = "报送表格，没有网址"


def each(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples of some columns; `itertuples` takes many times as long over texts."""
    return zip(*(frame[name].tolist() for name in columns), strict=True)


def inferred(note: object) -> bool:
    """Whether a note says that the source does not print the period of its figure."""
    return bool(INFERRED.search(str(note)))


def period_words(period: str, note: object) -> str:
    """A period in words; one that the source does not print says so: 2023年（推定）."""
    return format_period(period) + ("（推定）" if inferred(note) else "")


def own_bodies(note: object) -> bool:
    """Whether a note says that a figure covers only the bodies of its own level: 自治区本级."""
    return OWN_BODIES in str(note)


def without_address(figures: pd.DataFrame) -> list[str]:
    """For each row of figures why its source has no address, in words; empty where it has one.

    `figures`: dataset, url and source_note (of the catalogue of sources, which says why a document has none).
    """
    return [
        "" if isinstance(url, str) and url else _no_address(dataset, str(note))
        for dataset, url, note in zip(figures["dataset"], figures["url"], figures["source_note"], strict=True)
    ]


def _no_address(dataset: str, note: str) -> str:
    if dataset != "published":
        return NOT_PUBLISHED_ANYWHERE.get(dataset, OWN_TABLE)
    return note if "网址" in note else "；".join(part for part in (NO_ADDRESS, note) if part)


def newest(figures: pd.DataFrame) -> pd.DataFrame:
    """The newest figure with a value of each region, indicator and breakdown; of two that end together the longer.

    They follow each other as they end, those that end together by length.
    """
    known = figures["value"].notna().to_numpy()
    order = np.lexsort((figures["period_months"], figures["period_end"]))
    series = list(each(figures, "region_code", "indicator_id", "breakdown"))
    last: dict[tuple[Any, ...], int] = {}
    for at in order[known[order]][::-1].tolist():
        last.setdefault(series[at], at)
    return figures.iloc[list(last.values())[::-1]]


def only_parts(figures: pd.DataFrame) -> list[str]:
    """The breakdowns that have a value where no total has one; empty where a total has, or nothing.

    `figures`: breakdown and value, of one region and indicator.
    """
    known = figures.loc[figures["value"].notna(), "breakdown"].unique().tolist()
    return [] if "" in known else known


def by_region(figures: pd.DataFrame, regions: pd.DataFrame, level: str, breakdown: str, period: str) -> pd.DataFrame:
    """One row for each region of `level`, with or without a figure.

    `figures`: `queries.figures_of_indicator`. Index code; columns of `regions` plus those of the figure, `state`
    (one of STATES), `text` (the value as people write it, or the state in words) and `period_text`. Where only parts
    have a value, `source_title` is that of a part.
    """
    of_breakdown, in_time = figures["breakdown"] == breakdown, (period == LATEST) | (figures["period"] == period)
    cut = figures[of_breakdown & in_time]
    cut = newest(cut) if period == LATEST else cut
    places = regions[regions["level"] == level]
    found = cut.drop(columns=["region_code", "region", "level"]).set_axis(cut["region_code"]).reindex(places.index)
    states = [
        "value" if known else status if status in STATES else MISSING
        for known, status in zip(found["value"].notna().tolist(), found["status"].tolist(), strict=True)
    ]
    if breakdown == "" and MISSING in states:
        parts = figures[~of_breakdown & in_time & figures["value"].notna()]
        in_parts = dict(each(parts, "region_code", "source_title"))
        states = [
            "parts_only" if state == MISSING and code in in_parts else state
            for state, code in zip(states, places.index.tolist(), strict=True)
        ]
        of_parts = pd.Series(in_parts, dtype=object).reindex(places.index)
        found["source_title"] = found["source_title"].where(found["source_title"].notna(), of_parts)
    return with_texts(pd.concat([places, found], axis=1).assign(state=states))


def with_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds `text`, `period_text` to figures that have value, unit, qualifier, period, note, and `state` or `status`.

    A period that the source does not print says so: 2023年（推定）.
    """
    state = "state" if "state" in frame else "status"
    texts = [
        STATE_NAMES.get(state, NOT_PUBLISHED) if pd.isna(value) else format_value(value, unit, qualifier)
        for value, unit, qualifier, state in each(frame, "value", "unit", "qualifier", state)
    ]
    periods = ["" if pd.isna(period) else period_words(period, note) for period, note in each(frame, "period", "note")]
    return frame.assign(text=texts, period_text=periods)


def named(figures: pd.DataFrame) -> list[str]:
    """The name of the indicator of each figure with the breakdown beside it: 合法性审查件数（政府合同协议）.

    `figures`: indicator and breakdown.
    """
    pairs = each(figures, "indicator", "breakdown")
    return [indicator + (in_brackets(part) if part else "") for indicator, part in pairs]


def part_words(breakdown: str, text: str, unit: str) -> str:
    """A part with its value; one that is called after what it is counted in is not named twice: 3601批次."""
    return text if breakdown == unit else breakdown + text


def part_texts(figures: pd.DataFrame) -> list[str]:
    """`part_words` of each row of figures that have breakdown, text and unit."""
    return [part_words(*row) for row in each(figures, "breakdown", "text", "unit")]


def comparable(frame: pd.DataFrame) -> bool:
    """Whether the values in `frame` are of one and the same period; others are never compared or ranked."""
    known = frame["value"].notna().tolist()
    return len({period for period, there in zip(frame["period"].tolist(), known, strict=True) if there}) <= 1


def tally(frame: pd.DataFrame, level_name: str) -> str:
    """The account under a map: 12个盟市：有数据2个 · 未公布10个."""
    counts = Counter(frame["state"].tolist())
    parts = [f"有数据{counts['value']}个"]
    parts += [f"{name}{counts[state]}个" for state, name in STATE_NAMES.items() if counts[state]]
    return f"{len(frame)}个{level_name}：{' · '.join(parts)}"


def whole(figures: pd.DataFrame, breakdown: str, period: str) -> str:
    """The whole region's figure in words for the end of a sentence: 全区99.74%（2023年）; empty where there is none."""
    here = figures["level"].to_numpy() == "region"
    names = ("period_end", "period_months", "breakdown", "period", "value", "unit", "qualifier", "note")
    rows = zip(*(figures[name].to_numpy()[here].tolist() for name in names), strict=True)
    known = [row for row in rows if row[2] == breakdown and period in (LATEST, row[3]) and pd.notna(row[4])]
    if not known:
        return ""
    *_, in_time, value, unit, qualifier, note = sorted(known, key=lambda row: row[:2])[-1]
    text = f"{OWN_LEVEL if own_bodies(note) else '全区'}{format_value(value, unit, qualifier)}"
    return f"{text}（{format_period(in_time)}）" if period == LATEST else text


def cases(figures: pd.DataFrame, unit: str) -> list[str]:
    """The cases behind each rate, 58/61件, counted in `unit`; empty where the parts were not published."""
    return [
        "" if pd.isna(numerator) or pd.isna(denominator) else f"{numerator:.0f}/{denominator:.0f}{unit}"
        for numerator, denominator in each(figures, "numerator", "denominator")
    ]
