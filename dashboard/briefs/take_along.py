"""A brief as one HTML page to take along (带走本页): it opens without a network, its charts answer the mouse.

plotly.js and the shapes of the maps are inside, and an empty world map, so that nothing is ever fetched.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from dashboard.briefs.compose import document_of
from dashboard.briefs.markup import Markup, text
from dashboard.briefs.model import Brief, Picture
from dashboard.charts import Chart
from dashboard.theme import FONTS

STATIC = Path(__file__).resolve().parent.parent / "static"
HEIGHT = 580  # pixels, of a chart that has none of its own
CONFIG = {
    "displayModeBar": False,
    "showSendToCloud": False,
    "displaylogo": False,
    "responsive": True,
    "scrollZoom": False,
}
STYLE = f"""
body {{ font: 16px/1.7 {FONTS}; color: #1d2733; margin: 0 auto; max-width: 1080px; padding: 24px 16px 48px; }}
h1 {{ font-size: 26px; text-align: center; }}
h2 {{ font-size: 20px; margin: 32px 0 8px; }}
figure {{ margin: 8px 0 24px; position: relative; }}
figcaption, caption {{ font-weight: 600; text-align: center; margin: 4px 0; }}
.chart {{ width: 100%; }}
.source p, .remarks p {{ font-size: 14px; color: #566371; margin: 2px 0; }}
.table {{ overflow-x: auto; margin: 16px 0; }}
table {{ border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }}
th, td {{ border: 1px solid #d9dfe5; padding: 4px 8px; text-align: center; }}
td.words {{ text-align: left; }}
.notice {{ color: #96400a; text-align: center; }}
.remarks {{ border-top: 1px solid #d9dfe5; margin-top: 24px; padding-top: 8px; }}
.signature {{ text-align: right; }}
.mark {{ position: sticky; top: 0; background: #fff4e8; color: #96400a; text-align: center; padding: 4px; z-index: 9; }}
@media print {{ figure, tr {{ break-inside: avoid; }} }}
"""
DRAW = """
for (const node of document.querySelectorAll(".chart")) {
  const figure = JSON.parse(document.getElementById(node.dataset.figure).textContent);
  Plotly.newPlot(node, figure.data, figure.layout, %s);
}
"""


def to_html(brief: Brief) -> bytes:
    """The brief as one HTML file in UTF-8."""
    document = document_of(brief)
    figures: list[str] = []
    assets: dict[str, Any] = {"topojson": {"world_110m": _read("topojson/world_110m.json")}}

    def picture(block: Picture) -> str:
        figure = block.chart.figure.to_plotly_json()
        assets.update(_shapes(block.chart))
        name = f"figure{len(figures) + 1}"
        height = figure["layout"].get("height") or HEIGHT
        figures.append(f'<script type="application/json" id="{name}">{_script(block.chart.figure.to_json())}</script>')
        return (
            f'<div class="chart" role="img" aria-label="{text(block.chart.reading)}" data-figure="{name}"'
            f' style="height:{height}px"></div>'
        )

    body = Markup(picture).body(document, [])
    mark = f'<div class="mark">{text(document.mark)}</div>' if document.mark else ""
    return f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(" ".join(part for part in (document.mark, document.name) if part))}</title><style>{STYLE}</style>
<link rel="icon" href="data:,">
<script>window.PlotlyGeoAssets = {_script(json.dumps(assets, ensure_ascii=False))};</script>
<script>{get_plotlyjs()}</script></head>
<body>{mark}{body}
{"".join(figures)}
<script>{DRAW % json.dumps(CONFIG)}</script></body></html>
""".encode()


def _shapes(chart: Chart) -> dict[str, object]:
    """The shapes that the maps of a chart name by address, each under that address, where plotly looks first."""
    addresses = {trace.geojson for trace in chart.figure.data if isinstance(getattr(trace, "geojson", None), str)}
    return {address: _read(re.sub(r"^app/static/|\?.*$", "", address)) for address in addresses}


@cache
def _read(name: str) -> object:
    return json.loads((STATIC / name).read_text(encoding="utf-8"))


def _script(code: str) -> str:
    """JSON that may stand within a script element."""
    return code.replace("<", "\\u003c")
