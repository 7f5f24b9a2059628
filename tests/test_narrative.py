"""What the first page points at: each rule on small tables, and the sentences on both datasets."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard import editorial, frame, narrative, overview, queries, selection
from dashboard.narrative import Facts, attention
from etl.paths import Paths

ROOT = Path(__file__).resolve().parent.parent
WHOLE = "150000"
LEAGUES = {"150100": "呼和浩特市", "150200": "包头市", "150300": "乌海市", "150400": "赤峰市"}
INDICATORS = pd.DataFrame(
    [
        ("appearance", "出庭应诉率", "%", "rate", "higher_better", "required", 1.0),
        ("correction", "直接纠错率", "%", "rate", "neutral", "required", 2.0),
        ("loss", "败诉率", "%", "rate", "lower_better", "required", 3.0),
        ("aid", "法律援助案件数", "件", "count", "higher_better", None, 4.0),
        ("required", "应出庭案件数", "件", "count", "neutral", None, None),
    ],
    columns=["id", "name", "unit", "kind", "direction", "denominator", "headline"],
).set_index("id")
INDICATORS = INDICATORS.assign(near=1.0, numerator=None)
RULES = {
    "most": 7,
    "below_target": {"weight": 100, "limit": 2, "page": "compare", "icon": "flag"},
    "falling": {"weight": 90, "limit": 2, "least": 0.5, "least_share": 5, "page": "trends", "icon": "x"},
    "moved": {"weight": 85, "limit": 3, "least": 5, "least_share": 20, "page": "trends", "icon": "x"},
    "gap": {"weight": 80, "limit": 2, "least": 5, "places": 3, "page": "compare", "icon": "x"},
    "late": {"weight": 70, "limit": 1, "page": "quality", "icon": "x"},
    "contradiction": {"weight": 60, "limit": 2, "page": "quality", "icon": "x"},
    "missing": {"weight": 40, "limit": 1, "years": 4, "page": "quality", "icon": "x"},
}
TEXTS = editorial._toml(str(ROOT / "data" / "catalogue" / "attention.toml"))
RULES = {
    name: rule if name == "most" else {**rule, **{key: TEXTS[name][key] for key in TEXTS[name] if "text" in key}}
    for name, rule in RULES.items()
}


def totals(rows: list[tuple[str, str, str, float, float | None, float | None]]) -> pd.DataFrame:
    """Rows: region, indicator, year, value, numerator, denominator."""
    columns = ["region_code", "indicator_id", "period", "value", "numerator", "denominator"]
    made = pd.DataFrame(rows, columns=columns).astype({"value": float, "numerator": float, "denominator": float})
    return made.assign(
        region=made["region_code"].map({WHOLE: "内蒙古自治区", **LEAGUES}),
        level=made["region_code"].map(lambda code: "region" if code == WHOLE else "league"),
        unit=made["indicator_id"].map(INDICATORS["unit"]),
        qualifier="",
    )


def figures(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    """Figures of the whole region: indicator, period (a year), value."""
    made = pd.DataFrame(rows, columns=["indicator_id", "period", "value"]).astype({"value": float})
    return made.assign(
        breakdown="",
        period_end=pd.to_datetime(made["period"] + "-12-31"),
        period_months=12,
        unit=made["indicator_id"].map(INDICATORS["unit"]),
        qualifier="",
    )


def target(period: str = "2024", value: float = 100.0, indicator: str = "appearance") -> pd.DataFrame:
    row = {
        "region_code": WHOLE,
        "indicator_id": indicator,
        "period": period,
        "value": value,
        "published_as": "达到目标",
    }
    return pd.DataFrame([row])


def changes(*rows: tuple[str, str, str, str, float]) -> pd.DataFrame:
    """Rows: indicator, period, value, change, moved."""
    return pd.DataFrame(rows, columns=["indicator_id", "period", "value", "change", "moved"])


def facts(**others: Any) -> Facts:
    checks = pd.DataFrame(
        columns=["severity", "kind", "unit", "period", "region_code", "region", "indicator", "message"]
    )
    nothing = Facts(
        indicators=INDICATORS,
        watched=["appearance", "correction", "loss", "aid"],
        root=WHOLE,
        targets=target().head(0),
        totals=totals([]),
        whole=figures([]),
        breaks=pd.DataFrame({"indicator_id": [], "since": pd.to_datetime([])}),
        checks=checks,
        progress={},
        changes=changes(),
        publishers=list(LEAGUES.values()),
        leagues=list(LEAGUES.values()),
        data_until=date(2025, 12, 31),
    )
    return replace(nothing, **others)


def said(rule: str, **others: Any) -> list[str]:
    return [item.text for item in attention(facts(**others), {"most": 7, rule: RULES[rule]})]


def years(region: str, indicator: str, values: list[float], first: int = 2023, n: float | None = None) -> list[Any]:
    return [(region, indicator, str(first + i), value, None, n) for i, value in enumerate(values)]


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert attention(facts(), RULES) == []


def test_leagues_below_the_target_are_counted_and_the_worst_is_named_with_its_cases() -> None:
    rows = [
        (WHOLE, "appearance", "2025", 98.0, 980.0, 1000.0),
        ("150100", "appearance", "2025", 99.5, 199.0, 200.0),
        ("150200", "appearance", "2025", 90.0, 90.0, 100.0),
        ("150300", "appearance", "2025", 50.0, 2.0, 4.0),  # too small a base to speak of
        ("150400", "appearance", "2025", 98.0, 98.0, 100.0),
    ]
    assert said("below_target", totals=totals(rows), targets=target()) == [
        "2025年3个盟市（乌海市基数过小，不参与排名）中，有2个盟市出庭应诉率距全区2024年目标100%差1个百分点以上：包头市最低，90%（90/100件，差10件）"
    ]


def test_a_ceiling_is_missed_from_above() -> None:
    rows = [(WHOLE, "loss", "2025", 12.0, None, None), ("150100", "loss", "2025", 20.0, None, None)]
    aim = target(value=10.0, indicator="loss")
    assert said("below_target", totals=totals(rows), targets=aim) == [
        "2025年1个盟市（包头市、乌海市、赤峰市未公布）中，有1个盟市败诉率距全区2024年目标10%差1个百分点以上：呼和浩特市最高，20%"
    ]


def test_a_neutral_indicator_misses_no_target_and_never_falls() -> None:
    rows = [*years(WHOLE, "correction", [30, 20, 10]), ("150100", "correction", "2025", 1.0, None, None)]
    aim = target(value=25.0, indicator="correction")
    assert said("below_target", totals=totals(rows), targets=aim) == []
    assert said("falling", totals=totals(rows)) == []


def test_a_target_whose_year_is_over_without_a_figure_is_named() -> None:
    missing = ["数据缺口：1项目标没有目标年度的数据（出庭应诉率）"]
    assert said("missing", targets=target(), whole=figures([("appearance", "2023", 99.74)])) == missing
    assert said("missing", targets=target()) == missing


@pytest.mark.parametrize("period", ["2024", "2025"])
def test_a_target_that_has_its_figure_or_its_time_is_not_named(period: str) -> None:
    assert said("missing", targets=target(), whole=figures([("appearance", period, 99.0)])) == []
    assert said("missing", targets=target("2026")) == []


def test_large_changes_are_told_falls_first_and_small_ones_are_not() -> None:
    rows = [
        ("aid", "2023年", "4770件", "同比增长56.96%", 56.96),
        ("required", "2023年", "81件", "同比下降约32.5%", -32.5),
        ("correction", "2023年", "20%", "同比下降4.9个百分点", -4.9),
    ]
    assert said("moved", changes=changes(*rows)) == [
        "2023年全区应出庭案件81件，同比下降约32.5%（超过20%的关注线）",
        "2023年全区法律援助案件4770件，同比增长56.96%（超过20%的关注线）",
    ]
    rate = changes(("appearance", "2023年", "99.74%", "同比上升26.19个百分点", 26.19))
    assert said("moved", changes=rate) == ["2023年全区出庭应诉率99.74%，同比上升26.19个百分点（超过5个百分点的关注线）"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("办理公证件数", "办理公证"),
        ("法治宣传活动场次", "法治宣传活动"),
        ("法律援助案件数", "法律援助案件"),
        ("行政执法办案件数", "行政执法办案"),
        ("政务服务事项数", "政务服务事项"),
        ("政务服务平台注册用户数", "政务服务平台注册用户"),
        ("法律明白人人数", "法律明白人"),
        ("律师服务企业家数", "律师服务企业"),
        ("经营主体总量", "经营主体总量"),
    ],
)
def test_no_measure_word_is_said_twice(name: str, shown: str) -> None:
    assert narrative.counted(name) == shown


def test_a_fall_in_two_years_running_is_told_with_all_three_values() -> None:
    assert said("falling", totals=totals(years(WHOLE, "appearance", [99, 98, 97]))) == [
        "全区出庭应诉率连续两年下降：2023年99%、2024年98%、2025年97%"
    ]
    assert said("falling", totals=totals(years("150200", "loss", [10, 12, 15]))) == [
        "包头市败诉率连续两年上升：2023年10%、2024年12%、2025年15%"
    ]


@pytest.mark.parametrize(
    "rows",
    [
        years(WHOLE, "appearance", [99, 98]),  # one change
        years(WHOLE, "appearance", [97, 98, 97]),  # up and down
        years(WHOLE, "appearance", [99, 98.9, 98.8]),  # too little
        years(WHOLE, "loss", [15, 12, 10]),  # falling is good
        years("150200", "aid", [900, 700, 500]),  # counts of single leagues go up and down
        years(WHOLE, "appearance", [99, 98, 90], n=6),  # six cases
        [*years(WHOLE, "appearance", [99, 98, 97], first=2019), *years(WHOLE, "aid", [5, 5, 5])],  # long ago
        [row for row in years(WHOLE, "appearance", [99, 98, 97, 96], first=2022) if row[2] != "2024"],  # a gap
    ],
)
def test_what_is_no_fall_in_two_years_running_is_not_told(rows: list[Any]) -> None:
    assert said("falling", totals=totals(rows)) == []


def test_a_fall_across_a_change_of_definition_is_not_told() -> None:
    breaks = pd.DataFrame({"indicator_id": ["appearance"], "since": pd.to_datetime(["2024-01-01"])})
    assert said("falling", totals=totals(years(WHOLE, "appearance", [99, 98, 97])), breaks=breaks) == []


def test_a_gap_between_leagues_names_both_ends() -> None:
    values = {"150100": 20.0, "150200": 5.0, "150300": 12.0}
    rows = [(code, "loss", "2025", value, None, 100.0) for code, value in values.items()]
    assert said("gap", totals=totals(rows)) == ["2025年败诉率盟市间相差15个百分点：呼和浩特市最高，20%；包头市最低，5%"]


def test_a_neutral_gap_is_high_and_low_but_neither_good_nor_bad() -> None:
    values = {"150100": 20.0, "150200": 5.0, "150300": 12.0}
    rows = [(code, "correction", "2025", value, None, 100.0) for code, value in values.items()]
    (sentence,) = said("gap", totals=totals(rows))
    assert "呼和浩特市偏高，20%；包头市偏低，5%（高低不表示好坏）" in sentence
    assert "最" not in sentence


def test_too_few_leagues_or_too_small_a_gap_are_no_gap() -> None:
    near = [(code, "loss", "2025", value, None, 100.0) for code, value in zip(LEAGUES, (5, 6, 7, 8), strict=True)]
    assert said("gap", totals=totals(near)) == []
    assert said("gap", totals=totals(near[:2])) == []


def test_late_figures_are_counted_over_all_levels_and_leagues_are_named() -> None:
    progress = pd.DataFrame(
        [
            ("包头市", "league", "overdue", 5, 30),
            ("石拐区", "banner", "overdue", 2, 10),
            ("乌海市", "league", "partly", 3, 0),
        ],
        columns=["name", "level", "state", "missing", "days_late"],
    )
    assert said("late", progress={"2025": progress, "2025Q4": progress.head(1)}) == [
        "2025年应报数据：2个地区欠报7项，最多逾期30天，其中包头市欠5项"
    ]


def test_checks_that_do_not_agree_are_told_in_their_order_and_growth_is_called_so() -> None:
    row = {
        "region_code": WHOLE,
        "region": "内蒙古自治区",
        "indicator_id": "aid",
        "indicator": "法律援助案件数",
        "period": "2023",
    }
    checks = pd.DataFrame(
        [
            {**row, "severity": "error", "kind": "growth", "unit": "%", "message": "2÷1＝5%，与公布的6%不符，相差1%。"},
            {**row, "severity": "ok", "kind": "sum", "unit": "件", "message": "相符。"},
        ]
    )
    assert said("contradiction", checks=checks) == [
        "2023年全区法律援助案件数同比需核对：2÷1＝5%，与公布的6%不符，相差1%"
    ]


def test_a_check_whose_difference_is_explained_accuses_nobody() -> None:
    row = {"region_code": WHOLE, "region": "内蒙古自治区", "indicator_id": "correction", "indicator": "直接纠错率"}
    row |= {"period": "2023", "severity": "warning", "kind": "ratio", "unit": "%"}
    checks = pd.DataFrame(
        [{**row, "message": "1÷5＝20%，与公布的25%不符，相差5个百分点。可能是分母不同。1是甲，5是乙。"}]
    )
    assert said("contradiction", checks=checks) == [
        "2023年全区直接纠错率公布为25%，按其他公布数计算为20%，两者不一致，可能是分母不同，见数据质量"
    ]


def test_few_publishers_are_counted_where_nobody_owes_figures() -> None:
    (sentence,) = said("missing", publishers=["乌海市"])
    assert sentence == "数据缺口：4个盟市中只有1个公布过出庭应诉率"
    assert said("missing", publishers=["乌海市"], progress={"2025": pd.DataFrame({"state": ["reported"]})}) == []


def test_old_headline_figures_are_listed() -> None:
    old = figures([("loss", "2021", 24.0), ("appearance", "2023", 99.0)])
    assert said("missing", whole=old) == ["数据缺口：1项重点指标停在2021年及以前（败诉率）"]


def test_all_that_is_missing_is_one_sentence() -> None:
    found = said("missing", targets=target(), publishers=[], whole=figures([("loss", "2021", 24.0)]))
    assert len(found) == 1
    assert found[0].count("；") == 2


def test_the_weightiest_come_first_and_an_indicator_is_not_told_twice() -> None:
    leagues = zip(LEAGUES, (99, 80, 99, 98), strict=True)
    rows = years(WHOLE, "appearance", [99, 98, 97])
    rows += [(code, "appearance", "2025", value, None, None) for code, value in leagues]
    known = {"totals": totals(rows), "targets": target(), "whole": figures([("appearance", "2025", 97.0)])}
    found = attention(facts(**known), RULES)
    assert [item.rule for item in found] == ["below_target", "falling"]
    assert len(attention(facts(**known), {**RULES, "most": 1})) == 1


# ---- on the real data ----


@pytest.mark.parametrize("dataset", ["published", "demo"])
def test_the_first_page_has_three_to_seven_sentences_that_lead_to_their_figures(dataset: str, warehouse: Paths) -> None:
    release = queries.current_release()
    with selection.reading({"dataset": dataset}):
        reader = frame.reader_at(release)
    found = overview.attention(reader)
    weights = [editorial.attention_rules()[item.rule]["weight"] for item in found]
    assert 3 <= len(found) <= 7
    assert weights == sorted(weights, reverse=True)
    assert len({item.text for item in found}) == len(found)
    for item in found:
        assert (ROOT / "pages" / f"{item.page}.py").exists()
        address = overview.address_of(reader, item.parameters)
        _, notices = selection.resolve(address, reader.choices)
        assert notices == []
        wanted = {"dataset": dataset, **item.parameters}
        resolved, _ = selection.resolve(address, reader.choices)
        for name in set(wanted) & set(selection.PARAMETERS):
            assert getattr(resolved, name) == wanted[name]


def test_the_official_sentences_are_these(warehouse: Paths) -> None:
    with selection.reading({}):
        reader = frame.reader_at(queries.current_release())
    texts = [item.text for item in overview.attention(reader)]
    assert texts[0] == "2023年全区习近平法治思想学习宣讲8100余场次，同比下降约32.5%（超过20%的关注线）"
    assert texts[1] == "2023年全区行政复议案件办理4770件，同比增长56.96%（超过20%的关注线）"
    (rate,) = (text for text in texts if "直接纠错率" in text)
    assert rate == (
        "2023年全区行政复议直接纠错率公布为24.47%，按其他公布数计算为20.25%，两者不一致，"
        "或因分母口径不同（办理数、审结数），见数据质量"
    )
    whole = next(m for m in queries.checks(reader.release, "published")["message"] if "966÷4770" in m)
    assert "4770件是办理数；公布率的分母按指标词典是审结数，原文未公布" in whole
    assert [text for text in texts if "数据缺口" in text] == texts[-1:]
    assert "停在2021年及以前（行政诉讼败诉率、" in texts[-1]


def test_every_rule_of_the_catalogue_is_known_and_every_known_one_is_in_the_catalogue() -> None:
    assert {name for name, rule in TEXTS.items() if isinstance(rule, dict)} == set(narrative.RULES)
