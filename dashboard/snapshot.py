"""Pictures of charts that can leave the screen: PNG, SVG, PDF, complete with their words, in light colours.

`python -m dashboard.snapshot --doctor` tells whether this machine can make them.
"""

import argparse
import functools
import logging
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import plotly.graph_objects as go

from dashboard import pdf
from dashboard.charts import Chart
from dashboard.charts import picture as pictures
from dashboard.clock import today
from dashboard.renderer import BusyError, Renderer, RenderError, TimedOutError
from dashboard.theme import DEMO_MARK, template

STATIC = Path(__file__).with_name("static")
BOUNDARIES = STATIC / "boundaries"
TOPOJSON = STATIC / "topojson"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
INSTALL_BROWSER = "apt-get install chromium"
DOCTOR = "python -m dashboard.snapshot --doctor"
INSTALL_FONT = "apt-get install fonts-noto-cjk"
NOWHERE = "\u0378"  # no letter, in any font
Kind = Literal["png", "svg", "pdf"]
RENDERER = Renderer()
log = logging.getLogger(__name__)


class SnapshotError(RuntimeError):
    """No picture was made; the message is Chinese, for the reader."""


def image(chart: Chart, kind: Kind, *, scale: float = 2, transparent: bool = False, words: bool = True) -> bytes:
    """A picture as a file: PNG of `scale` times its pixels, SVG whose text is text, or PDF of one page.

    `words`: with title, subtitle and footnotes. Raises SnapshotError, in Chinese, after at most two or three minutes
    when everything hangs; ValueError for a chart in dark colours.
    """
    told = problem()
    if told:
        raise SnapshotError(told)
    figure = picture(chart, words=words)
    if transparent:
        figure = pictures.transparent(figure)
    options = {"format": kind, "width": figure.layout.width, "height": figure.layout.height, "scale": scale}
    try:
        made = RENDERER.render(chromium(), figure, options, TOPOJSON.resolve().as_uri() + "/")
    except RenderError as error:
        log.exception("no picture of %s", chart.name)
        raise SnapshotError(_words(error)) from error
    return pdf.finished(made, chart.title) if kind == "pdf" else made


def picture(chart: Chart, *, words: bool = True) -> go.Figure:
    """The same picture as a figure (see `charts.picture.complete`), its shapes in it. Raises ValueError."""
    from dashboard.operator import operator  # with it comes Streamlit, which the doctor does without

    return pictures.complete(chart, BOUNDARIES, operator()["map_approval"], today(), words=words)


def problem() -> str | None:
    """Why this machine makes no pictures, in Chinese with what to install; None when it can."""
    if not chromium():
        return f"服务器上没有找到Chromium浏览器，不能生成图片。请系统管理员安装：{INSTALL_BROWSER}"
    if not has_chinese_font():
        return f"服务器上没有中文字体，图片中的汉字会变成方框，因此不生成图片。请系统管理员安装：{INSTALL_FONT}"
    if RENDERER.unstartable:
        return f"服务器上的Chromium浏览器启动失败，暂时不能生成图片。请系统管理员运行：{DOCTOR}"
    return None


def chromium() -> str:
    """Where Chromium is: what CHROMIUM names, else the first on the path; empty when there is none."""
    named = os.environ.get("CHROMIUM")
    return next((found for name in ([named] if named else BROWSERS) if (found := shutil.which(name))), "")


@functools.cache
def has_chinese_font() -> bool:
    """Whether a font for simplified Chinese is installed; where no program tells, it is taken for granted."""
    program = shutil.which("fc-list")
    if program is None:
        return True
    listed = subprocess.run([program, ":lang=zh-cn", "family"], capture_output=True, timeout=20)  # noqa: S603
    return bool(listed.stdout.strip())


def file_name(*parts: str, simulated: bool, ending: str) -> str:
    """A file's name that tells what is in it: 出庭应诉率_2023_盟市_20251231-a1b2c3.png.

    Empty parts are left out; on simulated data one says so. The / of a period is written 至, for no system allows it.
    """
    shown = [part.replace("/", "至") for part in [*parts[:-1], DEMO_MARK if simulated else "", parts[-1]] if part]
    return re.sub(r'[\\:*?"<>|\s\x00-\x1f]+', "-", "_".join(shown)) + f".{ending}"


def _words(error: RenderError) -> str:
    if isinstance(error, BusyError):
        return "正在生成的图片太多，请过一会儿再试。"
    if isinstance(error, TimedOutError):
        return "生成图片超时，绘图程序已重新启动，请再试一次。"
    return "图片没有生成，绘图程序已重新启动，请再试一次；仍不行时，请告诉系统管理员。"


# ---- python -m dashboard.snapshot --doctor ----


def doctor() -> int:
    """Tells in plain words whether this machine makes pictures, and how fast; 0 when it does, else 1."""
    found = chromium()
    if not found:
        print(f"✗ {problem()}")
        return 1
    version = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60).stdout  # noqa: S603
    print(f"✓ 浏览器：{found}（{version.strip() or '版本未知'}）")
    print("✓ 中文字体：已安装" if has_chinese_font() else f"✗ 没有中文字体，请安装：{INSTALL_FONT}")
    try:
        began = time.monotonic()
        known, missing = _letter("法"), _letter(NOWHERE)
        print(f"✓ 启动并画出第一张图：{time.monotonic() - began:.1f}秒")
        times = []
        for _ in range(3):
            began = time.monotonic()
            _letter("法")
            times.append(time.monotonic() - began)
    except RenderError as error:
        print(f"✗ 浏览器画不出图：{error}")
        return 1
    print(f"✓ 以后每张图：{statistics.median(times):.2f}秒")
    if known == missing:
        print(f"✗ 汉字画成了方框：浏览器用不上中文字体。请安装：{INSTALL_FONT}")
        return 1
    print("✓ 汉字能画出来（“法”字与方框不同）\n这台机器可以生成图片。")
    return 0


def _letter(letter: str) -> bytes:
    """A PNG of one letter. Raises RenderError."""
    figure = go.Figure(layout={"width": 60, "height": 60, "template": template(dark=False)})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=letter, showarrow=False, font={"size": 30})
    return RENDERER.render(chromium(), figure, {"format": "png"}, "")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Checks whether this machine can make pictures of charts.")
    parser.add_argument("--doctor", action="store_true", required=True, help="check browser, font and speed")
    parser.parse_args()
    return doctor()


if __name__ == "__main__":
    sys.exit(main())
