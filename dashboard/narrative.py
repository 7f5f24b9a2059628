"""Short, correct Chinese sentences made from data; a sentence never says a cause."""

import pandas as pd

from dashboard.statistics import STATUS_WORDS, status
from dashboard.theme import format_difference, format_period, format_value


def target_phrase(figure: pd.Series, target: pd.Series, indicator: pd.Series, whose: str = "") -> str:
    """How a figure stands to its target, the target's year named: ▲ 接近 · 距2024年目标100%差0.26个百分点.

    `figure`: value, unit, period; `target`: a row of `queries.targets`; `indicator`: a row of `queries.indicators`;
    `whose`: 全区 where a place is held against the target of the whole region.
    """
    aim = f"{whose}{format_period(target['period'])}目标{format_value(target['value'], figure['unit'])}"
    mark = status(figure["value"], target["value"], indicator["direction"], indicator["near"])
    gap = format_difference(figure["value"] - target["value"], figure["unit"])
    if mark is None:
        return aim
    return f"{STATUS_WORDS[mark]} · {aim}" if mark == "reached" else f"{STATUS_WORDS[mark]} · 距{aim}差{gap}"


def figure_sentence(figure: pd.Series, target: pd.Series | None, indicator: pd.Series) -> str:
    """One figure as a sentence: 2023年内蒙古自治区行政机关负责人出庭应诉率99.74%，距2024年目标100%差0.26个百分点."""
    part = f"（{figure['breakdown']}）" if figure["breakdown"] else ""
    text = format_value(figure["value"], figure["unit"], figure["qualifier"])
    sentence = f"{format_period(figure['period'])}{figure['region']}{indicator['name']}{part}{text}"
    if target is None or figure["breakdown"]:
        return sentence
    return f"{sentence}，{target_phrase(figure, target, indicator).split(' · ')[-1]}"
