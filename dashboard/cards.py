"""The cards of the first page: the headline indicators of the whole region by chapter, and the story of the first one.

Drawn as HTML rather than with st.metric: forty cards are one message instead of four hundred elements, they print, and
a sparkline is a picture of 300 bytes instead of a chart library at work. Every text is escaped; style.css has the look.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
import streamlit as st

from dashboard import editorial, narrative, queries, slices, trends
from dashboard.compare import case_unit
from dashboard.frame import Reader, plain
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT, Choices
from dashboard.statistics import SMALL_BASE_WORDS, Status, small_base, status, target_for
from dashboard.theme import (
    DARK,
    LIGHT,
    NOT_PUBLISHED,
    cited,
    format_difference,
    format_period,
    format_value,
    in_brackets,
    quoted,
)

CARDS_IN_A_CHAPTER = 4  # headline indicators always have one
FEW_CHANGES = 5
SPARK_POINTS = 3  # fewer are a line that says nothing
SPARK_WIDTH, SPARK_HEIGHT = 84, 26  # pixels
SPARK_INK = "#5b8fc0"  # seen on the light ground and on the dark one
NAMED_PERIODS = 2
ONE_MONTH = "（单月）"
NO_YEAR = "单月数，不代表全年"
NAMED_WORSE = 3
ON_PHONE = 2  # cards of a chapter that a phone shows before the others are asked for
NOT_WHOLE = "斜纹为不足一年的数，不与全年数比较"
LEGEND = (
    '与目标相比：<b class="reached">● 达标</b>　<b class="near">▲ 接近</b>　<b class="below">■ 未达标</b>。'
    '↑↓为同比增减，<span class="good">绿色</span>向好，<span class="bad">红色</span>变差，不着色的不评优劣。'
    "未注明增减的，没有上年同期数可比。"
)
TONES = {
    ("higher_better", True): "good",
    ("higher_better", False): "bad",
    ("lower_better", True): "bad",
    ("lower_better", False): "good",
}


@dataclass(frozen=True)
class Card:
    """What one card says. Empty texts are not shown.

    `value`: 未公布 where the whole region has no figure; `cases`: 58/61件; `standing` and `mark`: to the target;
    `change`: over the year before, `moved` its size (percent, of rates percentage points; None: not known); `tone`:
    good, bad or empty (neutral, or no change); `remark`: why there is none; `spark`: the years of the line that ends in
    the value, with their texts; `source`: of the value; `details`: source and what else to know.
    """

    indicator_id: str
    chapter: int
    name: str
    value: str
    period: str
    cases: str
    standing: str
    mark: Status | None
    change: str
    moved: float | None
    tone: str
    remark: str
    spark: list[tuple[str, float, str]]
    source: str
    details: list[str]


def of_region(reader: Reader) -> list[Card]:
    """The cards of the whole region, by chapter."""
    return _of_region(reader.release, reader.selection.dataset, editorial.card_indicators(), reader.choices)


@st.cache_data(show_spinner=False, max_entries=20)
def _of_region(release: Release, dataset: str, wanted: list[str], _choices: Choices) -> list[Card]:
    figures = queries.figures_of_region(release, dataset, REGION_ROOT)
    growth = queries.growth_of_region(release, dataset, REGION_ROOT)
    breaks = queries.breaks_of_dataset(release, dataset)
    targets = queries.targets(release)
    indicators = _choices.indicators
    known = figures[figures["value"].notna() & figures["indicator_id"].isin(wanted)]
    of = dict(list(known.groupby("indicator_id", sort=False)))
    newest = dict(list(slices.with_texts(slices.newest(known)).groupby("indicator_id", sort=False)))
    headline = indicators["headline"].notna()
    shown = [i for i in wanted if i in indicators.index and (i in of or headline[i])]
    cards: list[Card] = []
    for indicator_id in shown:
        indicator = indicators.loc[indicator_id]
        if headline[indicator_id] or sum(made.chapter == indicator["chapter"] for made in cards) < CARDS_IN_A_CHAPTER:
            cards.append(
                card(
                    indicator,
                    newest.get(indicator_id, known.head(0)),
                    of.get(indicator_id, known.head(0)),
                    growth[growth["indicator_id"] == indicator_id],
                    breaks.loc[breaks["indicator_id"] == indicator_id],
                    targets,
                    _choices,
                    dataset,
                )
            )
    return sorted(cards, key=lambda made: made.chapter)


def card(
    indicator: pd.Series,
    newest: pd.DataFrame,
    figures: pd.DataFrame,
    growth: pd.DataFrame,
    breaks: pd.DataFrame,
    targets: pd.DataFrame,
    choices: Choices,
    dataset: str,
) -> Card:
    """The card of one indicator of one region. `figures`: those with a value; `newest`: of them `slices.newest`, with
    texts; `growth`: `queries.growth_of_region`.

    The newest total; where only parts were published, the newest parts side by side, never their sum.
    """
    indicator_id = str(indicator.name)
    if figures.empty:
        return _empty(indicator, choices, dataset)
    totals = newest[newest["breakdown"] == ""]
    if totals.empty:
        return _parts(indicator, newest, choices, dataset)
    row = totals.iloc[0]
    unit = case_unit(indicator, choices.indicators)
    rate = indicator["kind"] in narrative.RATES
    cases = slices.cases(totals, unit)[0] if rate else ""
    if rate and small_base(totals["denominator"]).iloc[0]:
        cases += f"（{SMALL_BASE_WORDS}）"
    target = target_for(targets, row["region_code"], indicator_id, row["period"])
    points = trends.series(figures, indicator, "", "year", breaks, unit) if len(figures) > 1 else []
    change, moved, details = _change(row, points, growth, indicator)
    months = int(row["period_months"])
    return Card(
        indicator_id=indicator_id,
        chapter=int(indicator["chapter"]),
        name=indicator["name"],
        value=row["text"],
        period=row["period_text"] + (ONE_MONTH if months == 1 else ""),
        cases=cases,
        standing="" if target is None else narrative.target_phrase(row, target, indicator),
        mark=None
        if target is None
        else status(row["value"], target["value"], indicator["direction"], indicator["near"]),
        change=change,
        moved=moved,
        tone=TONES.get((indicator["direction"], moved > 0), "") if moved else "",
        remark="" if change else _remark(figures[figures["breakdown"] == ""], row),
        spark=_line(points, row["period"]),
        source=cited(row["source_title"]),
        details=[*_details(row, target, indicator), *details],
    )


def _empty(indicator: pd.Series, choices: Choices, dataset: str) -> Card:
    covered = choices.of(dataset, str(indicator.name), "").regions
    places = sum(counts.get("latest", 0) for counts in covered.values())
    remark = f"{places}个地区有数据，见地图" if places else "各地也未公布"
    return _plain_card(indicator, value=NOT_PUBLISHED, period="", remark=remark, source="", details=[])


def _parts(indicator: pd.Series, newest: pd.DataFrame, choices: Choices, dataset: str) -> Card:
    order = choices.breakdowns(dataset, str(indicator.name))
    parts = newest[newest["period_end"] == newest["period_end"].max()]
    parts = parts.sort_values("breakdown", key=lambda names: names.map(order.index))
    others = slices.part_texts(parts)[1:]
    row = parts.iloc[0]
    return _plain_card(
        indicator,
        name=f"{indicator['name']}{in_brackets(row['breakdown'])}",
        value=row["text"],
        period=row["period_text"],
        remark=f"另有{'、'.join(others)}；总数未公布" if others else "总数未公布",
        source=cited(row["source_title"]),
        details=_details(row, None, indicator),
    )


def _plain_card(indicator: pd.Series, **parts: Any) -> Card:
    """A card without anything to compare."""
    fixed: dict[str, Any] = {"cases": "", "standing": "", "mark": None, "change": "", "tone": "", "spark": []}
    fixed["moved"] = None
    own = {"indicator_id": str(indicator.name), "chapter": int(indicator["chapter"]), "name": indicator["name"]}
    return Card(**{**fixed, **own, **parts})


def _details(row: pd.Series, target: pd.Series | None, indicator: pd.Series) -> list[str]:
    """Source, wording and notes of a figure and of its target."""
    mark = target is not None and status(row["value"], target["value"], indicator["direction"], indicator["near"])
    lines = [
        f"来源：{cited(row['source_title'])}",
        f"原文：{quoted(row['published_as'])}" if row["published_as"] else "",
        f"说明：{row['note']}" if row["note"] else "",
        f"口径：{indicator['caveats']}" if indicator["caveats"] else "",
        f"目标：{cited(target['source_title'])}{quoted(target['published_as'])}" if target is not None else "",
        f"接近：与目标相差不超过{format_difference(indicator['near'], row['unit'])}" if mark == "near" else "",
    ]
    return [line for line in lines if line]


def _line(points: Sequence[trends.Point], period: str) -> list[tuple[str, float, str]]:
    """The whole years that lead up to `period` without a gap and under one definition; empty where they are few."""
    last = next((point for point in points if point.period == period and point.run is not None), None)
    run = [(point.period, point.value, point.text) for point in points if last and point.run == last.run]
    return run if len(run) >= SPARK_POINTS else []


def _change(
    row: pd.Series, points: Sequence[trends.Point], growth: pd.DataFrame, indicator: pd.Series
) -> tuple[str, float | None, list[str]]:
    """The change over the year before in words, its size (percent, of rates percentage points; None: nothing is known),
    and where a published rate comes from. A published growth rate goes before a computed one.
    """
    said = growth[growth["period"] == row["period"]]
    if len(said):
        printed = said.iloc[0]
        source = f"同比：{cited(printed['source_title'])}{quoted(printed['published_as'])}"
        value = printed["value"]
        words = format_value(abs(value), "%", printed["qualifier"])
        return change_phrase(f"{'+' if value > 0 else '−'}{words}" if value else "持平"), float(value), [source]
    known = {point.period: point for point in points}
    point, before = known.get(row["period"]), known.get(trends.year_before(row["period"]))
    if point is None or before is None or point.period_months > 12:
        return "", None, []
    words, _ = trends.change(point, before, indicator["kind"], broken=point.era != before.era)
    size = re.search(r"[+−][\d.]+", words)
    return change_phrase(words), float(size[0].replace("−", "-")) if size else None, []


def changes(cards: list[Card]) -> pd.DataFrame:
    """What changed over the year before, as `narrative.Facts.changes` says."""
    rows = [(c.indicator_id, c.period, c.value, c.change, c.moved) for c in cards if c.moved]
    columns = ["indicator_id", "period", "value", "change", "moved"]
    return pd.DataFrame(rows, columns=columns).astype({"moved": "float64"})


def change_phrase(words: str) -> str:
    """A change as reports write it: +1.2个百分点 is 同比上升1.2个百分点, −5% is 同比下降5%, 约+5% is 同比增长约5%."""
    found = re.fullmatch(r"(约?)([+−])(.+)", words)
    if not found:
        return "同比持平" if words == "持平" else words.replace("不计算", "不算同比")
    about, sign, size = found.groups()
    percent = size.endswith("%")
    verb = ("增长" if percent else "上升") if sign == "+" else "下降"
    return f"同比{verb}{about}{size}"


def _remark(totals: pd.DataFrame, row: pd.Series) -> str:
    """Why there is no change to tell: what other periods cannot be held against it; empty where there are none."""
    others = totals.loc[totals["period"] != row["period"]].sort_values("period_end", ascending=False)
    periods = [format_period(period) for period in others["period"].unique()]
    if row["period_months"] == 1:
        return NO_YEAR
    if not periods:
        return ""
    if len(periods) > NAMED_PERIODS:
        return f"另有{len(periods)}期数据，期间不连续"
    return f"另有{'、'.join(periods)}数据，上年未公布"


# ---- the lead ----


def lead(cards: list[Card], figures: pd.DataFrame, reader: Reader, targets: pd.DataFrame) -> str:
    """The first sentences of the page (Markdown): the first headline indicator, and how many others got better.

    `figures`: `queries.figures_of_region` of the whole region.
    """
    indicators = reader.choices.indicators
    indicator = indicators.loc[indicators["headline"].astype("Float64").idxmin()]
    newest = slices.newest(figures[(figures["indicator_id"] == indicator.name) & (figures["breakdown"] == "")])
    sentences = []
    if len(newest):
        row = newest.iloc[0]
        target = target_for(targets, row["region_code"], str(indicator.name), row["period"])
        sentences.append(f"**{plain(narrative.figure_sentence(row, target, indicator))}。**")
    better, worse = ([made for made in cards if made.tone == tone] for tone in ("good", "bad"))
    if len(better) + len(worse) >= FEW_CHANGES:
        named = f"（{'、'.join(made.name for made in worse)}）" if 0 < len(worse) <= NAMED_WORSE else ""
        counts = [f"{len(better)}项指标向好" if better else "", f"{len(worse)}项变差{named}" if worse else ""]
        sentences.append(f"与上年相比，{'，'.join(count for count in counts if count)}；其余不评优劣，或没有上年数。")
    return "  \n".join(sentences)


# ---- the story of one indicator ----


@dataclass(frozen=True)
class Step:
    """One year of a story: `value` None: 未公布; `whole`: a whole year, comparable with the others."""

    period: str
    value: float | None
    text: str
    whole: bool = True


def story(figures: pd.DataFrame) -> list[Step]:
    """Year by year what was published. `figures`: the totals of one region and indicator.

    A whole year speaks for its year; only where there is none does the longest period that ends in it, marked as such.
    """
    known = figures[figures["value"].notna()]
    if known.empty:
        return []
    known = slices.with_texts(known).assign(year=known["period_end"].dt.year)
    longest = known.sort_values("period_months", kind="stable").groupby("year").tail(1).set_index("year")
    steps = []
    for year in range(int(known["year"].min()), int(known["year"].max()) + 1):
        if year not in longest.index:
            steps.append(Step(f"{year}年", None, NOT_PUBLISHED))
            continue
        row = longest.loc[year]
        steps.append(Step(row["period_text"], float(row["value"]), row["text"], bool(row["period_months"] == 12)))
    return steps


def story_sentence(steps: list[Step]) -> str:
    """A story in one line: 15%（2019年） → … → 99.74%（2023年）; also what a screen reader is told."""
    return " → ".join(f"{step.text}（{step.period}）" for step in steps if step.value is not None)


# ---- HTML ----


def variables() -> str:
    """The colours of both modes as CSS variables, for the HTML of the first page.

    The browser picks by the mode that Streamlit sets: one that changes while the page is open asks for no new run.
    """
    names = ("ground", "text", "muted", "line", "missing", "hatch", "primary", "reached", "near", "below")
    pairs = {name: (getattr(LIGHT, name), getattr(DARK, name)) for name in names}
    pairs["bar"] = LIGHT.sequential[2], DARK.sequential[2]
    return ";".join(f"--{name}:light-dark({light},{dark})" for name, (light, dark) in pairs.items())


def chapters_html(cards: list[Card], indicators: pd.DataFrame, dataset: str, sources: list[str]) -> str:
    """All chapters, a row each, with their cards; on a phone a row shows its first cards, the others on demand.

    `sources`: what is cited on paper, in the order of its numbers.
    """
    rows = []
    for number, of in indicators.groupby("chapter", sort=True):
        here = [made for made in cards if made.chapter == number]
        if here:
            short, name = of["chapter_short"].iloc[0], of["chapter_name"].iloc[0]
            full = f'<span class="full">{_e(name)}</span>' if name != short else ""
            body = "".join(card_html(made, dataset, sources) for made in here)
            title = f'<h3><span class="number">{number}</span> <span class="short">{_e(short)}</span>{full}</h3>'
            more = len(here) - ON_PHONE
            fold = f'<label class="fold"><input type="checkbox">展开另外{more}项</label>' if more > 0 else ""
            rows.append(f'<section class="chapter">{title}<ul class="cards">{body}</ul>{fold}</section>')
    return f'<div class="overview" style="{variables()}"><p class="legend">{LEGEND}</p>{"".join(rows)}</div>'


def card_html(made: Card, dataset: str, sources: Sequence[str] = ()) -> str:
    """One card. What it says comes in the order in which it is read out; source and notes on hover, tap and focus."""
    page = "map" if made.value == NOT_PUBLISHED else "trends"
    address = urlencode({"dataset": dataset, "indicator": made.indicator_id})
    spark = (
        f'<img class="spark" src="{spark_image(made.spark)}" alt="{_e(spark_words(made.spark))}">' if made.spark else ""
    )
    missing = " missing" if made.value == NOT_PUBLISHED else ""
    lines = [
        f'<span class="name"><a href="{page}?{_e(address)}">{_e(made.name)}</a></span>',
        f'<span class="value{missing}">{_e(made.value)}{spark}</span>',
        f'<span class="standing {made.mark or ""}">{_e(made.standing)}</span>' if made.standing else "",
        f'<span class="change {made.tone}">{_arrow(made)}{_e(made.change)}</span>' if made.change else "",
        f'<span class="cases">{_e(made.cases)}</span>' if made.cases else "",
        f'<span class="remark">{_e(made.remark)}</span>' if made.remark else "",
        f'<span class="foot">{_e(made.period)}{reference([made.source], sources)}'
        f"{tip(made.indicator_id, made.details)}</span>",
    ]
    return f'<li class="card">{"".join(line for line in lines if line)}</li>'


def reference(titles: Iterable[str], sources: Sequence[str]) -> str:
    """The numbers of sources, for paper: [1][3]. On the screen the sources themselves are a tap away."""
    numbers = "".join(f"[{sources.index(title) + 1}]" for title in dict.fromkeys(titles) if title in sources)
    return f' <span class="reference">{numbers}</span>' if numbers else ""


def tip(key: str, details: list[str], label: str = "来源") -> str:
    """A word that shows details on hover, on tap and on keyboard focus."""
    if not details:
        return ""
    body = "<br>".join(_e(line) for line in details)
    return (
        f' <span class="tip"><button type="button" aria-describedby="tip-{key}">{label}</button>'
        f'<span role="tooltip" id="tip-{key}">{body}</span></span>'
    )


def _arrow(made: Card) -> str:
    sign = {"上升": "↑", "增长": "↑", "下降": "↓"}
    return next((f'<i aria-hidden="true">{mark}</i>' for verb, mark in sign.items() if verb in made.change), "")


def spark_words(points: list[tuple[str, float, str]]) -> str:
    """A sparkline in words: 2019年15%、2020年29.65%."""
    return "、".join(f"{format_period(period)}{text}" for period, _, text in points)


def spark_image(points: list[tuple[str, float, str]]) -> str:
    """A sparkline as the address of a picture: a line through whole years that follow each other, its end marked."""
    values = [value for _, value, _ in points]
    low, span = min(values), (max(values) - min(values)) or 1.0
    across, down = SPARK_WIDTH - 8, SPARK_HEIGHT - 8
    places = [
        (4 + across * i / (len(values) - 1), 4 + down * (1 - (value - low) / span if max(values) > low else 0.5))
        for i, value in enumerate(values)
    ]
    line = " ".join(f"{x:.0f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}">'
        f'<polyline points="{line}" fill="none" stroke="{SPARK_INK}" stroke-width="1.8"/>'
        f'<circle cx="{x:.0f}" cy="{y:.1f}" r="3" fill="{SPARK_INK}"/></svg>'
    )
    return f"data:image/svg+xml,{quote(svg)}"


def aim_of(target: pd.Series | None, unit: str) -> tuple[str, float] | None:
    """The line of a story's target: its words and its value."""
    return None if target is None else (narrative.aim_words(target, unit), float(target["value"]))


