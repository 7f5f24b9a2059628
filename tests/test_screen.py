"""The big screen: what its views say, and how they stand, turn and renew themselves on a wall."""

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Page
from streamlit.testing.v1 import AppTest

from dashboard import screen, screen_views
from dashboard.theme import DARK, DEMO_MARK
from etl.paths import Paths
from tests.browsing import Server, Visit, open_page
from tests.test_maps import contrast
from tests.test_pages import open_page as run_page

NAMES = ["重点指标（1）", "重点指标（2）", "地图", "盟市排名", "需要关注", "历年走势", "数据覆盖"]
WALLS = [(1920, 1080), (3840, 1080), (6656, 1792)]
SMALLEST, BIG = 0.0185, 0.07  # of the height of a wall: what is read from five metres, and headline numbers
SMALLEST_LETTERS = 0.013  # of the ticks of a scale, which is only there to compare
# What a wall shows, in pixels of the wall.
MEASURE = """() => {
  const seen = [...document.querySelectorAll('[class*="st-key-screen_view_"][data-seen]')];
  const box = (e) => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
  const text = (e) => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility === 'visible';
  const scale = Number(document.querySelector('.st-key-screen').style.getPropertyValue('--scale'));
  const size = (e) => parseFloat(getComputedStyle(e).fontSize) * scale;
  return seen.map(view => ({
    view: view.querySelector('.view').getAttribute('aria-label'),
    area: box(view), title: box(view.querySelector('h2')), body: box(view.querySelector('.body')),
    foot: box(view.querySelector('footer')),
    titled: (range => (range.selectNodeContents(view.querySelector('h2')), box(range)))(document.createRange()),
    inside: [...view.querySelectorAll('.body *')].filter(e => text(e) && shown(e)).map(e => [e.textContent, box(e)]),
    cards: [...view.querySelectorAll('.card > *')].map(e => [e.textContent, box(e), box(e.closest('.card'))]),
    sizes: [...view.querySelectorAll('.view *')].filter(e => text(e) && shown(e)).map(e => [e.textContent, size(e)]),
    values: [...view.querySelectorAll('.card .value:not(.missing)')].map(size),
    chart: [...view.querySelectorAll('.js-plotly-plot')].map(e => ({
      svg: box(e.querySelector('.main-svg')), letters: Math.min(...[...e.querySelectorAll('text')].map(t =>
        t.getBoundingClientRect().height / 1.3).filter(h => h > 0)),
    })),
  }));
}"""


def bodies(app: AppTest) -> list[str]:
    return [unescape(element.proto.body) for element in app.get("html")]


def views(app: AppTest) -> dict[str, str]:
    """The views of the wall by their name."""
    found = [body for body in bodies(app) if body.startswith('<section class="wall view')]
    return {re.search('aria-label="(.*?)"', body)[1]: body for body in found}  # type: ignore[index]


# ---- what it says ----


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("dataset", ["published", "demo"])
def test_every_view_has_a_statement_its_data_set_and_its_source_and_nothing_stands_around(dataset: str) -> None:
    app = run_page("overview", mode="screen", dataset=dataset)
    assert not app.exception
    assert len(app.error) == len(app.warning) == 0
    assert len(app.sidebar) == len(app.button) == len(app.selectbox) == len(app.title) == len(app.caption) == 0
    found = views(app)
    names = [name if dataset == "demo" else name.replace("排名", "数据") for name in NAMES]
    assert list(found) == names
    mark = {"published": "官方公开数据", "demo": DEMO_MARK}[dataset]
    for view in found.values():
        assert re.search(r"<h2[^>]*>.{6,}</h2>", view)
        assert f"{mark}</p>" in view
        assert re.search("<footer><p>来源：.{6,}</p>", view)
    (frame,) = [body for body in bodies(app) if "wall bar" in body]
    assert ('<b class="mark">' in frame) == (dataset == "demo")
    assert re.search("数据截至2025年12月31日.*版本20251231-", frame)
    for chart in app.get("plotly_chart"):
        layout = json.loads(chart.proto.spec)["layout"]
        assert layout["template"]["layout"]["paper_bgcolor"] == DARK.ground


