"""快照与简报: the charts that were collected, in order and with words; out as a document, a link or a file."""

import streamlit as st

from dashboard import frame, regular, tray_documents, tray_list, tray_share

reader = frame.reader()
titles = st.session_state["titles"]

st.title("快照与简报")
if not tray_list.one(reader, titles):
    opened, place = regular.sections()
    with place:
        if opened == "bulletin":
            regular.show_bulletin(reader)
        elif opened == "profiles":
            regular.show_profiles(reader)
        else:
            shown = tray_list.shown()
            tray_list.header(shown)
            if shown.entries:
                tray_documents.panel(shown, reader)
                tray_list.show(shown, reader, titles)
            else:
                tray_list.empty(shown)
            tray_share.panel(shown)
