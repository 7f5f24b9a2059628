"""The charts of a brief as image files in one ZIP, with a README that says what each shows."""

import io
import zipfile

from dashboard import snapshot
from dashboard.briefs.compose import beneath, heading, statement, technical
from dashboard.briefs.model import Brief
from dashboard.briefs.pictures import draw, problems
from dashboard.theme import DEMO_MARK, format_day

README = "说明.txt"


def to_zip(brief: Brief) -> bytes:
    """PNG and SVG of every chart, each complete with title and source, and a text that explains them."""
    charts = [item.chart for item in brief.items]
    drawn = {kind: draw(charts, kind, words=True) for kind in ("png", "svg")}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = [brief.title, f"{brief.office}　{format_day(brief.made_on)}　数据版本{brief.release_id}"]
        lines += [f"含{DEMO_MARK}，不得作为工作依据。"] if brief.simulated else []
        lines += problems([*drawn["png"], *drawn["svg"]])
        for number, item in enumerate(brief.items, start=1):
            names = []
            for kind, images in drawn.items():
                if data := images[number - 1].data:
                    parts = (f"{number:02}", heading(item), brief.release_id)
                    names.append(snapshot.file_name(*parts, simulated=item.chart.simulated, ending=kind))
                    archive.writestr(names[-1], data)
            lines += ["", f"{number}. {heading(item)}", *(f"文件：{name}" for name in names), statement(item.chart)]
            lines += [line for line in (item.note, *beneath(item.chart), *technical(item)) if line]
        archive.writestr(README, "\n".join(lines).encode("utf-8-sig"))
    return out.getvalue()
