"""Cuts of the figures: every region has a row, and missing has a name."""

import pandas as pd

from dashboard import slices

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
        "status": "published",
        "source_title": "报告",
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
    assert slices.tally(frame, "盟市") == "3个盟市：有数1 · 未公布1 · 未填报1"


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


def test_periods_of_different_length_do_not_compare() -> None:
    same = pd.DataFrame([make_figure("150100"), make_figure("150200", "2022")])
    mixed = pd.DataFrame([make_figure("150100"), make_figure("150200", "2021-2023", period_months=36)])
    assert slices.comparable(same)
    assert not slices.comparable(mixed)


def test_a_breakdown_never_stands_in_for_the_total() -> None:
    figures = pd.DataFrame([make_figure("150100", breakdown="人民调解")])
    assert slices.by_region(figures, REGIONS, "league", "", "2023")["state"].eq("not_published").all()


def test_the_whole_region_is_named_with_its_period_only_where_periods_differ() -> None:
    figures = pd.DataFrame([make_figure("150000", "2023", 99.74)])
    assert slices.whole(figures, "", "2023") == "全区99.74%"
    assert slices.whole(figures, "", "latest") == "全区99.74%（2023年）"
    assert slices.whole(figures, "", "2022") == ""
