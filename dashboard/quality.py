"""What data stewards see: the account of a dataset, its gaps, who owes figures, and what contradicts or was refused."""

import html
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cards, controls, download, export, frame, kept, queries, selection
from dashboard.charts import coverage as charts
from dashboard.clock import beijing, today
from dashboard.frame import LINE, Reader, plain
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.theme import (
    DATASET_NAMES,
    DEMO_MARK,
    LATEST,
    LEVEL_NAMES,
    NOT_PUBLISHED,
    STATE_NAMES,
    format_day,
    format_difference,
    format_period,
    format_value,
)

GRIDS_KEPT = 40
METRIC_WIDTH = 158  # two beside each other on a phone
TABLE_HEIGHT = 620
SEVERITIES = {"error": "◆ 错误", "warning": "■ 不一致", "info": "▲ 提示", "ok": "● 一致"}
FAILED = ("error", "warning")
SWITCH = {False: "off", True: "on"}  # a toggle, and what the address says
KIND_NAMES = {
    "ratio": "比率",
    "growth": "同比",
    "sum": "合计",
    "subset": "部分与整体",
    "duplicate": "重复",
    "target": "目标",
    "jump": "突变",
    "conflict": "多个来源",
}
# Only these kinds compute a figure; the others hold two given figures against each other.
COMPUTING = ("ratio", "growth", "sum")
PAIR_NAMES = {"subset": ("整体", "部分"), "target": ("目标", "实际"), "jump": ("邻年", "当年")}
GIVEN_NAMES = {"published": "公布值", "demo": "模拟值"}
CORRECTION_STATES = {"applied": "● 已更正", "proposed": "▲ 待定", "declined": "■ 不采纳"}
LOAD_STATES = {"loaded": "● 全部载入", "partial": "▲ 部分载入", "rejected": "■ 全部拒收"}
CHECKS_SHOWN = 100  # rows of HTML; what a dataset has beyond them is in the file
IN_FILE_ONLY = ("分项", "类型", "核对编号")
WIDE = {name: st.column_config.TextColumn(width=360) for name in ("说明", "欠报指标", "理由")}


# ---- the address ----


def parameter(name: str, allowed: list[str], default: str) -> str:
    """The value of a parameter of this page in the address; one that makes no sense falls back, with a notice."""
    wanted = selection.address().get(name, default)
    if wanted in allowed:
        return wanted
    st.warning(plain(f"地址中的“{name}={wanted}”在此处没有数据或不存在，已改用默认值"), icon=":material/info:")
    return default


def _write(name: str, default: str, decode: Mapping[Any, str] | None = None) -> None:
    """Writes the widget of a parameter of this page into the address; an emptied widget changes nothing."""
    value = st.session_state[f"quality_{name}"]
    if value is None:
        return
    value = decode[value] if decode else value
    if value == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def opened(sections: dict[str, str]) -> tuple[str, DeltaGenerator]:
    """The tabs of the page, and the open one: its key in `sections` (key -> title) and its place.

    Only the open tab is computed; `tab` in the address says which.
    """
    keys = list(sections)
    key = parameter("tab", keys, keys[0])
    st.session_state["quality_tab"] = sections[key]
    titles = {title: name for name, title in sections.items()}
    places = st.tabs(list(titles), key="quality_tab", on_change=_write, args=("tab", keys[0], titles))
    return key, places[keys.index(key)]


def _select(name: str, label: str, options: list[str], default: str, text: Callable[[str], str]) -> str:
    """A selectbox of a parameter of this page."""
    st.session_state[f"quality_{name}"] = chosen = parameter(name, options, default)
    st.selectbox(
        label, options, format_func=text, key=f"quality_{name}", on_change=_write, args=(name, default), width=260
    )
    return chosen


def _toggle(name: str, label: str, *, disabled: bool = False, help: str | None = None) -> bool:
    """A switch of a parameter of this page, off unless the address says on."""
    key = f"quality_{name}"
    st.session_state[key] = parameter(name, list(SWITCH.values()), SWITCH[False]) == SWITCH[True]
    return st.toggle(label, key=key, disabled=disabled, help=help, on_change=_write, args=(name, SWITCH[False], SWITCH))


