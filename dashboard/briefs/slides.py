"""A brief as slides: bars and lines as charts that PowerPoint and WPS can edit, everything else as a picture."""

import io
import math
import re
from dataclasses import dataclass, field
from typing import Any, cast

from pptx import Presentation
from pptx.chart.axis import ValueAxis
from pptx.chart.data import ChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE
from pptx.enum.lang import MSO_LANGUAGE_ID
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.presentation import Presentation as Deck
from pptx.shapes.autoshape import Shape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.picture import Picture as SlidePicture
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Emu, Inches, Pt

from dashboard.briefs.compose import NOT_ZERO, beneath, blank, heading, statement, technical
from dashboard.briefs.model import Brief, Item
from dashboard.briefs.pictures import Image, draw, problems
from dashboard.charts import Chart
from dashboard.theme import DEMO_MARK, LIGHT, format_day

CHINESE, LATIN = "微软雅黑", "Arial"
WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
SIDE, TOP, BOTTOM = Inches(0.6), Inches(1.6), Inches(6.2)  # of what a slide shows, below its title
TITLE_ONLY, COVER = 5, 0  # layouts of the template
LINE_LETTERS = 70  # of 12 points across a slide
LINE_COLOURS = ("#b98a3e", "#5b8c5a", "#7a5c99", "#3f8f9b")


@dataclass(frozen=True)
class Native:
    """What an editable chart is made of: its kind, categories, and series by name (None: no value).

    `aims`: names of the series that are targets; `ink`: the colour of the first series.
    """

    kind: XL_CHART_TYPE
    categories: list[str]
    series: dict[str, list[float | None]]
    unit: str
    aims: list[str] = field(default_factory=list)
    ink: str = LIGHT.primary


def to_pptx(brief: Brief) -> bytes:
    """The brief as a PPTX file: a cover, a slide a chart, what holds for all on the last."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    _set_theme(deck)
    natives = [native(item.chart) for item in brief.items]
    pictures = [
        item.chart for item, own in zip(brief.items, natives, strict=True) if own is None and not blank(item.chart)
    ]
    drawn = draw(pictures, "png")
    images = iter(drawn)
    _cover(deck, brief)
    for item, own in zip(brief.items, natives, strict=True):
        slide = _slide(deck, brief, heading(item))
        _words(slide, item, own)
        if own:
            _native(slide, item, own)
        elif not blank(item.chart):
            _picture(slide, item, next(images))
    slide = _slide(deck, brief, "数据说明")
    mark = [f"带“{DEMO_MARK}”标识的数据由程序生成，仅供演示，不得作为工作依据。"] if brief.simulated else []
    lines = [*problems(drawn), *mark, NOT_ZERO, f"数据版本{brief.release_id}；制作单位：{brief.office}。"]
    _text(slide, "\n".join(lines), SIDE, TOP, WIDTH - 2 * SIDE, BOTTOM - TOP, size=18)
    properties = deck.core_properties
    properties.title, properties.author = brief.title, brief.office
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


# ---- charts that can be edited ----


def native(chart: Chart) -> Native | None:
    """The chart as bars or lines, where these can show what it shows, intervals aside; None: only a picture can."""
    seen = [trace for trace in chart.figure.data if trace.hoverinfo != "skip" and getattr(trace, "opacity", 1) != 0]
    if len(seen) == 1 and seen[0].type == "bar" and seen[0].orientation == "h":
        return _bars(chart, seen[0])
    aims = [trace for trace in seen if trace.type == "scatter" and trace.marker.symbol == "star"]
    lines = [trace for trace in seen if trace not in aims]
    panels = len(list(chart.figure.select_xaxes())) > 1
    if lines and not panels and all(trace.type == "scatter" and "lines" in (trace.mode or "") for trace in lines):
        return _lines(chart, lines, aims)
    return None


def _bars(chart: Chart, bars: Any) -> Native | None:
    """Bars one below the other, the first on top; the words of the axis without their markup."""
    axis = chart.figure.layout.yaxis
    if axis.tickvals is None:
        return None
    # PowerPoint draws the first category lowest.
    names = {float(at): _plain(words) for at, words in zip(axis.tickvals, axis.ticktext, strict=True)}
    rows = list(zip([names[float(at)] for at in bars.y], [float(value) for value in bars.x], strict=True))[::-1]
    series: dict[str, list[float | None]] = {_subject(chart): [value for _, value in rows]}
    colours = bars.marker.color
    inks = [colours] if isinstance(colours, str) else [c for c in colours or () if c != LIGHT.highlight]
    return Native(
        XL_CHART_TYPE.BAR_CLUSTERED,
        [name for name, _ in rows],
        series,
        _unit(chart),
        ink=next(iter(inks), LIGHT.primary),
    )


def _lines(chart: Chart, lines: list[Any], aims: list[Any]) -> Native | None:
    """Lines through the same periods, targets as lines across; place and period stand in the words at the mouse
    (包头市　2024年).
    """
    days: dict[str, str] = {}
    series: dict[str, dict[str, float]] = {}
    for trace in sorted(lines, key=lambda trace: -(trace.line.width or 0)):  # the chosen place is drawn thickest
        if trace.customdata is None:
            return None
        for x, y, words in zip(trace.x, trace.y, trace.customdata, strict=True):
            place, _, period = str(words).partition("<br>")[0].partition("　")
            if period and y is not None and not math.isnan(y):
                days[period] = str(x)
                series.setdefault(place, {})[period] = float(y)
    ink = max(lines, key=lambda trace: trace.line.width or 0).line.color or LIGHT.primary
    periods = sorted(days, key=days.__getitem__)
    if len(periods) < 2:
        return None
    values = {place: [points.get(period) for period in periods] for place, points in series.items()}
    targets = {_plain(trace.hovertemplate.partition("<extra>")[0]): float(trace.y[0]) for trace in aims}
    values |= {name: [value] * len(periods) for name, value in targets.items()}
    return Native(XL_CHART_TYPE.LINE_MARKERS, periods, values, _unit(chart), list(targets), ink)


def _plain(words: str) -> str:
    """Words without their markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", words)).strip()


