"""The page 快照与简报: the collected charts, one below the other, to be put in order and written about."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import streamlit as st
from PIL import Image

from dashboard import frame, queries, snapshot, tray, visitor
from dashboard.frame import Reader, plain
from dashboard.server import TITLE
from dashboard.theme import DEMO_MARK, quoted
from dashboard.tray import LONGEST_HEADING, LONGEST_NOTE, Collection, Entry, Snapshot, TrayError

THUMBNAIL = (520, 360)  # pixels, twice what is shown
AT_ONCE = 2  # as many pictures as the renderer makes side by side
PLACEHOLDER_HEIGHT = 170


@dataclass(frozen=True)
class Shown:
    """What the page shows: the reader's own tray, or a collection that somebody saved.

    `hidden`: how many more there are whose figures this reader may not see.
    """

    holder: str
    entries: list[Entry]
    collection: Collection | None
    hidden: int

    @property
    def name(self) -> str:
        """What a document made of it is called unless the reader calls it otherwise."""
        return self.collection.name if self.collection else f"{TITLE}简报"


def shown() -> Shown:
    """The reader's own tray, or the collection that `?collection=<id>` names; says so where there is none."""
    asked = st.query_params.get("collection")
    found = tray.collection(asked) if asked else None
    if asked and found is None:
        st.warning("没有这个合集：可能已被删除，或链接不完整。下面是您自己的快照夹。", icon=":material/info:")
    holder = tray.collection_of(found.id) if found else tray.tray_of(visitor.current())
    entries = tray.entries(holder)
    return Shown(holder, entries, found, tray.count(holder) - len(entries))