def _severities(counts: pd.Series) -> list[str]:
    """Which conclusions are shown: those that need a look, unless the address says others; none is as good as all."""
    present = [severity for severity in SEVERITIES if counts.get(severity, 0)]
    opening = [severity for severity in present if severity != "ok"] or present
    wanted, notices = selection.own_several("checks", list(SEVERITIES))
    for notice in notices:
        st.warning(plain(notice), icon=":material/info:")
    st.session_state["quality_checks"] = chosen = [severity for severity in present if severity in wanted] or opening
    st.pills(
        "结论",
        present,
        selection_mode="multi",
        format_func=lambda severity: f"{SEVERITIES[severity]} {counts[severity]}",
        key="quality_checks",
        on_change=_write_severities,
        args=(present, opening),
    )
    return chosen


def _write_severities(present: list[str], opening: list[str]) -> None:
    picked = st.session_state["quality_checks"] or present
    if set(picked) == set(opening):
        st.query_params.pop("checks", None)
    else:
        st.query_params["checks"] = ",".join(severity for severity in present if severity in picked)


def address_on_map(reader: Reader, row: dict[str, Any]) -> str:
    """Where the map shows a figure: the address with region, level, indicator, breakdown and period of `row`."""
    wanted = {
        "dataset": reader.selection.dataset,
        "indicator": row["indicator_id"],
        "breakdown": row["breakdown"],
        "period": row["period"],
        "level": "banner" if row["level"] == "banner" else "league",
        "region": row["region_code"],
    }
    resolved, _ = selection.resolve({name: value for name, value in wanted.items() if value}, reader.choices)
    return "/map?" + urlencode(selection.to_parameters(resolved, reader.choices))


# ---- tables ----


def value_text(value: float, unit: str, qualifier: str, status: str) -> str:
    """A figure as people write it, or its state in words."""
    return STATE_NAMES.get(status, NOT_PUBLISHED) if pd.isna(value) else format_value(value, unit, qualifier)


def _show(
    table: pd.DataFrame,
    reader: Reader,
    *,
    name: str,
    alt: str,
    saved: pd.DataFrame | None = None,
) -> None:
    """A table, as high as its rows up to a limit, with a button that takes it (or `saved`) away as CSV."""
    st.dataframe(
        table.mask(table == "").dropna(axis="columns", how="all"),
        hide_index=True,
        row_height=LINE,
        height=min(TABLE_HEIGHT, LINE * len(table) + LINE + 3),
        column_config={
            "查看": st.column_config.LinkColumn(display_text="地图", width=56),
            "应报日期": st.column_config.DateColumn(format="YYYY年M月D日"),
            **{column: config for column, config in WIDE.items() if column in table},
        },
        placeholder="—",
        alt=alt,
    )
    _take_away(table if saved is None else saved, reader, name)


def _take_away(table: pd.DataFrame, reader: Reader, name: str) -> None:
    """The button that takes a table away as CSV."""
    dataset = reader.selection.dataset

    def file() -> bytes:
        rows = table.drop(columns="查看", errors="ignore")
        return export.to_csv(rows.assign(数据性质=DEMO_MARK) if dataset == "demo" else rows)

    mark = f"_{DEMO_MARK}" if dataset == "demo" else ""
    download.button("下载CSV", f"{name}{mark}_{reader.release.id}.csv", file, rows=len(table), key=f"download_{name}")


def _mark(reader: Reader) -> None:
    if reader.selection.dataset == "demo":
        st.badge(DEMO_MARK, color="orange")


# ---- 总账 ----


