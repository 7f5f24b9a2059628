"""出庭应诉情况通报: the regular bulletin on the court appearances of heads of administrative organs, for one period.

The 2024 plan asks for it (item 21: 落实行政机关负责人出庭应诉定期通报制度). It says what the figures say, and no cause.
"""

import re
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboard import compare, frame, mapping, queries, selection, slices, trends
from dashboard.briefs.model import Block, Document, Heading, Paragraph, Picture, Table, date_words
from dashboard.charts.anatomy import missing_line, scope_line
from dashboard.clock import today
from dashboard.operator import operator
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.statistics import (
    PARTS_NOT_PUBLISHED,
    SMALL_BASE,
    SMALL_BASE_WORDS,
    gap_in_cases,
    overlapping_pairs,
    standings,
    status,
    target_for,
)
from dashboard.theme import DEMO_MARK, NOT_PUBLISHED, cited, format_difference, format_period, format_value

INDICATOR = "court_appearance_rate"
NAME = "出庭应诉情况通报"
FULL = 100.0  # percent
TALLEST = 70  # millimetres of the map: table and map fit one page
YEAR_ON_YEAR, PERIOD_ON_PERIOD = "同比", "环比"


class BulletinError(Exception):
    """There is no bulletin of this period; the message says in Chinese why, and of which there could be one."""


@dataclass(frozen=True)
class Change:
    """What happened since an earlier period. `label`: 同比 or 环比; `changes`: percentage points by region code, the
    leagues and the whole region, of those that compare; `reasons`: why the others do not.
    """

    label: str
    period: str
    changes: dict[str, float]
    reasons: dict[str, str]


@dataclass(frozen=True)
class Facts:
    """What the bulletin speaks of.

    `leagues`: `statistics.standings` of the leagues; `whole`: text, value, numerator, denominator and name of the whole
    region, or of the leagues together where only these have figures; None where nothing adds up. `target`: a row of
    `queries.targets` or None.
    """

    period: str
    dataset: str
    indicator: pd.Series
    leagues: pd.DataFrame
    whole: pd.Series | None
    changes: list[Change]
    target: pd.Series | None

    @property
    def known(self) -> pd.DataFrame:
        """The leagues with a figure, the highest first, small bases last."""
        found = self.leagues[self.leagues["state"] == "value"]
        return found.sort_values(["small", "value"], ascending=[True, False], kind="stable")

    @property
    def solid(self) -> pd.DataFrame:
        """Those of `known` that are ranked."""
        return self.known[~self.known["small"]]

    @property
    def with_parts(self) -> bool:
        """Whether any figure comes with its cases."""
        return bool(self.known["denominator"].notna().any())


def bulletin(release: Release, period: str, dataset: str = "published", made_on: date | None = None) -> Document:
    """The bulletin of one period. Raises BulletinError where nobody has a figure of it, WarehouseError."""
    facts = facts_of(release, period, dataset)
    with selection.reading({"dataset": dataset, "indicator": INDICATOR, "period": period, "level": "league"}):
        map_chart = mapping.chart(mapping.question(frame.reader_at(release)))
    when = format_period(period)
    blocks: list[Block] = [
        Paragraph(operator()["bulletin_to"], lead=True),
        Paragraph(f"为落实行政机关负责人出庭应诉定期通报制度，现将{when}全区行政机关负责人出庭应诉情况通报如下。"),
        Heading("一、总体情况"),
        *map(Paragraph, overall(facts)),
        Heading("二、各盟市情况"),
        *map(Paragraph, places(facts)),
        table(facts, release),
        Picture(map_chart, f"{when}各盟市行政机关负责人出庭应诉率", map_chart.footnotes, TALLEST),
    ]
    sections = {"与目标的差距": below_target(facts), "变化情况": changed(facts)}
    for number, (heading, lines) in enumerate(((h, t) for h, t in sections.items() if t), start=3):
        blocks += [Heading(f"{'〇一二三四五'[number]}、{heading}"), *map(Paragraph, lines)]
    return Document(
        title=f"关于{when}全区行政机关\n负责人出庭应诉情况的通报",
        blocks=[*blocks, Paragraph("特此通报。")],
        remarks=remarks(facts),
        appendix=[],
        office=operator()["office"],
        release_id=release.id,
        made_on=made_on or today(),
        simulated=dataset == "demo",
    )


