"""Formulas, each with its source. Nothing here reads data or draws."""

from typing import Literal

import pandas as pd

Status = Literal["reached", "near", "below"]
STATUS_WORDS = {"reached": "● 达标", "near": "▲ 接近", "below": "■ 未达标"}


def status(value: float, target: float, direction: str, near: float) -> Status | None:
    """How a value stands to its target: reached, within `near` (in the unit), or below; None for neutral indicators.

    House rule (design, section 3): the direction of the indicator says whether the target is a floor or a ceiling.
    """
    if direction == "neutral":
        return None
    gap = target - value if direction == "higher_better" else value - target
    if gap <= 0:
        return "reached"
    # A gap printed as 1.00 must not fall to the other side for a bit lost in subtraction.
    return "near" if round(gap, 9) <= near else "below"


def target_for(targets: pd.DataFrame, region_code: str, indicator_id: str, period: str) -> pd.Series | None:
    """The target to hold a figure against: that of its own period, else the next one, else the newest; None: no target.

    `targets`: `queries.targets`; periods of targets are years.
    """
    of = targets[(targets["region_code"] == region_code) & (targets["indicator_id"] == indicator_id)]
    if of.empty:
        return None
    later = of[of["period"] >= period[:4]]
    return (later if len(later) else of.iloc[::-1]).iloc[0]
