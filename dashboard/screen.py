"""The big screen (`/?mode=screen`): the views of `screen_views` in turn, on a wall that nobody touches.

All views are drawn in one run and lie on each other; which of them is seen, the script of the page decides
(static/page.js, static/style.css). Turning costs the server nothing and makes nothing that could pile up. What the
server does while the wall stands is one small fragment, which looks for a new release, a new day, or the end of the
session, and says by its time that it still answers.
"""

import html
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import cards, quality, queries, screen_views, selection
from dashboard.frame import PLOTLY_CONFIG, Reader
from dashboard.queries import Release
from dashboard.screen_views import View
from dashboard.server import TITLE
from dashboard.theme import DEMO_MARK, format_day

PACE, QUICKEST, SLOWEST = 20, 3, 3600  # seconds a view is seen
CHECK_SECONDS = 10
BEIJING = ZoneInfo("Asia/Shanghai")
HANDLES = (
    ("back", "上一屏 ←"),
    ("pause", "暂停/继续 空格"),
    ("on", "下一屏 →"),
    ("full", "全屏 F"),
    ("leave", "退出 Esc"),
)


def asked() -> bool:
    """Whether the address asks for the big screen."""
    return st.query_params.get("mode") == selection.BIG_SCREEN


def pace(parameters: dict[str, str]) -> tuple[int, list[str]]:
    """The seconds a view is seen, and a notice where the address says nonsense."""
    wanted = parameters.get("pace", str(PACE))
    if wanted.isascii() and wanted.isdecimal() and QUICKEST <= int(wanted) <= SLOWEST:
        return int(wanted), []
    return PACE, [f"“pace={wanted}”应是{QUICKEST}到{SLOWEST}之间的秒数，已改用{PACE}秒"]


def show(reader: Reader, notices: list[str]) -> None:
    """The whole screen. `notices`: what makes no sense in the address."""
    dark = replace(reader, dark=True)
    views, seconds = screen_views.views(dark), pace(selection.address())
    with st.container(key="screen", gap=None):
        st.html(_frame(reader, views, seconds[0], [*notices, *seconds[1]]))
        for number, view in enumerate(views):
            _draw(view, number)
        with st.container(key="screen_beat"):
            st.fragment(_watch, run_every=CHECK_SECONDS)(reader.release, quality.today())


def wait() -> None:
    """Where there is nothing to show yet: looks again, and starts once there is."""
    st.fragment(_wait, run_every=CHECK_SECONDS)()


def _wait() -> None:
    try:
        queries.release_asked(selection.address().get("release"))
    except queries.WarehouseError:
        return
    st.rerun()


def _watch(shown: Release, day: date) -> None:
    """Draws the wall anew when there is a new release or a new day; that its session has ended, the gate finds out."""
    newest, words = shown, "核对，已是最新版本"
    if selection.address().get("release") == shown.id:
        words = "核对，版本固定"
    try:
        newest = queries.release_asked(selection.address().get("release"))
    except queries.WarehouseError:
        words = "核对，读不到新数据"
    if newest != shown or quality.today() != day:
        st.rerun()
    now = datetime.now(BEIJING)
    st.html(f'<span data-wall="beat" data-at="{now.timestamp():.0f}">{now:%H:%M:%S}{words}</span>')


def _draw(view: View, number: int) -> None:
    with st.container(key=f"screen_view_{number}", gap=None):
        size, phrases = screen_views.title_lines(view.title)
        title = "".join(f"<span>{_e(phrase)}</span>" for phrase in phrases) or _e(view.title)
        foot = "".join(f"<p>{_e(line)}</p>" for line in view.foot if line)
        st.html(
            f'<section class="wall view {view.key}" style="{cards.variables()}" aria-label="{_e(view.name)}">'
            f'<h2 style="font-size:{size}px"><span>{title}</span></h2><p class="subtitle">{_e(view.subtitle)}</p>'
            f'<div class="body overview">{view.body}</div><footer>{foot}</footer></section>'
        )
        if view.chart is not None:
            with st.container(key=f"screen_chart_{view.key}", gap=None):
                st.plotly_chart(
                    view.chart.figure,
                    theme=None,
                    config={**PLOTLY_CONFIG, "staticPlot": True, "responsive": False},
                    height="stretch",
                    key=f"screen_{view.key}",
                    alt=view.chart.reading,
                )


def _frame(reader: Reader, views: list[View], seconds: int, notices: list[str]) -> str:
    """What stays while views change: the name, the mark of simulated data, the release, the clock; which view is seen,
    and what the keys do.
    """
    name = TITLE.replace("自治区", "自治区<wbr>")  # where it may break (style.css)
    mark = f'<b class="mark">{DEMO_MARK}</b>' if reader.selection.dataset == "demo" else ""
    frozen = "（固定版本）" if selection.address().get("release") == reader.release.id else ""
    names = "".join(f"<li>{_e(view.name)}</li>" for view in views)
    buttons = "".join(f'<button type="button" data-wall="{key}">{words}</button>' for key, words in HANDLES)
    notice = f'<p class="notice">▲ 地址有误：{_e("；".join(notices))}</p>' if notices else ""
    return (
        f'<div class="wall bar" style="{cards.variables()}" data-pace="{seconds}"><h1>{name}</h1>{mark}'
        f"<p>数据截至{format_day(reader.release.data_until)}<br>版本{_e(reader.release.id)}{frozen}</p>"
        f'<p class="clock"><span data-wall="day"></span><b data-wall="time"></b></p></div>'
        f'<div class="wall row" style="{cards.variables()}"><ol>{names}</ol>{notice}'
        f'<p class="lost">■ 与服务器失去联系，数据可能不是最新，正在重新连接</p>'
        f'<p class="state" data-wall="state"></p><nav>{buttons}</nav></div>'
    )


def _e(text: object) -> str:
    return html.escape(str(text), quote=True)
