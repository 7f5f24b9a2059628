"""A steward's visit in a real browser: a complaint, the mended file, the map, and back."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import BrowserContext

from etl import publish
from etl.paths import Paths
from tests.browsing import Server, Visit
from tests.test_load import CASES, messy_workbook

pytestmark = pytest.mark.browser


@pytest.fixture
def data(built: Paths, tmp_path: Path) -> Paths:
    """A data folder of its own: this visit changes it."""
    shutil.copytree(built.data, tmp_path / "data", ignore=shutil.ignore_patterns("state"))
    return Paths(data=tmp_path / "data", static=tmp_path / "static")


@pytest.fixture
def server(data: Paths) -> Iterator[Server]:
    running = Server(data.data)
    yield running
    running.stop()


def mended(path: Path) -> Path:
    book = openpyxl.load_workbook(path)
    book["全年"]["C7"] = 3
    book.save(path)
    return path


def test_a_complaint_is_read_the_mended_file_is_loaded_seen_on_the_map_and_taken_back(
    profile: BrowserContext, server: Server, data: Paths, tmp_path: Path
) -> None:
    before = publish.current_id(data)
    path = messy_workbook(tmp_path / "全年.xlsx")
    visit = Visit(profile, server, "/import")
    page = visit.page

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).last.click()

    def choose(file: Path) -> None:
        with page.expect_file_chooser() as chooser:
            page.get_by_test_id("stFileUploaderDropzone").get_by_role("button").last.click()
        chooser.value.set_files(file)
        page.get_by_role("heading", name="识别结果").wait_for()
        visit.rest()

    choose(path)
    press("校验")
    page.get_by_text("1行有问题，不会载入").wait_for()
    visit.rest()
    complaint = "［全年］ 第7行“行政复议／2023年行政复议案件办理数”列：“3.5”，以“件”计数应是整数；应为整数"
    page.get_by_text(complaint).wait_for()
    with page.expect_download() as waiting:
        press("下载标出问题的表格")
    marked = openpyxl.load_workbook(io.BytesIO(waiting.value.path().read_bytes()))
    assert "应是整数" in marked["全年"]["C7"].comment.text

    page.get_by_role("button", name="Remove 全年.xlsx").click()
    page.get_by_role("heading", name="识别结果").wait_for(state="detached")
    choose(mended(path))
    press("校验")
    page.get_by_text("没有发现问题").wait_for()
    visit.rest()
    press("载入9行")
    page.get_by_text("已启用，所有页面都已更新").wait_for()
    visit.rest()
    assert publish.current_id(data) != before

    page.get_by_role("link", name=f"在地图上看{CASES}").click()
    page.get_by_role("heading", name="地图", exact=True).wait_for()
    visit.rest()
    assert visit.address()["dataset"] == ["internal"]
    page.get_by_text("103个旗县（市、区）：有数据3个").wait_for()
    assert page.get_by_role("combobox", name="数据集").input_value() == "内部报送数据"

    page.get_by_role("link", name="数据导入").click()
    page.get_by_role("heading", name="导入记录").wait_for()
    visit.rest()
    press("撤回")
    press("确认撤回")
    page.get_by_text("已撤回internal-00001-").wait_for()
    visit.rest()
    assert publish.current_id(data) == before
    assert page.get_by_test_id("stAlert").count() == 1, "the address does not ask for what is gone"
    english = page.get_by_text("Upload", exact=True)
    assert english.evaluate("element => getComputedStyle(element).fontSize") == "0px"
    visit.clean()
    visit.close()
