"""What the charts of a comparison share: their words, and the marks on axes that must not mislead."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from dashboard.charts import watermark_note
from dashboard.statistics import SMALL_BASE
from dashboard.theme import (
    DATASET_NAMES,
    STATE_NAMES,
    Palette,
    cited,
    format_difference,
    format_number,
    format_period,
    format_value,
    palette,
)

CUT_WORDS = "坐标轴未从零开始"
CUT_FROM = 50  # percent; rates that all lie above are told apart on a cut axis
BIGGER_HAVE_MORE = "数量未按人口或案件量折算，规模大的地区自然多。"
MARK_SIZE = 38  # pixels
HARD_TO_TELL = "难分先后"
HARD_TO_TELL_NOTE = f"“{HARD_TO_TELL}”：95%区间与半数以上地区重叠。"
CITED = ("value", "parts_only")  # states with figures, whose sources are named
NOTED = 6  # notes in a line under a chart
ALIKE = 3  # names before one and the same note
LISTED = 20  # names in a line under a chart
TICK_STEPS = (1, 2, 5, 10)
FEWEST_TICKS = 2  # one alone is no scale


@dataclass(frozen=True)
class Scene:
    """What is compared and with what in mind.

    `indicator`: a row of `queries.indicators`. `places`: who is compared, in words (12个盟市); `among`: the same before
    the name of an indicator (包头市各旗县), empty for all of a level; `level_name`: what each is called in a sentence
    (盟市). `group_source`: the document that names the group, or empty. `case_unit`: what the parts of a rate are
    counted in. `highlighted`: the code of the region that the reader has chosen, or empty. `wall`: for the
    big screen, where rows are low and letters large.
    """

    indicator: pd.Series
    dataset: str
    places: str
    level_name: str
    breakdown: str
    period: str
    release_id: str
    case_unit: str = ""
    among: str = ""
    group_source: str = ""
    highlighted: str = ""
    dark: bool = False
    wall: bool = False

    @property
    def colours(self) -> Palette:
        """The colours of the reader's mode."""
        return palette(self.dark)

    @property
    def subject(self) -> str:
        """The indicator with its breakdown."""
        return self.indicator["name"] + (f"（{self.breakdown}）" if self.breakdown else "")

    @property
    def topic(self) -> str:
        """The indicator among whom it is compared, as titles say it."""
        return self.among + self.subject

    @property
    def group_line(self) -> str:
        """Which document names the group; empty where none does."""
        return f"对比组出处：{cited(self.group_source)}" if self.group_source else ""

    @property
    def rate(self) -> bool:
        """Whether the values are shares of something."""
        return self.indicator["kind"] in ("rate", "ratio")

    @property
    def neutral(self) -> bool:
        """Whether high and low mean neither good nor bad."""
        return bool(self.indicator["direction"] == "neutral")

    @property
    def ink(self) -> str:
        """The colour of a value: one hue where a direction is good, another where none is."""
        return self.colours.neutral[4] if self.neutral else self.colours.primary

    @property
    def tint(self) -> str:
        """A light shade of `ink`, for intervals."""
        steps = self.colours.neutral if self.neutral else self.colours.sequential
        return steps[1]


def simulated_mark(scene: Scene) -> list[dict[str, Any]]:
    """The last annotation of a figure of simulated data: their mark, small enough for a phone; none for others."""
    return [watermark_note(scene.colours, MARK_SIZE)] if scene.dataset == "demo" else []


def small_words(scene: Scene) -> str:
    """From where a base is small: 分母不足10件."""
    return f"分母不足{SMALL_BASE}{scene.case_unit or '件'}"


def subtitle(scene: Scene, *parts: str) -> str:
    """Indicator, unit, period, who, data set; `parts` take the place of indicator, unit and period."""
    own = (scene.subject, f"单位：{scene.indicator['unit']}", format_period(scene.period))
    return " · ".join([*(parts or own), scene.places, DATASET_NAMES.get(scene.dataset, scene.dataset)])


