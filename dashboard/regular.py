"""The page 快照与简报: the documents that are due again and again: the bulletin on court appearances, the profiles."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import briefs, download, queries, selection, snapshot
from dashboard.briefs.bulletin import INDICATOR, NAME, BulletinError, TooFewError, bulletin
from dashboard.briefs.model import Document, Heading, Paragraph, Table
from dashboard.briefs.profiles import Cancelled, Kind, ProfileError, profile_briefs
from dashboard.clock import today
from dashboard.frame import Reader, plain, tell
from dashboard.theme import DATASET_NAMES, DEMO_MARK, LATEST, format_period
from dashboard.tray_documents import DOCX, PDF, say_unsigned

SECTIONS = {"tray": "快照夹", "bulletin": "出庭应诉情况通报", "profiles": "各盟市画像"}
PROFILES_NAME = "盟市法治政府建设指标简报"
NEWEST = ""  # of each league, the year with most figures
LOOK_SECONDS = 1  # between two looks at how far the work is
FORGOTTEN_SECONDS = 15  # nobody has looked for so long: the reader has left
# One after the other: twelve documents keep both hands of the renderer busy.
WORK = ThreadPoolExecutor(1, thread_name_prefix="profiles")


def sections() -> tuple[str, DeltaGenerator]:
    """The tabs of the page, and the open one: its key in SECTIONS and its place. Only the open one is computed."""
    opened, notices = selection.own("brief", list(SECTIONS))
    tell(notices)
    st.session_state["brief_tab"] = SECTIONS[opened]
    places = st.tabs(list(SECTIONS.values()), key="brief_tab", on_change=_open)
    return opened, places[list(SECTIONS).index(opened)]


def _open() -> None:
    names = {title: name for name, title in SECTIONS.items()}
    selection.change_own("brief", names[st.session_state["brief_tab"]], list(SECTIONS))


def _dataset(reader: Reader, key: str) -> str:
    """The dataset that the documents are about; at first the reader's own."""
    names = reader.choices.datasets
    return st.selectbox(
        "数据集",
        names,
        index=names.index(reader.selection.dataset),
        format_func=lambda name: DATASET_NAMES.get(name, name),
        key=key,
        width=260,
    )


def show_bulletin(reader: Reader) -> None:
    """出庭应诉情况通报: dataset and period, the files, and what they say."""
    st.caption("按期通报行政机关负责人出庭应诉情况：全区总体、各盟市名次与增减、距目标差几件，附图表。")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = _dataset(reader, "bulletin_dataset")
        covered = reader.choices.of(dataset, INDICATOR, "")
        counts = covered.regions.get("league", {})
        opening = reader.choices.default_period(dataset, INDICATOR, "", "league")
        period = st.selectbox(
            "期间",
            covered.periods,
            index=covered.periods.index(opening) if opening != LATEST else 0,
            format_func=lambda name: f"{format_period(name)} · {counts.get(name, 0)}个盟市有数据",
            key=f"bulletin_period_{dataset}",
            width=320,
            placeholder="没有数据",
        )
    if period is None:
        st.info("这个数据集没有行政机关负责人出庭应诉率，不能生成通报。", icon=":material/info:")
        return
    try:
        document = bulletin(reader.release, period, dataset, today())
    except TooFewError as error:
        st.warning(plain(str(error)), icon=":material/warning:")
        if not st.checkbox("我知道数据不足，仍要生成内部参考件", key=f"bulletin_force_{dataset}_{period}"):
            return
        document = bulletin(reader.release, period, dataset, today(), force=True)
    except BulletinError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    say_unsigned()
    with st.container(horizontal=True):
        for kind in (DOCX, PDF):
            make = briefs.to_docx if kind is DOCX else briefs.to_pdf
            file_name = snapshot.file_name(
                NAME, period, reader.release.id, simulated=document.simulated, ending=kind.ending
            )
            download.button(
                f"{'仍要' if document.caution else ''}生成{kind.label}",
                file_name,
                partial(make, document),
                key=f"bulletin_{kind.ending}",
                icon=kind.icon,
                type="primary" if kind is DOCX else "secondary",
            )
    _preview(document)


