"""Collected charts as a document: what each says, the picture, where it comes from; their figures as an appendix.

A chart says its statement once, in the text. Headings and captions name what is shown. What a reader needs only to
check a figure (filters, method, release, number of the snapshot) stands in the notes at the end.
"""

import math
import re

import pandas as pd

from dashboard.briefs.model import Block, Brief, Document, Heading, Item, Paragraph, Picture, Table, counted
from dashboard.charts import BAR, VALUE, Chart
from dashboard.charts.maps import MAP_NOTE
from dashboard.theme import DATASET_NAMES, LATEST_NAME, STATE_NAMES

SOURCE_COLUMN, PERIOD_COLUMN = "来源", "期间"
# Millimetres: of a page between its margins, of a line of text, a line of notes, title, heading with caption,
# signature and notes; and of a picture at least and at most.
PAGE, LINE, NOTE_LINE, TITLE, HEADING, ENDING = 225, 10, 5.5, 46, 24, 84
LOWEST, TALLEST = 60, 120
LINE_LETTERS, NOTE_LETTERS = 28, 42
LONG_CELL = 15  # letters; longer cells are not centred
# What a kind of chart adds to the name of its subject.
KINDS = {
    "排名": "排名",
    "趋势": "变化情况",
    "各盟市趋势": "变化情况",
    "两期并排地图": "两期对照",
    "两期对比": "两期对照",
    "变化地图": "增减情况",
    "历年地图": "历年情况",
    "漏斗图": "与案件数的关系",
    "热力图": "对照",
}
STEPS = ("年度", "季度")
PERIOD = re.compile(rf"\d{{4}}(—\d{{4}})?年|{LATEST_NAME}|{'|'.join(STEPS)}")
PLACES = re.compile(r"\d+个.*(盟市|旗县)")
SOURCE = "来源："
NOT_ZERO = "“未公布”“未填报”“不适用”不等于零；期间长短不同的数不相比较。"
MISSING = tuple(f"{name}：" for name in STATE_NAMES.values())
# Kept charts hold these among the sentences of their reading.
TEST = re.compile(r"（([^（）]*检验[^（）]*)）")
JUDGED = re.compile(r"不判断趋势|^\d+个没有数据$|：有数据?\d+|两两比较")
RELEASE = re.compile(r"( · )?版本[\w-]+$")


def document_of(brief: Brief) -> Document:
    """The brief in the layout of official papers: a section a chart, signature, notes, data appendix."""
    blocks: list[Block] = []
    drawn = [item for item in brief.items if not blank(item.chart)]
    beside = float(TITLE)
    for number, item in enumerate(brief.items, start=1):
        said, notes = [text for text in (statement(item.chart), item.note) if text], beneath(item.chart)
        blocks.append(Heading(f"{counted(number)}、{heading(item)}"))
        if blank(item.chart):
            said += [f"{line.rstrip('。')}。" for line in notes]
            blocks += [Paragraph(text) for text in said]
            beside += LINE * (1 + _lines(said, LINE_LETTERS))  # the next picture stands below it
            continue
        blocks += [Paragraph(text, keep=True) for text in said]
        words = HEADING + LINE * _lines(said, LINE_LETTERS) + NOTE_LINE * _lines(notes, NOTE_LETTERS)
        left = PAGE - words - beside - (ENDING if number == len(brief.items) else 0)
        tallest = round(min(TALLEST, max(LOWEST, left)))
        blocks.append(Picture(item.chart, caption(item.chart), notes, tallest))
        beside = 0
    return Document(
        title=brief.title,
        blocks=blocks,
        remarks=end_notes(brief),
        appendix=[appendix(item.chart) for item in drawn if len(item.chart.table)],
        office=brief.office,
        release_id=brief.release_id,
        made_on=brief.made_on,
        simulated=brief.simulated,
    )


def blank(chart: Chart) -> bool:
    """Whether nobody has a figure of what a chart would show: a document says so, and prints no empty picture."""
    return VALUE in chart.table and bool(chart.table[VALUE].isin(list(STATE_NAMES.values())).all())


def _lines(texts: list[str], letters: int) -> int:
    """How many lines of so many letters they fill, the first of each indented."""
    return sum(math.ceil((len(line) + 2) / letters) for text in texts for line in text.split("\n"))


# ---- names ----


def heading(item: Item) -> str:
    """The heading that the reader gave; else period, place and indicator: 2025年第二季度各盟市出庭应诉率排名."""
    if item.heading and item.heading != item.chart.title:
        return item.heading
    period, name = _named(item.chart)
    return name if period in STEPS else f"{period}{name}"


