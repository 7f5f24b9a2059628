"""The page 快照与简报: what was collected, as a document."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard import access, briefs, download, snapshot
from dashboard.briefs import Brief, Item
from dashboard.clock import today
from dashboard.frame import Reader, plain
from dashboard.operator import how_to_sign, signature, unsigned
from dashboard.theme import DEMO_MARK
from dashboard.tray import Entry, TrayError
from dashboard.tray_list import Shown

LONGEST_TITLE = 60


@dataclass(frozen=True)
class Format:
    """A kind of file that a brief becomes."""

    label: str
    ending: str
    icon: str
    make: Callable[[Brief], bytes]
    help: str


DOCX = Format(
    "Word文档",
    "docx",
    "description",
    briefs.to_docx,
    "公文版式，可以继续修改；附录是各图的数据表",
)
PDF = Format("PDF", "pdf", "picture_as_pdf", briefs.to_pdf, "A4分页，文字可以复制，便于打印")
FORMATS = [
    DOCX,
    Format(
        "PPT",
        "pptx",
        "slideshow",
        briefs.to_pptx,
        "一图一页；柱形图和折线图可以在PPT里改",
    ),
    PDF,
    Format("网页", "html", "language", briefs.to_html, "一个文件，没有网络也能打开，图可以点"),
    Format("图片包", "zip", "folder_zip", briefs.to_zip, "每张图一个图片文件"),
]


def panel(page: Shown, reader: Reader) -> None:
    """生成文件: the title of the document, and a button for each kind of file."""
    with st.container(border=True, key="make_documents"):
        st.text_input(
            "文件标题",
            value=page.name,
            key=f"brief_title_{page.holder}",
            max_chars=LONGEST_TITLE,
            persist_state="session",
        )
        title = st.session_state[f"brief_title_{page.holder}"].strip() or page.name
        simulated = any(DEMO_MARK in entry.snapshot.chart for entry in page.entries)
        releases = list(dict.fromkeys(entry.snapshot.release_id for entry in page.entries))
        release = releases[0] if len(releases) == 1 else f"{len(releases)}个版本"
        with st.container(horizontal=True):
            for number, kind in enumerate(FORMATS):
                file_name = snapshot.file_name(title, release, simulated=simulated, ending=kind.ending)
                download.button(
                    f"生成{kind.label}",
                    file_name,
                    _maker(kind.make, title, page.entries, reader.shapes),
                    key=f"make_{kind.ending}",
                    icon=kind.icon,
                    type="secondary" if number else "primary",
                    help=kind.help,
                )
        words = f"把下面{len(page.entries)}张图按顺序写进文件，每张图带一句结论、您的说明和来源；"
        words += "口径、筛选条件和快照编号写在文末附注。"
        if len(releases) > 1:
            words += f"这些图取自{len(releases)}个数据版本（{'、'.join(releases)}），数字可能不一致，请留意。"
        st.caption(plain(words))
        say_unsigned()
        if problem := snapshot.problem():
            st.warning(f"{problem}。文件仍可生成，图的位置留空，数据在附录。", icon=":material/image_not_supported:")


def say_unsigned() -> None:
    """Says before a file is made that nobody signs it yet; to those who look after the data also how to change that."""
    hint = how_to_sign() if access.on() and access.viewer().may_open("import") else ""
    if notice := unsigned():
        st.info(plain(notice + hint), icon=":material/signature:")


def _maker(make: Callable[[Brief], bytes], title: str, entries: list[Entry], shapes: str) -> Callable[[], bytes]:
    """What makes the file when the button is pressed, in a thread that knows no session."""
    office, day = signature(), today()

    def made() -> bytes:
        releases = dict.fromkeys(entry.snapshot.release_id for entry in entries)
        items = [item for entry in entries if (item := _item(entry, shapes))]
        return make(Brief(title, items, office, "、".join(releases), day))

    return made


def _item(entry: Entry, shapes: str) -> Item | None:
    """An entry as it stands in a document; None for a chart that cannot be drawn any more (the list says so)."""
    try:
        chart = entry.snapshot.picture(shapes)
    except TrayError:
        return None
    return Item(chart, entry.heading, entry.note, f"{chart.subtitle}；快照编号{entry.snapshot.id}")
