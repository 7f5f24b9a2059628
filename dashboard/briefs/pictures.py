"""The pictures of a document: made where this machine can make them, their absence said in words where it cannot."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from dashboard import snapshot
from dashboard.charts import Chart

AT_ONCE = 2  # as many as the renderer takes
SCALE = 3  # pixels of a picture for one of the screen: 300 to an inch on paper
OMITTED = "（图略，数据见附录）"


@dataclass(frozen=True)
class Image:
    """A picture, or empty `data` and the reason in Chinese why there is none."""

    data: bytes
    problem: str = ""


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
