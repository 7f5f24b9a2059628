"""The spine chart: a region's dot within the strip of its peers, one row an indicator; and the same as an A4 sheet.

The strip runs from the least to the most of the peers, its middle half darker. Indicators with a direction run from
worst (left) to best (right); neutral ones from low to high in another colour, for there is no good end.
"""

import html
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import slices
from dashboard.charts import Chart, watermark_note
from dashboard.charts.anatomy import HARD_TO_TELL, HARD_TO_TELL_NOTE, wide
from dashboard.statistics import SMALL_BASE, Numbers
from dashboard.theme import DATASET_NAMES, Palette, cited, format_period, format_value, palette, template

RATES = {"rate", "ratio"}
JUDGED = RATES | {"duration"}
STRIP = 0.56  # of the width; the rest is for place and change
ROW = 42  # pixels
HEADING, AIM_LINE = 0.8, 0.45  # rows
HALVES_FROM = 16  # rows; fewer fit one column
NEAR_MIDDLE = 4  # rows
CONTINUED = "（续）"
KEY = (
    "浅条为{peers}最低到最高，深条为中间一半，竖线为中位数；●为本地区，◇为全区；"
    "有方向的指标左差右好，中性指标（紫色）左低右高，不表示好坏"
)
KEY_LINE = 20  # pixels, of the key over the rows
SHEET_HEIGHT = 1035  # pixels of an A4 page inside its margins, a little spared
SHEET_LETTERS = 8.8  # pixels; the most that a letter measures on the sheet, for a row must fit half its width
SHEET_LINE = 1.46  # line height in letters
SHEET_WIDTH = 730  # pixels


def positions(rows: pd.DataFrame) -> dict[str, Numbers]:
    """Where lower, middle, upper, own and whole lie between the ends of each strip, 0 to 1, the best end at 1.

    `rows`: `profile.spine`. The middle where all peers are equal; `lower` is always left of `upper`.
    """
    least, span = rows["least"].to_numpy(), (rows["most"] - rows["least"]).to_numpy()
    turned = (rows["direction"] == "lower_better").to_numpy()

    def place(name: str) -> Numbers:
        values = rows[name].to_numpy(dtype="float64")
        share = np.clip((values - least) / np.where(span > 0, span, 1), 0, 1)
        share = np.where((span > 0) | np.isnan(values), share, 0.5)
        return np.where(turned, 1 - share, share)

    ends = place("lower"), place("upper")
    return {
        "lower": np.minimum(*ends),
        "middle": place("middle"),
        "upper": np.maximum(*ends),
        "own": place("value"),
        "whole": place("whole"),
    }


