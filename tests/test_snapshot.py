"""Pictures as files, drawn by a real Chromium; and what happens when there is none, it hangs or it dies."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pypdf
import pytest
from PIL import Image, ImageChops

from dashboard import exporting, frame, mapping, queries, renderer, selection, snapshot
from dashboard.charts import Chart
from dashboard.theme import DEMO_MARK

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _data(warehouse: object) -> None:
    """The release of the tests."""


def drawn(dark: bool = False, **parameters: str) -> tuple[Chart, frame.Reader]:
    """A map as its page draws it, without a session."""
    with selection.reading(parameters):
        reader = frame.reader_at(queries.current_release())
        asked = mapping.question(reader)
    return mapping.chart(asked), reader


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGBA")


def ends(group: int) -> bool:
    """Whether the last process of a group ends in time; in a container without an init the dead stay listed."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = subprocess.run(["ps", "-e", "-o", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in found.splitlines()]
        if all(int(of) != group or state.startswith("Z") for of, state in rows):
            return True
        time.sleep(0.1)
    return False


def test_a_png_has_the_pixels_asked_for_and_is_white_or_clear_behind() -> None:
    chart, _ = drawn(dataset="demo")
    layout = snapshot.picture(chart).layout
    picture = opened(snapshot.image(chart, "png", scale=2))
    assert picture.size == (round(layout.width * 2), pytest.approx(layout.height * 2, abs=2))
    assert picture.getpixel((3, 3)) == (255, 255, 255, 255)
    assert opened(snapshot.image(chart, "png", scale=1, transparent=True)).getpixel((3, 3))[3] == 0


def test_chinese_letters_are_drawn_not_boxes() -> None:
    letters = ("法", "治", snapshot.NOWHERE)
    law, other, missing = (opened(snapshot._letter(letter)).convert("RGB") for letter in letters)
    assert ImageChops.difference(law, missing).getbbox()
    assert ImageChops.difference(law, other).getbbox()
    assert law.convert("L").getextrema()[0] < 100  # something is drawn at all


def test_an_svg_holds_its_words_as_text_and_asks_no_other_machine() -> None:
    chart, _ = drawn(dataset="demo")
    svg = snapshot.image(chart, "svg").decode()
    lines = snapshot.picture(chart).layout.annotations
    title = next(note.text for note in lines if note.font.size == 20).replace("<b>", "").replace("</b>", "")
    assert all(f">{line}<" in svg for line in title.split("<br>"))
    assert DEMO_MARK in svg
    assert "Noto Sans CJK SC" in svg
    assert "http" not in svg.replace("http://www.w3.org/", "")


def test_a_pdf_is_one_page_of_searchable_text_with_title_and_source() -> None:
    chart, _ = drawn(dataset="published", indicator="court_appearance_rate")
    document = pypdf.PdfReader(io.BytesIO(snapshot.image(chart, "pdf")))
    text = document.pages[0].extract_text().replace("\n", "")
    assert len(document.pages) == 1
    assert document.metadata.title == chart.title
    assert chart.title in text
    assert next(line for line in chart.footnotes if line.startswith("来源")) in text


def test_a_broken_figure_is_told_in_chinese_and_harms_nothing() -> None:
    chart, _ = drawn(dataset="demo")
    snapshot.image(chart, "svg")
    starts = snapshot.RENDERER.starts
    with pytest.raises(renderer.RenderError):
        snapshot.RENDERER.render(snapshot.chromium(), {"data": [], "layout": {"width": 10}}, {"format": "nonsense"}, "")
    assert snapshot.image(chart, "svg")
    assert snapshot.RENDERER.starts == starts


def test_killed_chromium_is_replaced_and_the_next_picture_is_made() -> None:
    chart, _ = drawn(dataset="demo")
    snapshot.image(chart, "svg")
    os.killpg(snapshot.RENDERER.browser.process.pid, signal.SIGKILL)
    assert snapshot.image(chart, "svg")