def facts_of(release: Release, period: str, dataset: str) -> Facts:
    """The figures of one period and of those it is held against. Raises BulletinError."""
    choices = selection.choices_of(release)
    if dataset not in choices.datasets:
        raise BulletinError(f"没有数据集“{dataset}”，现有：{'、'.join(choices.datasets)}。")
    known = choices.of(dataset, INDICATOR, "").periods
    if period not in known:
        raise BulletinError(
            f"数据集“{dataset}”没有“{period}”的行政机关负责人出庭应诉率。有数的期间：{'、'.join(known) or '无'}。"
        )
    indicator = choices.indicators.loc[INDICATOR]
    figures = queries.figures_of_indicator(release, dataset, INDICATOR)
    breaks = queries.breaks(release, dataset, INDICATOR)

    def stand(of: str) -> pd.DataFrame:
        cut = slices.by_region(figures, choices.regions, "league", "", of)
        return standings(cut, indicator["direction"], indicator["kind"], indicator["aggregation"])

    leagues = stand(period)
    whole = _whole(figures, leagues, period)
    earlier = {YEAR_ON_YEAR: trends.year_before(period), PERIOD_ON_PERIOD: period_before(period)}
    return Facts(
        period=period,
        dataset=dataset,
        indicator=indicator,
        leagues=leagues,
        whole=whole,
        changes=[
            change
            for label, before in earlier.items()
            if before in known
            and (
                change := _change(
                    *(label, before, stand(before), _whole(figures, stand(before), before)), leagues, whole, breaks
                )
            ).changes
        ],
        target=target_for(queries.targets(release), REGION_ROOT, INDICATOR, period),
    )


def period_before(period: str) -> str:
    """The quarter or month right before, for 环比; empty for years, whose 环比 is their 同比, and other spans."""
    if quarter := re.fullmatch(r"(\d{4})Q([1-4])", period):
        year, number = int(quarter[1]), int(quarter[2])
        return f"{year}Q{number - 1}" if number > 1 else f"{year - 1}Q4"
    if month := re.fullmatch(r"(\d{4})-(\d{2})", period):
        year, number = int(month[1]), int(month[2])
        return f"{year}-{number - 1:02}" if number > 1 else f"{year - 1}-12"
    return ""


def _whole(figures: pd.DataFrame, leagues: pd.DataFrame, period: str) -> pd.Series | None:
    """The whole region's figure; where it has none, the leagues together, when all have cases (never a mean)."""
    own = compare.whole_of(figures, "", period)
    if own is not None:
        return own
    parts = leagues[["numerator", "denominator"]]
    if parts.isna().any(axis=None):
        return None
    made, required = parts.sum()
    value = round(100 * made / required, 2)
    return pd.Series(
        {
            **{
                "value": value,
                "text": f"{format_value(value, '%')}（按各盟市件数汇总计算）",
                "unit": "%",
                "qualifier": "",
            },
            **{"numerator": made, "denominator": required, "period_end": leagues["period_end"].max()},
            "source_title": leagues["source_title"].iloc[0],
        }
    )


def _change(
    label: str,
    period: str,
    before: pd.DataFrame,
    whole_before: pd.Series | None,
    leagues: pd.DataFrame,
    whole: pd.Series | None,
    breaks: pd.DataFrame,
) -> Change:
    """The change of every league and of the whole region since `period`."""
    now = {code: row for code, row in leagues.iterrows() if row["state"] == "value"}
    then = {code: row for code, row in before.iterrows() if row["state"] == "value"}
    now |= {REGION_ROOT: whole} if whole is not None else {}
    then |= {REGION_ROOT: whole_before} if whole_before is not None else {}
    changes: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for code, row in now.items():
        if code not in then:
            reasons[code] = NOT_PUBLISHED
            continue
        base = then[code]
        if ((breaks["since"] > base["period_end"]) & (breaks["since"] <= row["period_end"])).any():
            reasons[code] = "口径变化"
        elif row["denominator"] < SMALL_BASE or base["denominator"] < SMALL_BASE:
            reasons[code] = "基数过小"
        else:
            changes[code] = round(row["value"] - base["value"], 4)
    return Change(label, period, changes, reasons)