def caption(chart: Chart) -> str:
    """What a picture shows, without a word on what is to be seen in it: 各盟市出庭应诉率（2025年第二季度）."""
    period, name = _named(chart)
    return f"{name}（{period}）" if period else name


def _named(chart: Chart) -> tuple[str, str]:
    """Period (or step of time), and place with subject, out of the subtitle of a chart."""
    words = chart.subtitle.split(" · ")
    known = [at for at, word in enumerate(words) if word in DATASET_NAMES.values()]
    words = [word for word in words[: known[0] if known else None] if not word.startswith("单位：")]
    axes = [word[2:] for word in words if word.startswith(("横轴", "纵轴"))]
    subject = "与".join(axes) or words[0]
    rest = [word for word in words if word != words[0] and word[2:] not in axes]
    period = next((word for word in rest if PERIOD.match(word)), "")
    others = [word for word in rest if word != period]
    place = next((word for word in others if PLACES.search(word)), others[-1] if others else "")
    return period, f"{re.sub(r'[0-9]+个', '各', place)}{subject}{KINDS.get(chart.name, '')}"


# ---- words ----


def statement(chart: Chart) -> str:
    """What a chart says, as it is said to someone who decides: without tests, counts of pairs and tallies."""
    return "".join(f"{said}。" for said in TEST.sub("", chart.reading).split("。") if said and not JUDGED.search(said))


def beneath(chart: Chart) -> list[str]:
    """The lines under a picture: who has no figure, the source, what a map is no ground for."""
    lines = chart.footnotes
    missing = [line for line in lines if line.startswith(MISSING)]
    sources = [line.rstrip("。") for line in lines if line.startswith(SOURCE)]
    shown = [MAP_NOTE] if any(MAP_NOTE in line for line in lines) else []
    return [*missing, *([f"{'。'.join([*sources, *shown])}。"] if sources or shown else [])]


def end_notes(brief: Brief) -> list[str]:
    """What holds for the whole document, then what lies behind each figure; what several share stands once."""
    said: dict[str, list[str]] = {}
    drawn = [item for item in brief.items if not blank(item.chart)]
    for number, item in enumerate(drawn, start=1):
        for line in technical(item):
            said.setdefault(line, []).append(f"图{number}")
    together: dict[str, str] = {}
    for line, figures in said.items():
        names = "、".join(figures)
        together[names] = together.get(names, "") + line
    return [
        f"{NOT_ZERO}数据版本{brief.release_id}。",
        *(f"{names}：{lines}" for names, lines in sorted(together.items(), key=lambda pair: -pair[0].count("、"))),
    ]


def technical(item: Item) -> list[str]:
    """What is needed to check a chart: definition and method, how its direction was judged, filters."""
    chart = item.chart
    shown = beneath(chart)
    lines = [RELEASE.sub("", line).strip() for line in chart.footnotes if not line.startswith(SOURCE)]
    lines = [line for line in lines if line and line not in shown and line != MAP_NOTE and not JUDGED.search(line)]
    judged = [f"趋势判断依据{words}" for words in TEST.findall(chart.reading)]
    judged += [said for said in chart.reading.split("。") if "不判断趋势" in said]
    return [f"{line.rstrip('。')}。" for line in [*lines, *judged, f"筛选条件：{item.filters or chart.subtitle}"]]


# ---- figures ----


def appendix(chart: Chart) -> Table:
    """The figures of a chart as a table. A source that all rows share stands below the chart, a period in the
    caption.
    """
    rows = chart.table.drop(columns=[name for name in chart.table if name.endswith(BAR)])
    rows = rows.astype(object).where(rows.notna(), "").astype(str)
    sources = [source for source in rows.get(SOURCE_COLUMN, pd.Series(dtype=str)).unique() if source]
    told = len(sources) == 1 and (rows[SOURCE_COLUMN] == sources[0]).all()
    if told or (SOURCE_COLUMN in rows and VALUE in rows and (rows[SOURCE_COLUMN] == rows[VALUE]).all()):
        rows = rows.drop(columns=[SOURCE_COLUMN])
    named = caption(chart)
    if PERIOD_COLUMN in rows and rows[PERIOD_COLUMN].nunique() == 1 and rows[PERIOD_COLUMN].iloc[0] in named:
        rows = rows.drop(columns=[PERIOD_COLUMN])
    words = frozenset(name for name in rows if rows[name].map(len).max() > LONG_CELL)
    return Table(named, rows, left=words, small=True)
