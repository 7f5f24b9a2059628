"""How values become colours on a map: a blend, classes, or the distance to a target or to no change.

Bounds of classes are round numbers wherever one fits between the values on both sides, so that the key reads well
and no value lies on the wrong side of what the key says.
"""

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.statistics import STATUS_WORDS
from dashboard.theme import Palette, channels, format_difference, format_number, format_value

METHODS = {"continuous": "连续", "equal": "等距", "quantile": "等量", "natural": "自然断点", "target": "距目标"}
MOST_CLASSES = 5
VALUES_FOR_BAR = 4  # with fewer, the key says more than a colour bar: each by itself
UNIFORM_SHADE = 0.6  # of areas that have a value but no place on a scale
MOST_FOR_NATURAL = 150  # the exact search for breaks takes quadratic time; of more values it sees this many quantiles
NOTHING = 1e-9  # smaller changes are rounding errors
# From worse through neither to better: sand and blue, which colour-blind readers tell apart.
GOOD_AND_BAD = {
    False: ("#8f5a17", "#c89443", "#efdcb6", "#dde2e7", "#bed5ea", "#6a9ccb", "#1f4e79"),
    True: ("#e3a44f", "#a9752f", "#5e4626", "#36424e", "#28496a", "#3f79b0", "#8abdf0"),
}
# From less to more where neither is good: violet and teal.
LESS_AND_MORE = {
    False: ("#5b3a86", "#9b83bd", "#d9cfe7", "#dde2e7", "#c5e0dc", "#6fada6", "#1d625b"),
    True: ("#b494e0", "#7a5ca6", "#45365f", "#36424e", "#23474a", "#3a8079", "#7fd0c6"),
}

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """How values become colours.

    Without `bounds`: `colours` blend from `low` to `high` (one colour where there is nothing to compare). With them:
    one colour a class, `bounds` between the classes, ascending; a bound belongs to the class before it where `closed`
    is right. `words`: each class in words. `signs`: of each class, for the labels. `bar`: whether a colour bar helps.
    `note`: what a reader must know of the classes.
    """

    colours: tuple[str, ...]
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    bar: bool = False
    bounds: tuple[float, ...] = ()
    closed: Literal["left", "right"] = "right"
    words: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    note: str = ""

    def classes(self, values: Numbers) -> npt.NDArray[np.int64]:
        """The number of the class of each value."""
        return np.searchsorted(self.bounds, values, side="left" if self.closed == "right" else "right")

    def shades(self, values: Numbers) -> list[float]:
        """Where each value lies between the first colour (0) and the last (1); values beyond the ends lie on them."""
        if self.bounds:
            return [round(at, 4) for at in ((self.classes(values) + 0.5) / len(self.colours)).tolist()]
        if self.low == self.high:
            return [UNIFORM_SHADE] * len(values)
        return ((values - self.low) / (self.high - self.low)).clip(0, 1).round(4).tolist()

    def fills(self, values: Numbers) -> list[str]:
        """The colour of each value; of a blend the nearest one that is named."""
        if self.bounds:
            return [self.colours[number] for number in self.classes(values).tolist()]
        return [self.colours[round(at * (len(self.colours) - 1))] for at in self.shades(values)]

    def plotly(self) -> list[list[object]]:
        """The colours as plotly's `colorscale`; classes have sharp edges."""
        count = len(self.colours)
        if self.bounds:
            return [[(number + end) / count, c] for number, c in enumerate(self.colours) for end in (0, 1)]
        if count == 1:
            return [[0, self.colours[0]], [1, self.colours[0]]]
        return [[number / (count - 1), colour] for number, colour in enumerate(self.colours)]


def steps(direction: str, colours: Palette) -> tuple[str, ...]:
    """The colours of more and less: another hue where neither is good."""
    return colours.neutral if direction == "neutral" else colours.sequential


def mixed(colours: tuple[str, ...], share: float) -> str:
    """The colour at `share` (0 to 1) of a blend from the first of `colours` to the last, as plotly mixes it."""
    at = share * (len(colours) - 1)
    first = min(int(at), len(colours) - 2)
    low, high = channels(colours[first]), channels(colours[first + 1])
    return "#" + bytes(round(a + (b - a) * (at - first)) for a, b in zip(low, high, strict=True)).hex()


