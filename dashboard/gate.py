"""The gate of every page: sign-in, refusals in words, and who is signed in, in the sidebar.

What a reader does reaches Streamlit's callbacks and fragments before the script, and they hold what the page was drawn
with. So they have a gate of their own, one for all of them (`_before_callbacks`): a reader who is somebody else by now,
or may see or do something else, meets neither, but the whole page, drawn anew.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SessionState

from dashboard import access, frame
from dashboard.access import ROLE_NAMES, AccessError, Viewer

LONGEST_WATCH = 60  # seconds
STANDING = "standing"  # in the session: who its page was drawn for


def enter() -> Viewer | AccessError:
    """Who is at the gate, or why they stay outside. Raises access.SettingsError.

    A session keeps nothing of what it was before its reader became another, or may see or do something else.
    """
    visitor = _who(present=True)
    standing = _standing(visitor)
    if st.session_state.setdefault(STANDING, standing) != standing:
        _forget()
        st.session_state[STANDING] = standing
    return visitor


def _who(*, present: bool) -> Viewer | AccessError:
    try:
        return access.viewer(present=present)
    except AccessError as refusal:
        return refusal


def _standing(visitor: Viewer | AccessError) -> tuple[object, ...]:
    """What tells whether a page would be drawn alike."""
    if isinstance(visitor, AccessError):
        return visitor.reason, visitor.identity
    return visitor.identity, visitor.role, visitor.regions


def _forget() -> None:
    """Empties the session, also of callbacks, which a page that shows their widgets no more leaves behind."""
    kept = {name: st.session_state[name] for name in (access.SESSION,) if name in st.session_state}
    if (context := get_script_run_ctx()) is not None:
        session = context.session_state._state
        session.clear()
        session._new_widget_state.widget_metadata.clear()  # the callbacks, which clear() leaves
    st.session_state.update(kept)


def _before_callbacks(run: Callable[..., None]) -> Callable[..., None]:
    """`SessionState.on_script_will_rerun`, which calls the callbacks of a run, of all the page or of a fragment."""

    @functools.wraps(run)
    def guarded(state: SessionState, *args: Any, **kwargs: Any) -> None:
        drawn_for = st.session_state.get(STANDING) if access.on() else None
        if drawn_for is not None and drawn_for != _standing(_who(present=False)):
            st.rerun()
        run(state, *args, **kwargs)

    return guarded


# Streamlit offers no place of its own to stand in between. Unwrapped, because a module may be imported again.
SessionState.on_script_will_rerun = _before_callbacks(  # type: ignore[method-assign]
    inspect.unwrap(SessionState.on_script_will_rerun)
)


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


def _changed(identity: str) -> None:
    st.title("您的权限有变更")
    st.markdown("系统管理员刚刚调整了您的角色或可见地区，这一步没有执行。请刷新页面，继续使用。")


OUTSIDE: dict[access.Reason, Callable[[str], None]] = {
    "unsigned": _unsigned,
    "unknown": _unknown,
    "ended": _ended,
    "changed": _changed,
}


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
    """Who is signed in, what they see, and the way out; comes to the gate again by the clock, so that figures leave the
    screen of somebody who went away, signed out in another window, or may see less.
    """
    if not access.on():
        return
    regions = "全区" if visitor.regions is None else f"{len(visitor.regions)}个地区"
    with st.sidebar.container(key="account"):
        st.caption(f"{frame.plain(visitor.name)}（{ROLE_NAMES[visitor.role]}，内部数据：{regions}）")
        st.button("退出登录", icon=":material/logout:", width="stretch", on_click=access.sign_out)
        st.fragment(frame.nothing, run_every=min(LONGEST_WATCH, access.settings().idle_minutes * 3))()