def footnotes(frame: pd.DataFrame, scene: Scene, *notes: str) -> list[str]:
    """Who is missing, what differs, then `notes`, sources, definition and release. `frame`: `slices.by_region`."""
    states, titles = frame["state"].tolist(), frame["source_title"].tolist()
    sources = dict.fromkeys(title for state, title in zip(states, titles, strict=True) if state in CITED)
    lines = [
        missing_line(frame),
        scope_line(frame),
        *notes,
        scene.group_line,
        f"来源：{'；'.join(cited(title) for title in sources)}" if sources else "",
        f"口径：{scene.indicator['caveats']}" if scene.indicator["caveats"] else "",
        f"版本{scene.release_id}",
    ]
    return [line for line in lines if line]


def missing_line(frame: pd.DataFrame) -> str:
    """Who has no value, each state by its name: 未公布：包头市、乌海市；未填报：阿拉善盟."""
    names: dict[str, list[str]] = {}
    for state, name in zip(frame["state"].tolist(), frame["name"].tolist(), strict=True):
        names.setdefault(state, []).append(name)
    return "；".join(f"{word}：{listed(names[state])}" for state, word in STATE_NAMES.items() if state in names)


def scope_line(frame: pd.DataFrame) -> str:
    """What the figures of single places cover, where their notes say so; a reason not to take them as alike."""
    columns = (frame[name].tolist() for name in ("state", "name", "note"))
    names: dict[str, list[str]] = {}
    for state, name, note in zip(*columns, strict=True):
        if state == "value" and isinstance(note, str) and note:
            names.setdefault(note, []).append(name)
    if not names:
        return ""
    words = [f"{_alike(places)}：{note}" for note, places in names.items()]
    rest = "" if len(words) <= NOTED else f"；等{len(words)}条，见“查看数据”"
    return f"各地口径不尽相同，不宜只看高低。{'；'.join(words[:NOTED])}{rest}"


def _alike(names: list[str]) -> str:
    """Who shares a note: a few by name, of more the first two and how many they are."""
    return "、".join(names) if len(names) <= ALIKE else f"{'、'.join(names[:2])}等{len(names)}地"


def listed(names: list[str], most: int = LISTED) -> str:
    """Names one after another, the rest as a number."""
    return "、".join(names[:most]) + (f"等{len(names)}个" if len(names) > most else "")


def holders(names: list[str], level_name: str) -> str:
    """One or two by name, more by number: 鄂尔多斯市、巴彦淖尔市, 3个盟市."""
    return "、".join(names) if len(names) <= 2 else f"{len(names)}个{level_name}"


def places_in_words(frame: pd.DataFrame, neutral: bool) -> list[str]:
    """What is said of the place of each row of `statistics.standings`: `place_words`, or of neutral indicators, among
    which nobody is first, `level_words` by the quarters of the values; empty without a rank.
    """
    ranked = frame["rank"].notna()
    if neutral:
        lower, upper = frame["value"][ranked].quantile([0.25, 0.75])
        return [
            level_words(value, lower, upper) if has_rank else ""
            for value, has_rank in zip(frame["value"].tolist(), ranked.tolist(), strict=True)
        ]
    rows = zip(*(frame[name].tolist() for name in ("rank", "best", "worst")), strict=True)
    return [place_words(*row, among=int(ranked.sum())) for row in rows]


def place_words(rank: object, best: object, worst: object, *, among: int) -> str:
    """A place of `statistics.standings` among so many: 第3名, 第3—7名 where intervals leave it open, 难分先后 where it
    may be any of more than half of all; empty without one.
    """
    if pd.isna(rank):
        return ""
    if pd.isna(best) or best == worst:
        return f"第{rank}名"
    return HARD_TO_TELL if wide(best, worst, among) else f"第{best}—{worst}名"