def account(reader: Reader) -> None:
    """The account of the dataset: five numbers and one line of words."""
    dataset = reader.selection.dataset
    held = queries.account(reader.release, dataset)
    _mark(reader)
    with st.grid(5, min_column_width=METRIC_WIDTH, gap="small"):
        st.metric("数据条数", f"{held['figures']}条", border=True)
        st.metric("有数据的地区", f"{held['regions']}个", border=True)
        st.metric("来源", f"{held['sources']}份", border=True)
        st.metric("核对不一致", f"{held['failed']}项", border=True)
        st.metric("拒收", f"{held['rejected']}行", border=True)
    checked = f"核对{held['checks']}项，不一致{held['failed']}项" if held["checks"] else "没有需要说明的核对项"
    st.markdown(
        plain(
            f"{DATASET_NAMES.get(dataset, dataset)}：{held['indicators']}项指标、{held['regions']}个地区共"
            f"{held['figures']}条数据，出自{held['sources']}份来源；{checked}；"
            f"载入{held['loads']}批，拒收{held['rejected']}行。"
        )
    )


# ---- 覆盖 ----


def coverage(reader: Reader) -> None:
    """Which indicators have figures in which league, or of one region in which year."""
    chosen = reader.selection
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = parameter("grid", ["leagues", "years"], "leagues")
        st.session_state["quality_grid"] = view
        st.segmented_control(
            "视图",
            ["leagues", "years"],
            format_func={"leagues": "指标×盟市", "years": "指标×年份"}.__getitem__,
            key="quality_grid",
            on_change=_write,
            args=("grid", "leagues"),
        )
        region = chosen.region if view == "years" else ""
        if view == "leagues":
            known = _known(reader.release, chosen.dataset, region, today())
            years = [str(year) for year in sorted(known["year"].unique())]
            newest = LATEST if chosen.dataset == "published" or not years else years[-1]
            year = _select("coverage", "年份", [LATEST, *reversed(years)], newest, _year_name)
        else:
            year = LATEST
            controls.CONTROLS["region"](reader)
        indicators = reader.choices.indicators
        names = dict(zip(indicators["chapter"], indicators["chapter_short"], strict=True))
        chapters = {"": "全部", **{str(number): f"{number} {name}" for number, name in names.items()}}
        picked = _select("coverage_chapter", "章", list(chapters), "", chapters.__getitem__)
        everything = _toggle("coverage_all", "包括没有数据也没有要求的指标")
    asked = (reader.release, chosen.dataset, region, year, picked, everything, today())
    try:
        _grid(*asked, reader.dark)
    except NothingKnownError as error:
        st.info(plain(str(error)))
        return
    frame.show(
        lambda reader: _grid(*asked, reader.dark).chart(chosen.indicator), reader, key=f"coverage_{view}", heading=2
    )


class NothingKnownError(Exception):
    """Why there is no grid, in Chinese."""


def _known(release: Release, dataset: str, region: str, on: date) -> pd.DataFrame:
    """`queries.coverage_by_year` of one region, or (empty) of the whole and all leagues."""
    regions = selection.choices_of(release).regions
    codes = [region] if region else list(regions.index[regions["level"] != "banner"])
    return queries.coverage_by_year(release, dataset, codes, on)