# ---- the words ----


def overall(facts: Facts) -> list[str]:
    """What is said of the whole region."""
    when, whole, target = format_period(facts.period), facts.whole, facts.target
    if whole is None:
        return [f"{when}全区行政机关负责人出庭应诉率{NOT_PUBLISHED}。"]
    if pd.isna(whole["denominator"]):
        words = f"{when}，全区行政机关负责人出庭应诉率{whole['text']}（{PARTS_NOT_PUBLISHED}）"
    else:
        words = (
            f"{when}，全区应由行政机关负责人出庭应诉的行政诉讼案件{whole['denominator']:.0f}件，"
            f"负责人实际出庭{whole['numerator']:.0f}件，出庭应诉率{whole['text']}"
        )
    compared = [
        f"{change.label}{_moved(change.changes[REGION_ROOT])}"
        for change in facts.changes
        if REGION_ROOT in change.changes
    ]
    lines = ["，".join([words, *compared]) + "。"]
    if target is not None:
        aim = f"{format_period(target['period'])}目标{format_value(target['value'], '%')}"
        said = f"{cited(target['source_title'])}提出“{target['published_as']}”。"
        mark = status(whole["value"], target["value"], facts.indicator["direction"], 0)
        gap = gap_in_cases(whole["numerator"], whole["denominator"], target["value"], facts.indicator["direction"])
        cases = f"，按本期案件数折合{gap}件" if gap else ""
        short = f"与{aim}相差{format_difference(target['value'] - whole['value'], '%')}{cases}。"
        lines.append(said + (f"全区已达到{aim}。" if mark == "reached" else short))
    return lines


def places(facts: Facts) -> list[str]:
    """What is said of the leagues: how many have figures, highest and lowest, who is missing."""
    known, solid, total = facts.known, facts.solid, len(facts.leagues)
    if known.empty:
        return [f"{total}个盟市均{_state(facts)}{format_period(facts.period)}的数据。"]
    lines = [f"{total}个盟市中，{len(known)}个有数。" if len(known) < total else f"{total}个盟市均有数。"]
    if len(solid) > 1 and solid["value"].nunique() == 1:
        lines[0] += f"{len(solid)}个盟市出庭应诉率均为{solid['text'].iloc[0]}。"
    elif len(solid) > 1:
        lines[0] += f"出庭应诉率最高的是{_holders(solid, 0)}，最低的是{_holders(solid, -1)}。"
    elif len(solid) == 1:
        lines[0] += f"{solid['name'].iloc[0]}{solid['text'].iloc[0]}。"
    missing = missing_line(facts.leagues)
    if missing:
        lines.append(f"{missing}。没有数不等于零，上述盟市不参与排名。")
    small = known[known["small"]]
    if len(small):
        named = "、".join(f"{row['name']}（{_cases(row)}）" for _, row in small.iterrows())
        lines.append(f"{named}应出庭案件不足{SMALL_BASE}件，{SMALL_BASE_WORDS}。")
    lines.append(f"{_ranks(facts)}各盟市情况见表1、图1。")
    return lines


def _ranks(facts: Facts) -> str:
    """What the ranks of the table mean, or why there are none."""
    solid = facts.solid
    if not facts.with_parts:
        return f"各地{PARTS_NOT_PUBLISHED}，不计算名次范围和相差件数。"
    overlapping, pairs = overlapping_pairs(solid["low"], solid["high"])
    if not pairs:
        return ""
    if solid["best"].isna().any():
        return f"部分盟市{PARTS_NOT_PUBLISHED}，不计算名次范围。"
    return (
        f"各盟市案件数多少不一，名次以95%区间是否重叠为准：{len(solid)}个盟市两两比较共{pairs}对，"
        f"其中{overlapping}对区间重叠，分不出先后，并在同一名次范围。"
    )


