"""Cuts of the figures: every region has a row, and missing has a name."""

from pathlib import Path

import pandas as pd
import pytest

from dashboard import slices

ROOT = Path(__file__).resolve().parent.parent
REGIONS = pd.DataFrame(
    {
        "name": ["内蒙古自治区", "呼和浩特市", "包头市", "乌海市"],
        "short_name": ["内蒙古", "呼和浩特", "包头", "乌海"],
        "level": ["region", "league", "league", "league"],
        "parent": [None, "150000", "150000", "150000"],
    },
    index=pd.Index(["150000", "150100", "150200", "150300"], name="code"),
)


def make_figure(
    region_code: str, period: str = "2023", value: float | None = 99.5, **changes: object
) -> dict[str, object]:
    year = int(period[:4])
    level = "region" if region_code == "150000" else "league"
    return {
        "region_code": region_code,
        "region": REGIONS["name"][region_code],
        "level": level,
        "indicator_id": "rate",
        "breakdown": "",
        "period": period,
        "period_end": pd.Timestamp(year, 12, 31),
        "period_months": 12,
        "value": value,
        "unit": "%",
        "qualifier": "",
        "numerator": None,
        "denominator": None,
        "status": "published",
        "source_title": "报告",
        "note": "",
    } | changes


def test_every_region_of_the_level_has_a_row_and_missing_is_named() -> None:
    figures = pd.DataFrame(
        [
            make_figure("150100"),
            make_figure("150200", value=None, status="not_reported"),
            make_figure("150000"),
        ]
    )
    frame = slices.by_region(figures, REGIONS, "league", "", "2023")
    assert frame["text"].to_dict() == {"150100": "99.5%", "150200": "未填报", "150300": "未公布"}
    assert slices.tally(frame, "盟市") == "3个盟市：有数据1个 · 未公布1个 · 未填报1个"


def test_latest_takes_each_regions_newest_value_and_says_its_period() -> None:
    figures = pd.DataFrame(
        [
            make_figure("150100", "2021", 10.0),
            make_figure("150100", "2022", 20.0),
            make_figure("150200", "2023", 30.0),
            make_figure("150200", "2024", None, status="not_reported"),
        ]
    )
    frame = slices.by_region(figures, REGIONS, "league", "", "latest")
    assert frame["text"].tolist() == ["20%", "30%", "未公布"]
    assert frame["period_text"].tolist() == ["2022年", "2023年", ""]


@pytest.mark.parametrize("other", ["2022", "2021-2023"])
def test_only_figures_of_one_period_compare(other: str) -> None:
    assert slices.comparable(pd.DataFrame([make_figure("150100"), make_figure("150200")]))
    assert not slices.comparable(pd.DataFrame([make_figure("150100"), make_figure("150200", other)]))


def test_a_breakdown_never_stands_in_for_the_total() -> None:
    figures = pd.DataFrame([make_figure("150100", breakdown="人民调解")])
    states = slices.by_region(figures, REGIONS, "league", "", "2023")["state"]
    assert states.tolist() == ["parts_only", "not_published", "not_published"]


def test_only_who_has_no_total_has_only_parts() -> None:
    parts = [make_figure("150100", breakdown=part) for part in ("会议", "批示")]
    empty = make_figure("150100", value=None, status="not_reported")
    assert slices.only_parts(pd.DataFrame([*parts, empty])) == ["会议", "批示"]
    assert slices.only_parts(pd.DataFrame([*parts, make_figure("150100")])) == []


def test_a_name_has_its_breakdown_beside_it_and_one_pair_of_brackets() -> None:
    rows = [("规范性文件清理件数", "专项（废止）"), ("合法性审查率", "")]
    assert slices.named(pd.DataFrame(rows, columns=["indicator", "breakdown"])) == [
        "规范性文件清理件数（专项，废止）",
        "合法性审查率",
    ]


def test_a_part_named_after_its_unit_is_not_named_twice() -> None:
    assert slices.part_words("户次", "12.52万余户次", "户次") == "12.52万余户次"
    rows = pd.DataFrame([("盟市旗县", "1710部", "部"), ("部", "3部", "部")], columns=["breakdown", "text", "unit"])
    assert slices.part_texts(rows) == ["盟市旗县1710部", "3部"]


def test_a_period_that_the_source_does_not_print_is_called_inferred() -> None:
    figures = pd.DataFrame([make_figure("150100", note="期间原文未写，推定为2023")])
    assert slices.with_texts(figures)["period_text"].tolist() == ["2023年（推定）"]


def test_a_figure_of_the_regions_own_offices_is_not_called_the_whole_region() -> None:
    figures = pd.DataFrame([make_figure("150000", note="自治区本级部门")])
    assert slices.whole(figures, "", "2023") == "自治区本级99.5%"


def test_the_whole_region_is_named_with_its_period_only_where_periods_differ() -> None:
    figures = pd.DataFrame([make_figure("150000", "2023", 99.74)])
    assert slices.whole(figures, "", "2023") == "全区99.74%"
    assert slices.whole(figures, "", "latest") == "全区99.74%（2023年）"
    assert slices.whole(figures, "", "2022") == ""


def test_what_the_notes_of_the_published_figures_decide() -> None:
    notes = pd.read_csv(ROOT / "data" / "published" / "figures.csv", dtype=str, keep_default_na=False)["note"]
    assert sum(notes.map(slices.inferred)) == 74
    assert sum(notes.map(slices.own_bodies)) == 9
    assert slices.inferred("原文“2026年以来”，截止时点未写，记2026"), "no year is special"
    assert not slices.inferred("2023年")
