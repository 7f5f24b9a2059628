"""The plan for 2024 beside the figures that answer it."""

import re
from pathlib import Path

import pandas as pd
import pytest

from dashboard import editorial, frame, plan, queries, selection
from etl.catalogue import Catalogue

ROOT = Path(__file__).resolve().parent.parent
PLAN = editorial._csv(str(ROOT / "data" / "catalogue" / "plan_2024.csv"))
INDICATORS = pd.DataFrame(
    {"name": ["出庭应诉率", "公证件数"], "direction": ["higher_better", "neutral"], "near": [1.0, 1.0]},
    index=["appearance", "notary"],
)
TARGETS = pd.DataFrame(
    {"region_code": ["150000"], "indicator_id": ["appearance"], "period": ["2024"], "value": [100.0]}
)


def figure(indicator: str, period: str, value: float, breakdown: str = "") -> dict[str, object]:
    return {
        "region_code": "150000",
        "indicator_id": indicator,
        "breakdown": breakdown,
        "period": period,
        "period_end": pd.Timestamp(f"{period}-12-31"),
        "period_months": 12,
        "value": value,
        "unit": "%",
        "qualifier": "",
        "status": "published",
        "note": "",
    }


def track(indicators: str, *figures: dict[str, object]) -> plan.Task:
    row = {
        "item": "21",
        "chapter": "6",
        "task": "应诉",
        "measure": "100%",
        "deadline": "2024",
        "indicators": indicators,
    }
    columns = list(figure("appearance", "2023", 1.0))
    (task,) = plan.tasks(pd.DataFrame([row]), pd.DataFrame(figures, columns=columns), TARGETS, INDICATORS)
    return task


def test_all_31_items_are_there_and_point_at_what_exists(catalogue: Catalogue) -> None:
    assert sorted({int(item) for item in PLAN["item"]}) == list(range(1, 32))
    assert PLAN["item"].astype(int).is_monotonic_increasing
    assert set(PLAN["source_id"]) <= set(catalogue.sources["id"])
    ids = {i for ids in PLAN["indicators"] for i in ids.split("|") if i}
    assert ids <= set(catalogue.indicators)
    assert set(PLAN["chapter"]) <= set(catalogue.chapters["number"])
    assert PLAN["deadline"].str.fullmatch(r"2024(-12)?").all()


def test_the_numbers_and_deadlines_of_the_plan_are_exact() -> None:
    assert "行政机关负责人出庭应诉率100%" in PLAN.loc[PLAN["item"] == "21", "measure"].tolist()
    levels = PLAN[PLAN["measure"].str.contains("四级全覆盖")].iloc[0]
    assert (levels["item"], plan.deadline_words(levels["deadline"])) == ("24", "2024年底前")


def test_a_figure_of_an_earlier_year_answers_nothing_but_is_shown_with_its_year() -> None:
    task = track("appearance", figure("appearance", "2023", 99.74))
    assert (task.state, task.mark) == ("earlier", "")
    assert task.figures == ["出庭应诉率99.74%（2023年）"]


@pytest.mark.parametrize(("value", "mark"), [(100.0, "● 达标"), (99.5, "▲ 接近"), (90.0, "■ 未达标")])
def test_a_figure_of_the_year_is_judged_against_the_target(value: float, mark: str) -> None:
    task = track("appearance|notary", figure("appearance", "2024", value))
    assert (task.state, task.mark) == ("answered", mark)


def test_what_nobody_published_is_said_openly() -> None:
    assert track("appearance").state == "none"
    assert track("").figures == []
    assert plan.state_words("none", "published") == "暂无公开数据"


def test_parts_are_listed_and_not_added_up() -> None:
    task = track("notary", figure("notary", "2023", 1.0, "甲"), figure("notary", "2023", 2.0, "乙"))
    assert task.figures == ["公证件数：甲1%、乙2%（2023年）"]


@pytest.mark.parametrize("period", ["2022-2024", "2023"])
def test_years_that_began_before_the_plan_do_not_answer_it(period: str) -> None:
    figures = [{**figure("notary", "2024", 1.0), "period": period}, figure("notary", "2024", 2.0, "甲")]
    task = track("notary", *figures)
    assert task.state == "earlier"  # nor does a part of 2024 that is not shown
    assert len(task.figures) == 1


def test_every_row_of_the_table_counts_once() -> None:
    answered = track("appearance", figure("appearance", "2024", 100.0))
    assert plan.summary([answered, track("")], "published") == (
        "计划的1项任务分2条对照：1条有2024年及以后数据，1条暂无公开数据"
    )


def test_simulated_data_say_that_they_tell_nothing_of_the_plan(warehouse: object) -> None:
    with selection.reading({"dataset": "demo"}):
        tracker = plan.tracker_of(frame.reader_at(queries.current_release()))
    assert tracker.source.endswith("以模拟数据对照，不代表实际完成情况。")
    assert re.search("[0-9]条暂无数据", tracker.summary)
    assert "公开" not in tracker.summary


def test_the_table_holds_every_task_with_its_state() -> None:
    drawn = plan.table_html(
        [track("appearance", figure("appearance", "2023", 99.74)), track("")], pd.Series({6: "化解"}), "published"
    )
    assert drawn.count("<tr>") == 3
    assert '<td class="none">暂无公开数据</td><td>—</td>' in drawn
    assert "出庭应诉率99.74%（2023年）" in drawn