@pytest.mark.usefixtures("warehouse")
def test_the_official_wall_tells_the_story_of_the_court_appearance_rate() -> None:
    found = views(run_page("overview", mode="screen"))
    story = re.sub("<.*?>", " ", found["历年走势"])
    assert re.search("15%.*29.65%.*73.55%.*2021年 1—10月.*未公布.*2022年.*99.74%.*2023年.*虚线为2024年目标100%", story)
    assert "距2024年目标100%差0.26个百分点" in story
    # No league figures of one period: nobody is ranked.
    assert "不是名次" in found["盟市数据"]
    assert "第1" not in found["盟市数据"]


@pytest.mark.usefixtures("warehouse")
def test_the_wall_honours_the_address() -> None:
    asked = {"dataset": "demo", "indicator": "litigation_loss_rate", "level": "banner", "pace": "9"}
    app = run_page("overview", mode="screen", **asked)
    found = views(app)
    assert re.search("行政诉讼败诉率.*103个旗县（市、区）", found["地图"])
    assert found["地图"].count("<tr") == screen_views.LISTED_PLACES + 1
    assert re.search("行政诉讼败诉率.*12个盟市", found["盟市排名"])
    frame = next(body for body in bodies(app) if "wall bar" in body)
    assert 'data-pace="9"' in frame
    assert "固定版本" not in frame
    release = re.search(r"版本(\d{8}-\w{6})", frame)[1]  # type: ignore[index]
    frozen = run_page("map", mode="screen", release=release, pace="soon", region="999999")
    frame = next(body for body in bodies(frozen) if "wall bar" in body)
    assert f"{release}（固定版本）" in frame
    assert f'data-pace="{screen.PACE}"' in frame
    assert re.search("（region）.*“pace=soon”", "".join(bodies(frozen)))
    assert "版本固定" in bodies(frozen)[-1]


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["not_applicable"] * 2, "不适用"),
        (["not_reported", "not_reported", "not_applicable"], "未填报"),
        (["not_published"] * 2, "未公布"),
        (["not_published", "not_reported"], "—"),
    ],
)
def test_where_a_chapter_has_no_figure_the_wall_says_why(states: list[str], words: str) -> None:
    assert f">{words}<" in screen_views._share(pd.Series(states))


@pytest.mark.parametrize("filled", [1, 2, 3, 4, 5])
def test_every_number_of_the_table_stands_out_from_its_cell(filled: int) -> None:
    states = pd.Series(["value"] * filled + ["not_published"] * (5 - filled) + ["not_applicable"])
    assert contrast(*re.findall("#[0-9a-f]{6}", screen_views._share(states))) >= 4.5


@pytest.mark.parametrize(
    ("wanted", "seconds"), [(None, 20), ("5", 5), ("3600", 3600), ("0", 20), ("-5", 20), ("1e3", 20), ("٣٠", 20)]
)
def test_the_pace_is_a_sensible_number_of_seconds_or_the_usual_one(wanted: str | None, seconds: int) -> None:
    found, notices = screen.pace({} if wanted is None else {"pace": wanted})
    assert found == seconds
    assert bool(notices) == (wanted is not None and wanted != str(seconds))


@pytest.mark.parametrize("length", [5, 40, 80, 100])
def test_texts_take_the_largest_size_at_which_they_fit(length: int) -> None:
    text = "指" * length
    size, _ = screen_views.title_lines(text)
    room = screen_views.PANEL_WIDTH * screen_views.TITLE_LINES
    assert size * length <= room
    assert size == screen_views.TITLE_SIZES[0] or (size + 4) * (length + 2) > room
    # Lines are broken between phrases: three that would each begin a line need smaller letters.
    assert screen_views.title_lines(("指" * 25 + "，") * 3)[0] < screen_views.title_lines("指" * 77)[0]
    few, many = (screen_views.fitting([text] * n, (44, 30, 20), 300, gap=0.5) for n in (1, 6))
    assert few >= many