def blend(values: pd.Series, direction: str, unit: str, colours: Palette) -> Scale:
    """A continuous scale over `values`; one colour where they are equal or none."""
    hues = steps(direction, colours)
    if values.nunique() < 2:
        return one_colour(direction, colours)
    return Scale(
        hues, float(values.min()), float(values.max()), unit=unit, bar=bool(values.nunique() >= VALUES_FOR_BAR)
    )


def one_colour(direction: str, colours: Palette, words: str = "") -> Scale:
    """All areas with a value look alike: there is a value, but nothing compares. `words`: why, for the key."""
    hues = steps(direction, colours)
    return Scale((hues[round(UNIFORM_SHADE * (len(hues) - 1))],), words=(words,) if words else ())


def classified(values: pd.Series, method: str, direction: str, unit: str, colours: Palette) -> Scale:
    """At most five classes: `equal` (of equal width), `quantile` (of equal number) or `natural` (Fisher-Jenks).

    Fewer where there are fewer different values. Source: S. Rey et al., mapclassify; for natural breaks W. D. Fisher,
    On grouping for maximum homogeneity, JASA 53 (1958), 789-798.
    """
    different = int(values.nunique())
    if different < 2:
        return one_colour(direction, colours)
    wanted = min(MOST_CLASSES, different)
    found = np.unique(_cuts(values.to_numpy(dtype="float64"), method, wanted))
    bounds = _equal_bounds(found) if method == "equal" else _round_bounds(found, values)
    hues = steps(direction, colours)
    chosen = np.linspace(0, len(hues) - 1, len(bounds) + 1).round().astype(int)
    fewer = method == "quantile" and len(bounds) + 1 < wanted
    return Scale(
        tuple(hues[number] for number in chosen),
        bounds=tuple(bounds),
        words=tuple(_ranges(bounds, unit)),
        note=f"{METHODS[method]}分级，各级含上限"
        + (f"；数值相同的较多，只能分成{len(bounds) + 1}级" if fewer else "")
        + "。",
    )


def _cuts(values: Numbers, method: str, wanted: int) -> Numbers:
    """The upper ends of the classes that mapclassify finds."""
    # Imported here: it takes most of a second, and most readers never ask for classes.
    import mapclassify

    if method == "equal":
        return mapclassify.EqualInterval(values, k=wanted).bins
    with warnings.catch_warnings():
        # It reports that numba is not there, and classes that coincide.
        warnings.simplefilter("ignore")
        if method == "quantile":
            return mapclassify.Quantiles(values, k=wanted).bins
        if len(values) > MOST_FOR_NATURAL:
            values = np.quantile(values, np.linspace(0, 1, MOST_FOR_NATURAL), method="nearest")
        return mapclassify.FisherJenks(values, k=min(wanted, len(np.unique(values)))).bins


def _equal_bounds(uppers: Numbers) -> list[float]:
    """The bounds between classes of equal width, to two digits of that width."""
    digits = 1 - math.floor(math.log10(uppers[1] - uppers[0]))
    return [float(round(upper, digits)) for upper in uppers[:-1]]


def _round_bounds(uppers: Numbers, values: pd.Series) -> list[float]:
    """The roundest number between the highest value of each class and the lowest of the next."""
    ordered = np.sort(values.to_numpy(dtype="float64"))
    bounds = []
    for upper in uppers[:-1]:
        inside, beyond = ordered[ordered <= upper], ordered[ordered > upper]
        if len(inside) and len(beyond):
            bounds.append(roundest(float(inside[-1]), float(beyond[0])))
    if not bounds:  # most values are the highest or the lowest one
        bounds = [roundest(float(ordered[ordered < ordered[-1]][-1]), float(ordered[-1]))]
    return list(dict.fromkeys(bounds))


def roundest(at_least: float, below: float) -> float:
    """The number with the fewest digits that is ≥ `at_least` and < `below`."""
    exponent = math.ceil(math.log10(below - at_least)) + 1
    for places in range(-exponent, 12 - exponent):
        candidate = math.ceil(round(at_least * 10.0**places, 6)) / 10.0**places
        if at_least <= candidate < below:
            return candidate
    return at_least


