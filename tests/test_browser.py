"""What a person does, in a real Chromium against a real server, with every other machine out of reach."""

import json
import zlib
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext
from websockets.sync.client import connect

from dashboard.server import TITLE
from etl.paths import Paths
from tests.browsing import SECONDS, SIZE, Server, Visit, at_rest, open_page

pytestmark = pytest.mark.browser

SHAPES = ".js-plotly-plot .choroplethlayer path.choroplethlocation"


def test_the_first_visit_of_a_fresh_server_by_deep_link_shows_sidebar_and_state(
    profile: BrowserContext, built: Paths
) -> None:
    fresh = Server(built.data)
    try:
        visit = Visit(profile, fresh, "/map?indicator=court_appearance_rate&region=150700")
        assert visit.page.locator('[data-testid="stSidebarNav"]').is_visible()
        assert visit.page.get_by_role("heading", name="呼伦贝尔市", exact=True).is_visible()
        assert visit.address() == {"indicator": ["court_appearance_rate"], "region": ["150700"]}
        visit.clean()
        visit.close()
        # Streamlit warns, and goes on cold, when the warming up before the first request did not come through.
        assert "lifespan" not in fresh.log.read_text(encoding="utf-8")
    finally:
        fresh.stop()


@pytest.mark.parametrize("path", ["/", "/map", "/indicators", "/data", "/map?dataset=demo&level=banner"])
def test_no_page_asks_another_machine_or_logs_an_error(visit, path: str) -> None:  # type: ignore[no-untyped-def]
    visit(path).clean()


@pytest.mark.parametrize(("level", "areas"), [("league", 12), ("banner", 103)])
def test_every_area_is_drawn(visit, level: str, areas: int) -> None:  # type: ignore[no-untyped-def]
    opened = visit(f"/map?level={level}&indicator=court_appearance_rate")
    drawn = opened.page.evaluate(
        """() => [...document.querySelectorAll('.js-plotly-plot')][0].data
            .filter(t => t.type === 'choropleth' && t.hovertemplate).map(t => t.locations.length)
            .reduce((a, b) => a + b, 0)"""
    )
    shapes = opened.page.evaluate(
        """() => [...document.querySelectorAll('.js-plotly-plot .choroplethlayer path.choroplethlocation')]
            .filter(p => p.getBoundingClientRect().width > 0).length"""
    )
    assert drawn == areas
    assert shapes >= areas


