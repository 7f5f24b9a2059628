"""The popover in which readers make, change and remove the comparison groups that they share."""

import pandas as pd
import streamlit as st

from dashboard import groups, selection, state
from dashboard.frame import Reader, plain
from dashboard.theme import LEVEL_NAMES

LONGEST_NAME = 20
NEW = ""  # stands for a group that is yet to be made
EDITED, NAME, LEVEL, PLACES, FAULT = (f"own_group_{part}" for part in ("edited", "name", "level", "places", "fault"))
HELP = "一组只含盟市或只含旗县。保存后所有人都能用。"


def editor(reader: Reader, own: dict[str, tuple[str, ...]]) -> None:
    """The popover 自定义对比组. `own`: `state.own_groups`."""
    regions = reader.choices.regions
    with st.popover("自定义对比组", icon=":material/group_add:"):
        st.caption(HELP)
        if st.session_state.get(EDITED) not in (NEW, *own):
            st.session_state[EDITED] = NEW
        st.selectbox(
            "要编辑的对比组",
            [NEW, *own],
            format_func=lambda name: f"{name}（{len(own[name])}地）" if name in own else "新建一组",
            key=EDITED,
            on_change=_take_up,
            args=(regions, own),
        )
        st.session_state.setdefault(LEVEL, reader.selection.level)
        st.text_input("名称", key=NAME, max_chars=LONGEST_NAME, placeholder="例如：沿黄旗县")
        st.segmented_control(
            "层级",
            selection.LEVELS,
            format_func=lambda level: LEVEL_NAMES[level],
            key=LEVEL,
            on_change=st.session_state.pop,
            args=(PLACES, None),
            required=True,
        )
        st.multiselect(
            "地区",
            regions.index[regions["level"] == st.session_state[LEVEL]].tolist(),
            format_func=reader.choices.region_words.__getitem__,
            key=PLACES,
            placeholder="选择两个以上地区",
            select_all=False,
        )
        if fault := st.session_state.pop(FAULT, ""):
            st.error(fault, icon=":material/error:")
        with st.container(horizontal=True):
            st.button("保存对比组", key="own_group_save", type="primary", on_click=_save, args=(reader, own))
            if st.session_state[EDITED] != NEW:
                st.button("删除对比组", key="own_group_forget", icon=":material/delete:", on_click=_forget)


def _take_up(regions: pd.DataFrame, own: dict[str, tuple[str, ...]]) -> None:
    """Puts the group to be edited into the fields; of one of both levels the level with more places."""
    name = st.session_state[EDITED]
    levels = regions["level"].reindex(list(own.get(name, ())))
    if len(levels):
        st.session_state[LEVEL] = str(levels.mode().iloc[0])
    st.session_state[NAME] = name
    st.session_state[PLACES] = levels.index[levels == st.session_state[LEVEL]].tolist()


def _save(reader: Reader, own: dict[str, tuple[str, ...]]) -> None:
    """Keeps the group and compares it, or says what is missing."""
    before, level = st.session_state[EDITED], st.session_state[LEVEL]
    name = st.session_state[NAME].strip()[:LONGEST_NAME]
    codes = sorted(set(st.session_state[PLACES]) & set(reader.choices.regions.index))
    if not name:
        st.session_state[FAULT] = "请给对比组起个名称。"
    elif name != before and name in own:
        st.session_state[FAULT] = f"已有名为“{plain(name)}”的对比组，请换个名称，或先选中它再修改。"
    elif len(codes) < groups.FEWEST:
        st.session_state[FAULT] = f"至少选{groups.FEWEST}个地区，才能相比。"
    else:
        try:
            state.save_group(name, codes, instead_of=before)
        except state.FullError as error:
            st.session_state[FAULT] = str(error)
            return
        st.session_state[EDITED] = name
        if level != reader.selection.level:
            reader.change(level=level)
        selection.change_comparison(reader.choices, group=groups.OWN + name)


def _forget() -> None:
    """Removes the group, and from the address if it is the one that is compared."""
    name = st.session_state[EDITED]
    state.forget_group(name)
    st.session_state[EDITED], st.session_state[NAME], st.session_state[PLACES] = NEW, "", []
    if st.query_params.get("group") == groups.OWN + name:
        st.query_params.pop("group")