def _ranges(bounds: list[float], unit: str) -> list[str]:
    """Classes between `bounds` in words: 95%及以下, 95%—97%, 97%以上."""
    first = "%" if unit == "%" else ""
    between = [f"{format_number(low)}{first}—{format_value(high, unit)}" for low, high in pairwise(bounds)]
    return [f"{format_value(bounds[0], unit)}及以下", *between, f"{format_value(bounds[-1], unit)}以上"]


def around_target(values: pd.Series, target: float, direction: str, near: float, unit: str, dark: bool) -> Scale:
    """Classes by the distance to a target: reached, near, below; what lies far beyond the middle is a class of its own.

    Signs and words of the status as everywhere; not for neutral indicators.
    """
    rising = direction == "higher_better"
    edge = round(target - near if rising else target + near, 9)
    worst, best = (values.min(), values.max()) if rising else (values.max(), values.min())
    far = _middle(edge, float(worst)) if (edge - worst if rising else worst - edge) > near else None
    well = _middle(target, float(best)) if (best - target if rising else target - best) > near else None
    hues = GOOD_AND_BAD[dark]
    # From the worst class to the best: (the bound that ends it, its colour, its status).
    rows: list[tuple[float, str, str]] = [(far, hues[0], "below")] if far is not None else []
    rows += [(edge, hues[1], "below"), (target, hues[2], "near")]
    rows += [(well, hues[5], "reached"), (math.nan, hues[6], "reached")] if well is not None else []
    rows += [] if well is not None else [(math.nan, hues[5], "reached")]
    limits = [limit for limit, _, _ in rows[:-1]]
    ranges = _distances(limits, unit, rising)
    words = [f"{STATUS_WORDS[status]}：{between}" for (_, _, status), between in zip(rows, ranges, strict=True)]
    order = slice(None) if rising else slice(None, None, -1)
    return Scale(
        tuple(colour for _, colour, _ in rows)[order],
        bounds=tuple(limits[order]),
        closed="left" if rising else "right",
        words=tuple(words[order]),
        signs=tuple(word[0] for word in words[order]),
    )


def _middle(end: float, other: float) -> float:
    """A round number half-way between the two."""
    digits = 1 - math.floor(math.log10(abs(end - other)))
    return round((end + other) / 2, digits - 1) if abs(end - other) >= 1 else round((end + other) / 2, digits)


def _distances(limits: list[float], unit: str, rising: bool) -> list[str]:
    """Classes from the worst to the best in words; `limits` rise where a higher value is better, else they fall."""
    texts = [format_value(limit, unit) for limit in limits]
    ends = ("以下", "及以上") if rising else ("以上", "及以下")
    between = [f"{a}—{b}" if rising else f"{b}—{a}" for a, b in pairwise(texts)]
    return [f"{texts[0]}{ends[0]}", *between, f"{texts[-1]}{ends[1]}"]


def around_zero(changes: pd.Series, direction: str, unit: str, dark: bool) -> Scale:
    """Five classes of change: much or little down, none, little or much up; half of the largest change is much.

    Sand and blue where a direction is good, violet and teal for neutral indicators.
    """
    hues = (LESS_AND_MORE if direction == "neutral" else GOOD_AND_BAD)[dark]
    chosen = [hues[number] for number in (0, 1, 3, 5, 6)]
    if direction == "lower_better":
        chosen.reverse()
    most = float(changes.abs().max()) if len(changes) else 0.0
    if most <= NOTHING:
        return Scale((hues[3],))
    much = _much(most)
    size = format_difference(much, unit)
    good, bad = ("（改善）", "（变差）") if direction != "neutral" else ("", "")
    up, down = (bad, good) if direction == "lower_better" else (good, bad)
    return Scale(
        tuple(chosen),
        bounds=(-much, -NOTHING, NOTHING, much - NOTHING),
        words=(f"下降{size}及以上{down}", f"下降不足{size}", "持平", f"上升不足{size}", f"上升{size}及以上{up}"),
    )


def _much(most: float) -> float:
    """A round number near half of the largest change."""
    size = 10.0 ** math.floor(math.log10(most / 2))
    return float(round(max(factor * size for factor in (1, 2, 5) if factor * size <= most / 2), 9))
