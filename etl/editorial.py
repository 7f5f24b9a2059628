"""Checks what people write by hand for the first page and the footer, which the dashboard reads as it stands.

These files hold choices and words but no figures, so nothing of them goes into a release; the build checks them because
it is what everybody runs who has changed something.
"""

import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from string import Formatter
from typing import Any

import pandas as pd

from etl.errors import UserError
from etl.paths import ROOT

OPERATOR_KEYS = ("office", "contact", "map_approval", "bulletin_to")
RULE_KEYS: dict[str, type | tuple[type, ...]] = {
    "weight": (int, float),
    "limit": int,
    "page": str,
    "icon": str,
    "text": str,
}


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises UserError, with line and column, when it is missing or cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"缺少文件 {path.name}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path.name} 不是UTF-8编码") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        where = f"第{place[1]}行第{place[2]}列附近" if place else "末尾"
        raise UserError(f"{path.name} {where}写法有误，无法读取；文字要用英文引号括起来（{error}）") from None


def operator_faults(path: Path) -> list[str]:
    """What is wrong with operator.toml, which need not exist."""
    if not path.exists():
        return []
    try:
        settings = read_toml(path)
    except UserError as error:
        return [str(error)]
    return [
        *[
            f"{path.name}：不认识“{key}”，只能有{'、'.join(OPERATOR_KEYS)}"
            for key in settings
            if key not in OPERATOR_KEYS
        ],
        *[
            f"{path.name}：“{key}”应为文字，要用英文引号括起来"
            for key in settings
            if not isinstance(settings[key], str)
        ],
    ]


def attention_faults(path: Path) -> list[str]:
    """What is wrong with attention.toml: the number of sentences, and each rule's weight, limit, page and words."""
    try:
        rules = read_toml(path)
    except UserError as error:
        return [str(error)]
    most = rules.get("most")
    faults = [] if isinstance(most, int) and most > 0 else [f"{path.name}：most 应为正整数，现为“{most}”"]
    for name, rule in rules.items():
        if isinstance(rule, dict):
            faults += [f"{path.name}［{name}］{fault}" for fault in _rule_faults(rule)]
    return faults


def _rule_faults(rule: dict[str, Any]) -> list[str]:
    faults = [f"缺少 {key}" for key in RULE_KEYS if key not in rule]
    given = {key: kind for key, kind in RULE_KEYS.items() if key in rule}
    faults += [f"{key} 的类型不对：{rule[key]!r}" for key, kind in given.items() if not isinstance(rule[key], kind)]
    if isinstance(page := rule.get("page"), str) and not (ROOT / "pages" / f"{page}.py").is_file():
        faults.append(f"没有“{page}”这个页面")
    for key, text in rule.items():
        if key.startswith("text") and isinstance(text, str) and not _fillable(text):
            faults.append(f"{key} 的花括号不成对：{text}")
    return faults


def _fillable(text: str) -> bool:
    try:
        list(Formatter().parse(text))
    except ValueError:
        return False
    return True


def cards_faults(cards: pd.DataFrame, indicators: Collection[str]) -> list[str]:
    """What is wrong with cards.csv: indicators that there are not, or twice."""
    doubled = cards["indicator_id"].duplicated()
    return [
        f"cards.csv 第{line}行：{'重复的' if again else '没有这个'}指标“{indicator}”"
        for line, indicator, again in zip(cards.index + 2, cards["indicator_id"], doubled, strict=True)
        if again or indicator not in indicators
    ]


def plan_faults(
    name: str, plan: pd.DataFrame, indicators: Collection[str], chapters: Collection[str], sources: Collection[str]
) -> list[str]:
    """What is wrong with the tasks of the plan, row by row."""
    faults = []
    for line, row in enumerate(plan.to_dict("records"), start=2):
        unknown = [i for i in row["indicators"].split("|") if i and i not in indicators]
        wrong = {
            f"条目“{row['item']}”不是数": not row["item"].isdecimal(),
            f"没有第{row['chapter']}章": row["chapter"] not in chapters,
            "没有写任务": not row["task"].strip(),
            f"时限“{row['deadline']}”应写成2024或2024-12": not re.fullmatch(r"\d{4}(-\d{2})?", row["deadline"]),
            f"没有这个指标“{'、'.join(unknown)}”": bool(unknown),
            f"没有这个来源“{row['source_id']}”": row["source_id"] not in sources,
        }
        faults += [f"{name} 第{line}行：{fault}" for fault, found in wrong.items() if found]
    return faults