def test_titles_break_between_sentences_first_and_never_within_a_list_of_names() -> None:
    title = "2025年行政机关负责人出庭应诉率：鄂尔多斯市、巴彦淖尔市并列最高，100%；乌兰察布市最低，89.53%；全区98.98%"
    size, phrases = screen_views.title_lines(title)
    assert size == screen_views.TITLE_SIZES[0]
    assert phrases == [
        "2025年行政机关负责人出庭应诉率：鄂尔多斯市、巴彦淖尔市并列最高，100%；",
        "乌兰察布市最低，89.53%；",
        "全区98.98%",
    ]


def test_sources_that_do_not_fit_are_counted() -> None:
    few = screen_views.sources_line(["甲报告", "乙年鉴", "甲报告"])
    assert few == "来源：《甲报告》；《乙年鉴》"
    many = screen_views.sources_line([f"{number}号文件{'很' * 20}" for number in range(30)])
    assert re.search(r"》等30份，全部出处见“数据”页$", many)
    assert len(many) < 3 * screen_views.PANEL_WIDTH / screen_views.FOOT_SIZE


# ---- how it stands on a wall ----


# The target and the bars of the story: what share of the room they are to take, and how high they stand.
STORY = """() => {
  const bars = [...document.querySelectorAll('.story ol i')].map(bar => [parseFloat(bar.style.height), bar]);
  const ground = bars[0][1].getBoundingClientRect().bottom;
  const aim = document.querySelector('.story li.aim');
  return [[100 * aim.style.getPropertyValue('--height'), aim], ...bars].map(
    ([share, drawn]) => [share, ground - drawn.getBoundingClientRect().top]);
}"""


def names_seen(page: Page) -> list[str]:
    return page.locator(".wall.row li[data-seen]").all_inner_texts()


def wait_for(page: Page, names: list[str], seconds: float) -> None:
    page.wait_for_function(
        "names => [...document.querySelectorAll('.wall.row li[data-seen]')].map(e => e.innerText).join() === names",
        arg=",".join(names),
        timeout=seconds * 1000,
    )


@pytest.mark.browser
def test_the_wall_turns_pauses_obeys_keys_and_hides_the_cursor(visit: Callable[..., Visit]) -> None:
    opened = visit("/?dataset=demo")
    page = opened.page
    page.get_by_role("button", name="大屏").click()
    page.wait_for_selector("html[data-wall]", state="attached")
    opened.rest()
    assert opened.address() == {"dataset": ["demo"], "mode": ["screen"]}
    page.goto(page.url + "&pace=3")
    page.wait_for_selector("html[data-wall]", state="attached")
    opened.rest()
    page.keyboard.press(" ")
    first = names_seen(page)
    page.keyboard.press("ArrowRight")
    wait_for(page, [NAMES[(NAMES.index(first[0]) + 1) % len(NAMES)]], 1)
    page.keyboard.press("ArrowLeft")
    wait_for(page, first, 1)
    page.mouse.move(300, 300)
    page.wait_for_selector('html[data-wall="used"]', state="attached")
    assert page.get_by_role("button", name="退出").is_visible()
    page.wait_for_timeout(3600)  # longer than the pace, and than the cursor stays
    assert names_seen(page) == first
    assert page.get_by_text("已暂停").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.view')).cursor") == "none"
    page.keyboard.press(" ")
    wait_for(page, [NAMES[(NAMES.index(first[0]) + 1) % len(NAMES)]], 4)
    assert re.fullmatch(r"\d\d:\d\d:\d\d", page.locator('[data-wall="time"]').inner_text())
    opened.clean()
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="总览").wait_for()
    assert opened.address() == {"dataset": ["demo"]}