def below_target(facts: Facts) -> list[str]:
    """Which leagues have reached the target, and which have not, by how many cases."""
    target, known = facts.target, facts.known
    if target is None or known.empty:
        return []
    direction = facts.indicator["direction"]
    reached = known["value"].map(lambda value: status(value, target["value"], direction, 0) == "reached")
    aim = f"{format_period(target['period'])}目标{format_value(target['value'], '%')}"
    head = f"{'' if len(known) == len(facts.leagues) else '有数的'}{len(known)}个盟市中，"
    if len(known) == 1 and reached.all():
        return [f"{known['name'].iloc[0]}出庭应诉率达到{aim}。"]
    if reached.all():
        return [f"{head}出庭应诉率均达到{aim}。"]
    met = known.loc[reached, "name"].tolist()
    words = f"{head}达到{aim}的有{len(met)}个：{'、'.join(met)}。" if met else f"{head}没有达到{aim}的。"
    rest = known[~reached].sort_values("value", kind="stable")
    named = []
    for _, row in rest.iterrows():
        gap = gap_in_cases(row["numerator"], row["denominator"], target["value"], direction)
        told = [
            f"{row['name']}{row['text']}",
            f"出庭{_cases(row)}" if _cases(row) else "",
            f"相差{gap}件" if gap else "",
            "基数过小" if row["small"] else "",
        ]
        named.append("，".join(part for part in told if part))
    return [words, f"未达到的有{len(rest)}个，由低到高为：{'；'.join(named)}。"]


def changed(facts: Facts) -> list[str]:
    """Who rose, stayed and fell since each earlier period."""
    names, lines = facts.leagues["name"], []
    for change in facts.changes:
        found = pd.Series(change.changes, dtype="float64").drop(REGION_ROOT, errors="ignore")
        if found.empty:
            continue
        parts = [
            _movers(names, found[found > 0].sort_values(ascending=False, kind="stable"), "上升"),
            f"持平的{(found == 0).sum()}个" if (found == 0).any() else "",
            _movers(names, found[found < 0].sort_values(kind="stable"), "下降"),
        ]
        said = "；".join(part for part in parts if part)
        lines.append(f"与{format_period(change.period)}相比（{change.label}），{len(found)}个可比盟市中，{said}。")
    return lines


def _movers(names: pd.Series, found: pd.Series, verb: str) -> str:
    """Who moved, the farthest first, whose move is named. `found`: percentage points by code."""
    if found.empty:
        return ""
    most = f"（{verb}{format_difference(found.iloc[0], '%')}）"
    return f"{verb}的{len(found)}个：{names[found.index[0]]}{most}{''.join(f'、{names[c]}' for c in found.index[1:])}"


def _moved(points: float) -> str:
    """A change in words: 上升0.51个百分点, 持平."""
    return "持平" if not points else f"{'上升' if points > 0 else '下降'}{format_difference(points, '%')}"


def _holders(solid: pd.DataFrame, at: int) -> str:
    """Who has the highest or lowest rate: 包头市等7个盟市（均为100%）, 乌兰察布市（88.54%）."""
    same = solid[solid["value"] == solid["value"].iloc[at]]
    text = same["text"].iloc[0]
    if len(same) == 1:
        return f"{same['name'].iloc[0]}（{text}）"
    return f"{'、'.join(same['name'])}{len(same)}个盟市（均为{text}）"


def _cases(row: pd.Series) -> str:
    """The cases of a rate: 85/96件; empty where they were not published."""
    return slices.cases(row.to_frame().T, "件")[0]


def _state(facts: Facts) -> str:
    """What all leagues without a figure have in common."""
    return "未填报" if (facts.leagues["state"] == "not_reported").all() else NOT_PUBLISHED


# ---- the table ----


