"""What administrators do: give and take roles, and read the audit log."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard import access, audit, download, export
from dashboard.access import ROLE_NAMES, ROLES, WHOLE, Person
from dashboard.clock import beijing, today
from dashboard.frame import Reader, plain

SPANS = {"最近一天": 1, "最近七天": 7, "最近三十天": 30, "最近一年": 366, "全部": 36500}
HEADERS = {
    "at": "时间（北京）",
    "identity": "账号",
    "name": "姓名",
    "role": "角色",
    "client": "来自",
    "action": "操作",
    "what": "对象",
    "detail": "说明",
}
SHOWN_ENTRIES = 2000
LONGEST_IDENTITY = 200


# ---- 用户与权限 ----


def people(reader: Reader) -> None:
    """Who has which role."""
    names = reader.choices.regions["name"]
    found = access.people()
    of_file = [name for name in access.settings().admins if name not in {person.identity for person in found}]
    rows = [(name, "", ROLE_NAMES["admin"], names[WHOLE], "access.toml") for name in of_file]
    rows += [(p.identity, p.name, ROLE_NAMES[p.role], "、".join(names[code] for code in p.regions), "") for p in found]
    table = pd.DataFrame(rows, columns=["账号", "姓名或单位", "角色", "可见内部数据的地区", "由配置文件指定"])
    st.dataframe(table, hide_index=True, placeholder="—", alt=f"{len(table)}个账号的角色和地区")


def editor(reader: Reader) -> None:
    """The form that gives a role, and the one that takes it away."""
    regions = reader.choices.regions
    known = {person.identity: person for person in access.people()}
    chosen = st.selectbox(
        "修改已有账号，或新增", ["", *known], format_func=lambda identity: identity or "（新增）", key="access_chosen"
    )
    person = known.get(chosen) or Person("", "", ROLES[0], ())
    # A form of its own for each saving: what was granted to one person must not stand there for the next.
    saved_before = st.session_state.setdefault("access_saved", 0)
    if granted := st.session_state.pop("access_granted", ""):
        st.success(granted, icon=":material/check:")
    with st.form(f"access_form_{chosen}_{saved_before}", border=True):
        identity = st.text_input(
            "账号（登录服务所给，如邮箱、工号）", value=chosen, disabled=bool(chosen), max_chars=LONGEST_IDENTITY
        )
        name = st.text_input("姓名或单位", value=person.name, max_chars=LONGEST_IDENTITY)
        role = st.selectbox("角色", ROLES, index=ROLES.index(person.role), format_func=ROLE_NAMES.__getitem__)
        codes = st.multiselect(
            "可见内部数据的地区（盟市包括所属旗县；官方公开数据人人可见）",
            list(regions.index),
            default=[code for code in person.regions if code in regions.index],
            format_func=lambda code: f"{regions['name'][code]}（{code}）",
            placeholder="请选择",
            select_all=False,
        )
        saved = st.form_submit_button("保存", type="primary", icon=":material/save:")
    if saved and identity.strip():
        access.grant(Person(identity.strip(), name.strip(), role, tuple(codes)))
        seen = "、".join(regions["name"][code] for code in codes) or "无"
        st.session_state["access_granted"] = plain(
            f"已保存：{identity.strip()}，{ROLE_NAMES[role]}，可见内部数据的地区：{seen}。"
        )
        st.session_state["access_saved"] = saved_before + 1
        st.rerun()
    if saved:
        st.warning("请填写账号。", icon=":material/info:")
    if chosen:
        with st.popover("取消这个账号的角色", icon=":material/person_remove:"):
            st.markdown(f"取消后，{plain(chosen)}登录后看不到任何数据。")
            st.button("确认取消", type="primary", on_click=_revoke, args=(chosen,))


def _revoke(identity: str) -> None:
    access.revoke(identity)
    st.session_state["access_chosen"] = ""


# ---- 审计 ----


def log() -> None:
    """The audit log with its filters and its way out."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        span = st.selectbox("时间", list(SPANS), index=1, key="audit_span")
        actions = st.multiselect("操作", list(audit.ACTIONS), placeholder="全部", select_all=False, key="audit_actions")
        words = st.text_input("查找", placeholder="账号、姓名、地址、文件、说明", key="audit_words")
    since = datetime.now(UTC) - timedelta(days=SPANS[span])
    found = audit.entries(f"{since:%Y-%m-%d %H:%M:%S}", actions, words or "")
    st.markdown(f"**{len(found)}条记录**　只能增加，不能修改或删除。")
    table = found.assign(
        at=beijing(pd.to_datetime(found["at"])),
        role=found["role"].map({"": "无角色", **ROLE_NAMES}).fillna(found["role"]),  # 命令行 stands for itself
    ).rename(columns=HEADERS)
    st.dataframe(
        table.head(SHOWN_ENTRIES),
        hide_index=True,
        height="content" if len(table) < 15 else 560,
        placeholder="—",
        alt=f"{len(table)}条操作记录",
    )
    if len(table) > SHOWN_ENTRIES:
        st.caption(f"这里列出最近{SHOWN_ENTRIES}条，下载的文件里有全部。")
    name = f"审计记录_{span}_{today():%Y%m%d}.csv"
    download.button("下载CSV", name, lambda: export.to_csv(table), rows=len(table), disabled=table.empty)
