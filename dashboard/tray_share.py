"""The page 快照与简报: a tray saved under a name, handed on as a link or a file."""

import streamlit as st

from dashboard import download, tray, tray_files, visitor
from dashboard.frame import plain
from dashboard.snapshot import file_name
from dashboard.theme import DEMO_MARK
from dashboard.tray import LONGEST_NAME, MOST, Collection, TrayError
from dashboard.tray_list import Shown


def panel(page: Shown) -> None:
    """保存与分享: collections of this reader with their links, the file of what is shown, and the way in for one."""
    st.header("保存与分享")
    names, files = st.columns(2, gap="medium")
    with names:
        st.markdown("**存为合集**")
        st.caption("合集保存现在的图、顺序和说明，以后不再变。拿到链接的人都能打开。")
        if page.collection is None:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                st.text_input(
                    "合集名称", key="collection_name", max_chars=LONGEST_NAME, placeholder="例如：2025年二季度汇报"
                )
                st.button(
                    "保存",
                    key="save_collection",
                    icon=":material/save:",
                    on_click=_save,
                    args=(page.holder,),
                    disabled=not page.entries,
                )
        for saved in tray.collections_of(visitor.current()):
            _row(saved)
    with files:
        st.markdown("**存为文件**")
        st.caption("快照夹文件（JSON）可以留底，也可以传给同事在本系统里导入。")
        simulated = any(DEMO_MARK in entry.snapshot.chart for entry in page.entries)
        name = file_name("快照夹", f"{len(page.entries)}张", simulated=simulated, ending="json")
        download.button(
            "导出快照夹文件", name, lambda: tray_files.pack(page.name, page.entries), disabled=not page.entries
        )
        with st.container(key="tray_file"):
            st.file_uploader(
                f"导入快照夹文件（最多{MOST}张，{tray_files.MOST_MEGABYTES}MB）",
                type=["json"],
                max_upload_size=tray_files.MOST_MEGABYTES,
                key=f"tray_file_{st.session_state.setdefault('tray_file_round', 0)}",
                on_change=_read,
            )
            if refusal := st.session_state.pop("tray_file_refused", ""):
                st.error(plain(refusal), icon=":material/error:")


def _row(saved: Collection) -> None:
    """A collection with its link."""
    with st.container(border=True, key=f"collection_{saved.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(saved.name)}**", width="stretch")
            st.button(
                "打开",
                key=f"open_{saved.id}",
                icon=":material/folder_open:",
                type="tertiary",
                on_click=st.query_params.update,
                args=({"collection": saved.id},),
            )
            st.button(
                "删除",
                key=f"delete_{saved.id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=tray.delete,
                args=(saved.id, visitor.current()),
            )
        st.code(f"{(st.context.url or '').partition('?')[0]}?collection={saved.id}", language=None, wrap_lines=True)


def _save(holder: str) -> None:
    try:
        saved = tray.save(holder, st.session_state["collection_name"] or "", visitor.current(), visitor.user())
    except TrayError as error:
        st.toast(str(error), icon=":material/info:")
        return
    st.session_state["collection_name"] = ""
    st.toast(f"已存为合集{saved.name}，链接在下面", icon=":material/save:")


def _read() -> None:
    """Takes in the file that was just chosen, and empties the field for the next one."""
    key = f"tray_file_{st.session_state['tray_file_round']}"
    file = st.session_state[key]
    if file is None:
        return
    st.session_state["tray_file_round"] += 1
    try:
        added = tray_files.unpack(file.getvalue())
        new = tray.collect(tray.tray_of(visitor.current()), added)
    except TrayError as error:
        st.session_state["tray_file_refused"] = f"没有导入：{error}。"
        return
    st.toast(
        f"已导入{new}张" + (f"，{len(added) - new}张原来就有" if new < len(added) else ""),
        icon=":material/upload_file:",
    )
