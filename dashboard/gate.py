"""The gate of every page: sign-in, refusals in words, and who is signed in, in the sidebar."""

from collections.abc import Callable

import streamlit as st

from dashboard import access, frame
from dashboard.access import ROLE_NAMES, AccessError, Viewer

LONGEST_WATCH = 60  # seconds


def enter() -> Viewer | AccessError:
    """Who is at the gate, or why they stay outside. Raises access.SettingsError."""
    try:
        return access.viewer(present=True)
    except AccessError as refusal:
        return refusal


def open_to(visitor: Viewer | AccessError, page: str) -> bool:
    """Whether a visitor may open a page, by its address: that of 总览 is empty. Without sign-in there is nothing to
    administer.
    """
    if isinstance(visitor, AccessError):
        return False
    name = page or "overview"
    return visitor.may_open(name) and (access.on() or access.PAGE_ROLES.get(name) != "admin")


def refuse(visitor: Viewer | AccessError, title: str) -> None:
    """What stands in the place of a page that stays closed; `title` is the page's."""
    if isinstance(visitor, AccessError):
        OUTSIDE[visitor.reason](visitor.identity)
    else:
        _not_for_role(visitor, title)


def _unsigned(identity: str) -> None:
    st.title("请先登录")
    if access.settings().mode == "oidc":
        st.markdown("本系统供内部使用，登录后可见。")
        st.button("登录", type="primary", icon=":material/login:", on_click=st.login)
    else:
        st.markdown("请从单位的统一门户进入本系统。")


def _unknown(identity: str) -> None:
    st.title("还没有为您开通")
    st.markdown(
        f"您已登录为**{frame.plain(identity)}**，但系统管理员还没有给您分配角色，因此看不到数据。  \n"
        f"需要使用的，请联系：{frame.plain(frame.operator()['contact'])}"
    )
    st.button("退出登录", icon=":material/logout:", on_click=access.sign_out)


def _ended(identity: str) -> None:
    st.title("已退出登录")
    st.markdown("您已退出，或较长时间没有操作。为保护数据，需要重新登录；登录后回到这个页面。")
    if access.settings().mode == "oidc":
        st.button("重新登录", type="primary", icon=":material/login:", on_click=st.login)
    elif access.settings().sign_out_url:
        st.link_button("退出统一门户", access.settings().sign_out_url, icon=":material/logout:")


OUTSIDE: dict[access.Reason, Callable[[str], None]] = {"unsigned": _unsigned, "unknown": _unknown, "ended": _ended}


def _not_for_role(visitor: Viewer, title: str) -> None:
    st.title(title)
    if access.on():
        st.info(
            f"这个页面不对“{ROLE_NAMES[visitor.role]}”开放。需要使用的，请联系："
            f"{frame.plain(frame.operator()['contact'])}",
            icon=":material/lock:",
        )
        account(visitor)
    else:
        st.info("没有开启登录，没有用户和操作记录可管理。开启办法见docs/access.md。", icon=":material/lock_open:")


def account(visitor: Viewer) -> None:
    """Who is signed in, what they see, and the way out; watches for the end of the session."""
    if not access.on():
        return
    regions = "全区" if visitor.regions is None else f"{len(visitor.regions)}个地区"
    with st.sidebar.container(key="account"):
        st.caption(f"{frame.plain(visitor.name)}（{ROLE_NAMES[visitor.role]}，内部数据：{regions}）")
        st.button("退出登录", icon=":material/logout:", width="stretch", on_click=access.sign_out)
        st.fragment(_watch, run_every=min(LONGEST_WATCH, access.settings().idle_minutes * 3))()


def _watch() -> None:
    """Takes the figures off the screen of somebody who went away, or signed out in another window."""
    try:
        access.viewer()
    except AccessError:
        st.rerun()