def table(facts: Facts, release: Release) -> Table:
    """All leagues below the whole region: those ranked by rate, then small bases, then those without a figure.

    Columns that nobody can fill, because the cases were not published, are left out.
    """
    missing = facts.leagues[facts.leagues["state"] != "value"]
    rows = [_row(facts, REGION_ROOT, "全区", facts.whole)] if facts.whole is not None else []
    rows += [_row(facts, code, row["name"], row) for code, row in pd.concat([facts.known, missing]).iterrows()]
    made = pd.DataFrame(rows)
    if not facts.with_parts and (facts.whole is None or pd.isna(facts.whole["denominator"])):
        made = made.drop(columns=["应出庭（件）", "实际出庭（件）", "距100%（件）"])
    if not facts.leagues["best"].notna().any():
        made = made.drop(columns="名次范围")
    compared = {YEAR_ON_YEAR: "同比与上年同期相比", PERIOD_ON_PERIOD: "环比与上一期相比"}
    notes = [
        f"指标口径：{facts.indicator['definition']}",
        "".join(f"{compared[change.label]}；" for change in facts.changes)
        + ("“基数过小”“不排名”为应出庭案件不足10件。" if facts.changes else ""),
        "名次范围按Wilson法95%区间计算，区间不重叠的才分先后。" if "名次范围" in made else "",
        "距100%的件数，按本期案件数不变折算。" if "距100%（件）" in made else f"{PARTS_NOT_PUBLISHED}。",
    ]
    notes[-1] += f"数据版本{release.id}，数据截至{date_words(release.data_until)}。"
    return Table(
        f"{format_period(facts.period)}各盟市行政机关负责人出庭应诉情况",
        made,
        [note for note in notes if note],
        emphasis=frozenset({0} if facts.whole is not None else set()),
    )


def _row(facts: Facts, code: str, name: str, row: pd.Series) -> dict[str, str]:
    """A row of the table. `row`: of `Facts.leagues`, or `Facts.whole`."""
    whole = code == REGION_ROOT
    if not whole and row["state"] != "value":
        rank, parts, gap = "—", ["—", "—"], "—"
    else:
        known = not pd.isna(row["denominator"])
        parts = [f"{row[part]:.0f}" if known else NOT_PUBLISHED for part in ("denominator", "numerator")]
        missing = gap_in_cases(row["numerator"], row["denominator"], FULL, facts.indicator["direction"])
        gap = "—" if missing is None else str(missing)
        rank = "—" if whole else "不排名" if row["small"] else _places(row)
    return {
        "名次范围": rank,
        "地区": name,
        "应出庭（件）": parts[0],
        "实际出庭（件）": parts[1],
        "出庭应诉率": row["text"].partition("（")[0] if whole else row["text"],
        **{f"{change.label}（个百分点）": _change_cell(change, code) for change in facts.changes},
        "距100%（件）": gap,
    }


def _places(row: pd.Series) -> str:
    """The places that the interval leaves open: 1—9; — where there are none."""
    if pd.isna(row["best"]):
        return "—"
    return str(row["best"]) if row["best"] == row["worst"] else f"{row['best']}—{row['worst']}"


def _change_cell(change: Change, code: str) -> str:
    points = change.changes.get(code)
    if points is None:
        return change.reasons.get(code, "—")
    return "持平" if not points else f"{'+' if points > 0 else '−'}{abs(points):.2f}"


def remarks(facts: Facts) -> list[str]:
    """What is peculiar to these figures, and their sources."""
    whole = [] if facts.whole is None else [facts.whole["source_title"]]
    sources = list(dict.fromkeys([*whole, *facts.known["source_title"]]))
    lines = [
        f"本通报所列数据为{DEMO_MARK}，由程序生成，仅供演示，不得作为工作依据。" if facts.dataset == "demo" else "",
        scope_line(facts.leagues),
        f"数据来源：{'；'.join(cited(title) for title in sources)}。" if sources and facts.dataset != "demo" else "",
    ]
    return [line for line in lines if line]
