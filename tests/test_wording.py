"""Chinese as officials write it: tests/phrasings.toml over the texts of the screen and sentences made from data."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import cards, editorial, frame, narrative, overview, plan, queries, selection
from etl.catalogue import Catalogue
from etl.paths import Paths

ROOT = Path(__file__).resolve().parent.parent
SLIPS = tomllib.loads((ROOT / "tests" / "phrasings.toml").read_text(encoding="utf-8"))["slip"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What understands tables and sources reads words that people wrote, good and bad.
READS_OTHERS = ("readers.py", "values.py", "understand.py", "simulate.py")


def written() -> Iterator[tuple[str, str]]:
    """Every Chinese text in the code that draws or answers, with its place; docstrings are not shown to anybody."""
    for folder in ("dashboard", "pages", "etl"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name in READS_OTHERS:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            documentation = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def catalogue_texts(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for indicator in catalogue.indicators.values():
        yield f"{indicator.id} definition", indicator.definition
    for name, rule in editorial._toml(str(ROOT / "data" / "catalogue" / "attention.toml")).items():
        if isinstance(rule, dict):
            yield from ((f"attention.toml {name}", rule[key]) for key in rule if key.startswith("text"))
    for row in editorial._csv(str(ROOT / "data" / "catalogue" / "plan_2024.csv")).to_dict("records"):
        yield f"plan_2024.csv {row['item']}", f"{row['task']}；{row['measure']}"


def sentences() -> Iterator[tuple[str, str]]:
    """What the first page says of both datasets."""
    release = queries.current_release()
    for dataset in queries.datasets(release):
        with selection.reading({"dataset": dataset}):
            reader = frame.reader_at(release)
        figures = queries.figures_of_region(release, dataset, selection.REGION_ROOT)
        targets = queries.targets(release)
        made = cards.of_region(reader)
        yield f"{dataset} lead", cards.lead(made, figures, reader, targets).replace("\\", "")
        yield from ((f"{dataset} attention", item.text) for item in overview.attention(reader))
        for card in made:
            words = (card.value, card.standing, card.change, card.remark)
            yield f"{dataset} card", f"{card.name}：{'，'.join(word for word in words if word)}"
        found = plan.tasks(editorial.plan_tasks(), figures, targets, reader.choices.indicators)
        yield f"{dataset} plan", plan.summary(found, dataset)


def slips_in(texts: Iterator[tuple[str, str]], of: str) -> list[str]:
    return [
        f"{place}：{text[:80]}（{slip['why']}）"
        for place, text in texts
        if CHINESE.search(text)
        for slip in SLIPS
        if slip.get("where", of) == of and re.search(slip["wrong"], text)
    ]


def test_no_text_of_the_screen_slips(catalogue: Catalogue) -> None:
    assert slips_in(written(), "texts") == []
    assert slips_in(catalogue_texts(catalogue), "texts") == []


@pytest.mark.usefixtures("warehouse")
def test_no_sentence_made_from_data_slips() -> None:
    said = list(sentences())
    assert len(said) > 60
    assert slips_in(iter(said), "sentences") == []
    assert [text for _, text in said if re.search(r"nan|None|NaT|\{|\}", text)] == []


def test_indicators_are_named_in_full_where_a_sentence_speaks_of_them(catalogue: Catalogue, warehouse: Paths) -> None:
    names = [indicator.name for indicator in catalogue.indicators.values()]
    for place, text in sentences():
        if "attention" in place and "应报数据" not in text:
            # Before a figure, what it counts by stands behind it.
            assert any(
                name in text or re.search(f"{re.escape(narrative.counted(name))}[0-9]", text) for name in names
            ), text


@pytest.mark.parametrize(
    "wrong",
    [
        "同比上升3个百分点，比目标差2%",
        "提高了0.5百分点",
        "截止2023年底",
        "约19.6万余件",
        "认真的落实",
        "完成的很好",
        "2023年环比增长5%",
        "环比去年增长",
        "出庭率99%",
        "未公布,共3个",
    ],
)
def test_the_list_catches_what_it_is_for(wrong: str) -> None:
    assert slips_in(iter([("here", wrong)]), "texts")


@pytest.mark.parametrize(
    "right",
    [
        "同比增长56.96%",
        "相差0.26个百分点",
        "比率的变化以百分点计",
        "单位：百分点",
        "19.6万余件，近3万人次",
        "行政复议直接纠错率24.47%",
        "行政诉讼败诉率同比下降1.2个百分点",
        "截至2023年底",
        "环比与上一期相比",
        "有效的行政规范性文件",
    ],
)
def test_the_list_leaves_right_phrasings_alone(right: str) -> None:
    assert slips_in(iter([("here", right)]), "texts") == []
    assert slips_in(iter([("here", right)]), "sentences") == []
