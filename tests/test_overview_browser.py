"""What a leader does on the first page, in a real Chromium: looks, taps, follows, prints."""

import unicodedata
from urllib.parse import parse_qs, urlsplit

import pytest
from pypdf import PdfReader

from tests.browsing import SIZE, wait_until

pytestmark = pytest.mark.browser

THUMB = 44  # pixels
# What a thumb is to hit, and is smaller than a thumb. A word inside a sentence is no button.
SMALL = """() => [...document.querySelectorAll(
    '[data-testid=stMain] :is(button, a, summary), [data-testid=stExpandSidebarButton]')]
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, b]) => b.width > 0 && b.height > 0 && b.height < 43.5 && !e.closest('p, h1, h2, h3, h4, label'))
  .map(([e, b]) => `${e.textContent.slice(0, 20)} ${e.getAttribute('data-testid')} ${Math.round(b.height)}`)"""


def test_the_first_visit_is_put_away_for_good_and_the_cards_tell_their_source(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/")
    page = opened.page
    assert page.get_by_text("三句话了解这里").is_visible()
    page.get_by_role("button", name="知道了").click()
    page.get_by_text("三句话了解这里").wait_for(state="detached")
    page.reload()
    opened.rest()
    assert page.get_by_text("三句话了解这里").count() == 0
    cookies = {cookie["name"]: cookie for cookie in opened.page.context.cookies()}
    assert cookies["welcome"]["value"] == "seen"
    # The source of a card: on hover, and on the keyboard.
    card = page.locator(".card").filter(has_text="行政复议直接纠错率")
    assert not card.get_by_role("tooltip").is_visible()
    card.get_by_role("button", name="来源").hover()
    assert card.get_by_role("tooltip").is_visible()
    page.mouse.move(0, 0)
    card.get_by_role("button", name="来源").focus()
    assert "关于2023年法治政府建设情况的报告" in card.get_by_role("tooltip").inner_text()
    # The keyboard leads to the search.
    page.keyboard.press("/")
    wait_until(page, "() => document.activeElement.getAttribute('aria-label') === '查找指标'")
    assert page.locator(":focus").input_value() == ""
    # What needs attention leads to its figures.
    page.get_by_role("link", name="行政复议直接纠错率公布为").click()
    page.get_by_role("heading", name="数据质量").wait_for()
    opened.rest()
    assert urlsplit(page.url).path == "/quality"
    assert parse_qs(urlsplit(page.url).query)["tab"] == ["checks"]
    opened.clean()


def test_on_a_phone_facts_come_first_and_everything_is_large_enough_for_a_thumb(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/", width=390)
    page = opened.page
    places = {
        name: page.locator(selector).first.bounding_box()["y"]
        for name, selector in {"cards": ".card", "story": ".story", "map": ".js-plotly-plot"}.items()
    }
    assert places["story"] < places["cards"] < places["map"]
    assert page.get_by_text("出庭应诉率99.74%，距2024年目标").bounding_box()["y"] < SIZE["height"] / 2
    # A chapter shows two cards, and the others when asked.
    chapter = page.locator(".chapter").filter(has_text="矛盾纠纷化解")
    assert chapter.locator(".card:visible").count() == 2
    chapter.get_by_text("展开另外3项").click()
    assert chapter.locator(".card:visible").count() == 5
    assert page.evaluate(SMALL) == []
    assert page.locator('[data-testid="stSidebar"][aria-expanded="true"]').count() == 0
    # A source opened by a tap lies within the screen.
    page.locator(".card .tip button").nth(3).click()
    box = page.locator('.card [role="tooltip"]:visible').bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    # The menu closes once a page is chosen.
    page.get_by_test_id("stExpandSidebarButton").click()
    link = page.get_by_role("link", name="使用说明").first
    link.wait_for()
    assert link.bounding_box()["height"] >= THUMB
    link.click()
    page.get_by_role("heading", name="名词和符号").wait_for()
    opened.rest()
    assert page.locator('[data-testid="stSidebar"][aria-expanded="true"]').count() == 0
    opened.clean()


@pytest.mark.parametrize(("dataset", "scheme"), [("published", "light"), ("demo", "dark")])
def test_the_first_page_prints_on_two_sheets_of_a4(visit, dataset: str, scheme: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    opened = visit(f"/?dataset={dataset}", scheme=scheme)
    file = tmp_path / "page.pdf"
    opened.page.pdf(path=file, format="A4", prefer_css_page_size=True, print_background=True)
    pages = PdfReader(file).pages
    assert len(pages) == 2
    width, height = (float(pages[0].mediabox[i]) / 72 * 25.4 for i in (2, 3))
    assert (round(width), round(height)) == (210, 297)
    # The font's forms of some radicals come out as characters of their own.
    first, last = (unicodedata.normalize("NFKC", page.extract_text()).replace("\n", "") for page in pages)
    assert "需要关注" in first
    assert "公共法律服务与普法" in last
    assert "数据集:" in first
    assert "打印日期:" in first
    assert "[1]" in first
    assert "来源[1]" in last.replace(" ", "")
    assert "数据截至2025年12月31日" in last
    assert "恢复默认" not in first + last
    assert [("演示数据(模拟)" in sheet) for sheet in (first, last)] == [dataset == "demo"] * 2


@pytest.mark.parametrize("width", [390, 1440])
def test_simulated_data_say_so_at_the_top_wherever_the_reader_scrolls(visit, width: int) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/?dataset=demo", width=width)
    page = opened.page
    strip = page.locator(".st-key-demo_strip")
    for selector in (".chapter:nth-of-type(8)", ".js-plotly-plot"):
        page.locator(selector).first.evaluate("e => e.scrollIntoView({block: 'center'})")
        assert strip.is_visible()
        box = strip.bounding_box()
        assert 0 <= box["y"] < 70
        # Nothing lies over it.
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert page.evaluate("([x, y]) => !!document.elementFromPoint(x, y).closest('.st-key-demo_strip')", middle)
    strip.get_by_role("button", name="看官方数据").click()
    strip.wait_for(state="detached")
    opened.rest()
    assert opened.address() == {}
    opened.clean()
