"""出庭应诉情况通报: the regular bulletin on the court appearances of heads of administrative organs, for one period.

The 2024 plan asks for it (item 21: 落实行政机关负责人出庭应诉定期通报制度). It says what the figures say, and no cause.
"""

import re
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboard import compare, frame, mapping, queries, selection, slices, trends
from dashboard.briefs.model import Block, Document, Heading, Paragraph, Picture, Table
from dashboard.charts.anatomy import HARD_TO_TELL, HARD_TO_TELL_NOTE, listed, place_words, scope_line
from dashboard.charts.maps import MAP_NOTE
from dashboard.clock import today
from dashboard.operator import operator, signature
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.statistics import (
    PARTS_NOT_PUBLISHED,
    SMALL_BASE,
    gap_in_cases,
    standings,
    status,
    target_for,
)
from dashboard.theme import NOT_PUBLISHED, cited, format_day, format_period, format_value

INDICATOR = "court_appearance_rate"
NAME = "出庭应诉情况通报"
FULL = 100.0  # percent
TALLEST = 92  # millimetres of the map: table and map fit one page
RATE_COLUMN, RANK_COLUMN, GAP_COLUMN = "出庭应诉率（%）", "名次", "距100%（件）"
FOR_REFERENCE, TOO_SMALL = "仅供参考", "基数过小"
ABSENT = {
    "parts_only": "只公布分项数据",
    "not_published": "尚未公布数据",
    "not_applicable": "不适用这项指标",
    "not_reported": "尚未报送数据",
}
YEAR_ON_YEAR, PERIOD_ON_PERIOD = "同比", "环比"


class BulletinError(Exception):
    """There is no bulletin of this period; the message says in Chinese why, and of which there could be one."""


class TooFewError(BulletinError):
    """So few leagues have a figure that a bulletin misleads; it is made only when asked for in so many words."""


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

    @property
    def ranked(self) -> bool:
        """Whether the leagues have places: several of them, whose cases are known."""
        return len(self.solid) > 1 and self.with_parts

    @property
    def verb(self) -> str:
        """What leagues do with their figures."""
        return "公布" if self.dataset == "published" else "报送"

    @property
    def shortage(self) -> str:
        """Why these figures are too few for a bulletin; empty where at least half of the leagues have one."""
        known, total = len(self.known), len(self.leagues)
        if 2 * known >= total:
            return ""
        return f"{total}个盟市" + (f"中仅{known}个{self.verb}" if known else f"均未{self.verb}")


def bulletin(
    release: Release, period: str, dataset: str = "published", made_on: date | None = None, *, force: bool = False
) -> Document:
    """The bulletin of one period. `force`: even where too few leagues have a figure; the document then says so.

    Raises BulletinError where nobody has a figure of it, TooFewError, WarehouseError.
    """
    facts = facts_of(release, period, dataset)
    if facts.shortage and not force:
        raise TooFewError(f"数据不足，不宜通报：{facts.shortage}。")
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
        table(facts),
        Picture(map_chart, f"{when}各盟市行政机关负责人出庭应诉率", [f"{MAP_NOTE}。"], TALLEST),
    ]
    sections = {"与目标的差距": below_target(facts), "变化情况": changed(facts)}
    for number, (heading, lines) in enumerate(((h, t) for h, t in sections.items() if t), start=3):
        blocks += [Heading(f"{'〇一二三四五'[number]}、{heading}"), *(Paragraph(line, keep=True) for line in lines)]
    return Document(
        title=f"关于{when}全区行政机关\n负责人出庭应诉情况的通报",
        blocks=[*blocks, Paragraph("特此通报。")],
        remarks=remarks(facts, release),
        appendix=[],
        office=signature(),
        release_id=release.id,
        made_on=made_on or today(),
        simulated=dataset == "demo",
        caution=f"数据不全，{facts.shortage}，仅供内部参考" if facts.shortage else "",
    )


