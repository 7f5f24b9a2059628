"""Collected charts as a document: what each says, the picture, where it comes from; their figures as an appendix."""

import pandas as pd

from dashboard.briefs.model import Block, Brief, Document, Heading, Item, Paragraph, Picture, Table, counted
from dashboard.charts import BAR, Chart
from dashboard.theme import DEMO_MARK, cited

SOURCE_COLUMN = "来源"


def document_of(brief: Brief) -> Document:
    """The brief in the layout of official papers: a section a chart, remarks, signature, data appendix."""
    blocks: list[Block] = []
    for number, item in enumerate(brief.items, start=1):
        blocks.append(Heading(f"{counted(number)}、{item.heading}"))
        blocks += [Paragraph(text, keep=True) for text in (item.chart.reading, item.note) if text]
        blocks.append(Picture(item.chart, item.heading, under(item)))
    return Document(
        title=brief.title,
        blocks=blocks,
        remarks=remarks(brief.simulated),
        appendix=[appendix(item.chart, item.heading) for item in brief.items if len(item.chart.table)],
        office=brief.office,
        release_id=brief.release_id,
        made_on=brief.made_on,
        simulated=brief.simulated,
    )


def under(item: Item) -> list[str]:
    """The lines under a chart: the filters, source and definitions, the mark of simulated data."""
    mark = [f"本图为{DEMO_MARK}，不是真实数据。"] if item.chart.simulated else []
    return [*mark, f"筛选条件：{item.filters or item.chart.subtitle}", *item.chart.footnotes]


def remarks(simulated: bool) -> list[str]:
    """What holds for the whole document."""
    lines = [
        "“未公布”“未填报”“不适用”表示没有数，不等于零；期间长短不同的数不相比较。",
    ]
    return [f"带“{DEMO_MARK}”标识的数据由程序生成，仅供演示，不得作为工作依据。", *lines] if simulated else lines


def appendix(chart: Chart, heading: str) -> Table:
    """The figures of a chart as a table. A source that all rows share stands below it."""
    rows = chart.table.drop(columns=[name for name in chart.table if name.endswith(BAR)])
    rows = rows.astype(object).where(rows.notna(), "").astype(str)
    notes = [chart.subtitle]
    sources = [source for source in rows.get(SOURCE_COLUMN, pd.Series(dtype=str)).unique() if source]
    if len(sources) == 1 and (rows[SOURCE_COLUMN] == sources[0]).all():
        rows = rows.drop(columns=[SOURCE_COLUMN])
        notes.append(f"来源：{cited(sources[0])}")
    words = frozenset(name for name in rows if rows[name].map(len).max() > 12)
    return Table(heading, rows, notes, left=words)
