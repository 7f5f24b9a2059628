"""The script that Streamlit runs for every reader: page config, navigation, sidebar, footer around the chosen page."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import controls, frame, queries, selection
from dashboard.server import TITLE

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "dashboard" / "static"

st.set_page_config(page_title=TITLE, page_icon=str(STATIC / "icon.png"), layout="wide")
st.logo(str(STATIC / "logo.svg"), size="large")
st.html(STATIC / "style.css")


def page(name: str, title: str, icon: str, *controls: str) -> tuple[StreamlitPage, tuple[str, ...]]:
    """A page (pages/<name>.py at /<name>, the overview at /) and the parameters that its sidebar offers."""
    path = ROOT / "pages" / f"{name}.py"
    default = name == "overview"
    return st.Page(path, title=title, icon=icon, url_path=None if default else name, default=default), controls


PAGES = [
    page("overview", "总览", ":material/space_dashboard:", "dataset", "indicator", "breakdown", "period", "level"),
    page("map", "地图", ":material/map:", "dataset", "indicator", "breakdown", "period", "level", "region"),
    page("indicators", "指标词典", ":material/menu_book:", "dataset", "indicator"),
    page("data", "数据", ":material/table:", "dataset", "indicator", "region"),
]
opened = st.navigation([entry for entry, _ in PAGES])

# Streamlit empties the address when the reader turns to another page; the choice goes with the reader.
if st.session_state.get("page", opened.url_path) != opened.url_path and not st.query_params:
    st.query_params.from_dict(st.session_state["address"])
st.session_state["page"] = opened.url_path

try:
    reader = frame.reader()
except queries.WarehouseError as error:
    st.title("暂时没有数据可看")
    st.error(str(error), icon=":material/database_off:")
    st.stop()

for notice in selection.current(reader.choices)[1]:
    st.warning(frame.plain(notice), icon=":material/info:")
controls.sidebar(reader, next(names for entry, names in PAGES if entry == opened))
opened.run()
frame.footer(reader.release)
st.session_state["address"] = st.query_params.to_dict()