def _subject(chart: Chart) -> str:
    return chart.subtitle.split(" · ")[0]


def _unit(chart: Chart) -> str:
    found = re.search(r"单位：([^·]*)", chart.subtitle)
    return found[1].strip() if found else ""


def _native(slide: Slide, item: Item, made: Native) -> None:
    """An editable chart with its numbers in a sheet of its own."""
    data = ChartData()
    data.categories = made.categories
    for name, values in made.series.items():
        data.add_series(name, values)
    size = Emu(WIDTH - 2 * SIDE), Emu(BOTTOM - TOP)
    slide.shapes.add_chart(made.kind, SIDE, TOP, *size, data)
    frame = cast(GraphicFrame, slide.shapes[-1])  # the annotation of add_chart names another class
    _describe(frame, item)
    chart = frame.chart
    chart.font.size, chart.font.name = Pt(14), LATIN
    chart.has_title = False
    chart.has_legend = len(made.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    whole = all(value is None or value == round(value) for values in made.series.values() for value in values)
    values_axis, bars = chart.value_axis, made.kind == XL_CHART_TYPE.BAR_CLUSTERED
    values_axis.tick_labels.number_format = "0" if whole else "0.##"
    values_axis.tick_labels.number_format_is_linked = False
    values_axis.has_title = bool(made.unit)
    if made.unit:
        values_axis.axis_title.text_frame.text = f"单位：{made.unit}"
    values_axis.major_gridlines.format.line.color.rgb = _colour(LIGHT.line)
    plot = chart.plots[0]
    if bars:
        values_axis.minimum_scale = 0
        plot.gap_width = 50
        plot.series[0].format.fill.solid()
        plot.series[0].format.fill.fore_color.rgb = _colour(made.ink)
    else:
        _scale(values_axis, made)
        for series, colour in zip(plot.series, [made.ink, *LINE_COLOURS], strict=False):
            series.smooth = False
            aim = series.name in made.aims
            series.format.line.color.rgb = _colour(LIGHT.highlight if aim else colour)
            series.format.line.width = Pt(1.5 if aim else 2.5)
            if aim:
                series.format.line.dash_style = MSO_LINE.DASH
                series.marker.style = XL_MARKER_STYLE.NONE
            else:
                series.marker.format.fill.solid()
                series.marker.format.fill.fore_color.rgb = _colour(colour)
    if bars or len(made.series) - len(made.aims) == 1:  # a target says its value in its name
        labels = plot.series[0].data_labels
        labels.show_value = True
        labels.number_format = values_axis.tick_labels.number_format
        labels.number_format_is_linked = False
        labels.font.size = Pt(12)
        if not bars:
            labels.position = XL_LABEL_POSITION.BELOW if made.aims else XL_LABEL_POSITION.ABOVE
    _east_asian(chart._chartSpace)


def _scale(axis: ValueAxis, made: Native) -> None:
    """Lines of rates that all lie high begin where the screen lets them begin, as its axis says."""
    known = [value for values in made.series.values() for value in values if value is not None]
    low, high = min(known), max(known)
    axis.minimum_scale = 0 if low <= (high - low) / 2 or made.unit != "%" else math.floor(low)
    if made.unit == "%" and high <= 100 < high * 1.2:
        axis.maximum_scale = 100


# ---- slides ----


def _cover(deck: Deck, brief: Brief) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[COVER])
    title, below = slide.shapes.title, slide.placeholders[1]
    _place(title, SIDE, Inches(2.2), WIDTH - 2 * SIDE, Inches(1.6))
    _write(title.text_frame, brief.title, size=40, bold=True, align=PP_ALIGN.CENTER)
    _place(below, SIDE, Inches(4.2), WIDTH - 2 * SIDE, Inches(1.2))
    _write(below.text_frame, f"{brief.office}\n{format_day(brief.made_on)}", size=22, align=PP_ALIGN.CENTER)
    _foot(slide, brief, 1)


def _slide(deck: Deck, brief: Brief, heading: str) -> Slide:
    """A slide with its title, the mark of simulated data, release and number."""
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    _place(slide.shapes.title, SIDE, Inches(0.3), WIDTH - 2 * SIDE, Inches(0.6))
    _write(slide.shapes.title.text_frame, heading, size=26, bold=True)
    _foot(slide, brief, len(deck.slides))
    return slide


