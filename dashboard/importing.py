"""What a steward does on the page 数据导入: a file is read, understood, checked, loaded, and taken back again."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import download, frame, imports, queries, selection
from dashboard.clock import beijing
from dashboard.frame import LINE, TALL_LINE, Reader, plain
from dashboard.imports import FIELD_NAMES, Checked, Figures, RefusedError, Request, Say, Table, Understanding, Upload
from dashboard.quality import LOAD_STATES, TABLE_HEIGHT
from dashboard.theme import DATASET_NAMES

MAP = Path(__file__).resolve().parent.parent / "pages" / "map.py"
MARKED = "_标出问题"  # the end of the name of a file that we gave back
SHOWN_LOADS = 8
SHOWN_LINKS = 5
SHOWN_FINDINGS = 1000
SHOWN_SENTENCES = 3
UNKNOWN, DATA = "未认出", "数据列"
FORMS = {"long": "一行一个数", "wide": "一格一个数（表头里有指标或期间）"}
FIELDS = {name: text for name, text in FIELD_NAMES.items() if name != "base_indicator"}
ONE_LINE = 15  # Chinese characters that fit into a column; beyond, a row is high enough to wrap
NOT_FOR_STEWARDS = ("published", "demo")
EDITOR = ["列", "前几个值", "用作", "指标", "分项", "期间", "单位"]


# ---- reading ----


def template() -> None:
    """The button that gives the blank template."""
    download.button("下载填报模板", "填报模板.xlsx", imports.template)


def upload() -> tuple[str, Upload] | None:
    """The file that the reader chose, and what tells it from any other; None while there is none."""
    file = st.file_uploader(
        "选择或拖入表格文件（CSV、TSV、TXT、XLSX、XLS、Parquet，最大200MB）",
        type=list(imports.TYPES),
        key=f"import_file_{st.session_state.get('import_round', 0)}",
    )
    return None if file is None else (file.file_id, Upload(file.name, file.getbuffer()))


def read(file_id: str, file: Upload) -> list[Table]:
    """The tables of the file, read once. Where it cannot be read, says why and ends the page's work on it: no table."""
    if st.session_state.get("import_read", ("",))[0] != file_id:
        with _working("读取表格 …") as say:
            try:
                st.session_state["import_read"] = file_id, imports.preview(file, say), ""
            except RefusedError as error:
                st.session_state["import_read"] = file_id, [], str(error)
        for name in ("import_checked", "import_told", "import_done"):
            st.session_state.pop(name, None)
    _, tables, refusal = st.session_state["import_read"]
    if refusal:
        st.error(plain(refusal), icon=":material/error:")
    return list(tables)


@contextmanager
def _working(label: str) -> Iterator[Say]:
    """A bar that tells how far a long work is, and is gone when it is done."""
    bar = st.progress(0.0, plain(label))

    def say(share: float, text: str) -> None:
        bar.progress(min(share, 1.0), plain(text or label))

    try:
        yield say
    finally:
        bar.empty()


# ---- understanding ----


def understood(file_id: str, tables: Sequence[Table], reader: Reader) -> list[Understanding]:
    """What was understood of each table, for the reader to change; gives it with the changes."""
    if len(tables) == 1:
        return [_table(f"{file_id}_0", tables[0], reader)]
    tabs = st.tabs([f"{table.sheet}（{table.row_count}行）" for table in tables])
    known = []
    for number, (tab, table) in enumerate(zip(tabs, tables, strict=True)):
        with tab:
            known.append(_table(f"{file_id}_{number}", table, reader))
    return known


