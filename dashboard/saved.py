"""Recent and named selections, in the sidebar: the way back to a view without typing an address."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import selection, state
from dashboard.frame import Reader, plain
from dashboard.state import SavedSelection
from dashboard.theme import DATASET_NAMES, format_period

RECENT_KEPT = 6
MENU_HEIGHT, LINE = 260, 40  # pixels, of the menu without links and of a link
LONGEST_NAME = 30
LONGEST_ADDRESS = 2000  # all that can be chosen at once takes less; it travels with every page


def remember(page: str, address: Mapping[str, str]) -> None:
    """Puts the view of this run first among the recent ones of this session."""
    view = page, urlencode(sorted(address.items()))
    recent: list[tuple[str, str]] = st.session_state.setdefault("recent", [])
    if not recent or recent[0] != view:
        st.session_state["recent"] = [view, *(other for other in recent if other != view)][: RECENT_KEPT + 1]


def panel(reader: Reader, pages: Mapping[str, StreamlitPage], opened: str) -> None:
    """The popover 常用选择 in the sidebar. `pages`: path -> page; `opened`: the path of this one."""
    with st.sidebar:
        _panel(reader, pages, opened)


@st.fragment
def _panel(reader: Reader, pages: Mapping[str, StreamlitPage], opened: str) -> None:
    menu = st.popover("常用选择", icon=":material/bookmark:", width="stretch", key="saved", on_change="rerun")
    recent = [view for view in st.session_state.get("recent", [])[1:] if view[0] in pages]
    if not menu.open:
        # It is placed before it is filled (style.css), and links make it higher than other menus. What is in it takes
        # too long to be made with every change of a page.
        menu.container(height=MENU_HEIGHT + LINE * len(recent), border=False)
        return
    with menu:
        st.caption("最近看过")
        if not recent:
            st.markdown("还没有。")
        for page, address in recent:
            _link(reader, pages, SavedSelection("", page, address))
        st.caption("已命名（所有人可见）")
        for saved in state.saved_selections():
            with st.container(horizontal=True, vertical_alignment="center"):
                _link(reader, pages, saved)
                st.button(
                    "删除",
                    key=f"forget_{saved.name}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=state.forget_selection,
                    args=(saved.name,),
                )
        st.text_input(
            "给当前选择起名", key="selection_name", max_chars=LONGEST_NAME, placeholder="例如：出庭应诉率季报"
        )
        st.button("保存", on_click=_save, args=(opened,))


def _save(page: str) -> None:
    name = st.session_state["selection_name"].strip()
    if not name:
        return
    address = urlencode(sorted(st.query_params.to_dict().items()))
    if len(address) > LONGEST_ADDRESS:
        st.toast("没有保存：地址太长。请先去掉地址栏里多余的内容，或减少筛选条件。", icon=":material/info:")
        return
    try:
        state.save_selection(SavedSelection(name[:LONGEST_NAME], page, address))
    except state.FullError as error:
        st.toast(f"没有保存：{error}", icon=":material/info:")
        return
    st.session_state["selection_name"] = ""


def _link(reader: Reader, pages: Mapping[str, StreamlitPage], saved: SavedSelection) -> None:
    """A link to a view; without a name it says what the view shows."""
    if saved.page not in pages:
        return
    parameters = dict(parse_qsl(saved.address))
    label = saved.name or f"{pages[saved.page].title}：{describe(reader, parameters)}"
    st.page_link(pages[saved.page], label=plain(label), query_params=parameters)


def describe(reader: Reader, parameters: Mapping[str, str]) -> str:
    """What a view shows, in words: 演示数据（模拟） · 调解成功率 · 2024年 · 包头市."""
    chosen, _ = selection.resolve(parameters, reader.choices)
    parts = [
        DATASET_NAMES.get(chosen.dataset, chosen.dataset) if "dataset" in parameters else "",
        reader.choices.indicator_names[chosen.indicator],
        format_period(chosen.period) if "period" in parameters else "",
        str(reader.choices.regions["name"][chosen.region]) if "region" in parameters else "",
    ]
    return " · ".join(part for part in parts if part)
