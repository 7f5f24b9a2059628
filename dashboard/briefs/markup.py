"""A document as HTML: the same words and tables for the printed page and for the page to take along."""

import html
from collections.abc import Callable

from dashboard.briefs.model import (
    LARGE,
    TYPE_AREA,
    WIDE_AREA,
    Block,
    Document,
    Heading,
    Paragraph,
    Picture,
    Table,
    layout,
)
from dashboard.theme import format_day

Draw = Callable[[Picture], str]


def text(words: object) -> str:
    """Text that HTML shows as it is."""
    return html.escape(str(words))


class Markup:
    """Writes blocks as HTML; counts figures and tables. `draw`: how a picture is shown."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.figures = self.tables = 0

    def body(self, document: Document, extra: list[str]) -> str:
        """The whole document; `extra`: remarks before its own."""
        remarks = "".join(f"<p>{text(line)}</p>" for line in [*extra, *document.remarks])
        return "\n".join(
            [
                f"<h1>{text(document.title).replace(chr(10), '<br>')}</h1>",
                *[f'<p class="notice">{text(line)}</p>' for line in document.notices],
                *[self.block(block) for block in document.blocks],
                f'<div class="signature"><p>{text(document.office)}</p><p>{format_day(document.made_on)}</p></div>',
                f'<div class="remarks"><p class="head">附注</p>{remarks}</div>' if remarks else "",
                self.appendix(document),
            ]
        )

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Heading():
                level = block.level + 1
                page = ' class="page"' if block.page else ""
                return f"<h{level}{page}>{text(block.text)}</h{level}>"
            case Paragraph():
                classes = f"{'lead' if block.lead else 'text'}{' keep' if block.keep else ''}"
                return f'<p class="{classes}">{text(block.text)}</p>'
            case Picture():
                self.figures += 1
                caption = f"<figcaption>图{self.figures}　{text(block.caption)}</figcaption>"
                return f"<figure>{self.draw(block)}{caption}{_notes(block.notes)}</figure>"
            case Table():
                self.tables += 1
                return table(block, f"表{self.tables}", TYPE_AREA)

    def appendix(self, document: Document) -> str:
        """The data tables, each under its number."""
        if not document.appendix:
            return ""
        room = WIDE_AREA if document.wide else TYPE_AREA
        parts = [table(each, f"附表{number}", room) for number, each in enumerate(document.appendix, start=1)]
        wide = " wide" if document.wide else ""
        return f'<section class="appendix{wide}"><h2>附录　数据表</h2>{"".join(parts)}</section>'


def table(block: Table, number: str, room: int) -> str:
    """A table under its caption, its columns as wide as their words ask for."""
    names = list(block.rows.columns)
    laid = layout(block, room)
    columns = "".join(f'<col style="width:{share:.1%}">' for share in laid.shares)
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in names)
    lines = []
    for at, row in enumerate(block.rows.itertuples(index=False)):
        cells = "".join(
            f'<td class="{"words" if name in block.left else "cell"}">{text(cell)}</td>'
            for name, cell in zip(names, row, strict=True)
        )
        lines.append(f'<tr class="{"emphasis" if at in block.emphasis else "row"}">{cells}</tr>')
    caption = f"{number}　{text(block.caption)}"
    classes = f"table{' short' if laid.short else ''}{' small' if laid.size < LARGE else ''}"
    return (
        f'<div class="{classes}"><table><caption>{caption}</caption><colgroup>{columns}</colgroup>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>{_notes(block.notes)}</div>"
    )


def _notes(notes: list[str]) -> str:
    return f'<div class="source">{"".join(f"<p>{text(note)}</p>" for note in notes)}</div>' if notes else ""