def _table(key: str, table: Table, reader: Reader) -> Understanding:
    known = table.understanding
    names = reader.choices.indicators["name"]
    where = f"工作表“{table.sheet}”：" if table.sheet else ""
    facts = [f"{where}表头到第{table.header_row}行，{table.row_count}行数据", f"形式：{FORMS[known.form]}"]
    facts += [f"单位：{table.unit}"] if table.unit else []
    facts += [f"期间：{known.period}（工作表名）"] if known.period else []
    st.markdown(plain("；".join(facts)) + "。读得不对的，在下面的表里改。")
    complaints = st.container()
    if table.notes:
        st.caption("  \n".join(plain(f"· {note}") for note in table.notes))
    across = known.form == "wide" or "value" not in known.fields.values()
    shown = EDITOR if across else EDITOR[:3]
    columns = editor(table, names)[shown]
    line = TALL_LINE if max(map(len, table.columns)) > ONE_LINE else LINE
    edited = st.data_editor(
        columns,
        key=f"import_columns_{key}",
        hide_index=True,
        disabled=EDITOR[:2],
        height=_height(len(columns), line),
        row_height=line,
        placeholder="",
        column_config={
            "列": st.column_config.TextColumn("列（表头）", width=220, pinned=True),
            "前几个值": st.column_config.TextColumn(width=150),
            "用作": st.column_config.SelectboxColumn(
                options=[*FIELDS.values(), *([DATA] if across else []), UNKNOWN], required=True, width=95
            ),
            "指标": st.column_config.SelectboxColumn(options=names.tolist(), width=230),
            "分项": st.column_config.TextColumn(width=85),
            "期间": st.column_config.TextColumn(width=90),
            "单位": st.column_config.TextColumn(width=70),
        },
        alt="每一列读成了什么，可以改",
    )
    if fold := frame.folded(f"看原表的前{len(table.rows)}行", f"import_rows_{key}"):
        rows = pd.DataFrame(table.rows, columns=table.columns, dtype="str")
        rows.insert(0, "行", table.numbers)
        fold.dataframe(rows, hide_index=True, alt=f"表格的前{len(table.rows)}行")
    made = understanding(known, edited, {name: id_ for id_, name in names.items()})
    with complaints:
        _complaints(table, made)
    return made


def _complaints(table: Table, made: Understanding) -> None:
    """What a table still needs before it can be checked; `made`: how it is understood now."""
    if made.unknown and (made.form == "wide" or "value" not in made.fields.values()):
        said = "；".join(
            f"“{column}”" + (f"（像是“{table.alike[column][0]}”）" if table.alike.get(column) else "")
            for column in made.unknown
        )
        do = f"要读入的，把“用作”改为“{DATA}”，核对指标；不要的改为“不使用”。"
        st.warning(plain(f"{len(made.unknown)}列没有认出：{said}。{do}"), icon=":material/help:")
    elif made.unknown:
        said = "”“".join(made.unknown)
        st.caption(plain(f"“{said}”没有认出，不会读入。"))
    if table.faults and made == table.understanding:
        st.warning(
            plain(f"{'；'.join(table.faults)}。期间和指标也可以在下面“表里没写时用”里填。"), icon=":material/help:"
        )


def _height(rows: int, line: int) -> int:
    """Pixels of a table of that many rows below its header, up to a limit beyond which it scrolls."""
    return min(TABLE_HEIGHT, line * rows + LINE + 3)


def editor(table: Table, names: pd.Series) -> pd.DataFrame:
    """What was understood, one row a column: EDITOR as texts. `names`: indicator id -> name."""
    known = table.understanding
    rows = []
    for place, column in enumerate(table.columns):
        if column not in {*known.fields, *known.figures, *known.unknown}:
            continue  # blank
        figures = known.figures.get(column, Figures())
        use = DATA if column in known.figures else FIELD_NAMES.get(known.fields.get(column, ""), UNKNOWN)
        values = [row[place].strip() for row in table.rows if row[place].strip()]
        indicator = names.get(figures.indicator) if figures.indicator else None
        if use == UNKNOWN:  # proposed only: it counts when a person says that the column is data
            indicator = next(iter(table.alike.get(column, [])), None)
        rows.append(
            (column, "、".join(values[:3]), use, indicator, figures.breakdown, figures.period or "", figures.unit)
        )
    return pd.DataFrame(rows, columns=EDITOR)


