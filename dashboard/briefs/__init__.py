"""Charts as documents: a brief of collected charts, the bulletin on court appearances, a profile of every league.

`python -m dashboard.briefs` makes bulletin and profiles without a browser. The writers are loaded when they are first
needed: a server that makes no document does not pay for them.
"""

from dashboard.briefs.compose import document_of
from dashboard.briefs.model import Brief, Document, Item

__all__ = ["Brief", "Document", "Item", "to_docx", "to_html", "to_pdf", "to_pptx", "to_zip"]


def to_docx(brief: Brief | Document) -> bytes:
    """Word, in the layout of official papers."""
    from dashboard.briefs import word

    return word.to_docx(_document(brief))


def to_pdf(brief: Brief | Document) -> bytes:
    """PDF, paged A4 with real text and bookmarks."""
    from dashboard.briefs import paper

    return paper.to_pdf(_document(brief))


def to_pptx(brief: Brief) -> bytes:
    """Slides, with charts that can be edited where they are bars or lines."""
    from dashboard.briefs import slides

    return slides.to_pptx(brief)


def to_html(brief: Brief) -> bytes:
    """One page that opens without a network (带走本页)."""
    from dashboard.briefs import take_along

    return take_along.to_html(brief)


def to_zip(brief: Brief) -> bytes:
    """The images, with a text that explains them."""
    from dashboard.briefs import archive

    return archive.to_zip(brief)


def _document(brief: Brief | Document) -> Document:
    return brief if isinstance(brief, Document) else document_of(brief)
