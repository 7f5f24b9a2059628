"""Who reads, without a name: a random id in a first-party cookie, so that what a reader collects is there tomorrow.

The server sets the cookie with the page (`cookie.header`); scripts of the page cannot read it, and it goes to
no other site.
"""

import hashlib
import secrets

import streamlit as st

from dashboard import access, cookie


def known() -> bool:
    """Whether this reader will be known again: by the account, or because the browser keeps the cookie."""
    return access.on() or bool(cookie.ID.fullmatch(str(st.context.cookies.get(cookie.NAME, ""))))


def current() -> str:
    """The id of this session's reader: of the account where readers sign in, else of the browser; of one without a
    cookie, an id that lasts as long as the session.
    """
    if access.on():
        return hashlib.sha256(access.viewer().identity.encode()).hexdigest()[:32]
    if known():
        return str(st.context.cookies[cookie.NAME])
    made: str = st.session_state.setdefault("visitor", secrets.token_hex(16))
    return made


def user() -> str:
    """The name of who is signed in; empty where nobody needs to."""
    return access.viewer().name