def understanding(known: Understanding, edited: pd.DataFrame, ids: dict[str, str]) -> Understanding:
    """`known` with what a person changed in the rows of `editor`. `ids`: indicator name -> id."""
    fields: dict[str, str] = {}
    figures: dict[str, Figures] = {}
    unknown: list[str] = []
    used = {text: name for name, text in FIELDS.items()}
    for row in edited.where(edited.notna(), "").to_dict("records"):
        if row["用作"] == DATA:
            figures[row["列"]] = Figures(
                ids.get(row["指标"]), row["分项"].strip(), row["期间"].strip() or None, row["单位"].strip()
            )
        elif row["用作"] in used:
            fields[row["列"]] = used[row["用作"]]
        else:
            unknown.append(row["列"])
    return replace(known, form="wide" if figures else "long", fields=fields, figures=figures, unknown=unknown)


# ---- what the table does not say ----


def options(file_id: str, file: Upload, tables: Sequence[Table], reader: Reader) -> Request:
    """Dataset, source and what stands in where the table says nothing."""
    indicators = reader.choices.indicators["name"]
    with st.grid(3, min_column_width=260):
        known = [name for name in reader.choices.datasets if name not in NOT_FOR_STEWARDS]
        dataset = st.selectbox(
            "数据集",
            list(dict.fromkeys(["internal", *known])),
            format_func=lambda name: DATASET_NAMES.get(name, name),
            accept_new_options=True,
            placeholder="选择，或输入新名称",
            key="import_dataset",
            help="一般用“内部报送数据”。输入新名称（文字、数字、下划线）则单独成为一个数据集。",
        )
        title = st.text_input(
            "来源标题",
            value=Path(file.name).stem.removesuffix(MARKED),
            key=f"import_source_{file_id}",
            help="同一标题的后一份表格是对前一份的更正，报送单位应相同；标题不同，两份数据并存。",
        ).strip()
        publisher = st.text_input("报送单位", value=reporter(tables), key=f"import_publisher_{file_id}").strip()
        period = st.text_input(
            "期间（表里没写时用）", placeholder="如2024、2025Q2、2025-06", key=f"import_period_{file_id}"
        ).strip()
        indicator = st.selectbox(
            "指标（表里没写时用）",
            list(indicators.index),
            index=None,
            format_func=indicators.__getitem__,
            placeholder="表里写了就不必选",
            key=f"import_indicator_{file_id}",
        )
    if titles := queries.steward_sources(reader.release, dataset):
        st.caption(plain(f"已有的来源标题：{'、'.join(titles[:20])}{'等' if len(titles) > 20 else ''}"))
    return Request(dataset, title, publisher, period, indicator or "")


def reporter(tables: Sequence[Table]) -> str:
    """Who reports, where the table says so above its header."""
    notes = [note for table in tables for note in table.notes]
    found = (re.search(r"(?:填报|报送|上报|编制)单位[:：]\s*([^\s（(]+)", note) for note in notes)
    return next((match[1] for match in found if match), "")


# ---- checking and loading ----


def check(file: Upload, request: Request, known: list[Understanding]) -> Checked | None:
    """The button 校验 and what it found; None while this file, as it is understood now, is not checked."""
    if st.button("校验", icon=":material/rule:", type="primary"):
        with _working("校验 …") as say:
            try:
                st.session_state["import_checked"] = request, known, imports.check(file, request, known, say), ""
            except RefusedError as error:
                st.session_state["import_checked"] = request, known, None, str(error)
    if "import_checked" not in st.session_state:
        return None
    *asked, checked, refusal = st.session_state["import_checked"]
    if asked != [request, known]:
        st.info("设置改过了，请重新校验。", icon=":material/rule:")
        return None
    if refusal:
        st.error(plain(refusal), icon=":material/error:")
    return checked