def _foot(slide: Slide, brief: Brief, number: int) -> None:
    width = Inches(3)
    _text(slide, str(number), WIDTH - SIDE - width, Inches(7.0), width, Inches(0.35), size=12, align=PP_ALIGN.RIGHT)
    _text(slide, f"数据版本{brief.release_id}", SIDE, Inches(7.0), Inches(5), Inches(0.35), size=12)
    if brief.simulated:
        left = (WIDTH - width) // 2
        box = _text(slide, DEMO_MARK, left, Inches(7.0), width, Inches(0.35), size=12, align=PP_ALIGN.CENTER)
        box.text_frame.paragraphs[0].runs[0].font.color.rgb = _colour(LIGHT.below)


def _words(slide: Slide, item: Item, native: Native | None) -> None:
    """What the chart says above it, who is missing and the source below; all words in the notes."""
    said = statement(item.chart)
    _text(slide, said, SIDE, Inches(0.9), WIDTH - 2 * SIDE, Inches(0.7), size=16, colour=LIGHT.primary)
    plain = ["可编辑图不画95%区间。"] if native and any("95%区间" in line for line in item.chart.footnotes) else []
    told = [*beneath(item.chart), *plain]
    _text(
        slide,
        "\n".join(_short(line) for line in told),
        SIDE,
        BOTTOM,
        WIDTH - 2 * SIDE,
        Inches(0.8),
        size=12,
        colour=LIGHT.muted,
    )
    notes = slide.notes_slide.notes_placeholder
    if notes is not None:  # the template has one
        notes.text_frame.text = "\n".join(line for line in (said, item.note, *told, *technical(item)) if line)


def _short(line: str) -> str:
    """A line that fits the slide; what is left out stands in the notes."""
    return line if len(line) <= LINE_LETTERS else f"{line[:LINE_LETTERS]}……（详见备注）"


def _picture(slide: Slide, item: Item, image: Image) -> None:
    """A picture in the middle, as large as its room."""
    if not image.data:
        _text(slide, "（图略，数据见查询页面）", SIDE, TOP, WIDTH - 2 * SIDE, BOTTOM - TOP, size=18)
        return
    shape = slide.shapes.add_picture(io.BytesIO(image.data), SIDE, TOP)
    scale = min((WIDTH - 2 * SIDE) / shape.width, (BOTTOM - TOP) / shape.height)
    shape.width, shape.height = Emu(round(shape.width * scale)), Emu(round(shape.height * scale))
    shape.left = Emu((WIDTH - shape.width) // 2)
    _describe(shape, item)


def _describe(shape: GraphicFrame | SlidePicture, item: Item) -> None:
    """Words for who cannot see it."""
    properties = shape._element.xpath(".//p:cNvPr")[0]
    properties.set("title", heading(item))
    properties.set("descr", item.chart.reading)


def _place(shape: Any, left: int, top: int, width: int, height: int) -> None:
    shape.left, shape.top, shape.width, shape.height = Emu(left), Emu(top), Emu(width), Emu(height)


def _text(
    slide: Slide,
    words: str,
    left: int,
    top: int,
    width: int,
    height: int,
    *,
    size: float,
    align: PP_ALIGN = PP_ALIGN.LEFT,
    colour: str = LIGHT.text,
) -> Shape:
    box = slide.shapes.add_textbox(Emu(left), Emu(top), Emu(width), Emu(height))
    _write(box.text_frame, words, size=size, align=align, colour=colour)
    return box


def _write(
    frame: TextFrame,
    words: str,
    *,
    size: float,
    bold: bool = False,
    align: PP_ALIGN = PP_ALIGN.LEFT,
    colour: str = LIGHT.text,
) -> None:
    """Words in a frame, a paragraph a line, with a font for Chinese."""
    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
    frame.margin_left = frame.margin_right = Emu(0)
    for number, line in enumerate(words.split("\n")):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment = align
        run = paragraph.add_run()
        run.text = line
        run.font.size, run.font.bold, run.font.name = Pt(size), bold, LATIN
        run.font.color.rgb = _colour(colour)
        run.font.language_id = MSO_LANGUAGE_ID.SIMPLIFIED_CHINESE
    _east_asian(frame._txBody)


def _east_asian(element: Any) -> None:
    """Gives every Latin font a Chinese one beside it; without, PowerPoint takes what it finds."""
    for latin in element.iter(qn("a:latin")):
        if latin.getnext() is None or latin.getnext().tag != qn("a:ea"):
            beside = latin.makeelement(qn("a:ea"), {"typeface": CHINESE})
            latin.addnext(beside)


def _set_theme(deck: Deck) -> None:
    """The Chinese font of the theme, for what people write into the slides themselves."""
    part = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    part._blob = part.blob.replace(b'<a:ea typeface=""/>', f'<a:ea typeface="{CHINESE}"/>'.encode())


def _colour(code: str) -> RGBColor:
    return RGBColor.from_string(code.removeprefix("#").upper())
