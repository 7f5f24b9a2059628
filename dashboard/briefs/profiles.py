"""A profile brief for every league in one go: where it stands in each indicator, its banners, its sources."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Literal

import pandas as pd

from dashboard import frame, profile, queries, selection, snapshot, trends
from dashboard.briefs import to_docx, to_pdf
from dashboard.briefs.model import Block, Document, Heading, Paragraph, Picture, Table
from dashboard.charts import Chart, profiles
from dashboard.clock import today
from dashboard.compare import case_unit
from dashboard.frame import Reader
from dashboard.groups import Group
from dashboard.operator import signature
from dashboard.queries import Release
from dashboard.statistics import STATUS_WORDS, gap_in_cases, status
from dashboard.theme import cited, format_day, format_difference, format_period, format_value

TALLEST = 120  # millimetres of the spine chart, which has a page to itself
KEY_COLUMNS = ["指标", "数值", "分子/分母", "名次", "较上年"]
LISTED_COLUMNS = ["指标", "数值", "期间", "来源"]
FULL_COLUMNS = [*KEY_COLUMNS, "全区", "同级最低", "中位", "同级最高"]
LISTED = 30  # figures in the text; all of them stand in the appendix
SOURCE, RELEASE = "来源：", "版本"
PRESSED = 0.8  # rows of the spine chart lie closer on paper than on the screen, where they are touched
KEY_NOTE = "同级最低、中位、同级最高不含基数过小的；件数、人数等未按人口折算，规模大的地区自然多。"
Kind = Literal["docx", "pdf"]


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """Whoever asked for the briefs wants them no more."""


class ProfileError(Exception):
    """There are no briefs of this period; the message says why in Chinese."""


def profile_briefs(
    release: Release,
    dataset: str,
    period: str = "",
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    kind: Kind = "docx",
    made_on: date | None = None,
) -> bytes:
    """A ZIP with one document for each league. `period`: a year; empty for the fullest one of each league.

    `progress` is told how many are done, of how many, and whose turn it is (empty at the end). Raises Cancelled when
    `cancelled` says so between two documents, ProfileError where no league has a figure, WarehouseError.
    """
    regions = queries.regions(release)
    leagues = regions[regions["level"] == "league"]
    write = to_docx if kind == "docx" else to_pdf
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for done, (code, name) in enumerate(leagues["name"].items()):
            progress(done, len(leagues), name)
            if cancelled():
                raise Cancelled
            document = profile_brief(release, dataset, code, period, made_on=made_on)
            archive.writestr(file_name(document, code, name, kind), write(document))
        progress(len(leagues), len(leagues), "")
    return out.getvalue()


def file_name(document: Document, code: str, name: str, kind: Kind) -> str:
    """150100_呼和浩特市_法治政府建设指标简报_….docx: sorted as regions are."""
    parts = (code, name, "法治政府建设指标简报", document.release_id)
    return snapshot.file_name(*parts, simulated=document.simulated, ending=kind)


def profile_brief(
    release: Release, dataset: str, region_code: str, period: str = "", *, made_on: date | None = None
) -> Document:
    """The brief of one region. Raises ProfileError where it has no figure of this dataset, or none of this year."""
    with selection.reading({"dataset": dataset, "region": region_code}):
        reader = frame.reader_at(release)
    if dataset not in reader.choices.datasets:
        raise ProfileError(f"没有数据集“{dataset}”，现有：{'、'.join(reader.choices.datasets)}。")
    figures = queries.figures_of_region(release, dataset, region_code)
    years = profile.annual_periods(figures)
    if period and period not in years.index and period not in _years(reader):
        raise ProfileError(f"数据集“{dataset}”没有“{period}”的年度数据，现有：{'、'.join(_years(reader)) or '无'}。")
    period = period or profile.opening_period(years)
    peers = next(iter(profile.peer_groups(reader).values()))
    rows = profile.spine_of(reader, peers, period)
    others = profile.listed(figures, rows.index, reader.choices.indicators)
    place = reader.choices.regions["name"][region_code]
    blocks, appendix = _compared(reader, rows, peers, period) if len(rows) else ([], [])
    more_blocks, more_appendix = _others(others, bool(blocks))
    below = _below(reader, period)
    said = [Paragraph(profile.published_words(figures))]
    said += (
        []
        if blocks or others.empty
        else [Paragraph(f"{format_period(period) if period else ''}{profile.NOT_ENOUGH}。")]
    )
    return Document(
        title=f"{place}{format_period(period) if len(rows) else ''}法治政府建设指标简报",
        blocks=[Heading("一、基本情况"), *said, *blocks, *more_blocks],
        remarks=_remarks(reader, figures),
        appendix=[*appendix, *more_appendix, *below],
        office=signature(),
        release_id=release.id,
        made_on=made_on or today(),
        simulated=dataset == "demo",
    )


def _years(reader: Reader) -> list[str]:
    """The years of which any region has a figure, newest first."""
    coverage = queries.coverage(reader.release)
    periods = coverage.loc[coverage["dataset"] == reader.selection.dataset, "period"]
    return sorted(periods[periods.str.fullmatch(r"\d{4}")].unique(), reverse=True)


def _compared(reader: Reader, rows: pd.DataFrame, peers: Group, period: str) -> tuple[list[Block], list[Table]]:
    """The headline figures among the peers, as chart and table; all figures in the appendix."""
    place = reader.choices.regions["name"][reader.selection.region]
    headline = reader.choices.indicators["headline"].reindex(rows.index)
    key = rows[headline.notna()] if headline.notna().any() else rows.head(LISTED)
    words = {"place": place, "peers": peers.words, "period": period, "dataset": reader.selection.dataset}
    whole = profiles.spine_chart(rows, **words, release_id=reader.release.id)
    chart = profiles.spine_chart(key, **words, release_id=reader.release.id)
    chart.figure.update_layout(height=round(PRESSED * chart.figure.layout.height))
    when, listed = format_period(period), whole.table
    own = listed.loc[listed["指标"].isin(key["name"]), [name for name in KEY_COLUMNS if name in listed]]
    own = _brief(own).reset_index(drop=True).assign(距目标=_gaps(reader, key))
    blocks: list[Block] = [
        Paragraph(f"{whole.title}。"),
        *([Paragraph(aims)] if (aims := _aims(rows)) else []),
        Heading("二、主要指标数据"),
        Table(
            f"{when}{place}主要指标",
            own,
            ["名次为一段的，区间相互重叠，分不出先后；中性指标不排名。", *_aim_notes(reader, key)],
            left=frozenset({"指标"}),
        ),
        Heading(f"三、主要指标在{peers.words}中的位置", page=True),
        Picture(chart, f"{when}{place}主要指标在{peers.words}中的位置", _chart_notes(chart), TALLEST),
    ]
    columns = [name for name in FULL_COLUMNS if name in listed]
    full = Table(f"{when}{place}各项指标", _brief(listed[columns]), [KEY_NOTE], left=frozenset({"指标"}))
    return blocks, [full]


def _chart_notes(chart: Chart) -> list[str]:
    """How a chart is to be read; source and release stand at the end of the document."""
    return [line for line in chart.footnotes if not line.startswith((SOURCE, RELEASE))]


def _brief(listed: pd.DataFrame) -> pd.DataFrame:
    """The words of the screen's table made short for a column: 1—11, 基数过小."""
    words = {
        "名次": {r"^第(.*)名$": r"\1", "^基数过小.*$": "基数过小"},
        "较上年": {"^较上年基数过小$": "基数过小", "^上年未公布$": "未公布", "^口径变化.*$": "不可比"},
    }
    return listed.replace({name: changes for name, changes in words.items() if name in listed}, regex=True)


