"""Beside the map: the list of the places, a ranking where values compare, and the figures of the chosen one."""

import pandas as pd
import streamlit as st

from dashboard import frame, panels, selection, slices
from dashboard.charts import VALUE, map_series
from dashboard.charts.anatomy import HARD_TO_TELL, HARD_TO_TELL_NOTE, places_in_words
from dashboard.charts.maps import APART
from dashboard.charts.rankings import FEWEST_RANKED
from dashboard.frame import Reader, plain
from dashboard.map_controls import write
from dashboard.mapping import SIDES, Question
from dashboard.statistics import SMALL_BASE, SMALL_BASE_WORDS
from dashboard.theme import LATEST, in_brackets

LONGEST_LIST = 16  # rows; of longer lists both ends are shown first
GAP = ""  # stands for the places that are left out of a list
LIST_HEIGHT = 560
LONG_TEXT = 12  # characters of a value with its period
LONG_WIDTH = 214  # pixels that it needs; left to itself the column is narrower, and the name's wider than the name
CHARACTER, MARGINS = 13, 16  # pixels of one in a cell, and beside them
SMALL_MARK = "＊"
STANDINGS = {False: "名次", True: "高低"}  # what its column is called; True: of neutral indicators
STANDING_WIDTH = 78  # pixels


def list_or_place(asked: Question) -> None:
    """The list of all places, or the figures of the chosen one, as the reader switches."""
    reader = asked.reader
    st.session_state["choose_side"] = asked.side
    names = {"list": list_name(asked), "region": reader.choices.regions["name"][reader.selection.region]}
    st.segmented_control(
        "旁边看什么",
        list(SIDES),
        format_func=names.__getitem__,
        key="choose_side",
        on_change=write,
        args=(reader, "side", "choose_side"),
        required=True,
        label_visibility="collapsed",
    )
    if asked.side == "region":
        panels.region(reader)
    else:
        places(asked)


def list_and_place(asked: Question) -> None:
    """Both, beside each other."""
    left, right = st.columns(2, gap="medium")
    with left:
        places(asked)
    with right:
        panels.region(asked.reader)


def places(asked: Question) -> None:
    """The list of the places; a click on a row chooses the place. A long one shows its ends, the rest on asking."""
    table, note = changes_list(asked) if asked.view == "change" else places_list(asked)
    short = shortened(table, asked.reader.selection.region)
    if short.empty:  # a long list in which nothing compares
        st.caption("各地均无可排列的总数，逐地情况见下。")
    else:
        st.caption(plain(f"{note}点一行，在地图上标出该地区。"))
        _rows(asked, short, "places_list")
    if len(short) < len(table) and (fold := frame.folded(f"全部{len(table)}个", "all_places")):
        with fold:
            _rows(asked, table, "all_places_list")


def list_name(asked: Question) -> str:
    """What the list is: a ranking only where values compare."""
    if asked.view == "change":
        return "变化"
    return "各地" if asked.period == LATEST else "由高到低" if asked.scene().neutral else "排名"


def places_list(asked: Question) -> tuple[pd.DataFrame, str]:
    """All places, index code, with Chinese headers and sound (bool: a value that counts), and what to know of them.

    Of one period in the order of the ranking, ties sharing a place; small bases after the others and without one, then
    what is missing, then the cities beside their leagues. Of 各地最新值 in the order of the catalogue, with periods.
    """
    scene, latest, cities = asked.scene(), asked.period == LATEST, asked.cities()
    rows = asked.standings(asked.period).assign(place="")
    notes = ["各取最近一期，期间不同，不排名。" if latest else ""]
    if not latest:
        if rows["rank"].notna().sum() >= FEWEST_RANKED:
            rows["place"] = places_in_words(rows, scene.neutral)
        rows.loc[rows["small"].astype(bool), "place"] = "基数过小"
        rows = rows.sort_values(["rank", "value"], ascending=[True, False], kind="stable", na_position="last")
        notes = [
            "中性指标：高低不表示好坏。" if scene.neutral else "",
            f"分母不足{SMALL_BASE}件的{SMALL_BASE_WORDS}。" if rows["small"].any() else "",
            "95%区间重叠的并在同一名次范围。" if rows["place"].str.contains("—").any() else "",
            HARD_TO_TELL_NOTE if (rows["place"] == HARD_TO_TELL).any() else "",
        ]
    if cities is not None:
        rows = pd.concat([rows, cities.assign(place=APART, small=False)])
        notes.append("单列的市已包含在所属盟市中，不参与排名。")
    periods = rows["period_text"].map(in_brackets).where((rows["state"] == "value") & latest, "")
    table = pd.DataFrame(
        {
            STANDINGS[scene.neutral]: rows["place"],
            "地区": _marked(rows, asked.reader),
            VALUE: rows["text"] + periods,
            "案件": slices.cases(rows, scene.case_unit) if scene.rate else "",
            "sound": (rows["state"] == "value") & ~rows["small"].astype(bool),
        }
    )
    return table, "".join(notes)