def findings(file: Upload, request: Request, known: list[Understanding], checked: Checked) -> None:
    """The account of the rows, every finding, and the reader's own table with the faulty cells marked."""
    with st.grid(3, min_column_width=120, gap="small"):
        st.metric("读入", f"{checked.rows_in}行", border=True, help="横向的表，一格算一行。")
        st.metric("可载入", f"{checked.rows_loaded}行", border=True)
        st.metric("拒收", f"{checked.rows_rejected}行", border=True)
    found = checked.findings
    if not found:
        st.success("没有发现问题。", icon=":material/check:")
        return
    st.markdown(f"**{len(found)}条意见**　一行可能有多处问题。")
    # In sentences, which wrap on a phone and are read aloud; the table has all of them.
    st.markdown("\n".join(f"- {plain(f.text().removeprefix(f.file).strip('：'))}" for f in found[:SHOWN_SENTENCES]))
    table = pd.DataFrame(
        {
            "工作表": [f.sheet for f in found],
            "行": pd.array([f.row for f in found], dtype="Int64"),
            "列": [f.column for f in found],
            "填写的内容": [f.found for f in found],
            "应为": [f.expected for f in found],
            "问题": [f.message for f in found],
        }
    )
    columns = [c for c in table if c != "工作表" or table[c].any()]
    line = TALL_LINE if max(len(text) for f in found for text in (f.message, f.expected)) > ONE_LINE else LINE
    st.dataframe(
        table[columns].head(SHOWN_FINDINGS),
        hide_index=True,
        height=_height(len(found), line),
        row_height=line,
        column_config={"问题": st.column_config.TextColumn(width=360), "应为": st.column_config.TextColumn(width=220)},
        placeholder="—",
        alt=f"{len(found)}条意见，注明行、列、填写的内容和应填的内容",
    )
    if len(found) > SHOWN_FINDINGS:
        st.caption(f"这里列出前{SHOWN_FINDINGS}条，下载的表格里有全部。")
    download.button(
        "下载标出问题的表格",
        f"{Path(file.name).stem.removesuffix(MARKED)}{MARKED}.xlsx",
        lambda: imports.marked(file, request, known),
        help="您自己的表格：有问题的单元格标红，批注写明原因，另附问题清单。改好后可以直接再导入。",
    )


def load(file: Upload, request: Request, known: list[Understanding], checked: Checked) -> None:
    """The button 载入; when it has done its work, the page starts anew on the new release."""
    if not checked.rows_loaded:
        st.error("没有可以载入的行。请按上面的意见改好表格，再导入。", icon=":material/block:")
        return
    if checked.rows_rejected:
        st.warning(
            f"{checked.rows_rejected}行有问题，不会载入。可以先载入其余{checked.rows_loaded}行；"
            "改好后用同一来源标题再导入，没变的不会重复，改动的作为更正。",
            icon=":material/info:",
        )
    label = f"载入其余{checked.rows_loaded}行" if checked.rows_rejected else f"载入{checked.rows_loaded}行"
    if st.button(label, icon=":material/publish:", type="primary"):
        with _working("载入 …") as say:
            try:
                result = imports.load(file, request, known, say)
            except RefusedError as error:
                st.error(plain(str(error)), icon=":material/error:")
                return
        st.session_state["import_told"] = file.name, request.dataset, result
        # An uploader of another key is empty: what was loaded need not stay in memory.
        st.session_state["import_round"] = st.session_state.get("import_round", 0) + 1
        for name in ("import_checked", "import_read"):
            st.session_state.pop(name)
        st.rerun()