@st.cache_resource(show_spinner=False, max_entries=GRIDS_KEPT, hash_funcs=kept.NAMED)
def _grid(
    release: Release,
    dataset: str,
    region: str,
    year: str,
    chapter: str,
    everything: bool,
    on: date,
    dark: bool,
) -> charts.Grid:
    """The grid of one region by years, or (region empty) of all leagues in one year. Raises NothingKnownError."""
    choices = selection.choices_of(release)
    known, regions, indicators = _known(release, dataset, region, on), choices.regions, choices.indicators
    if chapter:
        indicators = indicators[indicators["chapter"] == int(chapter)]
    if not everything:
        concerned = {i for of, i in choices.covered if of == dataset} | set(known["indicator_id"])
        indicators = indicators[indicators.index.isin(concerned)]
    if indicators.empty:
        raise NothingKnownError(
            "这一章的指标没有数据，也没有报送要求。打开“包括没有数据也没有要求的指标”可以看到它们。"
        )
    columns: dict[object, str]
    if region:
        years = sorted(known["year"].unique())
        columns = {number: str(number) for number in years}
        cells, by = known, "year"
        subject, when = regions["name"][region], f"{years[0]}—{years[-1]}年" if years else ""
    else:
        codes = list(regions.index[regions["level"] != "banner"])
        columns = {code: "全区" if code == REGION_ROOT else regions["short_name"][code] for code in codes}
        cells, by = of_year(known, year), "region_code"
        subject, when = f"{len(columns)}个地区", "" if year == LATEST else f"{year}年"
    if not columns:
        raise NothingKnownError(f"{subject}没有数据，也没有报送要求。")
    states, periods = grid(cells, list(indicators.index), list(columns), by)
    return charts.coverage_grid(
        states,
        periods,
        names=indicators["name"],
        chapters=indicators["chapter"].astype(str) + " " + indicators["chapter_short"],
        columns=columns,
        subject=subject,
        when=when or "历年",
        dataset=dataset,
        release_id=release.id,
        dark=dark,
    )


def _year_name(year: str) -> str:
    return "历年（任一年有数据即计入）" if year == LATEST else f"{year}年"


def of_year(known: pd.DataFrame, year: str) -> pd.DataFrame:
    """The rows of one year; for `latest` of each cell the year with a value, else the newest that says why not."""
    if year != LATEST:
        return known[known["year"] == int(year)]
    return (
        known.assign(rank=known["state"].map({"value": 0, "not_reported": 1, "not_applicable": 2, "not_published": 3}))
        .sort_values(["rank", "year"], ascending=[True, False], kind="stable")
        .drop_duplicates(["region_code", "indicator_id"])
    )


