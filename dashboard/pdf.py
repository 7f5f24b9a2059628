"""What Chromium's PDF lacks: the document's name, and text that is found and copied as it is read.

A font draws 行 and the radical ⾏ alike; Chromium then says that the text holds the radical, and a search for 行政
finds nothing.
"""

import io
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader, PdfWriter

# The radicals without a decomposition, or with another, that Noto Sans CJK SC and Noto Serif CJK SC draw like a letter.
LIKE_LETTERS = str.maketrans(
    "⺂⺃⺅⺉⺎⺏⺐⺒⺓⺔⺕⺖⺘⺙⺛⺞⺠⺡⺣⺤⺦⺨⺫⺭⺯⺰⺱⺹⺺⺾⻁⻂⻃⻅⻆⻈⻉⻋⻌⻐⻑⻒⻓⻔⻖⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻮⻯⻰⻱⻲⼾",
    "乛乚亻刂兀尣尢巳幺彑彐忄扌攵旡歺民氵灬爫丬犭罒礻糹纟罓耂肀艹虎衤覀见角讠贝车辶钅長镸长门阝青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐齿竜龙龜亀户",
)
HORIZONTAL_BAR, EM_DASH = "\u2015", "\u2014"  # drawn alike
RADICAL = re.compile("[\u2e80-\u2fdf]")
SECTION = re.compile(rb"\d+ begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
MOST = 100  # entries of a section
CODE = re.compile(rb"<([0-9A-Fa-f]+)>")


def finished(pdf: bytes, title: str) -> bytes:
    """The same PDF with its title, and with letters in place of the radicals that look like them.

    Raises pypdf.errors.PyPdfError for what is no PDF.
    """
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    for page in writer.pages:
        for font in _fonts(page["/Resources"].get_object()):
            if "/ToUnicode" in font:
                stream = font["/ToUnicode"].get_object()
                stream.set_data(SECTION.sub(_as_letters, stream.get_data()))
    writer.metadata = {"/Title": title}
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def letters(text: str) -> str:
    """`text` with letters in place of radicals, 行政 for ⾏政, and the dash that people type in place of its double."""
    plain = RADICAL.sub(lambda found: unicodedata.normalize("NFKC", found[0].translate(LIKE_LETTERS)), text)
    return plain.replace(HORIZONTAL_BAR, EM_DASH)


def _fonts(resources: Any) -> Iterator[Any]:
    """The fonts of a page and of what is drawn on it."""
    yield from (font.get_object() for font in resources.get("/Font", {}).values())
    for form in resources.get("/XObject", {}).values():
        if "/Resources" in form.get_object():
            yield from _fonts(form.get_object()["/Resources"].get_object())


def _as_letters(section: re.Match[bytes]) -> bytes:
    """A section of a ToUnicode map (ISO 32000-2, 9.10.3) as one that names each code, its text in letters."""
    given = [code.decode() for code in CODE.findall(section[2])]
    lines = []
    for entry in zip(*[iter(given)] * (2 if section[1] == b"bfchar" else 3), strict=True):
        text = bytes.fromhex(entry[-1]).decode("utf-16-be")
        for step, code in enumerate(range(int(entry[0], 16), int(entry[-2], 16) + 1)):
            shown = letters(text[:-1] + chr(ord(text[-1]) + step))
            lines.append(f"<{code:0{len(entry[0])}X}> <{shown.encode('utf-16-be').hex().upper()}>")
    blocks = [lines[start : start + MOST] for start in range(0, len(lines), MOST)]
    return "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks).encode()
