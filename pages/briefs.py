"""快照与简报: the charts that were collected, in order and with words; out as a document, a link or a file."""

import streamlit as st

from dashboard import frame, tray_list, tray_share

reader = frame.reader()
titles = st.session_state["titles"]

st.title("快照与简报")
if not tray_list.one(titles):
    shown = tray_list.shown()
    tray_list.header(shown)
    if shown.entries:
        tray_list.show(shown, titles)
    else:
        tray_list.empty(shown)
    tray_share.panel(shown)
