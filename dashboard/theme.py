"""The look: colours, fonts, the plotly templates, and how numbers and periods are written."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

import plotly.graph_objects as go
import plotly.io

FONTS = "Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, Hiragino Sans GB, sans-serif"
NOT_PUBLISHED = "未公布"
STATE_NAMES = {
    "parts_only": "只公布分项",
    "not_published": NOT_PUBLISHED,
    "not_applicable": "不适用",
    "not_reported": "未填报",
}
STATE_SIGNS = {"parts_only": "◇", "not_published": "·", "not_applicable": "／", "not_reported": "×"}  # in a cell
DEMO_MARK = "演示数据（模拟）"
DATASET_NAMES = {"published": "官方公开数据", "demo": DEMO_MARK, "internal": "内部报送数据"}
LEVEL_NAMES = {"region": "自治区", "league": "盟市", "banner": "旗县（市、区）"}
LATEST = "latest"
LATEST_NAME = "各地最新值"
MIDDLE_LUMINANCE = 0.179  # of a colour on which black and white letters have the same contrast (WCAG 2.2)
CHINESE_DIGITS = "零一二三四"


@dataclass(frozen=True)
class Palette:
    """The colours of one mode; every pair of text and ground has a contrast of at least 4.5."""

    ground: str
    text: str
    muted: str
    line: str
    border: str
    missing: str
    hatch: str
    primary: str
    highlight: str
    sequential: tuple[str, ...]
    neutral: tuple[str, ...]
    reached: str
    near: str
    below: str


LIGHT = Palette(
    ground="#ffffff",
    text="#1d2733",
    muted="#566371",
    line="#d9dfe5",
    border="#ffffff",
    missing="#f1f3f5",
    hatch="#c3cad1",
    primary="#1f4e79",
    highlight="#c2571a",
    sequential=("#dbe8f4", "#b3cfe6", "#82aed3", "#4f88b9", "#2b6699", "#123f68"),
    neutral=("#ece6f2", "#d0c3de", "#ab97c3", "#8870a6", "#674e87", "#432e60"),
    reached="#1b7a4b",
    near="#96600a",
    below="#b3341f",
)
DARK = Palette(
    ground="#10161d",
    text="#e6ebf0",
    muted="#a3b0bd",
    line="#34414e",
    border="#10161d",
    missing="#202a34",
    hatch="#4d5a67",
    primary="#7fb2e0",
    highlight="#ffb070",
    sequential=("#1c3a57", "#24527c", "#2f6ea6", "#4a90cc", "#7fb2e0", "#c0dcf5"),
    neutral=("#33284a", "#4b3b6a", "#66518d", "#8570ad", "#aa98cb", "#d6cbe8"),
    reached="#62c48f",
    near="#e0b050",
    below="#f08a76",
)


def palette(dark: bool) -> Palette:
    """The colours of the dark or the light mode."""
    return DARK if dark else LIGHT


def channels(colour: str) -> tuple[int, ...]:
    """Red, green and blue of `#rrggbb`, 0 to 255 (`plotly.colors.hex_to_rgb` takes several times as long)."""
    return tuple(bytes.fromhex(colour[1:]))


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    shares = [channel / 255 for channel in channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink_on(fill: str) -> str:
    """Black or white letters for an area of this colour: one of them has a contrast of at least 4.5 on any."""
    return "#ffffff" if luminance(fill) < MIDDLE_LUMINANCE else "#000000"


@cache
def template(dark: bool) -> str:
    """The plotly template that every chart uses, on screen and in exports, by its name: one that is given as an object
    plotly checks anew in every figure.
    """
    name = f"dashboard-{'dark' if dark else 'light'}"
    plotly.io.templates[name] = _template(dark)
    return name


def _template(dark: bool) -> go.layout.Template:
    colours = palette(dark)
    axis = {
        "gridcolor": colours.line,
        "linecolor": colours.line,
        "zerolinecolor": colours.muted,
        "tickfont": {"size": 13, "color": colours.muted},
        "title": {"font": {"size": 13, "color": colours.muted}},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONTS, "size": 14, "color": colours.text},
            "paper_bgcolor": colours.ground,
            "plot_bgcolor": colours.ground,
            "colorway": [colours.primary, "#5b8c5a", "#b98a3e", "#7a5c99", "#3f8f9b", "#b3341f"],
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "hoverlabel": {
                "bgcolor": colours.ground,
                "bordercolor": colours.line,
                "font": {"family": FONTS, "size": 14, "color": colours.text},
                "align": "left",
            },
            "legend": {"font": {"size": 13}, "orientation": "h"},
            "separators": ".",
        }
    )


@lru_cache(maxsize=8192)  # the same hundred figures are written again at every change of a filter
def format_number(value: float, decimals: int = 2) -> str:
    """A number as official reports print it: 196000 is 19.6万, 220000000 is 2.2亿, 4770 is 4770.

    万 and 亿 are used only where at most `decimals` remain, so no digit is ever rounded away.
    """
    exact = Decimal(str(float(value))).normalize()
    for factor, name in ((Decimal(10**8), "亿"), (Decimal(10**4), "万")):
        scaled = exact / factor
        if abs(scaled) >= 1 and scaled == round(scaled, decimals if name == "万" else 2):
            return f"{scaled.normalize():f}{name}"
    return f"{exact:f}"


def format_value(value: float, unit: str, qualifier: str = "") -> str:
    """A figure with unit and qualifier in their places: 19.6万余件, 近3万人次, 99.74%."""
    # Long sums of money are read in 万元 down to the last yuan: 10299.6029万元.
    number = (
        format_number(value, 4 if unit == "元" else 2) if unit != "%" else f"{Decimal(str(float(value))).normalize():f}"
    )
    if qualifier in ("余", "多"):
        return f"{number}{qualifier}{unit}"
    return f"{qualifier}{number}{unit}"


def format_difference(value: float, unit: str) -> str:
    """The size of a difference: percentages differ by 个百分点, everything else by its unit."""
    size = Decimal(str(round(abs(float(value)), 4))).normalize()
    return f"{size:f}个百分点" if unit == "%" else format_value(float(size), unit)


@lru_cache(maxsize=1024)
def format_period(period: str) -> str:
    """A period label in words: 2023Q2 is 2023年第二季度, 2021-01/2021-10 is 2021年1—10月."""
    if period == LATEST:
        return LATEST_NAME
    if re.fullmatch(r"\d{4}", period):
        return f"{period}年"
    if years := re.fullmatch(r"(\d{4})-(\d{4})", period):
        return f"{years[1]}—{years[2]}年"
    if quarter := re.fullmatch(r"(\d{4})Q([1-4])", period):
        return f"{quarter[1]}年第{CHINESE_DIGITS[int(quarter[2])]}季度"
    if month := re.fullmatch(r"(\d{4})-(\d{2})", period):
        return f"{month[1]}年{int(month[2])}月"
    if span := re.fullmatch(r"(\d{4})-(\d{2})/(\d{4})-(\d{2})", period):
        first, last = f"{span[1]}年{int(span[2])}", f"{int(span[4])}月"
        return f"{first}—{last}" if span[1] == span[3] else f"{first}月—{span[3]}年{last}"
    return period


def format_day(day: date | str) -> str:
    """A day, or as much of it as is known, in words: 2020-07-20 is 2020年7月20日, 2022-12 is 2022年12月."""
    if isinstance(day, date):
        return f"{day:%Y年%-m月%-d日}"
    if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", day):
        return day
    return "".join(f"{int(number)}{unit}" for number, unit in zip(day.split("-"), "年月日", strict=False))


def cited(title: str) -> str:
    """A document in book-title marks; simulated data are no document."""
    return title if title == DEMO_MARK else f"《{title}》"


def quoted(text: str) -> str:
    """Text in quotation marks, those inside it made single: “‘高效办成一件事’服务数”."""
    return f"“{text.replace('“', '‘').replace('”', '’')}”"


def in_brackets(text: str) -> str:
    """Text in brackets, without a second pair inside: （2023年，推定）."""
    return f"（{text.replace('（', '，').replace('）', '')}）"