def facts_of(release: Release, period: str, dataset: str) -> Facts:
    """The figures of one period and of those it is held against. Raises BulletinError."""
    choices = selection.choices_of(release)
    if dataset not in choices.datasets:
        raise BulletinError(f"没有数据集“{dataset}”，现有：{'、'.join(choices.datasets)}。")
    known = choices.of(dataset, INDICATOR, "").periods
    if period not in known:
        raise BulletinError(
            f"数据集“{dataset}”没有“{period}”的行政机关负责人出庭应诉率。有数据的期间：{'、'.join(known) or '无'}。"
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
                "text": f"{value:.2f}%（按各盟市件数汇总计算）",
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
            reasons[code] = TOO_SMALL
        else:
            changes[code] = round(row["value"] - base["value"], 4)
    return Change(label, period, changes, reasons)


# ---- the words ----


def rate(facts: Facts, row: pd.Series) -> str:
    """A rate in words. One of known cases has the decimals of the catalogue (99.50%, but 100%); one that was published
    without them stays as it was published.
    """
    if pd.isna(row["value"]) or pd.isna(row["denominator"]) or row["qualifier"]:
        return str(row["text"])
    bracket = "".join(row["text"].partition("（")[1:])
    full = row["value"] == FULL
    return f"{row['value']:.{0 if full else facts.indicator['decimals']}f}%{bracket}"


def points(facts: Facts, difference: float) -> str:
    """The size of a difference in the decimals of the catalogue: 0.30个百分点."""
    return f"{abs(difference):.{facts.indicator['decimals']}f}个百分点"


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
            f"负责人实际出庭{whole['numerator']:.0f}件，出庭应诉率{rate(facts, whole)}"
        )
    compared = [
        f"{change.label}{_moved(facts, change.changes[REGION_ROOT])}"
        for change in facts.changes
        if REGION_ROOT in change.changes
    ]
    lines = ["，".join([words, *compared]) + "。"]
    if target is not None:
        aim = _aim(target)
        mark = status(whole["value"], target["value"], facts.indicator["direction"], 0)
        gap = gap_in_cases(whole["numerator"], whole["denominator"], target["value"], facts.indicator["direction"])
        cases = f"，按本期案件数折合{gap}件" if gap else ""
        short = f"全区与该目标相差{points(facts, target['value'] - whole['value'])}{cases}。"
        lines.append(f"{_whence(facts, target)}{f'全区已达到{aim}。' if mark == 'reached' else short}")
    return lines


def _aim(target: pd.Series) -> str:
    return f"{format_period(target['period'])}目标{format_value(target['value'], '%')}"


def _whence(facts: Facts, target: pd.Series) -> str:
    """Where the target comes from, and why it is held against a year that it was not set for."""
    year, own = facts.period[:4], str(target["period"])
    said = f"{cited(target['source_title'])}提出“{target['published_as']}”"
    if year == own:
        return f"{said}。"
    return f"{said}；{year}年目标{NOT_PUBLISHED}，{'仍' if year > own else '暂'}以{_aim(target)}对照。"


def places(facts: Facts) -> list[str]:
    """What is said of the leagues: how many have figures, highest and lowest, who is missing."""
    known, solid, total = facts.known, facts.solid, len(facts.leagues)
    if known.empty:
        return [f"{total}个盟市均{_state(facts)}{format_period(facts.period)}的数据。"]
    verb = facts.verb
    lines = [
        f"{total}个盟市中，{len(known)}个已{verb}数据。" if len(known) < total else f"{total}个盟市均已{verb}数据。"
    ]
    if len(solid) > 1 and solid["value"].nunique() == 1:
        lines[0] += f"{len(solid)}个盟市出庭应诉率均为{rate(facts, solid.iloc[0])}。"
    elif len(solid) > 1:
        lines[0] += f"出庭应诉率最高的是{_holders(facts, 0)}，最低的是{_holders(facts, -1)}。"
    elif len(solid) == 1:
        lines[0] += f"{solid['name'].iloc[0]}{rate(facts, solid.iloc[0])}。"
    silent = {state: of["name"].tolist() for state, of in facts.leagues.groupby("state") if state in ABSENT}
    if silent:
        named = "；".join(f"{listed(silent[state])}{words}" for state, words in ABSENT.items() if state in silent)
        lines.append(f"{named}{'，不参与排名' if facts.ranked else ''}。")
    small = known[known["small"]]
    if len(small):
        named = "、".join(f"{row['name']}（{_cases(row)}）" for _, row in small.iterrows())
        lines.append(f"{named}应出庭案件少于{SMALL_BASE}件，{FOR_REFERENCE}，不参与排名。")
    unknown = "" if facts.with_parts else f"各地{PARTS_NOT_PUBLISHED}，不列名次和相差件数。"
    lines.append(f"{unknown}各盟市情况见表1、图1。")
    return lines


