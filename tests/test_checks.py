"""Agreement checks: named pairs on the official figures, generic rules on tiny tables, and who owes what."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from etl.catalogue import Catalogue, load_catalogue
from etl.checks import COLUMNS, RULES, expand_expected, run_checks, spell
from etl.errors import UserError
from etl.simulate import PLANTED, panel

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
HOHHOT, WUHAI, ALXA = "150100", "150300", "152900"
ALXA_BANNERS = ("152921", "152922", "152923")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(DATA / "catalogue")


def insert(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    if frame.empty:
        return
    columns = ", ".join(f'"{c}"' for c in frame.columns)
    con.register("incoming", frame)
    con.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming")
    con.unregister("incoming")


def read_published(name: str) -> pd.DataFrame:
    frame = pd.read_csv(DATA / "published" / name, dtype={"region_code": str, "period": str}, keep_default_na=False)
    if "base_indicator_id" in frame:
        frame = frame.drop(columns="indicator_id").rename(columns={"base_indicator_id": "indicator_id"})
    return frame.drop(columns="region_name").assign(dataset="published", revision=1, load_id="test")


def figure(
    indicator: str, value: float | None, region: str = "150000", period: str = "2023", **more: Any
) -> dict[str, Any]:
    """One row of `observations` as a steward reported it, with whatever else matters to the test."""
    span = pd.Period(period.replace("-", ""), freq="Q") if "Q" in period else pd.Period(period, freq="Y")
    return {
        "dataset": "internal",
        "region_code": region,
        "indicator_id": indicator,
        "breakdown": "",
        "period": period,
        "period_start": span.start_time,
        "period_end": span.end_time.normalize(),
        "value": value,
        "unit": "%" if indicator.endswith("_rate") else "件",
        "qualifier": "",
        "numerator": None,
        "denominator": None,
        "status": "reported",
        "source_id": "report-2023",
        "published_as": "",
        "confidence": "high",
        "note": "",
        "revision": 1,
        "load_id": "test",
        **more,
    }


def warehouse(
    catalogue: Catalogue,
    observations: pd.DataFrame,
    growth: pd.DataFrame | None = None,
    breaks: pd.DataFrame | None = None,
) -> duckdb.DuckDBPyConnection:
    """A half-built warehouse in memory: what the checks read, and nothing else."""
    con = duckdb.connect()
    con.execute((ROOT / "etl" / "schema.sql").read_text(encoding="utf-8"))
    regions = [
        {f: getattr(r, f) for f in ("code", "name", "short_name", "name_en", "level", "type", "pinyin", "area_km2")}
        | {"parent": r.parent or None, "aliases": list(r.aliases), "search": ""}
        for r in catalogue.regions.values()
    ]
    names = "id position name name_en chapter unit kind direction decimals numerator denominator aggregation near"
    indicators = [
        {f: getattr(i, f) for f in (*names.split(), "definition", "caveats")}
        | {"aliases": list(i.aliases), "search": ""}
        for i in catalogue.indicators.values()
    ]
    insert(con, "chapters", catalogue.chapters[["number", "short_name", "name"]].astype({"number": "int64"}))
    insert(con, "regions", pd.DataFrame(regions))
    insert(con, "indicators", pd.DataFrame(indicators))
    insert(con, "sources", catalogue.sources[["id", "title", "publisher", "kind", "confidence", "note"]])
    insert(con, "targets", catalogue.targets)
    insert(con, "observations", observations)
    insert(con, "growth", pd.DataFrame() if growth is None else growth)
    insert(con, "breaks", pd.DataFrame() if breaks is None else breaks)
    return con


@pytest.fixture(scope="module")
def official(catalogue: Catalogue) -> pd.DataFrame:
    con = warehouse(catalogue, read_published("figures.csv"), read_published("growth.csv"))
    return run_checks(con, catalogue)


@pytest.fixture(scope="module")
def named(official: pd.DataFrame) -> pd.DataFrame:
    return official.set_index("check_id")


def generic(
    catalogue: Catalogue,
    rows: Iterable[dict[str, Any]],
    growth: Iterable[dict[str, Any]] = (),
    breaks: pd.DataFrame | None = None,
) -> list[tuple[str, str, str]]:
    """What the generic rules say about these figures: (rule, region, period)."""
    con = warehouse(catalogue, pd.DataFrame(rows), pd.DataFrame(growth), breaks)
    found = run_checks(con, catalogue)
    found = found[found["check_id"].isin(RULES)]
    return list(zip(found["check_id"], found["region_code"], found["period"], strict=True))


def messages(catalogue: Catalogue, rows: Iterable[dict[str, Any]]) -> list[str]:
    found = run_checks(warehouse(catalogue, pd.DataFrame(rows)), catalogue)
    return found.loc[found["check_id"].isin(RULES), "message"].tolist()


# ---- named pairs ----


def test_every_named_pair_is_found_in_the_official_figures(catalogue: Catalogue, official: pd.DataFrame) -> None:
    declared = catalogue.checks.loc[catalogue.checks["region_code"] != "*", "id"]
    assert len(declared) == 37
    assert official.columns.tolist() == COLUMNS
    assert set(declared) <= set(official["check_id"])
    assert not (official["severity"] == "error").any()


def test_the_severities_of_the_list_are_those_shown(catalogue: Catalogue, named: pd.DataFrame) -> None:
    declared = catalogue.checks[catalogue.checks["region_code"] != "*"].set_index("id")["severity"]
    assert named.loc[declared.index, "severity"].tolist() == declared.tolist()


def test_the_correction_rate_is_not_966_of_4770(named: pd.DataFrame) -> None:
    row = named.loc["correction-rate-2023"]
    assert (row["expected"], row["found"], row["unit"], row["severity"]) == (24.47, 20.25, "%", "warning")
    assert row["message"].startswith("966÷4770＝20.25%，与公布的24.47%不符，相差4.22个百分点。")


def test_growth_implies_fewer_cases_than_were_published(named: pd.DataFrame) -> None:
    row = named.loc["reconsideration-growth-2023"]
    assert (row["expected"], row["found"], row["unit"], row["period"]) == (3116, 3039, "件", "2022")
    assert "4770÷（1＋56.96%）＝3039件，与公布的3116件不符，相差77件" in row["message"]
    assert named.loc["reconsideration-growth-rate", "found"] == 53.08


def test_the_online_rate_has_another_denominator(named: pd.DataFrame) -> None:
    row = named.loc["online-rate-saihan"]
    assert (row["expected"], row["found"], row["severity"]) == (99.28, 99.91, "warning")
    assert row["message"].startswith("1097÷1098＝99.91%，与公布的99.28%不符")


def test_a_difference_of_rounding_is_no_contradiction(named: pd.DataFrame) -> None:
    row = named.loc["mediation-rate-2023"]
    assert (row["severity"], row["expected"], row["found"]) == ("ok", 99.5, 99.49)
    assert "19.5万余÷19.6万余＝99.49%，四舍五入后与公布的99.5%一致" in row["message"]


def test_a_figure_that_nobody_published_stays_empty(named: pd.DataFrame) -> None:
    row = named.loc["hazard-rate-2023"]
    assert pd.isna(row["expected"])
    assert (row["found"], row["severity"]) == (99.29, "info")
    assert "未见公布数" in row["message"]


def test_years_are_added_up_for_a_span_without_a_figure_of_its_own(named: pd.DataFrame) -> None:
    row = named.loc["reconsideration-arxan"]
    assert (row["expected"], row["found"]) == (60, 52)


def test_regions_and_targets_are_looked_up_where_the_expression_says(named: pd.DataFrame) -> None:
    assert named.loc["hotline-ordos-sum", "found"] == 3738
    assert (named.loc["court-target-2024", "expected"], named.loc["court-target-2024", "found"]) == (100, 99.74)


def test_a_pair_without_its_data_says_what_is_missing(catalogue: Catalogue) -> None:
    corrected = figure("reconsideration_corrected", 966, dataset="published", status="published")
    found = run_checks(warehouse(catalogue, pd.DataFrame([corrected])), catalogue).set_index("check_id")
    row = found.loc["correction-rate-2023"]
    assert row["severity"] == "error"
    assert row["message"] == "核对项所需数据缺失：2023年行政复议案件办理数、2023年行政复议直接纠错率。"
    assert pd.isna(row["expected"])
    assert pd.isna(row["found"])


def test_a_changed_figure_makes_its_pair_an_error(catalogue: Catalogue) -> None:
    figures = read_published("figures.csv")
    figures.loc[figures["indicator_id"] == "reconsideration_corrected", "value"] = 1168
    found = run_checks(warehouse(catalogue, figures, read_published("growth.csv")), catalogue).set_index("check_id")
    row = found.loc["correction-rate-2023"]
    assert (row["severity"], row["found"]) == ("error", 24.49)
    assert "核对清单登记的计算值为20.25，现有数据得24.4864" in row["message"]


def test_a_figure_published_since_the_list_was_made_is_an_error(catalogue: Catalogue) -> None:
    rate = figure("hazard_rectification_rate", 98.0, dataset="published", status="published")
    figures = pd.concat([read_published("figures.csv"), pd.DataFrame([rate])])
    found = run_checks(warehouse(catalogue, figures, read_published("growth.csv")), catalogue).set_index("check_id")
    assert found.loc["hazard-rate-2023", "severity"] == "error"
    assert "登记的公布值为空，现有数据得98" in found.loc["hazard-rate-2023", "message"]


@pytest.mark.parametrize(
    "expression", ["hazards_rectified / (", "hazards_rectified ** 2", "no_such_indicator", "1 + 1"]
)
def test_an_expression_that_makes_no_sense_stops_the_build(catalogue: Catalogue, expression: str) -> None:
    pairs = catalogue.checks.assign(left=expression, right="hazards_found", region_code="150000", period="2023").head(1)
    con = warehouse(catalogue, read_published("figures.csv"))
    with pytest.raises(UserError, match=r"checks\.csv"):
        run_checks(con, replace(catalogue, checks=pairs))


# ---- generic rules ----


def test_generic_rules_find_nothing_false_in_the_official_figures(official: pd.DataFrame) -> None:
    assert official[official["check_id"].isin(RULES)]["message"].tolist() == []


def test_a_generic_rule_does_not_repeat_a_named_pair(catalogue: Catalogue) -> None:
    growth = read_published("growth.csv")
    con = warehouse(catalogue, read_published("figures.csv"), growth)
    only_rules = replace(catalogue, checks=catalogue.checks[catalogue.checks["region_code"] == "*"])
    found = run_checks(con, only_rules)
    assert ("growth-levels", "reconsideration_cases", "2023") in set(
        zip(found["check_id"], found["indicator_id"], found["period"], strict=True)
    )


def test_a_rate_that_its_own_parts_do_not_give_is_flagged(catalogue: Catalogue) -> None:
    wrong = figure("court_appearance_rate", 98.0, numerator=58, denominator=61)
    assert generic(catalogue, [wrong]) == [("rate-own-parts", "150000", "2023")]
    assert messages(catalogue, [wrong]) == ["分子58÷分母61＝95.08%，与填报数98%不符，相差2.92个百分点。"]


def test_a_rate_rounded_to_the_printed_decimals_agrees(catalogue: Catalogue) -> None:
    assert not generic(catalogue, [figure("court_appearance_rate", 95.1, numerator=58, denominator=61)])


def test_a_rate_is_held_against_the_indicators_of_its_parts(catalogue: Catalogue) -> None:
    parts = [figure("court_appearances_made", 58), figure("court_appearances_required", 61)]
    assert generic(catalogue, [*parts, figure("court_appearance_rate", 98.0)]) == [
        ("rate-part-indicators", "150000", "2023")
    ]
    assert not generic(catalogue, [*parts, figure("court_appearance_rate", 95.08)])
    assert not generic(catalogue, [*parts, figure("court_appearance_rate", 98.0, period="2024")])


def test_parts_printed_with_yu_are_bounds(catalogue: Catalogue) -> None:
    rows = [
        figure("disputes_mediated_success", 195_000, qualifier="余", published_as="19.5万余件"),
        figure("disputes_mediated", 196_000, qualifier="余", published_as="19.6万余件"),
    ]
    assert not generic(catalogue, [*rows, figure("mediation_success_rate", 99.9)])
    assert generic(catalogue, [*rows, figure("mediation_success_rate", 97.0)])


def test_a_numerator_above_its_denominator_is_an_error(catalogue: Catalogue) -> None:
    rows = [figure("hazards_rectified", 20, unit="项"), figure("hazards_found", 12, unit="项")]
    assert generic(catalogue, rows) == [("numerator-over-denominator", "150000", "2023")]
    assert messages(catalogue, rows) == ["完成整改隐患项数20项大于排查事故隐患项数12项，部分不应大于整体。"]


def test_a_breakdown_above_its_total_is_flagged(catalogue: Catalogue) -> None:
    total, part = figure("legal_aid_cases", 100), figure("legal_aid_cases", 120, breakdown="受理")
    assert generic(catalogue, [total, part]) == [("part-over-whole", "150000", "2023")]
    assert not generic(catalogue, [total, {**part, "unit": "人次"}])


def test_instructions_are_no_part_of_deliberations(catalogue: Catalogue) -> None:
    total = figure("rule_of_law_deliberations", 14, unit="次")
    assert not generic(catalogue, [total, {**total, "breakdown": "批示", "value": 77}])


def test_banners_are_added_up_against_their_league(catalogue: Catalogue) -> None:
    banners = [figure("legal_aid_cases", 10, region=code) for code in ALXA_BANNERS]
    league = figure("legal_aid_cases", 31, region=ALXA)
    assert generic(catalogue, [*banners, league]) == [("children-sum", ALXA, "2023")]
    assert messages(catalogue, [*banners, league]) == ["所属3个地区之和为30件，与本级填报数31件不符，相差1件。"]
    assert not generic(catalogue, [*banners, {**league, "value": 30}])


def test_banners_are_not_added_up_while_one_is_missing(catalogue: Catalogue) -> None:
    league = figure("legal_aid_cases", 31, region=ALXA)
    assert not generic(catalogue, [league, *(figure("legal_aid_cases", 10, region=c) for c in ALXA_BANNERS[:2])])
    late = figure("legal_aid_cases", None, region=ALXA_BANNERS[2], status="not_reported")
    banners = [figure("legal_aid_cases", 10, region=c) for c in ALXA_BANNERS[:2]]
    assert not generic(catalogue, [league, *banners, late])


def test_stocks_of_banners_are_not_added_up(catalogue: Catalogue) -> None:
    banners = [figure("electronic_licence_records", 10, region=code) for code in ALXA_BANNERS]
    assert not generic(catalogue, [*banners, figure("electronic_licence_records", 99, region=ALXA)])


def test_a_league_printed_with_yu_may_be_a_little_more(catalogue: Catalogue) -> None:
    banners = [figure("legal_aid_cases", 413, region=code) for code in ALXA_BANNERS]
    assert not generic(catalogue, [*banners, figure("legal_aid_cases", 1200, region=ALXA, qualifier="余")])
    assert generic(catalogue, [*banners, figure("legal_aid_cases", 1200, region=ALXA)])


def test_four_quarters_make_a_year(catalogue: Catalogue) -> None:
    quarters = [figure("legal_aid_cases", 10, period=f"2023Q{q}") for q in (1, 2, 3, 4)]
    assert generic(catalogue, [*quarters, figure("legal_aid_cases", 41)]) == [("quarters-sum", "150000", "2023")]
    assert not generic(catalogue, [*quarters, figure("legal_aid_cases", 40)])
    assert not generic(catalogue, [*quarters[:3], figure("legal_aid_cases", 41)])


def test_growth_is_held_against_the_levels_of_both_years(catalogue: Catalogue) -> None:
    levels = [figure("legal_aid_cases", 1000, period="2022"), figure("legal_aid_cases", 1200)]
    assert generic(catalogue, levels, [figure("legal_aid_cases", 30.0, unit="%")]) == [
        ("growth-levels", "150000", "2023")
    ]
    assert not generic(catalogue, levels, [figure("legal_aid_cases", 20.0, unit="%")])


def test_an_extra_zero_is_flagged_as_a_jump(catalogue: Catalogue) -> None:
    years = {"2021": 110, "2022": 1200, "2023": 115, "2024": 130}
    rows = [figure("legal_aid_cases", v, period=y) for y, v in years.items()]
    assert generic(catalogue, rows) == [("jump-count", "150000", "2022")]
    assert messages(catalogue, rows) == ["2022年填报数1200件，而2021年110件、2023年115件，相差约10倍，请核实是否误填。"]


def test_two_years_are_too_few_for_a_jump(catalogue: Catalogue) -> None:
    assert not generic(
        catalogue, [figure("legal_aid_cases", v, period=y) for y, v in {"2022": 110, "2023": 1200}.items()]
    )


def test_steady_growth_and_small_numbers_are_no_jumps(catalogue: Catalogue) -> None:
    for values in ([100, 300, 900, 2700], [2, 20, 2, 3]):
        rows = [figure("legal_aid_cases", v, period=str(2020 + i)) for i, v in enumerate(values)]
        assert not generic(catalogue, rows)


def test_no_jump_across_a_change_of_definition(catalogue: Catalogue) -> None:
    rows = [figure("case_files_reviewed", v, period=str(2019 + i)) for i, v in enumerate([100, 110, 120, 900])]
    change = pd.DataFrame(
        {
            "indicator_id": ["case_files_reviewed"],
            "from": ["2022-01-01"],
            "reason": ["口径变化"],
            "dataset": ["internal"],
        }
    )
    assert generic(catalogue, rows) == [("jump-count", "150000", "2022")]
    assert not generic(catalogue, rows, breaks=change)


def test_a_rate_out_of_line_with_both_its_neighbours_is_flagged(catalogue: Catalogue) -> None:
    rows = [figure("court_appearance_rate", v, period=str(2021 + i)) for i, v in enumerate([98.1, 9.9, 99.2])]
    assert generic(catalogue, rows) == [("jump-rate", "150000", "2022")]
    rising = [figure("court_appearance_rate", v, period=str(2021 + i)) for i, v in enumerate([20, 60, 99])]
    assert not generic(catalogue, rising)


def test_the_same_count_under_two_labels_or_in_two_years_is_pointed_out(catalogue: Catalogue) -> None:
    labels = [figure("law_publicity_sessions", 241, breakdown=b) for b in ("应急", "法学会")]
    assert generic(catalogue, labels) == [("repeated-label", "150000", "2023")]
    assert not generic(catalogue, [{**row, "value": 24_000} for row in labels])
    years = [figure("legal_aid_cases", 32_017, period=y) for y in ("2022", "2023")]
    assert generic(catalogue, years) == [("repeated-year", "150000", "2023")]


def test_two_sources_that_differ_are_shown_with_their_titles(catalogue: Catalogue) -> None:
    rows = [figure("legal_aid_cases", 320), figure("legal_aid_cases", 318, source_id="plan-2024", confidence="medium")]
    assert messages(catalogue, rows) == [
        "《内蒙古自治区2024年法治政府建设工作计划》为318件，"
        "《内蒙古自治区人民政府关于2023年法治政府建设情况的报告》为320件，两处不一致，以后者为准。"
    ]
    assert not generic(catalogue, [rows[0], {**rows[1], "value": 320}])


def test_a_reported_figure_is_held_against_the_published_one(catalogue: Catalogue) -> None:
    published = figure("legal_aid_cases", 32_000, dataset="published", status="published", published_as="3.2万件")
    assert not generic(catalogue, [published, figure("legal_aid_cases", 32_017)])
    assert generic(catalogue, [published, figure("legal_aid_cases", 35_017)]) == [
        ("conflicting-published", "150000", "2023")
    ]


def test_the_demo_panel_holds_only_the_errors_planted_in_it(catalogue: Catalogue) -> None:
    figures = read_published("figures.csv")
    demo = panel(catalogue, figures)
    con = warehouse(
        catalogue,
        demo.observations.assign(dataset="demo", revision=1, load_id="demo"),
        None,
        demo.breaks.assign(dataset="demo"),
    )
    found = run_checks(con, catalogue)
    found = found[(found["dataset"] == "demo") & found["severity"].isin(["warning", "error"])]
    assert found["check_id"].tolist() == ["rate-own-parts", "children-sum", "jump-count"]
    assert {i for _, i, _ in PLANTED} == set(found["indicator_id"])


def test_an_unknown_rule_stops_the_build(catalogue: Catalogue) -> None:
    rules = catalogue.checks[catalogue.checks["region_code"] == "*"].assign(id="no-such-rule")
    with pytest.raises(UserError, match="no-such-rule"):
        run_checks(warehouse(catalogue, pd.DataFrame()), replace(catalogue, checks=rules))


def test_the_words_of_a_rule_may_use_known_names_only(catalogue: Catalogue) -> None:
    rules = catalogue.checks[catalogue.checks["id"] == "rate-own-parts"].assign(explanation="{nonsense}")
    con = warehouse(catalogue, pd.DataFrame([figure("court_appearance_rate", 98, numerator=58, denominator=61)]))
    with pytest.raises(UserError, match="rate-own-parts"):
        run_checks(con, replace(catalogue, checks=rules))


def test_the_checks_leave_nothing_behind(catalogue: Catalogue) -> None:
    con = warehouse(catalogue, pd.DataFrame([figure("legal_aid_cases", 1)]))
    before = con.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
    run_checks(con, catalogue)
    assert con.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall() == before


@pytest.mark.parametrize(
    ("value", "unit", "qualifier", "text"),
    [
        (196_000, "件", "余", "19.6万余件"),
        (640_000_000, "元", "", "6.4亿元"),
        (246_329_700, "元", "", "24632.97万元"),
        (4770, "件", "", "4770件"),
        (286_050, "件", "", "286050件"),
        (99.5, "%", "", "99.5%"),
        (0, "件", "", "0件"),
    ],
)
def test_numbers_are_spelled_as_people_print_them(value: float, unit: str, qualifier: str, text: str) -> None:
    assert spell(value, unit, qualifier) == text


# ---- what is owed ----


def owes(catalogue: Catalogue, *rows: tuple[str, ...]) -> Catalogue:
    columns = ["dataset", "indicator_id", "level", "frequency", "from", "due_days"]
    return replace(catalogue, expected=pd.DataFrame(rows, columns=columns, dtype="str"))


def test_a_quarter_is_owed_once_it_has_ended(catalogue: Catalogue) -> None:
    owed = owes(catalogue, ("internal", "legal_aid_cases", "region", "quarterly", "2025-04-01", "15"))
    found = expand_expected(owed, date(2025, 10, 1))
    assert found.columns.tolist() == ["dataset", "region_code", "indicator_id", "period", "due_on"]
    assert found["period"].tolist() == ["2025Q2", "2025Q3"]
    assert found["due_on"].dt.date.tolist() == [date(2025, 7, 15), date(2025, 10, 15)]


def test_the_last_day_of_a_year_ends_it(catalogue: Catalogue) -> None:
    owed = owes(catalogue, ("internal", "legal_aid_cases", "region", "yearly", "2024-01-01", "20"))
    assert expand_expected(owed, date(2025, 12, 31))["period"].tolist() == ["2024", "2025"]
    assert expand_expected(owed, date(2025, 12, 30))["period"].tolist() == ["2024"]


def test_every_region_of_the_levels_named_owes(catalogue: Catalogue) -> None:
    owed = owes(catalogue, ("internal", "legal_aid_cases", "league|banner", "yearly", "2025-01-01", "20"))
    assert len(expand_expected(owed, date(2025, 12, 31))) == 12 + 103


def test_what_is_named_twice_is_owed_once(catalogue: Catalogue) -> None:
    row = ("internal", "legal_aid_cases", "region", "yearly", "2025-01-01", "20")
    assert len(expand_expected(owes(catalogue, row, row), date(2025, 12, 31))) == 1


def test_rows_that_make_no_sense_are_all_named(catalogue: Catalogue) -> None:
    good = ("internal", "legal_aid_cases", "region", "yearly", "2025-01-01", "20")
    bad = [(*good[:3], "weekly", *good[4:]), (*good[:2], "village", *good[3:]), (*good[:4], "2025", "soon")]
    with pytest.raises(UserError) as caught:
        expand_expected(owes(catalogue, good, *bad), date(2025, 12, 31))
    assert re.findall(r"第(\d+)行", str(caught.value)) == ["3", "4", "5"]


def test_the_demo_owes_its_headline_indicators_from_2019_to_2025(catalogue: Catalogue) -> None:
    owed = expand_expected(catalogue, date(2025, 12, 31))
    headlines = {i.id for i in catalogue.indicators.values() if i.headline is not None}
    assert headlines <= set(owed.loc[owed["dataset"] == "demo", "indicator_id"])
    assert headlines <= set(owed.loc[owed["dataset"] == "internal", "indicator_id"])
    assert {"2019", "2025", "2019Q1", "2025Q4"} <= set(owed.loc[owed["dataset"] == "demo", "period"])
