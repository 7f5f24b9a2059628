"""The server. `streamlit run app.py` finds `app`; the script that runs for each reader is dashboard/shell.py."""

import logging
import uuid

import streamlit as st
from starlette.middleware import Middleware

from dashboard.server import Document

log = logging.getLogger("dashboard")


def tell_reader(error: Exception) -> bool:
    """Logs an unexpected error under an id and shows the reader that id, never the traceback."""
    number = uuid.uuid4().hex[:8]
    log.error("error %s", number, exc_info=error)
    st.error(f"页面出错了，已记录，编号{number}。请刷新重试；仍不行时，请把编号告诉系统管理员。")
    return True


app = st.App(
    "dashboard/shell.py",
    middleware=[Middleware(Document)],
    on_script_error=tell_reader,
)