def below_target(facts: Facts) -> list[str]:
    """Which leagues have not reached the target, and by how many cases."""
    target, known = facts.target, facts.known
    if target is None or known.empty:
        return []
    direction = facts.indicator["direction"]
    reached = known["value"].map(lambda value: status(value, target["value"], direction, 0) == "reached")
    head = f"{'' if len(known) == len(facts.leagues) else f'已{facts.verb}数据的'}{len(known)}个盟市中，"
    if len(known) == 1 and reached.all():
        return [f"{known['name'].iloc[0]}出庭应诉率达到{_aim(target)}。"]
    if reached.all():
        return [f"{head}出庭应诉率均达到{_aim(target)}。"]
    words = f"{head}{reached.sum()}个达到{_aim(target)}。" if reached.any() else f"{head}没有达到{_aim(target)}的。"
    rest = known[~reached].sort_values("value", kind="stable")
    named = []
    for _, row in rest.iterrows():
        gap = gap_in_cases(row["numerator"], row["denominator"], target["value"], direction)
        named.append(f"{row['name']}（{f'差{gap}件' if gap else rate(facts, row)}）")
    return [f"{words}未达到的{len(rest)}个，由低到高为{'、'.join(named)}。"]


def changed(facts: Facts) -> list[str]:
    """How many rose, stayed and fell since each earlier period, and who moved farthest."""
    names, lines = facts.leagues["name"], []
    for change in facts.changes:
        found = pd.Series(change.changes, dtype="float64").drop(REGION_ROOT, errors="ignore")
        if found.empty:
            continue
        counts = {"上升": (found > 0).sum(), "持平": (found == 0).sum(), "下降": (found < 0).sum()}
        said = [f"{verb}{count}个" for verb, count in counts.items() if count]
        if counts["上升"]:
            said.append(f"升幅最大的是{names[found.idxmax()]}（{points(facts, found.max())}）")
        if counts["下降"]:
            said.append(f"降幅最大的是{names[found.idxmin()]}（{points(facts, found.min())}）")
        whom = "" if len(found) == len(names) else f"可比的{len(found)}个盟市中，"
        lines.append(f"与{format_period(change.period)}相比（{change.label}），{whom}{'，'.join(said)}。")
    return lines


def _moved(facts: Facts, change: float) -> str:
    """A change in words: 上升0.51个百分点, 持平."""
    return "持平" if not change else f"{'上升' if change > 0 else '下降'}{points(facts, change)}"


def _holders(facts: Facts, at: int) -> str:
    """Who has the highest or lowest rate: 包头市等7个盟市（均为100%）, 乌兰察布市（88.54%）."""
    solid = facts.solid
    same = solid[solid["value"] == solid["value"].iloc[at]]
    text = rate(facts, same.iloc[0])
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


def table(facts: Facts) -> Table:
    """All leagues below the whole region: those ranked by rate, then small bases, then those without a figure.

    Columns that nobody can fill, because the cases were not published, are left out.
    """
    missing = facts.leagues[facts.leagues["state"] != "value"]
    rows = [_row(facts, REGION_ROOT, "全区", facts.whole)] if facts.whole is not None else []
    rows += [_row(facts, code, row["name"], row) for code, row in pd.concat([facts.known, missing]).iterrows()]
    made = pd.DataFrame(rows)
    if not facts.with_parts and (facts.whole is None or pd.isna(facts.whole["denominator"])):
        made = made.drop(columns=["应出庭（件）", "实际出庭（件）", GAP_COLUMN])
    if not facts.ranked:
        made = made.drop(columns=[RANK_COLUMN])
    return Table(
        f"{format_period(facts.period)}各盟市行政机关负责人出庭应诉情况",
        made,
        _notes(facts, made),
        emphasis=frozenset({0} if facts.whole is not None else set()),
    )


