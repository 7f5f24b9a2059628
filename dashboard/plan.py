"""The plan for 2024 as a tracker: each task beside the figures that answer it, or that there are none."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import cards, editorial, kept, queries, slices
from dashboard.frame import Reader, folded, plain
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.statistics import STATUS_WORDS, status
from dashboard.theme import DEMO_MARK, cited, format_period

YEAR = "2024"
HEADS = ("条目", "领域", "任务和要求", "时限", "对照", "全区数据")
STATES = {"answered": f"有{YEAR}年及以后数据", "earlier": "只有以前年度或跨年累计数据", "none": "暂无数据"}
SIMULATED = "以模拟数据对照，不代表实际完成情况。"


@dataclass(frozen=True)
class Task:
    """One task of the plan. `state`: one of STATES; `figures`: the newest figure of each indicator that answers it, in
    words; `mark`: ● ▲ ■ where a target of the plan's year can be judged, else empty.
    """

    item: int
    chapter: int
    task: str
    measure: str
    deadline: str
    state: str
    figures: list[str]
    mark: str


def tasks(plan: pd.DataFrame, figures: pd.DataFrame, targets: pd.DataFrame, indicators: pd.DataFrame) -> list[Task]:
    """The tasks in the order of the plan. `plan`: `editorial.plan_tasks`; `figures`: `queries.figures_of_region`.

    A figure of an earlier year, or of several years that began earlier, answers nothing that the plan asks of its own;
    it is shown with its period and the task says so. A target is judged by a figure of its year or later.
    """
    newest = slices.with_texts(slices.newest(figures))
    found = []
    for row in plan.to_dict("records"):
        ids = [i for i in row["indicators"].split("|") if i]
        of = pd.concat([_shown(newest[newest["indicator_id"] == i]) for i in ids]) if ids else newest.head(0)
        answered = bool((of["period"].str[:4] >= YEAR).any())
        found.append(
            Task(
                item=int(row["item"]),
                chapter=int(row["chapter"]),
                task=row["task"],
                measure=row["measure"],
                deadline=deadline_words(row["deadline"]),
                state="answered" if answered else "none" if of.empty else "earlier",
                figures=[words for i in ids if (words := _figure(of[of["indicator_id"] == i], indicators))],
                mark=_mark(of, targets, indicators),
            )
        )
    return found


def deadline_words(deadline: str) -> str:
    """2024-12 is 2024年底前, 2024 is 2024年."""
    return f"{deadline[:4]}年底前" if deadline.endswith("-12") else format_period(deadline)


def _shown(of: pd.DataFrame) -> pd.DataFrame:
    """The newest total of one indicator; where only parts were published, the parts of the newest period."""
    totals = of[of["breakdown"] == ""]
    return totals if len(totals) else of[of["period_end"] == of["period_end"].max()]


def _figure(shown: pd.DataFrame, indicators: pd.DataFrame) -> str:
    """One indicator in words: 出庭应诉率99.74%（2023年）, of parts 应急预案部数：盟市旗县1710部（2023年）."""
    if shown.empty:
        return ""
    name, period = indicators["name"][shown["indicator_id"].iloc[0]], shown["period_text"].iloc[0]
    texts = "、".join(slices.part_texts(shown))
    return f"{name}{'：' if shown['breakdown'].any() else ''}{texts}（{period}）"


def _mark(of: pd.DataFrame, targets: pd.DataFrame, indicators: pd.DataFrame) -> str:
    for figure in of[of["breakdown"] == ""].to_dict("records"):
        indicator = indicators.loc[figure["indicator_id"]]
        aims = targets[
            (targets["indicator_id"] == figure["indicator_id"])
            & (targets["region_code"] == figure["region_code"])
            & (targets["period"] == YEAR)
        ]
        if len(aims) and figure["period"][:4] >= YEAR:
            mark = status(figure["value"], aims["value"].iloc[0], indicator["direction"], indicator["near"])
            return STATUS_WORDS[mark] if mark else ""
    return ""


def state_words(state: str, dataset: str) -> str:
    """A state of a task in words; what is not in the official data nobody has published."""
    return "暂无公开数据" if state == "none" and dataset == "published" else STATES[state]


def summary(found: list[Task], dataset: str) -> str:
    """In one line how many rows of the table have figures; an item of the plan may ask for several things."""
    counts = {state: sum(task.state == state for task in found) for state in STATES}
    parts = "，".join(f"{count}条{state_words(state, dataset)}" for state, count in counts.items() if count)
    return f"计划的{len({task.item for task in found})}项任务分{len(found)}条对照：{parts}"


@dataclass(frozen=True)
class Tracker:
    """The tasks and what is said of them (Markdown)."""

    tasks: tuple[Task, ...]
    summary: str
    source: str


def tracker_of(reader: Reader) -> Tracker:
    """The tracker of the reader's dataset, made once and shared by all who may see the same."""
    edition = editorial.edition(editorial.PLAN)
    return _tracker(reader.release, reader.selection.dataset, edition, reader.choices.indicators)


@st.cache_resource(show_spinner=False, max_entries=60, hash_funcs=kept.NAMED)
def _tracker(release: Release, dataset: str, edition: str, _indicators: pd.DataFrame) -> Tracker:
    listed = editorial.plan_tasks()
    figures, targets = queries.figures_of_region(release, dataset, REGION_ROOT), queries.targets(release)
    found = tasks(listed, figures, targets, _indicators)
    title = queries.source_title(release, listed["source_id"].iloc[0])
    source = f"任务摘自{cited(title)}，文字为摘要；数据为全区最新一期。{SIMULATED if dataset == 'demo' else ''}"
    return Tracker(tuple(found), f"**{plain(summary(found, dataset))}。**", plain(source))


def show(reader: Reader) -> None:
    """The tracker, folded: the sentence first, the table on demand."""
    indicators, tracker = reader.choices.indicators, tracker_of(reader)
    st.header(f"{YEAR}年计划任务对照")
    if reader.selection.dataset == "demo":
        st.badge(DEMO_MARK, color="orange")
    st.markdown(tracker.summary)
    st.caption(tracker.source)
    if fold := folded("逐项查看", "plan"):
        names = indicators.drop_duplicates("chapter").set_index("chapter")["chapter_short"]
        fold.html(table_html(tracker.tasks, names, reader.selection.dataset))


def table_html(found: Sequence[Task], chapters: pd.Series, dataset: str) -> str:
    """The tasks as a table that becomes a list on a phone (style.css). `chapters`: number -> short name."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    rows = "".join(
        f"<tr><td>{task.item}</td><td>{_e(chapters[task.chapter])}</td><td><b>{_e(task.task)}</b><br>{_e(task.measure)}</td>"
        f'<td>{_e(task.deadline)}</td><td class="{task.state}">{_e(task.mark or state_words(task.state, dataset))}</td>'
        f"<td>{_e('；'.join(task.figures)) or '—'}</td></tr>"
        for task in found
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="overview plan" style="{cards.variables()}">{table}</div>'


def _e(text: str) -> str:
    return html.escape(text, quote=True)