def test_hanging_chromium_ends_in_time_with_words_and_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    chart, _ = drawn(dataset="demo")
    snapshot.image(chart, "svg")
    process = snapshot.RENDERER.browser.process
    os.killpg(process.pid, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(renderer, "RENDER_SECONDS", 1)
        began = time.monotonic()
        with pytest.raises(snapshot.SnapshotError, match="超时"):
            snapshot.image(chart, "svg")
    assert time.monotonic() - began < 20
    assert ends(process.pid)
    assert snapshot.image(chart, "svg")


def test_a_worn_browser_is_replaced_and_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    chart, _ = drawn(dataset="demo")
    snapshot.image(chart, "svg")
    worn = snapshot.RENDERER.browser
    monkeypatch.setattr(renderer, "RENDERS", worn.renders)
    assert snapshot.image(chart, "svg")
    assert ends(worn.process.pid)
    assert snapshot.RENDERER.browser is not worn


def test_nobody_waits_without_end_for_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    chart, _ = drawn(dataset="demo")
    monkeypatch.setattr(renderer, "QUEUE_SECONDS", 0.1)
    monkeypatch.setattr(snapshot, "RENDERER", renderer.Renderer())
    assert all(snapshot.RENDERER._slots.acquire(blocking=False) for _ in range(renderer.AT_ONCE))
    with pytest.raises(snapshot.SnapshotError, match="太多"):
        snapshot.image(chart, "svg")


def test_without_chromium_the_reader_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    chart, _ = drawn(dataset="demo")
    monkeypatch.setenv("CHROMIUM", "/nonexistent/chromium")
    assert snapshot.INSTALL_BROWSER in snapshot.problem()
    with pytest.raises(snapshot.SnapshotError, match="Chromium"):
        snapshot.image(chart, "png")


def test_without_a_chinese_font_no_boxes_are_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fc-list").write_text("#!/bin/sh\n")
    (tmp_path / "fc-list").chmod(0o755)
    monkeypatch.setenv("CHROMIUM", snapshot.chromium())
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    snapshot.has_chinese_font.cache_clear()
    try:
        assert snapshot.INSTALL_FONT in snapshot.problem()
    finally:
        snapshot.has_chinese_font.cache_clear()


def test_a_chromium_that_does_not_start_is_not_waited_for_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chart, _ = drawn(dataset="demo")
    (tmp_path / "chromium").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "chromium"))
    monkeypatch.setattr(snapshot, "RENDERER", renderer.Renderer())
    monkeypatch.setattr(renderer, "START_SECONDS", 0.5)
    with pytest.raises(snapshot.SnapshotError, match="超时"):
        snapshot.image(chart, "svg")
    assert "doctor" in snapshot.problem()
    began = time.monotonic()
    with pytest.raises(snapshot.SnapshotError, match="启动失败"):
        snapshot.image(chart, "svg")
    assert time.monotonic() - began < 0.5


def test_the_doctor_finds_this_machine_well_and_leaves_no_chromium_behind() -> None:
    code = (
        "from dashboard import snapshot; code = snapshot.doctor();"
        "print('pid', snapshot.RENDERER.browser.process.pid); raise SystemExit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "可以生成图片" in done.stdout
    assert ends(int(done.stdout.split("pid ")[1]))


def test_chromium_ends_before_python_removes_its_files() -> None:
    code = """
import pathlib, tempfile
from dashboard import renderer

class Browser:
    renders, busy, broken = 0, 0, False
    def __init__(self, path):
        self.folder = tempfile.TemporaryDirectory()
    def render(self, *asked):
        return b""
    def close(self):
        print("its files are there:", pathlib.Path(self.folder.name).exists())

renderer.Browser = Browser
renderer.Renderer().render("", None, {}, "")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == "its files are there: True\n", done.stderr


# ---- what the page offers ----


def view_of(reader: frame.Reader) -> exporting.View:
    return exporting.View(reader.release, reader.choices, reader.selection)


def test_the_explanation_says_what_is_shown_and_how_it_is_defined() -> None:
    chart, reader = drawn(dataset="demo")
    rows = dict(exporting.explanation(chart, view_of(reader)))
    assert rows["版本"] == reader.release.id
    assert "2025年" in rows["筛选"]
    name = reader.indicator["name"]
    assert rows[f"定义：{name}"].startswith(reader.indicator["definition"][:10])
    assert rows[f"分母：{name}"] == "应出庭应诉案件数"
    assert set(exporting.marked(chart, exporting.units(view_of(reader)))["数据性质"]) == {DEMO_MARK}


def test_the_file_is_named_after_what_the_chart_shows() -> None:
    chart, reader = drawn(dataset="demo")
    name = exporting.name_of(chart, reader.release, "png")
    assert name == f"行政机关负责人出庭应诉率_2025年_12个盟市_地图_{DEMO_MARK}_{reader.release.id}.png"