def changes_list(asked: Question) -> tuple[pd.DataFrame, str]:
    """As `places_list`, from the greatest rise to the greatest fall, small bases and what is missing last."""
    first, last = asked.ends
    rows = map_series.changes(asked.frame(first), asked.frame(last), asked.scene())
    rows = rows.sort_values(["small", "value"], ascending=[True, False], kind="stable", na_position="last")
    known = rows["state"] == "value"
    units = rows["unit"].dropna()
    unit = map_series.change_unit(units.iloc[0] if len(units) else asked.indicator["unit"])
    table = pd.DataFrame(
        {
            "地区": _marked(rows, asked.reader),
            "变化": rows["label"].where(known, rows["text"]) + rows["small"].map({True: SMALL_MARK, False: ""}),
            "增速": rows["grown"],
            "两期": (rows["early_text"] + " → " + rows["late_text"]).where(known, ""),
            "sound": known & ~rows["small"].astype(bool),
        }
    )
    return table, f"变化以{unit}计。" + (f"标{SMALL_MARK}的{SMALL_BASE_WORDS}。" if rows["small"].any() else "")


def shortened(table: pd.DataFrame, chosen: str) -> pd.DataFrame:
    """The rows at both ends of a long list, and the chosen one, with …… where others are left out between them.

    `table`: as `places_list` gives it; what has no value, or one on a small base, is left out first.
    """
    if len(table) <= LONGEST_LIST:
        return table
    sound = list(table.index[table["sound"]])
    half = LONGEST_LIST // 2
    kept = sound if len(sound) <= LONGEST_LIST else sound[:half] + sound[-half:]
    short = table[table.index.isin([*kept, chosen])]
    if len(sound) <= LONGEST_LIST:
        return short
    gap = pd.DataFrame({name: ["……" if name == "地区" else ""] for name in table.columns}, index=[GAP])
    at = list(short.index).index(sound[half - 1]) + 1
    return pd.concat([short.iloc[:at], gap, short.iloc[at:]])


def _rows(asked: Question, table: pd.DataFrame, key: str) -> None:
    """A list as a table in which a row can be chosen."""
    shown = table.drop(columns="sound")
    widths = dict.fromkeys(STANDINGS.values(), STANDING_WIDTH)
    widths["地区"] = MARGINS + CHARACTER * max(map(len, shown["地区"]), default=0)
    if VALUE in shown and shown[VALUE].str.len().max() > LONG_TEXT:
        widths[VALUE] = LONG_WIDTH

    def choose() -> None:
        cells = st.session_state[key]["selection"]["cells"]
        if cells and table.index[cells[0][0]] != GAP:
            selection.change_own("side", "list", ["region", "list"])
            asked.reader.change(region=table.index[cells[0][0]])

    st.dataframe(
        shown.loc[:, shown.astype(bool).any()].reset_index(drop=True),
        hide_index=True,
        height="content" if len(table) <= LONGEST_LIST + 2 else LIST_HEIGHT,
        key=key,
        on_select=choose,
        selection_mode="single-cell",
        column_config={name: st.column_config.TextColumn(width=width) for name, width in widths.items()},
        alt=f"{list_name(asked)}：{asked.scene().places}的{asked.scene().subject}",
    )


def _marked(rows: pd.DataFrame, reader: Reader) -> list[str]:
    """The full names of places, the chosen one marked."""
    return [f"▸ {name}" if code == reader.selection.region else name for code, name in rows["name"].items()]
