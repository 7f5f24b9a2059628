"""The pictures of a document: made where this machine can make them, their absence said in words where it cannot."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from dashboard import snapshot
from dashboard.charts import Chart

AT_ONCE = 2  # as many as the renderer takes
SCALE = 3  # pixels of a picture for one of the screen: 300 to an inch on paper
OMITTED = "（图略，数据见附录）"
# Pixels across the text of a page, and of a chart that has no height of its own: letters of 13 are 8 points high.
PAPER_WIDTH, PAPER_HEIGHT = 700, 360
MAP = "地图"
NARROWED = ("排名", "趋势")  # charts that are as good in this width
MAP_WIDTH, MAP_LETTERS = 640, 15  # pixels: no wider than the region is
LABELS_AT_MOST = 16  # of a map of leagues; one of banners has labels that fit each other


@dataclass(frozen=True)
class Image:
    """A picture, or empty `data` and the reason in Chinese why there is none."""

    data: bytes
    problem: str = ""


def for_paper(chart: Chart) -> Chart:
    """The chart with letters that can be read on paper. The areas of a map of leagues bear their names alone: larger
    values would lie on each other, and a document has them in a table.
    """
    figure = chart.own_figure()
    if chart.name in NARROWED and not figure.layout.width:
        figure.update_layout(width=PAPER_WIDTH, height=figure.layout.height or PAPER_HEIGHT)
    labels = [trace for trace in figure.data if trace.type == "scattergeo" and trace.mode == "text"]
    if chart.name == MAP and sum(len(trace.text) for trace in labels) <= LABELS_AT_MOST:
        for trace in labels:
            trace.text = [text.partition("<br>")[0] for text in trace.text]
            trace.textfont.size = MAP_LETTERS
        figure.update_layout(width=MAP_WIDTH)
        figure.update_coloraxes(colorbar={"tickfont": {"size": MAP_LETTERS}, "len": 250, "thickness": 14})
    return replace(chart, figure=figure)


def draw(charts: Sequence[Chart], kind: Literal["png", "svg"], words: bool = False) -> list[Image]:
    """The charts as images, in their order. `words`: with title and footnotes, which a document prints itself."""
    if problem := snapshot.problem():
        return [Image(b"", problem)] * len(charts)

    def make(chart: Chart) -> Image:
        try:
            return Image(snapshot.image(chart, kind, scale=SCALE, words=words))
        except snapshot.SnapshotError as error:
            return Image(b"", str(error))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(make, charts))


def problems(images: Sequence[Image]) -> list[str]:
    """What a document without some of its pictures says of it, once for each reason."""
    reasons = list(dict.fromkeys(image.problem for image in images if image.problem))
    return [f"部分或全部图未能生成：{reason.rstrip('。')}。" for reason in reasons]