def test_a_click_on_the_map_selects_the_league_and_shows_its_figures(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/map?indicator=court_appearance_rate")
    spot = opened.page.evaluate(
        """() => {
            const plot = document.querySelector('.js-plotly-plot');
            const [x, y] = plot._fullLayout.geo._subplot.projection([121.0, 49.5]);
            const box = plot.getBoundingClientRect();
            return {x: box.x + x, y: box.y + y};
        }"""
    )
    opened.page.mouse.click(spot["x"], spot["y"])
    opened.page.get_by_role("heading", name="呼伦贝尔市", exact=True).wait_for()
    opened.rest()
    assert opened.address()["region"] == ["150700"]
    assert opened.page.get_by_text("呼伦贝尔市创建全区法治政府建设示范市经验做法").first.is_visible()
    opened.clean()


def test_shapes_travel_once_and_a_filter_change_is_small(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport=SIZE, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    fetched: list[str] = []
    received: list[bytes] = []
    page.on("request", lambda r: fetched.append(urlsplit(r.url).path))
    page.on("websocket", lambda ws: ws.on("framereceived", lambda frame: received.append(as_bytes(frame))))
    page.goto(f"{server.address}/map?dataset=demo&level=banner&indicator=court_appearance_rate")
    page.locator(SHAPES).first.wait_for(state="attached")
    at_rest(page)
    page.wait_for_timeout(1500)
    assert fetched.count("/app/static/boundaries/banners.json") == 1
    fetched.clear()
    received.clear()
    page.get_by_role("combobox", name="期间").fill("2022年 ·")
    page.keyboard.press("Enter")
    page.get_by_text("2022年行政机关负责人出庭应诉率").first.wait_for()
    at_rest(page)
    page.wait_for_timeout(800)
    assert not [path for path in fetched if "boundaries" in path]
    assert deflated(received) <= 16 * 1024
    assert sum(map(len, received)) <= 32 * 1024, "before compression"
    context.close()


def as_bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def deflated(frames: list[bytes]) -> int:
    """Bytes on the wire under permessage-deflate (RFC 7692) with the window that the server offers."""
    squeeze = zlib.compressobj(wbits=-12)
    return sum(len(squeeze.compress(frame)) + len(squeeze.flush(zlib.Z_SYNC_FLUSH)) for frame in frames)


def test_the_server_compresses_what_it_sends(server: Server) -> None:
    address = server.address.replace("http", "ws") + "/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], origin=server.address) as socket:
        assert "permessage-deflate" in socket.response.headers["Sec-WebSocket-Extensions"]


def test_turning_the_page_keeps_the_choice(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/map?indicator=mediation_success_rate&region=150300")
    opened.page.get_by_role("link", name="指标词典").click()
    opened.page.get_by_role("heading", name="指标词典").wait_for()
    opened.rest()
    assert urlsplit(opened.page.url).path == "/indicators"
    assert opened.address() == {"indicator": ["mediation_success_rate"], "region": ["150300"]}


def test_the_table_leaves_as_csv_with_chinese_and_sources(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/data")
    with opened.page.expect_download() as waiting:
        opened.page.get_by_role("button", name="下载CSV").click()
    content = waiting.value.path().read_bytes().decode("utf-8-sig")
    assert len(content.splitlines()) == 457
    assert "内蒙古自治区人民政府关于2023年法治政府建设情况的报告" in content
    assert waiting.value.suggested_filename.startswith("内蒙古自治区法治政府建设指标数据_20251231-")


@pytest.mark.parametrize("path", ["/", "/map", "/indicators", "/data"])
def test_nothing_scrolls_sideways_on_a_phone(visit, path: str) -> None:  # type: ignore[no-untyped-def]
    opened = visit(path, width=390)
    widths = opened.page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]'); return [m.scrollWidth, m.clientWidth] }"
    )
    assert widths[0] <= widths[1]
    assert opened.page.locator('[data-testid="stSidebar"][aria-expanded="true"]').count() == 0


# Keeps what the browser would call its session by, as if a restarted server or another replica did not know it.
UNKNOWN_TO_THE_SERVER = """window.WebSocket = class extends WebSocket {
  constructor(address, protocols) { super(address, protocols.slice(0, 2)); window.lastSocket = this; }
}"""


def test_the_first_choice_after_the_server_has_forgotten_the_session_takes_effect(
    profile: BrowserContext, server: Server
) -> None:
    page = profile.new_page()
    page.set_default_timeout(SECONDS)
    page.add_init_script(UNKNOWN_TO_THE_SERVER)
    open_page(page, f"{server.address}/map?dataset=demo&period=2022")
    with page.expect_websocket() as again:
        page.evaluate("window.lastSocket.close()")
    again.value.wait_for_event("framereceived")
    at_rest(page)
    assert "period=2022" in page.url
    page.get_by_role("combobox", name="期间").fill("2023年 ·")
    page.keyboard.press("Enter")
    page.get_by_text("2023年行政机关负责人出庭应诉率").first.wait_for()
    assert "period=2023" in page.url
    page.close()


def test_the_page_says_that_it_is_chinese(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/")
    assert opened.page.locator("html").get_attribute("lang") == "zh-CN"
    assert opened.page.title() == TITLE


def test_the_dark_mode_draws_its_own_colours(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/map", scheme="dark")
    ground = opened.page.evaluate("() => document.querySelector('.js-plotly-plot')._fullLayout.paper_bgcolor")
    assert ground == "#10161d"
    opened.clean()


def test_the_shape_files_hold_geometry_and_codes_only(server: Server, visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/map")
    text = opened.page.request.get(f"{server.address}/app/static/boundaries/banners.json").text()
    features = json.loads(text)["features"]
    assert len(features) == 103
    assert set(features[0]["properties"]) == {"code", "name", "parent"}


def test_a_page_that_does_not_exist_leads_home_with_a_notice_in_chinese(visit) -> None:  # type: ignore[no-untyped-def]
    opened = visit("/nonsense")
    assert opened.page.get_by_text("没有“nonsense”这个页面，已转到总览").is_visible()
    assert opened.page.get_by_text("Page not found").count() == 0
    opened.clean()
