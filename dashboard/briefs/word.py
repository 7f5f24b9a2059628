"""A document as DOCX, in the habits of GB/T 9704 (layout of official papers).

Source of measures: GB/T 9704-2012, sections 5 and 7: margins, 22 lines of 28 characters, 小标宋 for the title, 黑体
and 楷体 for headings, 仿宋 for the text, page numbers between dashes at the outer edge. Fonts that a machine has not
got are replaced by the second name, which the font table of the file gives.
"""

import io
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.image.image import Image as Measured
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.table import CT_Tbl
from docx.section import Section
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.styles.styles import Styles
from docx.text.paragraph import Paragraph as Line

from dashboard.briefs.model import (
    LARGE,
    SMALL,
    TYPE_AREA,
    WIDE_AREA,
    Document,
    Heading,
    Paragraph,
    Picture,
    Table,
    layout,
    printable,
)
from dashboard.briefs.pictures import OMITTED, Image, draw, for_paper, problems
from dashboard.theme import format_day

TITLE, HEAD, SUBHEAD, BODY = "方正小标宋简体", "黑体", "楷体_GB2312", "仿宋_GB2312"
# What takes the place of each: on Windows without the fonts of the 2000s, and on a machine with free fonts.
SECOND_NAMES = {TITLE: "宋体", HEAD: "Noto Sans CJK SC", SUBHEAD: "楷体", BODY: "仿宋"}
LATIN = "Times New Roman"
# What may follow a border among the properties of a paragraph.
AFTER_BORDER = ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")
MARK_COLOUR = RGBColor(0xB3, 0x34, 0x1F)


def to_docx(document: Document) -> bytes:
    """The document as a DOCX file."""
    images = draw([for_paper(block.chart) for block in document.blocks if isinstance(block, Picture)], "png")
    writer = _Writer(document, images)
    writer.write()
    return writer.bytes()


class _Writer:
    """Puts one document together; counts figures and tables."""

    def __init__(self, document: Document, images: list[Image]) -> None:
        self.document = document
        self.images = iter(images)
        self.problems = problems(images)
        self.word: Word = docx.Document()
        self.figures = self.tables = 0
        _set_styles(self.word)
        _set_properties(self.word, document)
        _set_page(self.word.sections[0], document.mark)
        self.word.settings.odd_and_even_pages_header_footer = True

    def write(self) -> None:
        document = self.document
        title = self._line(document.title, "Title")
        for number, text in enumerate(document.notices, start=1):
            title.paragraph_format.space_after = Pt(8)
            self._line(text, "Notice").paragraph_format.space_after = Pt(14 if number == len(document.notices) else 0)
        for block in document.blocks:
            match block:
                case Heading():
                    line = self._line(block.text, f"Heading {block.level}")
                    line.paragraph_format.page_break_before = block.page
                case Paragraph():
                    line = self._line(block.text, "Lead" if block.lead else "Body Text")
                    line.paragraph_format.keep_with_next = block.keep
                case Picture():
                    self._picture(block, next(self.images))
                case Table():
                    self.tables += 1
                    self._table(block, f"表{self.tables}", TYPE_AREA)
        self.word.paragraphs[-1].paragraph_format.keep_with_next = True  # no signature stands alone on its page
        self._signature()
        self._remarks([*self.problems, *document.remarks])
        if document.appendix:
            self._appendix()

    def bytes(self) -> bytes:
        out = io.BytesIO()
        self.word.save(out)
        return out.getvalue()

    def _line(self, text: str, style: str) -> Line:
        return self.word.add_paragraph(printable(text), style=style)

    def _picture(self, block: Picture, image: Image) -> None:
        self.figures += 1
        if image.data:
            paragraph = self._line("", "Figure")
            shape = paragraph.add_run().add_picture(io.BytesIO(image.data), **_size(image.data, block.tallest))
            properties = shape._inline.docPr
            properties.set("title", block.caption)
            properties.set("descr", block.chart.reading)
        else:
            self._line(OMITTED, "Figure").paragraph_format.keep_with_next = True
        caption = self._line("图", "Caption")
        _field(caption, r"SEQ 图 \* ARABIC", str(self.figures))
        caption.add_run(f"　{printable(block.caption)}")
        self._notes(block.notes, caption)

    def _notes(self, notes: list[str], above: Line) -> None:
        """Lines under a picture or a table, on the same page as it."""
        above.paragraph_format.keep_with_next = bool(notes)
        for number, note in enumerate(notes, start=1):
            self._line(note, "Source").paragraph_format.keep_with_next = number < len(notes)

    def _table(self, block: Table, number: str, width: int) -> None:
        self._line(f"{number}　{block.caption}", "Caption").paragraph_format.keep_with_next = True
        self.word.element.body.insert_element_before(_table(block, width), "w:sectPr")
        last = self._line(block.notes[0] if block.notes else "", "Source")
        for note in block.notes[1:]:
            last = self._line(note, "Source")
        last.paragraph_format.space_after = Pt(10)

    def _signature(self) -> None:
        """Who signs, and the day, at the right; one paragraph, so that no page tears them apart."""
        shape = self._line(f"{self.document.office}\n{format_day(self.document.made_on)}", "Signature").paragraph_format
        shape.space_before, shape.keep_together = Pt(10), True

    def _remarks(self, lines: list[str]) -> None:
        """The notes at the end, below a line across the page."""
        if not lines:
            return
        head = self._line("附注", "Note Head")
        head.paragraph_format.space_before, head.paragraph_format.keep_with_next = Pt(14), True
        edge = parse_xml(
            f'<w:pBdr {nsdecls("w")}><w:top w:val="single" w:sz="4" w:space="4" w:color="000000"/></w:pBdr>'
        )
        head._p.get_or_add_pPr().insert_element_before(edge, *AFTER_BORDER)
        for text in lines:
            self._line(text, "Note")

    def _appendix(self) -> None:
        """The data, on pages of their own, which lie on their side where a table is wide."""
        wide = self.document.wide
        section = self.word.add_section(WD_SECTION.NEW_PAGE)
        if wide:
            section.orientation = WD_ORIENT.LANDSCAPE
            section.page_width, section.page_height = Mm(297), Mm(210)
            section.left_margin, section.right_margin = Mm(37), Mm(35)
            section.top_margin, section.bottom_margin = Mm(28), Mm(26)
        self._line("附录　数据表", "Heading 1")
        for number, table in enumerate(self.document.appendix, start=1):
            self._table(table, f"附表{number}", WIDE_AREA if wide else TYPE_AREA)


