"""Who reads, without a name: a random id in a first-party cookie, so that what a reader collects is there tomorrow.

The server sets the cookie with the page (`server.visitor_cookie`); scripts of the page cannot read it, and it goes to
no other site. What is remembered under it lies in data/state/app.sqlite.
"""

import secrets

import streamlit as st

from dashboard import state
from dashboard.server import VISITOR, VISITOR_ID


def known() -> bool:
    """Whether this reader's browser keeps the cookie."""
    return bool(VISITOR_ID.fullmatch(str(st.context.cookies.get(VISITOR, ""))))


def current() -> str:
    """The id of this session's reader; of one without a cookie, an id that lasts as long as the session."""
    if known():
        return str(st.context.cookies[VISITOR])
    made: str = st.session_state.setdefault("visitor", secrets.token_hex(16))
    return made


def user() -> str:
    """The name of who is signed in; empty where nobody needs to."""
    return str(st.user.get("name") or st.user.get("email") or "")


def recalled(name: str) -> str | None:
    """What `remember` kept of this reader under `name`; None where it kept nothing."""
    return state.recalled(current(), name)


def remember(name: str, value: str) -> None:
    """Keeps a small fact about this reader, such as that a hint was read."""
    state.remember(current(), name, value)
