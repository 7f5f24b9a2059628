"""What a reader does with the map, in a real Chromium: into a league and back, through the years, on a phone."""

import pytest
from playwright.sync_api import Page

from tests.browsing import Visit

pytestmark = pytest.mark.browser

DEMO = "dataset=demo&indicator=court_appearance_rate&period=2024"
SPOT = """([lon, lat, geo]) => {
  const plot = document.querySelector('.js-plotly-plot');
  const [x, y] = plot._fullLayout[geo]._subplot.projection([lon, lat]);
  const box = plot.getBoundingClientRect();
  return {x: box.x + x, y: box.y + y};
}"""
# Labels that reach beyond the figure, and pairs of labels that lie on each other.
LABELS = """() => {
  const plot = document.querySelector('.js-plotly-plot'), frame = plot.getBoundingClientRect();
  const boxes = [...plot.querySelectorAll('.scatterlayer text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  const cut = boxes.filter(([, b]) => b.left < frame.left || b.right > frame.right || b.bottom > frame.bottom)
    .map(([words]) => words);
  const on = boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([, q]) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 6
      && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 6).map(([b]) => a + ' / ' + b));
  return {count: boxes.length, cut, on};
}"""


def click_at(page: Page, lon: float, lat: float, geo: str = "geo") -> None:
    """Clicks at a place of the map, once it lies still and answers the mouse."""
    page.locator(".js-plotly-plot").scroll_into_view_if_needed()
    before, spot = None, page.evaluate(SPOT, [lon, lat, geo])
    while spot != before:
        page.wait_for_timeout(300)
        before, spot = spot, page.evaluate(SPOT, [lon, lat, geo])
    page.mouse.move(spot["x"], spot["y"])
    page.locator(".js-plotly-plot .hoverlayer .hovertext").first.wait_for()
    page.mouse.click(spot["x"], spot["y"])


def heading(opened: Visit, name: str) -> None:
    opened.page.get_by_role("heading", name=name, exact=True).wait_for()
    opened.rest()


def test_into_a_league_to_one_of_its_banners_and_back_by_the_breadcrumb(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit(f"/map?{DEMO}")
    click_at(opened.page, 111.5, 40.2)
    heading(opened, "呼和浩特市")
    assert opened.address()["region"] == ["150100"]
    opened.page.get_by_role("button", name="查看9个旗县").click()
    opened.page.get_by_text("2024年呼和浩特市各旗县（市、区）行政机关负责人出庭应诉率").wait_for()
    opened.rest()
    assert opened.address()["group"] == ["150100"]
    click_at(opened.page, 111.85, 40.78)
    heading(opened, "赛罕区")
    assert opened.address()["region"] == ["150105"]
    opened.page.get_by_role("button", name="呼和浩特市", exact=True).click()
    heading(opened, "呼和浩特市")
    assert opened.address()["group"] == ["150100"]
    opened.page.get_by_role("button", name="内蒙古自治区", exact=True).click()
    opened.page.get_by_text("· 12个盟市 ·").wait_for()
    opened.rest()
    assert not {"group", "region", "level"} & set(opened.address())
    opened.clean()


def test_a_click_selects_in_both_of_two_maps_and_in_a_crowded_part(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit(f"/map?{DEMO}&map=pair")
    click_at(opened.page, 121.0, 49.5, "geo2")
    heading(opened, "呼伦贝尔市")
    assert opened.address()["region"] == ["150700"]
    near = visit(f"/map?{DEMO}&level=banner&zoom=wuhai")
    click_at(near.page, 106.82, 39.72)
    heading(near, "海勃湾区")
    assert near.address()["region"] == ["150302"]
    opened.clean()
    near.clean()


def test_playing_walks_through_the_years_on_one_scale_and_stops_at_the_last(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/map?dataset=demo&indicator=court_appearance_rate&period=2023")
    opened.page.get_by_role("button", name="播放").click()
    opened.page.get_by_role("button", name="停止").wait_for()
    opened.page.get_by_text("2024年行政机关负责人出庭应诉率").wait_for()
    bar = "() => document.querySelector('.js-plotly-plot')._fullLayout.coloraxis.colorbar.ticktext.join()"
    scale = opened.page.evaluate(bar)
    opened.page.get_by_text("2025年行政机关负责人出庭应诉率").wait_for()
    assert opened.page.evaluate(bar) == scale
    opened.page.get_by_role("button", name="播放").wait_for()
    opened.page.wait_for_timeout(2000)
    assert "period" not in opened.address()  # the last is the one that the page opens on
    assert opened.address()["scale"] == ["on"]
    opened.clean()


def test_a_row_of_the_ranking_chooses_its_place_and_keeps_the_list(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit(f"/map?{DEMO}")
    table = opened.page.locator('[data-testid="stDataFrame"]').first.bounding_box()
    opened.page.mouse.click(table["x"] + table["width"] / 2, table["y"] + 55)
    opened.page.get_by_role("button", name="查看").wait_for()
    opened.rest()
    assert opened.address()["side"] == ["list"]
    assert "region" in opened.address()
    opened.clean()


@pytest.mark.parametrize("league", ["150100", "150300", "150400", "150700", "150900", "152900"])
def test_the_labels_of_a_league_are_neither_cut_nor_on_each_other(visit, league: str) -> None:  # type: ignore[no-untyped-def]
    opened = visit(f"/map?{DEMO}&level=banner&group={league}")
    labels = opened.page.evaluate(LABELS)
    assert labels["count"] >= 3
    assert labels["cut"] == []
    assert labels["on"] == []


@pytest.mark.parametrize("view", ["one", "pair", "change", "years"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_logs_an_error_or_scrolls_sideways_on_a_phone(visit, view: str, scheme: str) -> None:  # type: ignore[no-untyped-def]
    opened = visit(f"/map?{DEMO}&map={view}&classes=natural&cities=on", width=390, scheme=scheme)
    widths = opened.page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]'); return [m.scrollWidth, m.clientWidth] }"
    )
    assert widths[0] <= widths[1]
    if view in ("pair", "years"):  # one map, or two small ones, as wide as the screen; a swipe brings the next
        box = opened.page.locator('[class*="st-key-chart_box_map"]')
        seen, names = 1 if view == "pair" else 2, box.locator(".scatterlayer text:visible").all_text_contents()
        assert box.evaluate("e => e.scrollWidth / e.clientWidth") > 1.5
        assert box.locator(".geo .bg").nth(seen - 1).bounding_box()["width"] > 270 / seen
        assert any("呼和浩特" in name for name in names) == (view == "pair")
    opened.clean()
