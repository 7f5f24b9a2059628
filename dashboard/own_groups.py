"""The popover in which readers make, change and remove the comparison groups that they share."""

import streamlit as st

from dashboard import groups, selection, state
from dashboard.frame import Reader, plain

LONGEST_NAME = 20
NEW = ""  # stands for a group that is yet to be made
EDITED, NAME, PLACES, FAULT = (f"own_group_{part}" for part in ("edited", "name", "places", "fault"))
HELP = "盟市、旗县可以都选：看盟市时比组内的盟市，看旗县时比组内的旗县。保存后所有人都能用。"


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
            args=(own,),
        )
        st.text_input("名称", key=NAME, max_chars=LONGEST_NAME, placeholder="例如：沿黄旗县")
        st.multiselect(
            "地区",
            regions.index[regions["level"] != "region"].tolist(),
            format_func=groups.region_words(regions).__getitem__,
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


def _take_up(own: dict[str, tuple[str, ...]]) -> None:
    """Puts the group to be edited into the fields."""
    name = st.session_state[EDITED]
    st.session_state[NAME], st.session_state[PLACES] = name, list(own.get(name, ()))


def _save(reader: Reader, own: dict[str, tuple[str, ...]]) -> None:
    """Keeps the group and compares it, or says what is missing."""
    regions, before = reader.choices.regions, st.session_state[EDITED]
    name, codes = st.session_state[NAME].strip(), st.session_state[PLACES]
    levels = regions.loc[codes, "level"].value_counts()
    if not name:
        st.session_state[FAULT] = "请给对比组起个名称。"
    elif name != before and name in own:
        st.session_state[FAULT] = f"已有名为“{plain(name)}”的对比组，请换个名称，或先选中它再修改。"
    elif levels.empty or levels.max() < groups.FEWEST:
        st.session_state[FAULT] = f"至少选{groups.FEWEST}个同级地区（盟市或旗县），才能相比。"
    else:
        state.save_group(name, sorted(codes), instead_of=before)
        st.session_state[EDITED] = name
        if levels.get(reader.selection.level, 0) < groups.FEWEST:
            reader.change(level=levels.idxmax())
        selection.change_comparison(reader.choices, group=groups.OWN + name)


def _forget() -> None:
    """Removes the group, and from the address if it is the one that is compared."""
    name = st.session_state[EDITED]
    state.forget_group(name)
    st.session_state[EDITED], st.session_state[NAME], st.session_state[PLACES] = NEW, "", []
    if st.query_params.get("group") == groups.OWN + name:
        st.query_params.pop("group")