@pytest.mark.browser
@pytest.mark.parametrize("dataset", ["published", "demo"])
def test_everything_on_a_wall_is_whole_and_large_enough(visit: Callable[..., Visit], dataset: str) -> None:
    opened = visit(f"/?mode=screen&dataset={dataset}&pace=3600", scheme="light")
    page = opened.page
    for width, height in WALLS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)
        opened.rest()
        assert page.evaluate(
            "[document.documentElement, document.body, document.querySelector('.stMain')].every("
            "e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight)"
        )
        assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == "rgb(16, 22, 29)"
        hidden = '[data-testid="stHeader"], [data-testid="stSidebar"]'
        assert not any(element.is_visible() for element in page.locator(hidden).all())
        panels = round(width / height / (16 / 9))
        for turn in range(-(-len(NAMES) // panels)):
            seen = page.evaluate(MEASURE)
            assert len(seen) == panels, turn
            for view in seen:
                check(view, width, height)
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(60)
        aim, *bars = page.evaluate(STORY)
        for share, size in bars:
            assert size == pytest.approx(aim[1] * share / aim[0], abs=1.5)  # pixels
    opened.clean()


def within(inner: list[float], outer: list[float], slack: float = 1.5) -> bool:
    """Whether one box (left, top, right, bottom) lies in another, but for the rounding of pixels."""
    near = all(inner[side] >= outer[side] - slack for side in (0, 1))
    return near and all(inner[side] <= outer[side] + slack for side in (2, 3))


def check(view: dict, width: int, height: int) -> None:
    """One view: every text within its place, nothing too small, the chart as large as its room."""
    name, area, body = view["view"], view["area"], view["body"]
    assert within(area, [0, 0, width, height]), name
    head, foot = [*area[:3], body[1]], [area[0], body[3], *area[2:]]
    assert within(view["titled"], head), name
    assert within(view["foot"], foot), name
    for text, box in view["inside"]:
        assert within(box, body), (name, text)
    for text, box, card in view["cards"]:
        assert within(box, card), (name, text)
    for text, size in view["sizes"]:
        assert size >= SMALLEST * height, (name, text, size)
    assert all(size >= BIG * height for size in view["values"]), name
    for chart in view["chart"]:
        assert within(chart["svg"], body), name
        assert chart["svg"][3] - chart["svg"][1] == pytest.approx(body[3] - body[1], abs=4), name
        assert chart["letters"] >= SMALLEST_LETTERS * height, (name, chart["letters"])


@pytest.mark.browser
def test_a_new_release_appears_by_itself(quick_start: Paths, profile: BrowserContext, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(quick_start.data, data)
    warehouse = data / "warehouse"
    old = (warehouse / "CURRENT").read_text(encoding="ascii").strip()
    new = old[:-6] + ("abcdef" if old[-6:] != "abcdef" else "fedcba")
    shutil.copy(warehouse / f"{old}.duckdb", warehouse / f"{new}.duckdb")
    with duckdb.connect(str(warehouse / f"{new}.duckdb")) as connection:
        connection.execute("UPDATE release SET id = ?", [new])
    server, page = Server(data), profile.new_page()
    try:
        open_page(page, f"{server.address}/?mode=screen&pace=3600")
        page.wait_for_selector("html[data-wall]", state="attached")
        page.keyboard.press("ArrowRight")
        page.evaluate("window.stayed = true")
        bar = page.locator(".wall.bar")
        assert old in bar.inner_text()
        aside = warehouse / "aside"
        aside.write_text(new, encoding="ascii")
        aside.replace(warehouse / "CURRENT")
        bar.get_by_text(new).wait_for(timeout=(screen.CHECK_SECONDS + 20) * 1000)
        assert page.evaluate("window.stayed")
        wait_for(page, [NAMES[1]], 2)  # where it was
    finally:
        page.close()
        server.stop()
