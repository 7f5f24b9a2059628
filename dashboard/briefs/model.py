"""What a document is made of, whatever file it becomes."""

import math
import re
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from dashboard.charts import Chart
from dashboard.theme import DEMO_MARK

DIGITS = "〇一二三四五六七八九"
KEPT_TOGETHER = 24  # lines; a longer table may break between pages
TYPE_AREA, WIDE_AREA = 156, 225  # millimetres between the margins, upright and on its side
LARGE, SMALL = 10.5, 9.0  # points, of letters in tables (五号, 小五)
POINT = 0.357  # millimetres, a hair more than one: fonts differ
CELL_MARGINS = 1.1  # letters
SHORT_CELL = 11  # letters; longer cells may break
WIDE_FROM = 7  # columns, from which the appendix lies on its side


@dataclass(frozen=True)
class Item:
    """A chart in a brief: its heading, what the reader wrote to it, and the filters in words; each may be empty.

    Without a heading, or with the chart's own title as one, it is headed by what it shows (see `compose.heading`).
    """

    chart: Chart
    heading: str = ""
    note: str = ""
    filters: str = ""


@dataclass(frozen=True)
class Brief:
    """Collected charts. `office`: who signs; `release_id`: where the figures come from; `made_on`: the day it bears."""

    title: str
    items: list[Item]
    office: str
    release_id: str
    made_on: date

    @property
    def simulated(self) -> bool:
        """Whether every page bears the mark of simulated data."""
        return any(item.chart.simulated for item in self.items)


@dataclass(frozen=True)
class Heading:
    """A heading within a document, level 1 (一、) or 2 (（一）). `page`: it begins a page."""

    text: str
    level: int = 1
    page: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Text. `lead`: without indent, as 各盟行政公署： is written; `keep`: on the same page as what follows."""

    text: str
    lead: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Picture:
    """A chart as a picture, with what stands below it: caption (without its number) and notes, a line each.

    `tallest`: millimetres; with these a picture, what is said of it and its notes fit one page.
    """

    chart: Chart
    caption: str
    notes: list[str] = field(default_factory=list)
    tallest: int = 102


@dataclass(frozen=True)
class Table:
    """A table with its caption (without its number) above and notes below.

    `rows`: text, Chinese headers, an empty cell where there is nothing to say. `left`: columns of words, which are not
    centred. `emphasis`: numbers of the rows in bold (the whole region). `small`: in small letters, wherever it fits.
    """

    caption: str
    rows: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    left: frozenset[str] = frozenset()
    emphasis: frozenset[int] = frozenset()
    small: bool = False


Block = Heading | Paragraph | Picture | Table


@dataclass(frozen=True)
class Document:
    """A document in the layout of official papers: title, text, signature, notes (附注), appendix (附录).

    `title`: its lines, where it is to be broken between words (a title may not break within one). `caution`: what a
    reader must know before the first word, or empty.
    """

    title: str
    blocks: list[Block]
    remarks: list[str]
    appendix: list[Table]
    office: str
    release_id: str
    made_on: date
    simulated: bool
    caution: str = ""

    @property
    def name(self) -> str:
        """The title in one line."""
        return self.title.replace("\n", "")

    @property
    def mark(self) -> str:
        """What stands at the head of every page: 演示数据（模拟）, or nothing."""
        return DEMO_MARK if self.simulated else ""

    @property
    def notices(self) -> list[str]:
        """The lines in brackets below the title."""
        simulated = f"〔{DEMO_MARK}，由程序生成，不得作为工作依据〕"
        return [*([simulated] if self.simulated else []), *([f"〔{self.caution}〕"] if self.caution else [])]

    @property
    def wide(self) -> bool:
        """Whether the appendix lies on its side."""
        return any(len(table.rows.columns) >= WIDE_FROM for table in self.appendix)


def counted(number: int) -> str:
    """A number from 1 to 99 in Chinese: 一, 十, 二十一."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones or not tens else "")


@dataclass(frozen=True)
class Layout:
    """How a table is set: size of its letters in points, the share of each column in its width, its lines in all."""

    size: float
    shares: list[float]
    lines: int

    @property
    def short(self) -> bool:
        """Whether it stays on one page."""
        return self.lines <= KEPT_TOGETHER


def layout(table: Table, millimetres: float) -> Layout:
    """A table of this width: small letters where large ones do not fit, short cells whole in a line, long ones share
    what is left. The words above a column may take two lines.
    """
    rows = table.rows
    cells = {name: [_letters(cell) for cell in rows[name]] for name in rows}
    wanted = [max(_letters(name) / 2, *cells[name], 2) + CELL_MARGINS for name in rows]
    size = LARGE if not table.small and sum(wanted) * LARGE * POINT <= millimetres else SMALL
    room = millimetres / (size * POINT)
    short = sum(width for width in wanted if width <= SHORT_CELL)
    long = sum(width for width in wanted if width > SHORT_CELL)
    if long and short + long > room and short < 0.8 * room:
        wanted = [width if width <= SHORT_CELL else width * (room - short) / long for width in wanted]
    shares = [width / sum(wanted) for width in wanted]
    inside = [max(1.0, share * room - CELL_MARGINS) for share in shares]
    lines = 2 + sum(
        max(math.ceil(letters / width - 0.01) for letters, width in zip(row, inside, strict=True))
        for row in zip(*cells.values(), strict=True)
    )
    return Layout(size, shares, lines)


def _letters(cell: object) -> float:
    """How wide a text is, in Chinese letters."""
    return sum(1.0 if ord(letter) > 0x2000 else 0.55 for letter in str(cell))


def printable(words: str) -> str:
    """Text without the control characters that no document may hold."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", "", words)