def wide(best: Any, worst: Any, among: int) -> bool:
    """Whether a range of places says nothing: it covers more than half of all."""
    return bool(2 * (worst - best + 1) > among)


def level_words(value: float, lower: float, upper: float) -> str:
    """A value of a neutral indicator by the quarters of all: 偏高, 居中, 偏低; empty where these are equal."""
    if lower == upper:
        return ""
    return "偏高" if value > upper else "偏低" if value < lower else "居中"


def interval_words(low: float, high: float, unit: str) -> str:
    """An interval of `statistics.standings`: 86.5%—98.3%; empty without one (NaN)."""
    return "" if math.isnan(low) else f"{format_value(round(low, 1), unit)}—{format_value(round(high, 1), unit)}"


def change_words(change: float, unit: str) -> str:
    """A change with its sign: +1.2个百分点, −34件; 持平 for none."""
    rounded = round(float(change), 4)
    if not rounded:
        return "持平"
    return f"{'+' if rounded > 0 else '−'}{format_difference(round(rounded, 2) or rounded, unit)}"


def moved_words(change: float, unit: str) -> str:
    """A change as a sentence tells it: 上升1.2个百分点, 下降34件, 持平."""
    return change_words(change, unit).replace("+", "上升").replace("−", "下降")


def value_range(values: list[float], rate: bool) -> tuple[float, float, bool]:
    """Where an axis begins and ends, and whether it is cut: at zero, but for rates that all lie near their ceiling."""
    known = [value for value in values if not pd.isna(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    cut = rate and low >= CUT_FROM and high > low
    start = low - 0.08 * (high - low) if cut else min(0.0, low)
    room = 0.04 * ((high - start) or 1.0)  # a mark at the end is drawn whole
    return start, high + room, cut


def ticks(start: float, end: float, unit: str, about: int = 5) -> dict[str, object]:
    """Round ticks between two values, `about` so many and at least two, written as people print them."""
    rough = (end - start) / about
    size = 10 ** math.floor(math.log10(rough))
    at = next(at for at, factor in enumerate(TICK_STEPS) if size * factor >= rough * (1 - 1e-9))
    marks = _marks(start, end, size * TICK_STEPS[at], unit)
    if len(marks) < FEWEST_TICKS:
        marks = _marks(start, end, size * (TICK_STEPS[at - 1] if at else 0.5), unit)
    return {"tickvals": marks, "ticktext": [f"{format_number(mark)}{'%' if unit == '%' else ''}" for mark in marks]}


def _marks(start: float, end: float, step: float, unit: str) -> list[float]:
    """The multiples of `step` from `start` to `end`; of percentages none above 100."""
    marks = [round(step * i, 9) for i in range(math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9) + 1)]
    return [mark for mark in marks if unit != "%" or mark <= 100]


def cut_strokes(axis: Literal["x", "y"], colours: Palette) -> list[dict[str, object]]:
    """Shapes: two strokes across the beginning of an axis that does not begin at zero."""
    strokes = ("M6,-6 L12,6", "M11,-6 L17,6") if axis == "x" else ("M-6,16 L6,22", "M-6,21 L6,27")
    pixels = {"xref": "paper", "yref": "paper", "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": 0, "yanchor": 0}
    return [{"type": "path", "path": path, "line": {"color": colours.text, "width": 1.6}, **pixels} for path in strokes]


def under_axis(words: str, colours: Palette, *, below: int = 24, right: bool = False) -> dict[str, object]:
    """An annotation `below` pixels under the horizontal axis, at its left or right end."""
    return {
        "text": words,
        "xref": "paper",
        "yref": "paper",
        "x": 1 if right else 0,
        "y": 0,
        "xanchor": "right" if right else "left",
        "yanchor": "top",
        "yshift": -below,
        "showarrow": False,
        "font": {"size": 12, "color": colours.muted},
    }