def one(reader: Reader, titles: dict[str, str]) -> bool:
    """The kept picture that `?snapshot=<id>` names, in full; whether the address names any. `titles`: path -> title."""
    asked = st.query_params.get("snapshot")
    if asked is None:
        return False
    st.button("回到快照夹", icon=":material/arrow_back:", type="tertiary", on_click=_leave, args=("snapshot",))
    found = tray.snapshot(asked)
    if found is None:
        st.warning(f"没有编号为“{plain(asked)}”的快照。", icon=":material/info:")
        return True
    st.caption(plain(_origin(found, titles)))
    if queries.release_named(found.release_id) is None:
        st.warning(
            f"版本{found.release_id}的数据已不在，不能回到当时的页面；下面是保存下来的图。", icon=":material/info:"
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        _open_page(found)
        st.button(
            "放进我的快照夹", icon=":material/add_photo_alternate:", on_click=_take, args=([Entry(found, "", "")],)
        )
    try:
        chart = found.picture(reader.shapes)
    except TrayError as error:
        st.warning(str(error), icon=":material/broken_image:")
    else:
        frame.show(lambda _: chart, reader, key="kept", heading=2)
    return True


def _leave(name: str) -> None:
    """Takes `snapshot` or `collection` out of the address; for callbacks."""
    st.query_params.pop(name, None)


def header(page: Shown) -> None:
    """What is shown, and where the reader's own tray is."""
    _offer_undo()
    if page.hidden:
        st.info(f"另有{page.hidden}张图含您无权查看的数据，没有显示。", icon=":material/lock:")
    if page.collection is None:
        if not visitor.known():
            st.caption("浏览器没有保存Cookie：快照夹只保留到关闭页面为止。要长期保留，请存为合集或导出文件。")
        return
    by = f"，{page.collection.saved_by}" if page.collection.saved_by else ""
    st.header(plain(page.collection.name))
    st.caption(plain(f"保存的合集 · {len(page.entries)}张 · {_beijing(page.collection.saved_at)}{by}"))
    with st.container(horizontal=True):
        st.button("全部放进我的快照夹", icon=":material/library_add:", on_click=_take, args=(page.entries,))
        st.button("回到我的快照夹", icon=":material/arrow_back:", on_click=_leave, args=("collection",))


def empty(page: Shown) -> None:
    """How a tray is filled."""
    st.info("快照夹还是空的。", icon=":material/photo_library:")
    for column, (icon, title, text) in zip(
        st.columns(3, gap="medium"),
        [
            (
                "add_photo_alternate",
                "1　收集",
                "在任何一张图下面点“加入快照”。图连同当时的指标、期间、地区和数据版本一起留下。",
            ),
            ("reorder", "2　整理", "回到这里，排好顺序，改标题，写说明。换页、刷新或以后再来，内容均保留。"),
            ("description", "3　成文", "一键做成Word、PPT、PDF或网页，每张图都带来源、口径和版本。"),
        ],
        strict=True,
    ):
        with column.container(border=True, height="stretch"):
            st.markdown(f"## :material/{icon}: {title}")
            st.markdown(text)
    st.markdown("**从这里开始**")
    with st.container(horizontal=True):
        for name, title, icon in [
            ("map", "地图", "map"),
            ("compare", "对比", "leaderboard"),
            ("trends", "趋势", "show_chart"),
        ]:
            st.page_link(tray.PAGE.with_name(f"{name}.py"), label=f"去“{title}”页", icon=f":material/{icon}:")


def show(page: Shown, reader: Reader, titles: dict[str, str]) -> None:
    """The entries in their order; those of the reader's own tray can be changed. `titles`: path -> title."""
    _draw_thumbnails([entry.snapshot for entry in page.entries], reader.shapes)
    for number, entry in enumerate(page.entries):
        with st.container(border=True, key=f"entry_{entry.snapshot.id}"):
            picture, words = st.columns([2, 5], gap="medium")
            with picture:
                _thumbnail(entry, reader.shapes)
            with words:
                if page.collection is None:
                    _own(page, number, entry)
                else:
                    st.markdown(f"**{number + 1}　{plain(entry.heading or entry.snapshot.title)}**")
                    st.markdown(plain(entry.note))
                st.caption(plain(_origin(entry.snapshot, titles)))
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    if page.collection is None:
                        _order_buttons(page, number, entry)
                    _look(entry)
                    _open_page(entry.snapshot)
                    if page.collection is None:
                        st.button(
                            "移除",
                            key=f"remove_{entry.snapshot.id}",
                            icon=":material/delete:",
                            type="tertiary",
                            on_click=_remove,
                            args=(page, [number]),
                        )
    if page.collection is None and len(page.entries) > 1:
        st.button(
            "全部移除",
            icon=":material/delete_sweep:",
            type="tertiary",
            on_click=_remove,
            args=(page, range(len(page.entries))),
        )


def _own(page: Shown, number: int, entry: Entry) -> None:
    """Heading and note of an entry, to be written."""
    holder, snapshot_id = page.holder, entry.snapshot.id
    st.session_state[f"heading_{snapshot_id}"] = entry.heading or entry.snapshot.title
    st.text_area(
        f"{number + 1}　标题",
        key=f"heading_{snapshot_id}",
        height="content",
        max_chars=LONGEST_HEADING,
        on_change=_rename,
        args=(holder, entry.snapshot),
        help="清空即恢复图原来的标题",
    )
    st.session_state[f"note_{snapshot_id}"] = entry.note
    st.text_area(
        "说明",
        key=f"note_{snapshot_id}",
        max_chars=LONGEST_NOTE,
        height="content",
        placeholder="写给读者的话，会印在图的前面（可不写）",
        on_change=_annotate,
        args=(holder, snapshot_id),
    )


def _order_buttons(page: Shown, number: int, entry: Entry) -> None:
    last = len(page.entries) - 1
    for name, icon, steps, blocked in [
        ("上移", "arrow_upward", -1, number == 0),
        ("下移", "arrow_downward", 1, number == last),
    ]:
        st.button(
            name,
            key=f"move_{steps}_{entry.snapshot.id}",
            icon=f":material/{icon}:",
            type="tertiary",
            disabled=blocked,
            on_click=tray.move,
            args=(page.holder, entry.snapshot.id, steps),
        )


def _thumbnail(entry: Entry, shapes: str) -> None:
    """The small picture; where this machine makes none, a small chart."""
    words = entry.heading or entry.snapshot.title
    png = tray.thumbnail(entry.snapshot.id)
    if png:
        st.image(png, width="stretch", alt=words)
    else:
        try:
            chart = entry.snapshot.picture(shapes)
        except TrayError as error:
            st.caption(f"■ {error}，也不会写进文件。")
            return
        small = chart.figure.update_layout(height=None, margin={"l": 4, "r": 4, "t": 4, "b": 4})
        settings = {**frame.PLOTLY_CONFIG, "staticPlot": True}
        name = f"small_{entry.snapshot.id}"
        st.plotly_chart(small, theme=None, config=settings, height=PLACEHOLDER_HEIGHT, key=name, alt=words)
    if DEMO_MARK in entry.snapshot.chart:
        st.badge(DEMO_MARK, color="orange")


def _draw_thumbnails(snapshots: Sequence[Snapshot], shapes: str) -> None:
    """Makes the small pictures that are not there yet, where this machine can."""
    missing = [each for each in snapshots if tray.thumbnail(each.id) is None]
    if not missing or snapshot.problem():
        return
    with st.spinner("正在画缩略图 …"), ThreadPoolExecutor(AT_ONCE) as pool:
        for each, png in zip(missing, pool.map(partial(_small, shapes=shapes), missing), strict=True):
            if png:
                tray.keep_thumbnail(each.id, png)


def _small(kept: Snapshot, shapes: str) -> bytes:
    """The picture of a snapshot in small (PNG), without its words; empty where it cannot be drawn."""
    try:
        png = snapshot.image(kept.picture(shapes), "png", scale=1, words=False)
    except (snapshot.SnapshotError, TrayError):  # the small chart in its place says what there is to say
        return b""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _look(entry: Entry) -> None:
    snapshot_id = entry.snapshot.id
    st.button(
        "看大图",
        key=f"look_{snapshot_id}",
        icon=":material/zoom_in:",
        type="tertiary",
        on_click=st.query_params.update,
        args=({"snapshot": snapshot_id},),
    )


def _open_page(kept: Snapshot) -> None:
    """The way to the page that the chart was taken from, on the release of that time."""
    page = tray.PAGE.with_name(f"{kept.page or 'overview'}.py")
    if page.exists() and queries.release_named(kept.release_id):
        st.page_link(page, label="打开当时的页面", icon=":material/open_in_new:", query_params=kept.parameters())


def _origin(kept: Snapshot, titles: dict[str, str]) -> str:
    """Where a snapshot comes from, in words."""
    by = f"{kept.taken_by} " if kept.taken_by else ""
    parts = [
        titles.get(kept.page, kept.page),
        f"版本{kept.release_id}",
        f"{by}{_beijing(kept.taken_at)}收录",
        f"编号{kept.id}",
    ]
    return " · ".join(parts)


def _beijing(moment: str) -> str:
    """A time of the state (UTC) as people in Beijing write it."""
    return f"{datetime.fromisoformat(moment) + timedelta(hours=8):%Y-%m-%d %H:%M}"


def _rename(holder: str, kept: Snapshot) -> None:
    heading = st.session_state[f"heading_{kept.id}"]
    tray.rename(holder, kept.id, "" if heading.strip() == kept.title else heading)


def _annotate(holder: str, snapshot_id: str) -> None:
    tray.annotate(holder, snapshot_id, st.session_state[f"note_{snapshot_id}"])


def _remove(page: Shown, numbers: Sequence[int]) -> None:
    removed = [page.entries[number] for number in numbers]
    for entry in removed:
        tray.remove(page.holder, entry.snapshot.id)
    st.session_state["removed"] = page.holder, removed, numbers[0]


def _offer_undo() -> None:
    """What was removed last, and the way to have it back."""
    if "removed" not in st.session_state:
        return
    _, removed, _ = st.session_state["removed"]
    what = quoted(removed[0].heading or removed[0].snapshot.title) if len(removed) == 1 else f"{len(removed)}张图"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/delete: 已移除{plain(what)}", width="content")
        st.button("撤销", icon=":material/undo:", on_click=_undo)


def _undo() -> None:
    holder, removed, position = st.session_state.pop("removed")
    _collected(holder, removed, position)


def _take(added: list[Entry]) -> None:
    """Puts entries into the reader's own tray, and says how many came in."""
    new = _collected(tray.tray_of(visitor.current()), added)
    if new is not None:
        st.toast(f"已放进快照夹{new}张" if new else "这些图已在快照夹", icon=":material/photo_library:")


def _collected(holder: str, added: list[Entry], position: int | None = None) -> int | None:
    try:
        return tray.collect(holder, added, position)
    except TrayError as error:
        st.toast(str(error), icon=":material/info:")
        return None