# ---- the look ----


def _set_styles(word: Word) -> None:
    styles = word.styles
    normal = styles["Normal"]
    _type(normal, BODY, 16)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    for defaults in word.styles.element.iter(qn("w:rPrDefault")):
        properties = defaults.find(qn("w:rPr"))
        for old in properties.findall(qn("w:lang")):
            properties.remove(old)
        properties.append(language)
    _set_fonts(word)
    body = styles["Body Text"]
    _type(body, BODY, 16)
    _space(body, 28, indent=2)
    _make(styles, "Lead", body, BODY, 16, line=28)
    title = styles["Title"]
    _type(title, TITLE, 22)
    _space(title, 34, after=24, align=WD_ALIGN_PARAGRAPH.CENTER)
    for border in title.element.pPr.findall(qn("w:pBdr")):
        title.element.pPr.remove(border)
    for level, font in ((1, HEAD), (2, SUBHEAD)):
        heading = styles[f"Heading {level}"]
        _type(heading, font, 16)
        _space(heading, 28, indent=2)
        heading.paragraph_format.keep_with_next = True
    caption = styles["Caption"]
    _type(caption, HEAD, 12)
    _space(caption, 18, before=4, after=3, align=WD_ALIGN_PARAGRAPH.CENTER)
    _make(styles, "Source", normal, BODY, 10.5, line=15)
    note = _make(styles, "Note", normal, BODY, 9, line=13)
    _make(styles, "Note Head", note, HEAD, 10.5, line=15)
    _make(styles, "Notice", normal, SUBHEAD, 14, line=24, align=WD_ALIGN_PARAGRAPH.CENTER)
    _make(
        styles, "Figure", normal, BODY, 10.5, align=WD_ALIGN_PARAGRAPH.CENTER, before=6
    ).paragraph_format.keep_with_next = True
    for name, size in (("", LARGE), (" Small", SMALL)):
        _make(styles, f"Table Text{name}", normal, BODY, size)
        _make(styles, f"Table Head{name}", normal, HEAD, size)
    _make(
        styles, "Signature", body, BODY, 16, line=28, align=WD_ALIGN_PARAGRAPH.RIGHT
    ).paragraph_format.right_indent = Pt(32)
    _type(styles["Header"], HEAD, 10.5)
    _type(styles["Footer"], "宋体", 14)


def _make(styles: Styles, name: str, base: ParagraphStyle, font: str, size: float, **space: Any) -> ParagraphStyle:
    style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH) if name not in styles else styles[name]
    style.base_style = base
    _type(style, font, size)
    _space(style, **space)
    return style