def grid(cells: pd.DataFrame, ids: list[str], keys: list[object], by: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`cells` (rows of `queries.coverage_by_year`, one a cell) as two grids, indicators by `keys` of column `by`: the
    states, and what each cell says when asked. Where nothing is known: not_published.
    """
    said = [
        "".join(
            [
                charts.GRID_STATES[row.state],
                f"（{format_period(row.period)}{f'等{row.filled}期' if row.filled > 1 else ''}）" if row.filled else "",
                f"，另有{row.unreported}期未填报" if row.filled and row.unreported else "",
            ]
        )
        for row in cells.itertuples()
    ]
    told = cells.assign(said=said)
    states, periods = (
        told.pivot(index="indicator_id", columns=by, values=column).reindex(index=ids, columns=keys)
        for column in ("state", "said")
    )
    return states.where(states.notna(), "not_published"), periods.where(periods.notna(), NOT_PUBLISHED)


# ---- 报送进度 ----


def reporting(reader: Reader) -> None:
    """Who has reported what was owed for one period: a map, and the list of those who have not."""
    chosen, regions = reader.selection, reader.choices.regions
    periods = queries.owed_periods(reader.release, chosen.dataset)
    if not periods:
        told = "公开数据没有报送要求：公布什么、何时公布由各地各部门决定，没有公布不算欠报。"
        other = f"{DATASET_NAMES.get(chosen.dataset, chosen.dataset)}没有登记报送要求。"
        st.info(plain(told if chosen.dataset == "published" else other), icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        period = _select("due", "报送期间", periods, periods[0], format_period)
        controls.CONTROLS["level"](reader)
        owed = queries.owed_figures(reader.release, chosen.dataset, period)
        name = reader.indicator["name"]
        is_owed = bool((owed["indicator_id"] == chosen.indicator).any())
        help_text = None if is_owed else "这一期不要求报送这项指标。"
        only = _toggle("due_only", f"只看“{name}”", disabled=not is_owed, help=help_text)
    if only and is_owed:
        owed = owed[owed["indicator_id"] == chosen.indicator]
    what = f"“{name}”" if only and is_owed else f"应报指标{owed['indicator_id'].nunique()}项"
    progress = progress_of(owed, regions, today())
    frame.show(
        lambda reader: charts.reporting_map(
            progress[progress["level"] == chosen.level],
            when=format_period(period),
            what=what,
            due=_due_text(owed["due_on"]),
            today=format_day(today()),
            dataset=chosen.dataset,
            level=chosen.level,
            release_id=reader.release.id,
            shapes=reader.shapes,
            selected=chosen.region,
            dark=reader.dark,
        ),
        reader,
        key="reporting",
        heading=2,
        on_select=lambda: frame.choose_clicked(reader, "reporting"),
    )
    _late(progress, reader, period)


def _due_text(due: pd.Series) -> str:
    first, last = due.min(), due.max()
    return f"应报日期{format_day(first)}" + ("" if first == last else f"至{format_day(last)}")


def progress_of(owed: pd.DataFrame, regions: pd.DataFrame, on: date) -> pd.DataFrame:
    """How far each region is with what it owes. `owed`: `queries.owed_figures`; index code, the columns of `regions`
    plus owed, delivered, missing (ints), due_on (the earliest that is missing, NaT: none), days_late (int, 0: none),
    missing_names and state: reported, partly, unreported, overdue (anything missing after its day) or not_required.
    """
    open_ = owed[~owed["delivered"]]
    counts = pd.DataFrame(
        {
            "owed": owed.groupby("region_code").size(),
            "missing": open_.groupby("region_code").size(),
        }
    ).reindex(regions.index)
    counts = counts.where(counts.notna(), 0).astype(int)
    frame_ = regions.join(counts).join(
        pd.DataFrame(
            {
                "due_on": open_.groupby("region_code")["due_on"].min(),
                "missing_names": open_.groupby("region_code")["indicator"].agg("、".join),
            }
        )
    )
    late = (pd.Timestamp(on) - frame_["due_on"]).dt.days.clip(lower=0)
    frame_ = frame_.assign(
        delivered=frame_["owed"] - frame_["missing"],
        missing_names=frame_["missing_names"].where(frame_["missing"] > 0, ""),
        days_late=late.where(late.notna(), 0).astype(int),
    )
    state = pd.Series("partly", index=frame_.index, dtype="str")
    state = state.mask(frame_["delivered"] == 0, "unreported").mask(frame_["days_late"] > 0, "overdue")
    state = state.mask(frame_["missing"] == 0, "reported").mask(frame_["owed"] == 0, "not_required")
    return frame_.assign(state=state)


def _late(progress: pd.DataFrame, reader: Reader, period: str) -> None:
    """The chosen region in a sentence, and all who still owe figures, of every level, the most first."""
    regions = reader.choices.regions
    place = progress.loc[reader.selection.region]
    if place["missing"]:
        st.markdown(
            plain(
                f"{place['name']}应报{place['owed']}项，已报{place['delivered']}项，欠{place['missing']}项："
                f"{place['missing_names']}。"
            )
        )
    behind = progress[progress["missing"] > 0].sort_values("missing", ascending=False, kind="stable")
    st.header("欠报清单")
    if behind.empty:
        st.success(f"{format_period(period)}应报的都已报齐。", icon=":material/check:")
        return
    late = int((behind["state"] == "overdue").sum())
    told = "都还没有到期" if not late else "均已逾期" if late == len(behind) else f"其中{late}个已逾期"
    st.markdown(f"**{len(behind)}个地区共欠{behind['missing'].sum()}项，{told}**")
    table = pd.DataFrame(
        {
            "地区": behind["name"],
            "所属盟市": [
                regions["name"][parent] if level == "banner" else ""
                for parent, level in zip(behind["parent"], behind["level"], strict=True)
            ],
            "层级": behind["level"].map(LEVEL_NAMES),
            "进度": behind["state"].map(charts.REPORT_SIGNS) + " " + behind["state"].map(charts.REPORT_STATES),
            "应报": behind["owed"],
            "已报": behind["delivered"],
            "欠报": behind["missing"],
            "应报日期": behind["due_on"],
            "逾期天数": behind["days_late"],
            "欠报指标": behind["missing_names"],
        }
    )
    _show(table, reader, name=f"欠报清单_{period}", alt=f"{len(behind)}个地区欠报的项数和指标")


# ---- 核对 ----


def checks(reader: Reader) -> None:
    """What agrees and what does not, each as a sentence, and the figures that several sources give."""
    found = ordered(queries.checks(reader.release, reader.selection.dataset))
    _mark(reader)
    if found.empty:
        st.success("通用规则没有发现矛盾，也没有登记需要逐项核对的数据。", icon=":material/check:")
    else:
        counts = found["severity"].value_counts()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            severities = _severities(counts)
            only = _toggle("checks_only", f"只看“{reader.indicator['name']}”")
        shown = found[found["severity"].isin(severities)]
        if only:
            shown = shown[shown["indicator_id"] == reader.selection.indicator]
        if shown.empty:
            st.info("没有符合条件的核对项，请放宽筛选。")
        else:
            table = readable_checks(shown, reader)
            st.html(checks_html(table.head(CHECKS_SHOWN)))
            if len(table) > CHECKS_SHOWN:
                st.caption(f"只列前{CHECKS_SHOWN}项，全部{len(table)}项见CSV文件。")
            saved = table.assign(
                基准数值=shown["expected"].to_numpy(),
                对照数值=shown["found"].to_numpy(),
                单位=shown["unit"].to_numpy(),
            )
            _take_away(saved, reader, "数据核对")
        st.caption(
            "公布值照录原文，计算值只供核对，不覆盖公布值。逐项登记的核对无论是否一致都列出；通用规则只列出不一致的。"
        )
    _several_sources(reader)


def ordered(found: pd.DataFrame) -> pd.DataFrame:
    """Checks with the heaviest first: by severity, then the newest, then the widest relative gap."""
    years = found["period"].map(lambda period: re.findall(r"\d{4}", period)[-1])
    gap = ((found["found"] - found["expected"]) / found["expected"]).abs()
    return (
        found.assign(rank=found["severity"].map(list(SEVERITIES).index), year=years, gap=gap)
        .sort_values(["rank", "year", "gap"], ascending=[True, False, False], kind="stable")
        .drop(columns=["rank", "year", "gap"])
    )


def readable_checks(found: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """Checks as people read them: severity in words, given and computed figures in columns of their own."""
    rows = found.to_dict("records")
    given = GIVEN_NAMES.get(reader.selection.dataset, "填报值")
    return pd.DataFrame(
        {
            "结论": [SEVERITIES[row["severity"]] for row in rows],
            "说明": [row["message"] for row in rows],
            "指标": [row["indicator"] for row in rows],
            "地区": [row["region"] for row in rows],
            "期间": [format_period(row["period"]) for row in rows],
            given: [_given(row) for row in rows],
            "计算值": [_computed(row) for row in rows],
            "查看": [address_on_map(reader, row) for row in rows],
            "相差": [_gap(row) for row in rows],
            "分项": [row["breakdown"] for row in rows],
            "类型": [KIND_NAMES.get(row["kind"], row["kind"]) for row in rows],
            "核对编号": [row["check_id"] for row in rows],
        }
    )


def checks_html(table: pd.DataFrame) -> str:
    """`readable_checks` as a table that becomes a list on a phone (style.css).

    Not `st.dataframe`: drawn on a canvas, sentences break within numbers and before commas.
    """
    parts = table["分项"].where(table["分项"] == "", "（" + table["分项"] + "）")
    shown = table.drop(columns=[*IN_FILE_ONLY, "查看"]).assign(指标=table["指标"] + parts, 查看=table["查看"])
    heads = "".join(f'<th scope="col">{head}</th>' for head in shown)
    rows = "".join(
        f"<tr>{''.join(_cell(head, text) for head, text in row.items())}</tr>" for row in shown.to_dict("records")
    )
    table_ = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="overview checks" style="{cards.variables()}">{table_}</div>'


def _cell(head: Any, text: Any) -> str:
    if head == "查看":
        return f'<td><a href="{html.escape(text.lstrip("/"))}">地图</a></td>'
    return f'<td data-head="{head}">{"" if pd.isna(text) else html.escape(text)}</td>'


def _given(row: dict[str, Any]) -> str:
    """The figure as given; both of them where two given figures are held against each other."""
    texts = [
        NOT_PUBLISHED if pd.isna(value) else format_value(value, row["unit"], qualifier)
        for value, qualifier in ((row["expected"], row["qualifier"]), (row["found"], ""))
    ]
    if row["kind"] in COMPUTING:
        return texts[0]
    names = PAIR_NAMES.get(str(row["kind"]), ("", ""))
    return "；".join(name + text for name, text in zip(names, texts, strict=True))


def _computed(row: dict[str, Any]) -> str | None:
    if row["kind"] not in COMPUTING or pd.isna(row["found"]):
        return None
    return format_value(row["found"], row["unit"])


def _gap(row: dict[str, Any]) -> str | None:
    if pd.isna(row["expected"]) or pd.isna(row["found"]) or row["kind"] == "subset":
        return None
    gap = row["found"] - row["expected"]
    return format_difference(gap, row["unit"]) if gap else None


def _several_sources(reader: Reader) -> None:
    """The figures that more than one source gives, each source in a row of its own."""
    st.header("多个来源的数据")
    found = queries.several_sources(reader.release, reader.selection.dataset)
    if found.empty:
        st.caption("每条数据都只有一个来源，没有互相冲突的来源。")
        return
    rows = found.to_dict("records")
    figures = found[["region_code", "indicator_id", "breakdown", "period"]].drop_duplicates()
    st.markdown(f"**{len(figures)}条数据有多个来源**　各来源并列保存，采用可信度最高、发布最晚的一个。")
    table = pd.DataFrame(
        {
            "采用": ["● 采用" if row["adopted"] else "○ 备查" for row in rows],
            "查看": [address_on_map(reader, row) for row in rows],
            "指标": found["indicator"],
            "分项": found["breakdown"],
            "地区": found["region"],
            "期间": found["period"].map(format_period),
            "数值": [value_text(row["value"], row["unit"], row["qualifier"], row["status"]) for row in rows],
            "来源": found["source_title"],
            "发布单位": found["publisher"],
        }
    )
    _show(table, reader, name="多个来源的数据", alt=f"{len(figures)}条数据的各个来源")


# ---- 拒收, 更正, 载入记录 ----


def rejects(reader: Reader) -> None:
    """Every finding on a row that was not loaded, of all datasets: a dataset may have nothing but rejected rows."""
    found = queries.rejects(reader.release)
    if found.empty:
        st.success("所有读入的行都已载入，没有拒收。", icon=":material/check:")
        return
    st.markdown(f"**{len(found)}条意见**　一行可能有多处问题；改正后请重新导入原表。")
    table = pd.DataFrame(
        {
            "文件": found["file"],
            "工作表": found["sheet"],
            "行": found["row"].astype("Int64"),
            "列": found["column"],
            "原值": found["found"],
            "应为": found["expected"],
            "说明": found["message"],
            "数据集": found["dataset"].map(lambda name: DATASET_NAMES.get(name, name)),
            "载入时间": beijing(found["started_at"]),
        }
    )
    _show(table, reader, name="拒收清单", alt=f"{len(found)}条拒收意见，注明文件、工作表、行和列")


def revisions(reader: Reader) -> None:
    """What was corrected: from what, to what, when and why; by a corrected table, or by the list of corrections."""
    _mark(reader)
    found = queries.revisions(reader.release, reader.selection.dataset)
    try:
        listed = queries.corrections(reader.release, reader.selection.dataset)
    except queries.OlderReleaseError as error:
        st.info(plain(str(error)), icon=":material/info:")
        listed = pd.DataFrame()
    parts = [_listed_corrections(listed, reader)] if len(listed) else []
    if len(listed):
        keys = ["region_code", "indicator_id", "breakdown", "period", "source_id", "revision"]
        told_already = pd.MultiIndex.from_frame(found[keys]).isin(pd.MultiIndex.from_frame(listed[keys]))
        found = found[~told_already]
    if len(found):
        parts.append(_corrected_tables(found, reader))
    if not parts:
        st.info(
            "还没有更正。重新导入改正后的表，或由系统管理员在更正清单里登记，"
            "旧值、新值、时间和理由会列在这里；旧值保留，不覆盖。"
        )
        return
    table = pd.concat(parts, ignore_index=True).sort_values("更正时间", ascending=False, kind="stable")
    waiting = int((table["状态"] == CORRECTION_STATES["proposed"]).sum())
    declined = int((table["状态"] == CORRECTION_STATES["declined"]).sum())
    counts = [f"{len(table) - waiting - declined}处更正"]
    counts += [f"{waiting}处待定"] if waiting else []
    counts += [f"{declined}处不采纳"] if declined else []
    st.markdown(f"**{'，'.join(counts)}**　旧值保留，页面采用最新一次的值；待定和不采纳的不改数据。")
    _show(table, reader, name="更正记录", alt=f"{len(table)}处更正的旧值、新值和理由")


def _listed_corrections(listed: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """The corrections of the list, as people read them. `listed`: `queries.corrections`."""
    rows = listed.to_dict("records")
    return _figures_of(listed, reader).assign(
        旧值=[value_text(r["old_value"], r["unit"], "", "") for r in rows],
        新值=[value_text(r["value"], r["unit"], "", "") for r in rows],
        状态=listed["status"].map(CORRECTION_STATES),
        更正时间=listed["corrected_on"].dt.strftime("%Y-%m-%d"),
        理由=listed["reason"],
        来由="更正清单",
        来源=listed["source_title"],
        第几版=listed["revision"],
    )


def _corrected_tables(found: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """What corrected tables changed, as people read it. `found`: `queries.revisions`."""
    rows = found.to_dict("records")
    return _figures_of(found, reader).assign(
        旧值=[value_text(r["old_value"], r["old_unit"], r["old_qualifier"], r["old_status"]) for r in rows],
        新值=[value_text(r["value"], r["unit"], r["qualifier"], r["status"]) for r in rows],
        状态=CORRECTION_STATES["applied"],
        更正时间=beijing(found["revised_at"]),
        理由=found["note"],
        来由="改正后的表：" + found["input"],
        来源=found["source_title"],
        第几版=found["revision"].astype("Int64"),
    )


def _figures_of(found: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "指标": found["indicator"],
            "分项": found["breakdown"],
            "地区": found["region"],
            "期间": found["period"].map(format_period),
            "查看": [address_on_map(reader, row) for row in found.to_dict("records")],
        }
    )


def loads(reader: Reader) -> None:
    """Every run over an input, of all datasets: what was read, loaded and rejected. One whose rows were all rejected
    is of a dataset that nobody can choose.
    """
    found, dataset = queries.loads(reader.release), reader.selection.dataset
    own = int((found["dataset"] == dataset).sum())
    table = pd.DataFrame(
        {
            "时间": beijing(found["finished_at"]),
            "输入": found["input"],
            "数据集": found["dataset"].map(lambda name: DATASET_NAMES.get(name, name)),
            "结果": found["status"].map(lambda name: LOAD_STATES.get(name, name)),
            "读入行数": found["rows_in"],
            "载入行数": found["rows_loaded"],
            "拒收行数": found["rows_rejected"],
            "批次": found["load_id"],
            "内容校验（SHA-256）": found["sha256"],
        }
    )
    told = f"全部数据集共{len(found)}批，其中{DATASET_NAMES.get(dataset, dataset)}{own}批"
    st.markdown(f"**{plain(told)}**　读入行数总等于载入行数与拒收行数之和。时间为北京时间。")
    _show(table, reader, name="载入记录", alt=f"{len(found)}批载入的行数和结果")
