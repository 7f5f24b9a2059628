"""快照夹 in a real browser: collected, ordered, named, made a document of, and opened again a release later."""

import io
import re
import shutil
import time
from collections.abc import Iterator

import pytest
from docx import Document
from playwright.sync_api import BrowserContext, expect

from dashboard.tray import tray_of
from etl import boundaries, publish
from etl.catalogue import load_catalogue
from etl.paths import ROOT, Paths
from tests import quick
from tests.browsing import SECONDS, Server, Visit
from tests.test_briefs_page import NEW, OLD, correct_the_rate
from tests.test_tray import headings as collected

pytestmark = pytest.mark.browser

MAP = "/map?indicator=court_appearance_rate&period=2023"


@pytest.fixture(scope="module")
def office(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Paths]]:
    """A server of its own, because the test publishes a release while it runs."""
    folder = tmp_path_factory.mktemp("office") / "data"
    shutil.copytree(quick_start.data, folder)
    paths = Paths(data=folder, static=folder / "static")
    shapes = boundaries.read_boundaries(paths.boundaries, load_catalogue(paths.catalogue).regions)
    boundaries.write_static(shapes, ROOT / "dashboard" / "static")
    running = Server(folder)
    yield running, paths
    running.stop()


def publish_a_correction(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> str:
    correct_the_rate(paths)
    quick.shorten(monkeypatch.setattr)
    return publish.build(paths, lambda text: None).release.id


def test_a_snapshot_shows_the_same_numbers_after_a_newer_release(
    profile: BrowserContext,
    office: tuple[Server, Paths],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, paths = office
    old = publish.current_id(paths)
    visit = Visit(profile, server, MAP)
    page = visit.page
    expect.set_options(timeout=SECONDS)
    (cookie,) = [each for each in profile.cookies() if each["name"] == "visitor"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    page.get_by_role("button", name="加入快照").click()
    page.get_by_text("已加入快照夹，共1张").wait_for()
    page.goto(f"{server.address}/map?indicator=mediation_success_rate")
    visit.rest()
    page.get_by_role("button", name="加入快照").click()
    page.get_by_text("已加入快照夹，共2张").wait_for()
    page.get_by_role("link", name="打开快照夹").click()
    headings = page.get_by_role("textbox", name="标题")
    expect(page.locator("[class*=st-key-entry_] img")).to_have_count(2)
    expect(headings.nth(1)).to_have_value(re.compile(OLD))  # after 文件标题
    visit.rest()

    # By keyboard alone: the second one up, and its heading.
    page.get_by_role("button", name="上移").nth(1).focus()
    page.keyboard.press("Enter")
    expect(headings.nth(1)).to_have_value(re.compile("调解成功率"))
    visit.rest()
    headings.nth(1).fill("调解情况")
    page.keyboard.press("Control+Enter")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(paths.data))
    deadline = time.monotonic() + SECONDS / 1000
    while "调解情况" not in collected(tray_of(cookie["value"])):  # nothing on the page tells that it is kept
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
    visit.rest()

    page.reload()
    expect(headings.nth(1)).to_have_value("调解情况")
    expect(headings.nth(2)).to_have_value(re.compile(OLD))
    visit.rest()
    with page.expect_download() as download:
        page.get_by_role("button", name="生成Word文档").click()
    assert download.value.suggested_filename == f"内蒙古自治区法治政府建设指标简报_{old}.docx"
    document = Document(io.BytesIO(download.value.path().read_bytes()))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert words.index("调解情况") < words.index(OLD)
    assert len(document.inline_shapes) == 2

    new = publish_a_correction(paths, monkeypatch)
    page.goto(server.address + MAP)
    visit.rest()
    assert page.get_by_text(NEW).first.is_visible()
    page.goto(f"{server.address}/briefs")
    visit.rest()
    page.get_by_role("link", name="打开当时的页面").nth(1).click()
    page.get_by_text(f"正在查看版本{old}的数据；已有更新的版本{new}。").wait_for()
    visit.rest()
    assert visit.address()["release"] == [old]
    assert page.get_by_text(OLD).first.is_visible()
    assert page.get_by_text(NEW).count() == 0
    page.get_by_role("button", name="看最新数据").click()
    page.get_by_text(NEW).first.wait_for()
    visit.clean()
    visit.close()