def _notes(facts: Facts, made: pd.DataFrame) -> list[str]:
    """What the columns mean, in the fewest lines."""
    compared = {YEAR_ON_YEAR: "同比与上年同期相比", PERIOD_ON_PERIOD: "环比与上一期相比"}
    told = ["，".join(compared[change.label] for change in facts.changes) + "，以百分点计"] if facts.changes else []
    told += ["距100%的件数按本期案件数不变折算"] if GAP_COLUMN in made else [PARTS_NOT_PUBLISHED]
    small = f"应出庭案件少于{SMALL_BASE}件的，{FOR_REFERENCE}，不排名、不计算增减。"
    few = made.isin([FOR_REFERENCE, TOO_SMALL]).any(axis=None)
    places = made[RANK_COLUMN] if RANK_COLUMN in made else pd.Series(dtype="str")
    ranks = [
        "各盟市按出庭应诉率由高到低排列。" if len(places) else "",
        "95%置信区间重叠的并在同一名次范围，不作先后区分。" if places.str.contains("—.").any() else "",
        HARD_TO_TELL_NOTE if (places == HARD_TO_TELL).any() else "",
    ]
    lines = [
        f"注：{facts.indicator['definition']}{'；'.join(told)}。",
        "".join(ranks) + (small if few else ""),
    ]
    return [line for line in lines if line]


def _row(facts: Facts, code: str, name: str, row: pd.Series) -> dict[str, str]:
    """A row of the table. `row`: of `Facts.leagues`, or `Facts.whole`."""
    whole = code == REGION_ROOT
    if not whole and row["state"] != "value":
        rank = gap = "—"
        parts, text = ["—", "—"], row["text"]
    else:
        known = not pd.isna(row["denominator"])
        parts = [f"{row[part]:.0f}" if known else NOT_PUBLISHED for part in ("denominator", "numerator")]
        missing = gap_in_cases(row["numerator"], row["denominator"], FULL, facts.indicator["direction"])
        gap = "—" if missing is None else str(missing)
        exact = known and not row["qualifier"]
        plain = f"{row['value']:.{facts.indicator['decimals']}f}" if exact else row["text"].partition("（")[0]
        text = plain.removesuffix("%")
        rank = "—" if whole else _rank(facts, row)
    return {
        RANK_COLUMN: rank,
        "地区": name,
        "应出庭（件）": parts[0],
        "实际出庭（件）": parts[1],
        RATE_COLUMN: text,
        **{change.label: _change_cell(facts, change, code) for change in facts.changes},
        GAP_COLUMN: gap,
    }


def _rank(facts: Facts, row: pd.Series) -> str:
    """The place by the rule of all pages (`place_words`): 第11名, 难分先后; equal rates without intervals share one."""
    if row["small"]:
        return FOR_REFERENCE
    shared = pd.isna(row["best"]) and (facts.leagues["rank"] == row["rank"]).sum() > 1
    words = place_words(row["rank"], row["best"], row["worst"], among=len(facts.solid))
    return f"{'并列' if shared else ''}{words}"


def _change_cell(facts: Facts, change: Change, code: str) -> str:
    difference = change.changes.get(code)
    if difference is None:
        return change.reasons.get(code, "—")
    sign = "+" if difference > 0 else "−"
    return "持平" if not difference else f"{sign}{abs(difference):.{facts.indicator['decimals']}f}"


def remarks(facts: Facts, release: Release) -> list[str]:
    """What is peculiar to these figures, how ranks were found, the sources and the release."""
    whole = [] if facts.whole is None else [facts.whole["source_title"]]
    sources = list(dict.fromkeys([*whole, *facts.known["source_title"]]))
    said = "；".join(cited(title) for title in sources)
    lines = [
        scope_line(facts.leagues),
        "名次由95%置信区间得出，方法见使用说明。" if facts.leagues["best"].notna().any() else "",
        f"数据来源：{said}。" if sources else "",
        f"数据版本{release.id}，数据截至{format_day(release.data_until)}。",
    ]
    return ["".join(f"{line.rstrip('。')}。" for line in lines if line)]