def story_html(
    steps: list[Step], title: str, aim: tuple[str, float] | None, details: list[str], references: str = ""
) -> str:
    """The story as bars from zero, the target (its words, its value) as a line across.

    No line joins the bars: a period of ten months is no year, and a year may be missing.
    """
    values = [step.value for step in steps if step.value is not None]
    top = max([*values, aim[1]] if aim else values) or 1
    bars = []
    for step in steps:
        kind = "none" if step.value is None else "" if step.whole else "odd"
        height = 0 if step.value is None else 100 * step.value / top
        bars.append(
            f'<li class="{kind}"><div><i style="height:{height:.1f}%"><b>{_e(step.text)}</b></i></div>'
            f"<span>{re.sub('年(?=[0-9])', '年<br>', _e(step.period))}</span></li>"
        )
    line = f'<li class="aim" aria-label="{_e(aim[0])}" style="--height:{aim[1] / top:.3f}"></li>' if aim else ""
    notes = [f"虚线为{aim[0]}" if aim else "", NOT_WHOLE if any(not step.whole for step in steps) else ""]
    note = "；".join(note for note in notes if note)
    return (
        f'<div class="overview story" style="{variables()}"><p class="title">{_e(title)}</p>'
        f'<ol aria-label="{_e(story_sentence(steps))}">{"".join(bars)}{line}</ol>'
        f'<p class="foot">{_e(note)}{references}{tip("story", details)}</p></div>'
    )


def _e(text: str) -> str:
    return html.escape(text, quote=True)
