"""Taking a chart away from a page: from a dark screen, and from a server that cannot draw."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard import exporting, snapshot
from dashboard.theme import DEMO_MARK
from tests.browsing import Visit, wait_until
from tests.test_pages import open_page

# Where a menu that is filled after it opened finds no room below, and must have opened above.
TO_THE_FOOT = """button => document.querySelector("[data-testid=stMain]")
    .scrollBy(0, button.getBoundingClientRect().bottom - innerHeight + 60)"""
SHOWN_WHOLE = """() => {
    const menu = document.querySelector("[data-testid=stPopoverBody]");
    return menu.innerText.includes("CSV") && menu.scrollHeight === menu.clientHeight;
}"""


@pytest.mark.browser
def test_what_leaves_a_dark_screen_is_light_named_and_complete(visit: Callable[..., Visit], tmp_path: Path) -> None:
    dark = visit("/map?dataset=demo", scheme="dark")
    page = dark.page
    button = page.get_by_role("button", name="导出")
    button.evaluate(TO_THE_FOOT)
    button.click()
    wait_until(page, SHOWN_WHOLE)
    files = {}
    for kind in ("PNG", "XLSX", "CSV"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=kind).click()
        files[kind] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(files[kind])
        assert f"_地图_{DEMO_MARK}_" in files[kind].name
    picture = Image.open(files["PNG"]).convert("RGB")
    assert picture.width == 2 * 880
    assert picture.getpixel((3, 3)) == (255, 255, 255)
    sheets = openpyxl.load_workbook(files["XLSX"])
    assert sheets.sheetnames == ["数据", "口径说明"]
    assert "版本" in [row[0].value for row in sheets["口径说明"].iter_rows()]
    rows = list(csv.DictReader(io.StringIO(files["CSV"].read_text(encoding="utf-8-sig"))))
    assert len(rows) == 12
    assert {row["数据性质"] for row in rows} == {DEMO_MARK}
    dark.clean()


@pytest.mark.usefixtures("warehouse")
def test_without_chromium_the_page_says_so_and_the_browser_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nonexistent/chromium")
    app = open_page("map", dataset="demo")
    app.session_state["export_map"] = True
    app.run()
    assert not app.exception
    assert snapshot.INSTALL_BROWSER in app.info[0].value
    labels = [button.label for button in app.get("download_button")]
    assert labels == ["XLSX", "CSV"]


@pytest.mark.usefixtures("warehouse")
def test_the_browser_draws_the_complete_picture() -> None:
    def page() -> None:
        from dashboard import exporting, frame, mapping, queries, selection

        with selection.reading({"dataset": "demo"}):
            reader = frame.reader_at(queries.current_release())
            chart = mapping.chart(mapping.question(reader))
        exporting.in_browser(chart, exporting.View(reader.release, reader.choices, reader.selection))

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    (plot,) = app.get("plotly_chart")
    notes = [note["text"] for note in json.loads(plot.proto.spec)["layout"]["annotations"]]
    assert DEMO_MARK in notes
    assert any("制图" in note for note in notes)
    config = json.loads(plot.proto.config)
    assert config["modeBarButtons"] == [["toImage"]]
    assert config["locales"]["zh-CN"]["dictionary"] == exporting.PLOTLY_WORDS
