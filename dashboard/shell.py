"""The script that Streamlit runs for every reader: page config, navigation, sidebar, footer around the chosen page."""

from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import controls, frame, frozen, gate, map_controls, queries, saved, screen, selection, turns, widgets
from dashboard.server import TITLE

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "dashboard" / "static"

widgets.forget_gone()
st.set_page_config(page_title=TITLE, page_icon=str(STATIC / "icon.png"), layout="wide")
st.logo(str(STATIC / "logo.svg"), size="large")
visitor = gate.enter()


def page(name: str, title: str, icon: str, *controls: str) -> tuple[StreamlitPage, tuple[str, ...]]:
    """A page (pages/<name>.py at /<name>, the overview at /) and the parameters that its sidebar offers."""
    path = ROOT / "pages" / f"{name}.py"
    default = name == "overview"
    seen: Literal["visible", "hidden"] = "visible" if gate.open_to(visitor, name) else "hidden"
    address = None if default else name
    return st.Page(path, title=title, icon=icon, url_path=address, default=default, visibility=seen), controls


PAGES = [
    page("overview", "总览", ":material/space_dashboard:", "dataset", "indicator", "breakdown", "period", "level"),
    page("map", "地图", ":material/map:", "dataset", "indicator", "breakdown", "period", "level", "region"),
    page("compare", "对比", ":material/leaderboard:", "dataset", "indicator", "breakdown", "period", "level", "region"),
    page("trends", "趋势", ":material/show_chart:", "dataset", "indicator", "breakdown", "region"),
    page("profile", "地区画像", ":material/person_pin_circle:", "dataset", "region"),
    page("indicators", "指标词典", ":material/menu_book:", "dataset", "indicator"),
    page("data", "数据", ":material/table:", "dataset", "indicator", "region"),
    page("briefs", "快照与简报", ":material/photo_library:"),
    page("quality", "数据质量", ":material/fact_check:", "dataset", "indicator"),
    page("import", "数据导入", ":material/upload_file:"),
    page("audit", "审计", ":material/policy:"),
    page("access", "用户与权限", ":material/manage_accounts:"),
    page("help", "使用说明", ":material/help:"),
]
# Folded, the rest of the pages would hide behind an English button.
opened = st.navigation([entry for entry, _ in PAGES], expanded=True, position="hidden" if screen.asked() else "sidebar")
if isinstance(visitor, gate.AccessError) or not gate.open_to(visitor, opened.url_path):
    gate.refuse(visitor, opened.title)
    st.stop()

# Streamlit empties the address when the reader turns to another page; the choice goes with the reader.
if st.session_state.get("page", opened.url_path) != opened.url_path and not st.query_params:
    st.query_params.from_dict(selection.read_on(opened.url_path, st.session_state.get("address", {})))
st.session_state["page"] = opened.url_path
pages = {entry.url_path: entry for entry, _ in PAGES if gate.open_to(visitor, entry.url_path)}
st.session_state["titles"] = {path: entry.title for path, entry in pages.items()}
frozen.open_snapshot(pages, opened.url_path)
if screen.asked() and opened.url_path:  # it has one address
    st.switch_page(pages[""], query_params=st.query_params.to_dict())

try:
    reader = frame.reader()
except queries.WarehouseError as error:
    st.title("暂时没有数据可看")
    st.error(str(error), icon=":material/database_off:")
    if screen.asked():
        screen.wait()
    else:
        frozen.way_out()
    st.stop()

if trouble := queries.trouble():
    st.warning(frame.plain(trouble), icon=":material/database_off:")
notices = selection.current(reader.choices)[1] + selection.unread(opened.url_path, selection.address())
if missing := st.query_params.get("missing"):
    notices.insert(0, f"没有“{missing}”这个页面，已转到总览")
if screen.asked():
    screen.show(reader, notices)
    st.stop()
frame.demo_strip(reader)
if notices:
    st.warning("地址有误：  \n" + "  \n".join(frame.plain(notice) for notice in notices), icon=":material/info:")
frozen.notice(reader)
controls.sidebar(reader, next(names for entry, names in PAGES if entry == opened))
st.session_state["address"] = selection.carried(
    opened.url_path, st.query_params.to_dict(), st.session_state.get("address", {})
)
if not map_controls.playing(opened.url_path, reader.selection.period):  # what only passes by was not looked for
    saved.remember(opened.url_path, selection.read_on(opened.url_path, st.session_state["address"]))
saved.panel(reader, pages, opened.url_path)
gate.account(visitor)
frame.come_back()
try:
    with turns.of(opened.url_path):
        opened.run()
except queries.OlderReleaseError as error:  # whatever a page asks for that the release at hand cannot hold
    st.info(frame.plain(str(error)), icon=":material/info:")
except queries.WarehouseError as error:
    st.error(str(error), icon=":material/database_off:")
frame.footer(reader.release)