def _type(style: ParagraphStyle, font: str, size: float) -> None:
    """The font of a style: Latin letters in one face, Chinese in another; black, neither bold nor slanted."""
    style.font.size, style.font.bold, style.font.italic = Pt(size), False, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    style.font.name = LATIN
    names = style.element.rPr.rFonts
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        names.attrib.pop(qn(f"w:{theme}"), None)
    names.set(qn("w:eastAsia"), font)
    names.set(qn("w:cs"), LATIN)


def _space(
    style: ParagraphStyle,
    line: float = 0,
    *,
    before: float = 0,
    after: float = 0,
    indent: int = 0,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY,
) -> None:
    """Lines of `line` points (0: as high as what stands in them), the first indented by `indent` letters."""
    shape = style.paragraph_format
    shape.line_spacing_rule = WD_LINE_SPACING.EXACTLY if line else WD_LINE_SPACING.SINGLE
    if line:
        shape.line_spacing = Pt(line)
    shape.space_before, shape.space_after, shape.alignment = Pt(before), Pt(after), align
    shape.first_line_indent = Length(style.font.size * indent)
    # Word measures in letters of the paragraph where this stands, whatever their size.
    style.element.pPr.ind.set(qn("w:firstLineChars"), str(100 * indent))


def _set_fonts(word: Word) -> None:
    """Names the second choice of each font in the font table of the file."""
    part = next(rel.target_part for rel in word.part.rels.values() if rel.reltype.endswith("/fontTable"))
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{"swiss" if name == HEAD else "roman"}"/></w:font>'
        for name, other in SECOND_NAMES.items()
    )
    part._blob = part.blob.replace(b"</w:fonts>", f"{entries}</w:fonts>".encode())


def _set_properties(word: Word, document: Document) -> None:
    properties = word.core_properties
    properties.title, properties.author = document.name, document.office
    properties.subject = "，".join(part for part in (document.mark, f"数据版本{document.release_id}") if part)
    properties.comments, properties.language = "", "zh-CN"
    properties.created = properties.modified = datetime.combine(document.made_on, time())


def _set_page(section: Section, mark: str) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(22), Mm(25)
    for header in (section.header, section.even_page_header):
        line = header.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if mark:
            line.add_run(mark).font.color.rgb = MARK_COLOUR
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        line = footer.paragraphs[0]
        line.alignment = side
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
        line.add_run("— ")
        _field(line, "PAGE", "1")
        line.add_run(" —")


def _field(line: Line, instruction: str, shown: str) -> None:
    """A field that Word counts itself, with the result that is shown until it does."""
    field = parse_xml(
        f'<w:fldSimple {nsdecls("w")} w:instr=" {instruction} "><w:r><w:t>{shown}</w:t></w:r></w:fldSimple>'
    )
    line._p.append(field)


def _size(image: bytes, tallest: int) -> dict[str, Length]:
    """Width or height of a picture: as wide as the text, or as high as a page allows."""
    measured = Measured.from_blob(image)
    if measured.px_height * TYPE_AREA > measured.px_width * tallest:
        return {"height": Mm(tallest)}
    return {"width": Mm(TYPE_AREA)}


def _table(block: Table, width: int) -> CT_Tbl:
    """A table as XML: cell by cell, python-docx needs a second for a hundred rows.

    A head row is repeated on each page, no row is cut between pages, a short table stays on one page.
    """
    laid = layout(block, width)
    small = "Small" if laid.size < LARGE else ""
    names = list(block.rows.columns)
    lengths = [round(Mm(width).twips * share) for share in laid.shares]
    centred = [name not in block.left for name in names]
    rows = [_row(names, lengths, f"TableHead{small}", "<w:keepNext/>", [True] * len(names), "<w:tblHeader/>")]
    for at, texts in enumerate(block.rows.itertuples(index=False)):
        style = f"Table{'Head' if at in block.emphasis else 'Text'}{small}"
        kept = "<w:keepNext/>" if laid.short or at == len(block.rows) - 1 else ""
        rows.append(_row(texts, lengths, style, kept, centred, ""))
    margins = "".join(f'<w:{side} w:w="57" w:type="dxa"/>' for side in ("left", "right"))
    grid = "".join(f'<w:gridCol w:w="{length}"/>' for length in lengths)
    return parse_xml(
        f"<w:tbl {nsdecls('w')}><w:tblPr>"
        f'<w:tblStyle w:val="TableGrid"/><w:tblW w:w="{sum(lengths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar>'
        f'<w:tblLook w:val="0020" w:firstRow="1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def _row(texts: Iterable[str], lengths: list[int], style: str, kept: str, centred: list[bool], head: str) -> str:
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{length}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{kept}<w:jc w:val="{"center" if middle else "left"}"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(printable(text))}</w:t></w:r></w:p></w:tc>'
        for text, length, middle in zip(texts, lengths, centred, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{cells}</w:tr>"