def _preview(document: Document) -> None:
    """The words and tables of a document, as they will stand in the file."""
    with st.container(border=True, key="preview"):
        if document.simulated:
            st.badge(DEMO_MARK, color="orange")
        title = document.title.replace("\n", "")
        st.markdown(f"## {plain(title)}")
        if document.caution:
            st.markdown(plain(f"〔{document.caution}〕"))
        for block in document.blocks:
            match block:
                case Heading():
                    st.markdown(f"**{plain(block.text)}**")
                case Paragraph():
                    st.markdown(plain(block.text))
                case Table():
                    st.dataframe(block.rows, hide_index=True, height="content", alt=block.caption)
                    for note in block.notes:
                        st.caption(plain(note))


@dataclass
class Job:
    """Twelve documents in the making. `done` of `total`, `name` whose turn it is; `seen`: when the page last looked."""

    file_name: str
    done: int = 0
    total: int = 1
    name: str = ""
    seen: float = field(default_factory=time.monotonic)
    stop: threading.Event = field(default_factory=threading.Event)
    work: Future[bytes] = field(init=False)

    @property
    def running(self) -> bool:
        """Whether there is something to wait for."""
        return not (self.work.done() or self.stop.is_set())

    def say(self, done: int, total: int, name: str) -> None:
        """Told by the work."""
        self.done, self.total, self.name = done, total, name

    def unwanted(self) -> bool:
        """Whether the reader has cancelled or left."""
        return self.stop.is_set() or time.monotonic() - self.seen > FORGOTTEN_SECONDS


def show_profiles(reader: Reader) -> None:
    """各盟市画像: twelve documents in one file; how far they are, and the way to stop."""
    st.caption("一次生成12个盟市的指标简报，每个盟市一份，打成一个ZIP文件。")
    job: Job | None = st.session_state.get("profiles_job")
    running = job is not None and job.running
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = _dataset(reader, "profiles_dataset")
        period = st.selectbox(
            "年份",
            [NEWEST, *_years(reader, dataset)],
            format_func=lambda year: format_period(year) if year else "各盟市数据最全的最近一年",
            key=f"profiles_period_{dataset}",
            width=260,
        )
        kind = st.segmented_control(
            "文件类型", ["docx", "pdf"], format_func=str.upper, default="docx", required=True, key="profiles_kind"
        )
        st.button(
            "开始生成",
            icon=":material/play_arrow:",
            type="primary",
            disabled=running,
            on_click=_start,
            args=(reader, dataset, period, kind),
        )
    say_unsigned()
    if job is not None:
        st.fragment(_follow, run_every=LOOK_SECONDS if running else None)(job, running)


def _years(reader: Reader, dataset: str) -> list[str]:
    """The whole years of which any region has a figure, newest first."""
    coverage = queries.coverage(reader.release)
    periods = coverage.loc[coverage["dataset"] == dataset, "period"]
    return sorted(periods[periods.str.fullmatch(r"\d{4}")].unique(), reverse=True)


def _start(reader: Reader, dataset: str, period: str, kind: Kind) -> None:
    parts = (PROFILES_NAME, period, reader.release.id)
    job = Job(snapshot.file_name(*parts, simulated=dataset == "demo", ending="zip"))
    job.work = WORK.submit(
        profile_briefs, reader.release, dataset, period, job.say, job.unwanted, kind=kind, made_on=today()
    )
    st.session_state["profiles_job"] = job


def _cancel(job: Job) -> None:
    job.stop.set()
    job.work.cancel()


def _follow(job: Job, running: bool) -> None:
    """How far the documents are; the file when they are done. `running`: they were being made as the page began."""
    job.seen = time.monotonic()
    if job.running:
        told = (
            f"正在生成{job.name}（第{job.done + 1}份，共{job.total}份）" if job.name else "前面还有别的任务，正在排队 …"
        )
        st.progress(job.done / job.total, text=told)
        st.button("取消", icon=":material/cancel:", on_click=_cancel, args=(job,))
        return
    if running:
        st.rerun()  # the whole page: the button above is free again, and nobody needs to look any more
    if job.stop.is_set():
        st.info("已取消，没有生成文件。", icon=":material/cancel:")
        return
    try:
        data = job.work.result()
    except (ProfileError, queries.WarehouseError) as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Cancelled:
        st.info("页面离开了一段时间，生成已停止。请重新开始。", icon=":material/info:")
    else:
        st.success("12份简报已生成。", icon=":material/task_alt:")
        download.button("下载ZIP文件", job.file_name, lambda: data, type="primary")