def _gaps(reader: Reader, rows: pd.DataFrame) -> list[str]:
    """How far each figure is from its target, in cases where these are known; — without a target."""
    targets, words = queries.targets(reader.release), []
    for indicator_id, row in rows.iterrows():
        indicator = reader.choices.indicators.loc[indicator_id]
        target, _ = trends.target_of(targets, row["region_code"], indicator, row["period"])
        if target is None or indicator["direction"] == "neutral":
            words.append("—")
            continue
        mark = status(row["value"], target["value"], indicator["direction"], indicator["near"]) or "below"
        cases = gap_in_cases(row["numerator"], row["denominator"], target["value"], indicator["direction"])
        unit = case_unit(indicator, reader.choices.indicators) or "件"
        gap = f"{cases}{unit}" if cases else format_difference(row["value"] - target["value"], row["unit"])
        words.append(STATUS_WORDS[mark] if mark == "reached" else f"{STATUS_WORDS[mark][0]} 差{gap}")
    return words


def _aim_notes(reader: Reader, rows: pd.DataFrame) -> list[str]:
    """The targets that the column 距目标 speaks of."""
    targets, words = queries.targets(reader.release), []
    for indicator_id, row in rows.iterrows():
        indicator = reader.choices.indicators.loc[indicator_id]
        target, whose = trends.target_of(targets, row["region_code"], indicator, row["period"])
        if target is not None:
            aim = f"{whose}{format_period(target['period'])}目标{format_value(target['value'], row['unit'])}"
            words.append(f"{row['name']}，{aim}")
    return [f"距目标：{'；'.join(words)}。"] if words else []


def _aims(rows: pd.DataFrame) -> str:
    """How the figures that have a target stand to it, the cases that are missing included."""
    aimed = rows[rows["aim"] != ""]
    named = "；".join(f"{row.name}{row.text}，{row.aim}" for row in aimed.itertuples(index=False))
    if not named:
        return ""
    for words in STATUS_WORDS.values():
        named = named.replace(f"{words} · ", f"{words.split(' ')[1]}，")
    return f"有目标的指标{len(aimed)}项：{named}。"


def _others(others: pd.DataFrame, beside: bool) -> tuple[list[Block], list[Table]]:
    """The figures without a comparison: in the text where there are few and nothing else, else in the appendix."""
    if others.empty:
        return [], []
    listed = profile.listed_table(others)[LISTED_COLUMNS]
    caption = "其他数据（最近一期）" if beside else "各项数据（最近一期）"
    table = Table(caption, listed.astype(str), left=frozenset({"指标", "来源"}))
    if beside or len(listed) > LISTED:
        return [], [table]
    return [Heading("二、各项数据"), table], []


def _below(reader: Reader, period: str) -> list[Table]:
    """The headline figures of the regions below, an indicator a row: there are more of these than fit beside it."""
    found = profile.words_below(profile.below_of(reader, period))
    if found.empty:
        return []
    regions = reader.choices.regions
    short = regions[regions["parent"] == reader.selection.region]["short_name"].tolist()
    turned = found.set_index("地区").T.rename_axis("指标")
    turned.columns = pd.Index(short)
    return [Table(f"{format_period(period)}所辖地区主要指标", turned.reset_index(), left=frozenset({"指标"}))]


def _remarks(reader: Reader, figures: pd.DataFrame) -> list[str]:
    """What holds for all figures, and who published them."""
    table = profile.sources(figures)
    said = "；".join(cited(title) for title in dict.fromkeys(table["source_title"]))
    return [
        "“未公布”“未填报”“不适用”表示没有数据，不等于零。中性指标只说偏高、偏低，不表示好坏。",
        *([f"数据来源：{said}。"] if said else []),
        f"数据版本{reader.release.id}，数据截至{format_day(reader.release.data_until)}。",
    ]