def told(reader: Reader) -> None:
    """What the last load, or the way back, came to."""
    if done := st.session_state.get("import_done"):
        st.success(plain(done), icon=":material/undo:")
    if "import_told" not in st.session_state:
        return
    name, dataset, result = st.session_state["import_told"]
    if result.repeated:
        st.info(plain(f"“{name}”此前已经载入过（编号{result.load_id}），没有变化。"), icon=":material/info:")
    else:
        rest = f"，{result.rows_rejected}行未载入" if result.rows_rejected else ""
        st.success(
            plain(
                f"“{name}”已载入{result.rows_loaded}行{rest}。新版本{result.release}已启用，所有页面都已更新；"
                f"载入编号{result.load_id}。"
            ),
            icon=":material/check_circle:",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        shares = queries.shares_of_load(reader.release, result.load_id).drop_duplicates("indicator_id")
        for row in shares.head(SHOWN_LINKS).to_dict("records"):
            st.page_link(
                MAP,
                label=plain(f"在地图上看{row['indicator']}"),
                icon=":material/map:",
                query_params=_on_map(reader, dataset, row),
            )
        if len(shares) > SHOWN_LINKS:
            st.caption(f"等{len(shares)}项指标")
        _take_back(result.load_id, "import_told_undo")


def _on_map(reader: Reader, dataset: str, row: dict[str, Any]) -> dict[str, str]:
    """The address on the map of one row of `queries.shares_of_load`."""
    wanted = {"dataset": dataset, "indicator": row["indicator_id"]}
    wanted |= {"breakdown": row["breakdown"], "period": row["period"]}
    wanted |= {"level": row["level"]} if row["level"] in selection.LEVELS else {}
    resolved, _ = selection.resolve({name: value for name, value in wanted.items() if value}, reader.choices)
    return selection.to_parameters(resolved, reader.choices)


# ---- the way back ----


def _take_back(load_id: str, key: str) -> None:
    """The button 撤回 with its confirmation."""
    with st.popover("撤回", icon=":material/undo:", key=key):
        st.markdown("撤回后启用没有这次载入的版本，它带来的更正也一并撤回。原表可以随时再导入。")
        if st.button("确认撤回", key=f"{key}_sure", type="primary"):
            _change(f"撤回{load_id} …", lambda say: f"已撤回{load_id}，当前版本{imports.undo(load_id, say)}。")


def _change(label: str, work: Callable[[Say], str]) -> None:
    """Does what changes the current release; then the page starts anew and says what was done."""
    with _working(label) as say:
        try:
            st.session_state["import_done"] = work(say)
        except RefusedError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
    st.session_state.pop("import_told", None)
    st.session_state.pop("import_checked", None)
    # The address may ask for what was in the release before.
    fresh = frame.reader()
    st.query_params.from_dict(selection.to_parameters(fresh.selection, fresh.choices))
    st.rerun()


def history(reader: Reader) -> None:
    """The loads of stewards in this release, the newest first, each with its way back."""
    loads = queries.loads(reader.release)
    loads = loads[~loads["dataset"].isin(["published", "demo"])]
    if loads.empty:
        st.caption("还没有导入过表格。")
        return
    loads = loads.assign(at=beijing(loads["finished_at"])).sort_values(["finished_at", "load_id"], ascending=False)
    for row in loads.head(SHOWN_LOADS).to_dict("records"):
        _load_row(row)
    older = loads[SHOWN_LOADS:]
    if len(older) and (fold := frame.folded(f"更早的{len(older)}次", "import_older")):
        with fold:
            for row in older.to_dict("records"):
                _load_row(row)


def _load_row(row: dict[str, Any]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        dataset = DATASET_NAMES.get(row["dataset"], row["dataset"])
        counts = f"读入{row['rows_in']}行，载入{row['rows_loaded']}行，拒收{row['rows_rejected']}行"
        st.markdown(
            f"**{plain(row['input'])}**　{plain(LOAD_STATES.get(row['status'], row['status']))}  \n"
            + plain(f"{row['at']} · {dataset} · {counts} · 编号{row['load_id']}"),
            width="stretch",
        )
        _take_back(row["load_id"], f"import_undo_{row['load_id']}")


def releases(reader: Reader) -> None:
    """The releases that are kept, and the way to each."""
    st.caption("退回只换当前显示的版本，不删除任何载入。下一次载入或撤回会重新生成版本，包含当时所有未撤回的表格。")
    found = queries.releases()
    for row in found.assign(at=beijing(found["built_at"])).to_dict("records"):
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(
                f"**{plain(row['id'])}**  \n"
                + plain(f"生成于{row['at']} · {row['observations']}条数据（不含演示） · 导入{row['loads']}次"),
                width="stretch",
            )
            if row["id"] == reader.release.id:
                st.badge("当前版本", icon=":material/check:", color="green")
            else:
                _use(row["id"])


def _use(release: str) -> None:
    """The button that makes another release the current one, with its confirmation."""
    with st.popover("改用这一版", key=f"import_release_{release}"):
        st.markdown("所有人马上看到这一版的数据。")
        if st.button("确认改用", key=f"import_release_{release}_sure", type="primary"):
            _change("更换版本 …", lambda say: f"已改用版本{imports.rollback(release, say)}。")