def halves(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows in one part, or, where there are many, in two of about the same length.

    They split between chapters, unless no chapter ends near the middle: then within one, which goes on in the second.
    """
    if len(rows) < HALVES_FROM:
        return [rows]
    middle = len(rows) // 2
    starts = [at for at in range(1, len(rows)) if rows["chapter"].iloc[at] != rows["chapter"].iloc[at - 1]]
    near = min(starts, key=lambda at: abs(at - middle), default=middle)
    at = near if abs(near - middle) <= NEAR_MIDDLE else middle
    return [rows.iloc[:at], rows.iloc[at:]]


def _height(laid: dict[str, Any], key: Sequence[object]) -> int:
    """The height of the spine chart in pixels. `laid`: `_layout`; `key`: its lines."""
    return round(ROW * laid["depth"]) + 16 + KEY_LINE * len(key)


def _key(rows: pd.DataFrame, place: str, peers: str, colours: Palette) -> list[dict[str, Any]]:
    """How to read a row, a line under each other over the rows; short enough for a phone."""
    neutral = (rows["direction"] == "neutral").to_numpy()
    steps = colours.neutral if neutral.all() else colours.sequential

    def ink(sign: str, colour: str) -> str:
        return f'<span style="color:{colour}">{sign}</span>'

    lines = [
        f"{ink('●', steps[4])} {place}　◇ 全区　{ink('┃', colours.muted)}中位数",
        f"{ink('■■', steps[0])} {peers}最低到最高　{ink('■■', steps[2])} 中间一半",
        *([] if neutral.all() else ["左差右好" + ("；紫色为中性指标，左低右高" if neutral.any() else "")]),
        *(["左低右高，高低不表示好坏"] if neutral.all() else []),
    ]
    return [
        {
            **{"text": line, "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "middle"},
            **{"yshift": KEY_LINE * (len(lines) - at - 0.5) + 2, "showarrow": False, "align": "left", "xshift": -4},
            "font": {"size": 12, "color": colours.text},
        }
        for at, line in enumerate(lines)
    ]


def spine_chart(
    rows: pd.DataFrame,
    *,
    place: str,
    peers: str,
    period: str,
    dataset: str,
    release_id: str,
    number: str = "",
    continued: bool = False,
    dark: bool = False,
) -> Chart:
    """A region among its peers. `rows`: `profile.spine`; `place`, `peers`: in words; `number`: （一） of several.

    `continued`: the first chapter has begun in another one.
    """
    colours = palette(dark)
    where, laid = positions(rows), _layout(rows)
    if continued:
        laid["headings"][0] = (laid["headings"][0][0] + CONTINUED, laid["headings"][0][1])
    heights = np.array(laid["rows"])
    neutral = (rows["direction"] == "neutral").to_numpy()
    traces = []
    for part, steps in ((~neutral, colours.sequential), (neutral, colours.neutral)):
        if part.any():
            traces += _strips({name: at[part] for name, at in where.items()}, heights[part], steps, colours)
    key = _key(rows, place, peers, colours)
    rule = {"type": "line", "x0": 0, "x1": 1, "line": {"color": colours.line, "width": 1}}
    figure = go.Figure(
        [*traces, *_dots(rows, where, heights, colours), *_texts(rows, heights, laid["headings"], colours)],
        {
            "template": template(dark),
            "showlegend": False,
            "dragmode": False,
            "height": _height(laid, key),
            "margin": {"l": 9, "r": 6, "t": 4 + KEY_LINE * len(key), "b": 4},
            "xaxis": {"range": [0, 1], "visible": False, "fixedrange": True},
            "yaxis": {"range": [-laid["depth"], 0], "visible": False, "fixedrange": True},
            "shapes": [{**rule, "y0": at - 0.28, "y1": at - 0.28} for _, at in laid["headings"]],
            "annotations": [*key, *([watermark_note(colours)] if dataset == "demo" else [])],
        },
    )
    title = _title(rows, place, peers, period)
    sources = list(dict.fromkeys(rows["source_title"].tolist()))
    small = f"空心点基数过小（不足{SMALL_BASE}件），不参与排名" if rows["small"].any() else ""
    counts = "件数、人数等未按人口折算，规模大的地区自然多" if not set(rows["kind"].tolist()) <= RATES else ""
    said_of = rows["place"].tolist()
    bands = "名次是一段的，区间相互重叠，先后可能出于偶然" if any("—" in words for words in said_of) else ""
    hard = HARD_TO_TELL_NOTE.rstrip("。") if HARD_TO_TELL in said_of else ""
    notes = [f"来源：{'；'.join(cited(source) for source in sources)}", f"版本{release_id}"]
    return Chart(
        name=f"地区画像{number}",
        figure=figure,
        title=title,
        subtitle=" · ".join([f"{place}与{peers}", format_period(period), DATASET_NAMES.get(dataset, dataset)]),
        footnotes=[*(["；".join(said)] if (said := [x for x in (bands, hard, small, counts) if x]) else []), *notes],
        reading=f"{title}。",
        table=lambda: table(rows),
        simulated=dataset == "demo",
    )


def _layout(rows: pd.DataFrame) -> dict[str, Any]:
    """Where each row and each chapter heading stands, downwards from 0, and how deep it goes, in rows."""
    depth, at, headings = 0.0, [], []
    chapter = None
    for of_row, name, aim in slices.each(rows, "chapter", "chapter_short", "aim"):
        if of_row != chapter:
            chapter = of_row
            headings.append((name, -(depth + HEADING / 2)))
            depth += HEADING
        at.append(-(depth + 0.5))
        depth += 1 + (AIM_LINE if aim else 0)
    return {"rows": at, "headings": headings, "depth": depth + 0.1}


def _strips(
    where: dict[str, Numbers], heights: Numbers, steps: Sequence[str], colours: Palette
) -> list[dict[str, Any]]:
    """Least to most, the middle half, and the median of each row."""
    level = (heights - 0.2).tolist()

    def bars(first: list[float], last: list[float], colour: str) -> dict[str, Any]:
        return {
            "type": "scatter",
            "x": [x for a, b in zip(first, last, strict=True) for x in (a * STRIP, b * STRIP, None)],
            "y": [height for at in level for height in (at, at, None)],
            "mode": "lines",
            "line": {"color": colour, "width": 9},
            "hoverinfo": "skip",
        }

    marker = {"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": colours.muted}}
    middle = (where["middle"] * STRIP).tolist()
    return [
        bars([0.0] * len(level), [1.0] * len(level), steps[0]),
        bars(where["lower"].tolist(), where["upper"].tolist(), steps[2]),
        {"type": "scatter", "x": middle, "y": level, "mode": "markers", "marker": marker, "hoverinfo": "skip"},
    ]


def _dots(rows: pd.DataFrame, where: dict[str, Numbers], heights: Numbers, colours: Palette) -> list[dict[str, Any]]:
    """The region itself, hollow on a small base, over the whole region."""
    small = rows["small"].tolist()
    inks = [colours.neutral[4] if way == "neutral" else colours.primary for way in rows["direction"].tolist()]
    known = ~np.isnan(where["whole"])
    return [
        {
            "type": "scatter",
            "x": (where["whole"][known] * STRIP).tolist(),
            "y": (heights[known] - 0.2).tolist(),
            "mode": "markers",
            "marker": {"symbol": "diamond-open", "size": 11, "color": colours.text, "line": {"width": 1.5}},
            "hoverinfo": "skip",
            "cliponaxis": False,
        },
        {
            "type": "scatter",
            "x": (where["own"] * STRIP).tolist(),
            "y": (heights - 0.2).tolist(),
            "mode": "markers",
            "marker": {
                "symbol": ["circle-open" if hollow else "circle" for hollow in small],
                "size": 13,
                "color": inks,
                "line": {
                    "width": 2,
                    "color": [ink if hollow else colours.ground for ink, hollow in zip(inks, small, strict=True)],
                },
            },
            "customdata": _hover(rows),
            "hovertemplate": "%{customdata}<extra></extra>",
            "cliponaxis": False,
        },
    ]


def _texts(
    rows: pd.DataFrame, heights: Numbers, headings: list[tuple[str, float]], colours: Palette
) -> list[dict[str, Any]]:
    """Names and values above the strips, place and change beside them, aims below, chapters over their rows."""

    def write(x: float, heights: Sequence[float], texts: Sequence[str], anchor: str, **font: object) -> dict[str, Any]:
        return {
            **{"type": "scatter", "x": [x] * len(texts), "y": list(heights), "text": list(texts), "mode": "text"},
            **{"textposition": f"middle {anchor}", "textfont": font, "hoverinfo": "skip", "cliponaxis": False},
        }

    names, texts, cases, places, changes, marks, aims = (
        rows[name].tolist() for name in ("name", "text", "cases", "place", "change", "mark", "aim")
    )
    values = [f"<b>{text}</b>" + (f"（{of}）" if of else "") for text, of in zip(texts, cases, strict=True)]
    beside = [" · ".join(part for part in pair if part) for pair in zip(places, changes, strict=True)]
    aimed = [at for at, aim in enumerate(aims) if aim]
    inks = [getattr(colours, mark) if isinstance(mark, str) else colours.muted for mark in (marks[at] for at in aimed)]
    chapters = [f"<b>{name}</b>" for name, _ in headings]
    above = (heights + 0.24).tolist()
    return [
        write(0, [at for _, at in headings], chapters, "right", size=13, color=colours.muted),
        write(0, above, names, "right", size=13),
        write(1, above, values, "left", size=13),
        write(1, (heights - 0.2).tolist(), beside, "left", size=12, color=colours.muted),
        write(0, (heights[aimed] - 0.62).tolist(), [aims[at] for at in aimed], "right", size=12, color=inks),
    ]


def _hover(rows: pd.DataFrame) -> list[str]:
    texts = []
    own = slices.each(rows, "name", "text", "cases", "unit", "source_title")
    peers = slices.each(rows, "peers", "least", "middle", "most", "whole")
    for (name, text, cases, unit, source), (number, least, middle, most, whole) in zip(own, peers, strict=True):
        ends = [format_value(value, unit) for value in (least, middle, most)]
        lines = [
            f"{name}　<b>{text}</b>" + (f"（{cases}）" if cases else ""),
            f"{number}地：最低{ends[0]}，中位{ends[1]}，最高{ends[2]}",
            *([] if math.isnan(whole) else [f"全区{format_value(whole, unit)}"]),
            cited(source),
        ]
        texts.append("<br>".join(lines))
    return texts


def _title(rows: pd.DataFrame, place: str, peers: str, period: str) -> str:
    """In how many of the rates with a direction the region is among the first and the last quarter of the peers.

    A place that intervals leave open, or that is shared, counts where all of it lies in the quarter.
    """
    chapters = list(dict.fromkeys(rows["chapter_short"].tolist()))
    about = chapters[0] if len(chapters) == 1 else f"{chapters[0]}等{len(chapters)}个领域"
    columns = slices.each(rows, "kind", "direction", "peers", "best", "worst")
    judged = [
        _quarter(best, worst, number)
        for kind, direction, number, best, worst in columns
        if kind in JUDGED and direction != "neutral" and not pd.isna(best)
    ]
    if not judged:
        return f"{format_period(period)}{place}{about}{len(rows)}项指标在{peers}中的位置"
    of, level = Counter(judged), re.search("个(盟市|旗县)", peers)
    said = [f"{of[end]}项居{end}四分之一" for end in ("前", "后") if of[end]]
    said += [f"{of['居中']}项居中"] if of["居中"] else []
    said += [f"{of['难分']}项与其他{level[1] if level else '地区'}难分先后"] if of["难分"] else []
    return (
        f"{format_period(period)}{place}{about}可评优劣的{len(judged)}项比率指标中，与{others(peers)}相比，"
        + "，".join(said)
    )


def others(peers: str) -> str:
    """Peers in words, without the place itself, which is one of them: 12个盟市 are 其他11个盟市."""
    return re.sub(r"共?(\d+)个(?=\D*$)", lambda found: f"其他{int(found[1]) - 1}个", peers)


def _quarter(best: int, worst: int, among: int) -> str:
    """Where a place lies: 前 or 后 (all of it in the first or last quarter), 难分 (it may be nearly any), else 居中."""
    if worst <= among // 4:
        return "前"
    if best > among - among // 4:
        return "后"
    return "难分" if wide(best, worst, among) else "居中"


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """The twin of the spine chart, Chinese headers; columns that would be empty are left out."""

    def words(name: str) -> list[str]:
        return [
            "" if pd.isna(v) else format_value(round(v, 2), unit)
            for v, unit in zip(rows[name], rows["unit"], strict=True)
        ]

    frame = pd.DataFrame(
        {
            "章": rows["chapter_short"],
            "指标": rows["name"],
            "数值": rows["text"],
            "分子/分母": rows["cases"],
            "名次": rows["place"],
            "较上年": rows["change"],
            "目标": rows["aim"],
            "全区": words("whole"),
            "同级最低": words("least"),
            "下四分位": words("lower"),
            "中位": words("middle"),
            "上四分位": words("upper"),
            "同级最高": words("most"),
            "来源": rows["source_title"],
        }
    ).reset_index(drop=True)
    return frame.loc[:, [bool(frame[name].astype(str).str.strip().any()) for name in frame]]


# ---- the A4 sheet ----


@dataclass(frozen=True)
class Sheet:
    """What stands on the printed page beside the figures: heading, line under it, peers, mark of simulation, foot."""

    heading: str
    about: str
    peers: str
    mark: str
    foot: str


def sheet(rows: pd.DataFrame, listed: pd.DataFrame, below: pd.DataFrame, sources: pd.DataFrame, words: Sheet) -> str:
    """A region on one A4 page as HTML: plotly draws for the width of a screen, and a printer has another.

    `rows`: `profile.spine`; `listed`: `profile.listed`; `below`: `profile.below`; `sources`: `profile.sources`. The
    letters shrink until everything fits. Where there are several sources, a number in
    brackets names that of a figure.
    """
    titles = list(dict.fromkeys(sources["source_title"]))
    marks = [f"<small>〔{number}〕</small>" if len(titles) > 1 else "" for number in range(1, len(titles) + 1)]
    numbers = dict(zip(titles, marks, strict=True))
    parts = [
        f"<header><h1>{_text(words.heading)}</h1><b>{_text(words.mark)}</b><p>{_text(words.about)}</p></header>",
        f'<div class="columns">{_sheet_rows(rows, numbers)}</div>' if len(rows) else "",
        f'<div class="columns">{_sheet_list(listed, numbers)}</div>' if len(listed) else "",
        _sheet_below(below),
        f"<p>来源：{_sheet_sources(sources, numbers)}</p>",
        f"<p>{_text(KEY.format(peers=words.peers) + '。' if len(rows) else '')}{_text(words.foot)}</p>",
    ]
    size = letters(rows, listed, below, sources)
    mark = f'<span class="watermark">{_text(words.mark)}</span>' if words.mark else ""
    return f'<div class="sheet" style="font-size:{size:.1f}px">{mark}{"".join(parts)}</div>'


def letters(rows: pd.DataFrame, listed: pd.DataFrame, below: pd.DataFrame, sources: pd.DataFrame) -> float:
    """The size of a letter in pixels with which the sheet fits one page, found by counting its lines."""
    size = SHEET_LETTERS
    while size > 1:
        wide = SHEET_WIDTH / size  # letters in a line
        lines = 7 + math.ceil(sum(len(title) + 22 for title in sources["source_title"]) / wide)
        lines += math.ceil(len(KEY) / wide)
        if len(rows):
            second = ((rows["aim"] != "") | (rows["cases"] != "")).sum()
            lines += math.ceil((len(rows) + second + 1.2 * rows["chapter"].nunique()) / 2) + 2
        if len(listed):
            room = wide / 2 - 16
            names = (listed["indicator"].str.len() + listed["breakdown"].str.len() + 2) / room
            lines += math.ceil((sum(map(math.ceil, names)) + 1.2 * listed["chapter"].nunique()) / 2) + 2
        if len(below):
            room = max(2.0, wide / len(below.columns) - 1)
            lines += len(below) + 2 + max(math.ceil(len(name) / room) for name in below.columns)
        if lines * SHEET_LINE * size <= SHEET_HEIGHT:
            break
        size -= 0.1
    return size


def _text(words: object) -> str:
    return html.escape(str(words))


def _sheet_rows(rows: pd.DataFrame, numbers: dict[str, str]) -> str:
    lines, chapter = [], None
    where = zip(*(at.tolist() for at in positions(rows).values()), strict=True)
    own = slices.each(rows, "chapter", "chapter_short", "direction", "name", "source_title", "small")
    said = slices.each(rows, "text", "place", "change", "cases", "aim")
    for (of_row, short, direction, name, source, small), (text, place, change, cases, aim), at in zip(
        own, said, where, strict=True
    ):
        lower, middle, upper, dot, whole = at
        if of_row != chapter:
            chapter = of_row
            lines.append(f'<tbody><tr><th colspan="5">{_text(short)}</th></tr></tbody>')
        kind = "neutral" if direction == "neutral" else "judged"
        mark = "" if math.isnan(whole) else f'<s style="left:{whole:.1%}"></s>'
        strip = (
            f'<span class="strip {kind}"><i style="left:{lower:.1%};width:{upper - lower:.1%}"></i>'
            f'<u style="left:{middle:.1%}"></u>{mark}<b class="{"small" if small else ""}"'
            f' style="left:{dot:.1%}"></b></span>'
        )
        cells = [_text(name) + numbers[source], strip, f"<b>{_text(text)}</b>", _text(place), _text(change)]
        second = f"<small>{_text(cases)}</small>　{_text(aim)}" if cases or aim else ""
        below = f'<tr><td colspan="5" class="aim">{second}</td></tr>' if second else ""
        # A body of its own keeps the two lines in one column.
        lines.append("<tbody><tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + f"</tr>{below}</tbody>")
    return f'<table class="spine">{"".join(lines)}</table>'


def _sheet_list(listed: pd.DataFrame, numbers: dict[str, str]) -> str:
    lines, chapter = [], None
    columns = ("chapter", "chapter_short", "indicator", "breakdown", "source_title", "text", "period_text")
    for of_row, short, indicator, breakdown, source, text, period in slices.each(listed, *columns):
        if of_row != chapter:
            chapter = of_row
            lines.append(f'<tr><th colspan="3">{_text(short)}</th></tr>')
        name = indicator + (f"（{breakdown}）" if breakdown else "")
        cells = [_text(name) + numbers[source], f"<b>{_text(text)}</b>", _text(period)]
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f'<table class="list">{"".join(lines)}</table>'


def _sheet_below(below: pd.DataFrame) -> str:
    if below.empty:
        return ""
    head = "".join(f"<th>{_text(name)}</th>" for name in below.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in below.itertuples(index=False)
    )
    return f'<table class="below"><tr>{head}</tr>{body}</table>'


def _sheet_sources(sources: pd.DataFrame, numbers: dict[str, str]) -> str:
    parts = []
    for row in sources.drop_duplicates("source_title").itertuples():
        said = "，".join(str(part) for part in (row.publisher, row.published_on) if isinstance(part, str) and part)
        parts.append(f"{numbers[row.source_title]}{_text(f'{cited(row.source_title)}（{said}）')}")
    return "".join(parts)
