"""A document as PDF: paged A4, real text, bookmarks from its headings; the layout is that of `word`."""

import base64

from weasyprint import HTML

from dashboard.briefs.markup import Markup, text
from dashboard.briefs.model import Document, Picture
from dashboard.briefs.pictures import OMITTED, draw, for_paper, problems

# Chinese faces of official papers first, then what a server has.
TITLE = "'方正小标宋简体', 'FZXiaoBiaoSong-B05S', '宋体', SimSun, 'Noto Serif CJK SC', serif"
HEAD = "'黑体', SimHei, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
SUBHEAD = "'楷体_GB2312', '楷体', KaiTi, 'Noto Serif CJK SC', serif"
BODY = "'仿宋_GB2312', '仿宋', FangSong, 'Noto Serif CJK SC', serif"
STYLE = f"""
@page {{
  size: A4; margin: 37mm 26mm 35mm 28mm;
  @top-center {{ content: "MARK"; font: 10.5pt {HEAD}; color: #b3341f; }}
}}
@page :right {{ @bottom-right {{ content: "— " counter(page) " —"; font: 14pt {TITLE}; padding-right: 14pt; }} }}
@page :left {{ @bottom-left {{ content: "— " counter(page) " —"; font: 14pt {TITLE}; padding-left: 14pt; }} }}
@page wide {{ size: A4 landscape; margin: 28mm 35mm 26mm 37mm; }}
body {{ font: 16pt/28pt {BODY}; margin: 0; text-align: justify; }}
p {{ margin: 0; text-indent: 2em; orphans: 2; widows: 2; }}
p.lead {{ text-indent: 0; }}
p.keep {{ break-after: avoid; }}
h1 {{ font: 22pt/34pt {TITLE}; text-align: center; margin: 0 0 24pt; bookmark-level: 1; }}
h2 {{ font: 16pt/28pt {HEAD}; margin: 0; text-indent: 2em; break-after: avoid; bookmark-level: 2; }}
h3 {{ font: 16pt/28pt {SUBHEAD}; margin: 0; text-indent: 2em; break-after: avoid; bookmark-level: 3; }}
.page {{ break-before: page; }}
figure {{ margin: 6pt 0 10pt; break-inside: avoid; text-align: center; }}
figure img {{ max-width: 156mm; }}
figcaption, caption {{ font: 12pt/18pt {HEAD}; text-align: center; margin: 4pt 0 3pt; }}
.table {{ margin: 6pt 0 10pt; }}
.short {{ break-inside: avoid; }}
table {{ width: 100%; border-collapse: collapse; font-size: 10.5pt; line-height: 15pt; table-layout: fixed; }}
caption {{ caption-side: top; break-after: avoid; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
th, td {{ border: 0.5pt solid #000; padding: 0.5pt 1mm; text-align: center; overflow-wrap: anywhere; }}
th {{ font-family: {HEAD}; font-weight: normal; }}
.small table {{ font-size: 9pt; line-height: 13pt; }}
td.words {{ text-align: left; }}
.emphasis td {{ font-family: {HEAD}; }}
.remarks p {{ font-size: 9pt; line-height: 13pt; text-indent: 0; }}
.source p, .remarks .head {{ font-size: 10.5pt; line-height: 15pt; text-indent: 0; text-align: left; }}
.source {{ break-before: avoid; margin-top: 2pt; }}
.notice {{ font: 14pt/24pt {SUBHEAD}; text-align: center; text-indent: 0; }}
.notice + :not(.notice) {{ margin-top: 14pt; }}
h1:has(+ .notice) {{ margin-bottom: 8pt; }}
.remarks {{ margin-top: 14pt; border-top: 0.5pt solid #000; padding-top: 4pt; }}
.remarks .head {{ font-family: {HEAD}; break-after: avoid; }}
.signature {{ margin: 10pt 32pt 0 0; break-inside: avoid; break-before: avoid; }}
.signature p {{ text-align: right; }}
.appendix {{ break-before: page; }}
.wide {{ page: wide; }}
"""


def to_pdf(document: Document) -> bytes:
    """The document as a PDF file."""
    images = draw([for_paper(block.chart) for block in document.blocks if isinstance(block, Picture)], "png")
    rest = iter(images)

    def picture(block: Picture) -> str:
        image = next(rest)
        if not image.data:
            return f"<p>{OMITTED}</p>"
        source = base64.b64encode(image.data).decode()
        return (
            f'<img src="data:image/png;base64,{source}" alt="{text(block.chart.reading)}"'
            f' style="max-height:{block.tallest}mm">'
        )

    page = f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{text(document.name)}</title>
<meta name="author" content="{text(document.office)}"><meta name="keywords" content="{text(document.mark)}">
<style>{STYLE.replace("MARK", document.mark)}</style></head>
<body>{Markup(picture).body(document, problems(images))}</body></html>"""
    return HTML(string=page).write_pdf(pdf_tags=True)
