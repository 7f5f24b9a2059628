"""Looking back at an older release: what tells the reader so, and the way to what is new."""

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import queries, selection, tray
from dashboard.frame import Reader, plain


def notice(reader: Reader) -> None:
    """Says above the page that an address asked for another release than the current one."""
    asked, newest = selection.address().get("release"), queries.current_release()
    if asked is None or asked == reader.release.id == newest.id:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="frozen"):
        if asked != reader.release.id:
            st.warning(
                f"没有版本“{plain(asked)}”，或它的文件无法读取，现在显示的是当前版本{newest.id}的数据。",
                icon=":material/history:",
            )
        else:
            newer = "已有更新的版本" if newest.built_at > reader.release.built_at else "当前启用的版本是"
            shapes = "" if newest.boundaries == reader.release.boundaries else "地图边界采用现行边界。"
            st.info(f"正在查看版本{reader.release.id}的数据；{newer}{newest.id}。{shapes}", icon=":material/history:")
        way_out()


def leave() -> None:
    """Back to the current release; for callbacks."""
    st.query_params.pop("release", None)


def way_out() -> None:
    """Where an older release cannot be shown: the button to the newest one, if the reader looks back at all."""
    if "release" in selection.address():
        st.button("看最新数据", key="leave_frozen", icon=":material/update:", on_click=leave)


def open_snapshot(pages: Mapping[str, StreamlitPage], opened: str) -> None:
    """Opens the view that `?snapshot=<id>` names: its page at its address on its release, else the kept picture.

    `pages`: path -> page; `opened`: the path of this one. The page 快照与简报 shows the picture itself.
    """
    asked = st.query_params.get("snapshot")
    if asked is None or opened == "briefs":
        return
    found = tray.snapshot(asked)
    if found is None or found.page not in pages or queries.release_named(found.release_id) is None:
        st.switch_page(tray.PAGE, query_params={"snapshot": asked})
    st.switch_page(pages[found.page], query_params=found.parameters())
