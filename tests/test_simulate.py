"""The simulated panel: it adds up, its rates are those of its parts, it meets the official totals, gaps stay gaps."""

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from etl.catalogue import Catalogue, load_catalogue
from etl.checks import expand_expected
from etl.errors import UserError
from etl.simulate import (
    COLUMNS,
    CONTRADICTIONS,
    LATE_BANNERS,
    LATE_LEAGUE,
    LATE_PERIODS,
    PLAN,
    PLANTED,
    POPULATION,
    Panel,
    Part,
    official_totals,
    panel,
)

DATA = Path(__file__).resolve().parent.parent / "data"
SHA256 = "d50784f2ba026a5a02f5171cef5c12cac9a94b8c2e183a5dec639eacd4138028"
KEY = ["region_code", "indicator_id", "period"]
OFFICIAL = {
    ("arbitration_cases", 2019): 3222,
    ("arbitration_cases", 2023): 4286,
    ("business_entities_new", 2023): 459_000,
    ("business_entities_total", 2023): 2_730_000,
    ("campaign_problems_rectified", 2023): 614,
    ("campaign_rectification_rate", 2023): 100,
    ("case_files_reviewed", 2023): 8880,
    ("court_appearance_rate", 2019): 15,
    ("court_appearance_rate", 2020): 29.65,
    ("court_appearance_rate", 2023): 99.74,
    ("electronic_licence_records", 2021): 41_000_000,
    ("enterprise_issues_accepted", 2023): 186,
    ("enterprise_losses_recovered", 2023): 640_000_000,
    ("forensic_cases", 2023): 44_000,
    ("government_lawyers", 2023): 3206,
    ("hazards_found", 2023): 1543,
    ("hazards_rectified", 2023): 1532,
    ("lawyers", 2020): 9665,
    ("legal_aid_cases", 2023): 32_000,
    ("legal_aid_losses_recovered", 2023): 246_329_700,
    ("legal_aid_migrant_workers", 2023): 10_336,
    ("legality_reviews", 2023): 670,
    ("litigation_response_cases", 2022): 5317,
    ("mediation_organizations", 2019): 16_030,
    ("mediation_organizations", 2021): 15_835,
    ("mediation_success_rate", 2023): 99.5,
    ("normative_docs_cleaned", 2020): 7904,
    ("normative_docs_cleaned", 2023): 6037,
    ("normative_docs_filed", 2023): 443,
    ("notarisation_cases", 2023): 365_000,
    ("proposals_handled", 2019): 1346,
    ("proposals_reply_rate", 2019): 100,
    ("reconsideration_cases", 2022): 3116,
    ("reconsideration_cases", 2023): 4770,
    ("reconsideration_corrected", 2023): 966,
    ("reconsideration_enterprise_share", 2022): 15.53,
    ("service_platform_users", 2021): 24_460_000,
    ("typical_cases_published", 2023): 124,
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(DATA / "catalogue")


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(
        DATA / "published" / "figures.csv", dtype={"region_code": str, "period": str}, keep_default_na=False
    )


@pytest.fixture(scope="module")
def demo(catalogue: Catalogue, published: pd.DataFrame) -> Panel:
    return panel(catalogue, published)


@pytest.fixture(scope="module")
def rows(demo: Panel) -> pd.DataFrame:
    return demo.observations


@pytest.fixture(scope="module")
def values(rows: pd.DataFrame) -> pd.Series:
    """The values by region, indicator and period, those typed wrong on purpose left out."""
    return rows.set_index(KEY)["value"].sort_index().drop(list(PLANTED))


def counts(catalogue: Catalogue, rows: pd.DataFrame) -> list[str]:
    return [i for i in rows["indicator_id"].unique() if catalogue.indicators[i].kind in ("count", "money")]


def by_region(values: pd.Series, indicators: list[str]) -> pd.DataFrame:
    """Indicator and period down, regions across."""
    chosen = values[values.index.get_level_values("indicator_id").isin(indicators)]
    return chosen.unstack("region_code")


# ---- shape ----


def test_headlines_and_at_least_forty_indicators_at_all_levels(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    headlines = {i.id for i in catalogue.indicators.values() if i.headline is not None}
    assert headlines <= set(rows["indicator_id"])
    assert rows["indicator_id"].nunique() >= 40
    assert set(rows["region_code"]) == set(catalogue.regions)
    assert {p[:4] for p in rows["period"]} == {str(y) for y in range(2019, 2026)}
    assert {"2019Q1", "2025Q4"} <= set(rows["period"])


def test_rows_fit_the_table_of_observations(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    assert rows.columns.tolist() == COLUMNS
    assert not rows.duplicated(KEY).any()
    assert set(rows["status"]) == {"simulated", "not_reported", "not_applicable"}
    assert (rows["value"].isna() == (rows["status"] != "simulated")).all()
    assert (rows["source_id"] == "simulated").all()
    assert "simulated" in set(catalogue.sources["id"])
    units = rows["indicator_id"].map(lambda i: catalogue.indicators[i].unit)
    assert (rows["unit"] == units).all()


def test_dates_follow_the_period(rows: pd.DataFrame) -> None:
    dates = rows.drop_duplicates("period").set_index("period")
    assert dates.loc["2023", "period_start"] == pd.Timestamp("2023-01-01")
    assert dates.loc["2023Q2", "period_start"] == pd.Timestamp("2023-04-01")
    assert dates.loc["2023Q2", "period_end"] == pd.Timestamp("2023-06-30")


def test_the_plan_names_the_parts_that_the_catalogue_names(catalogue: Catalogue) -> None:
    for item in PLAN:
        if isinstance(item, Part) and item.rate:
            indicator = catalogue.indicators[item.rate]
            assert (indicator.numerator or "", indicator.denominator) == (item.id, item.of)


def test_a_catalogue_without_an_indicator_of_the_plan_is_refused(catalogue: Catalogue, published: pd.DataFrame) -> None:
    indicators = {k: v for k, v in catalogue.indicators.items() if k != "lawyers"}
    with pytest.raises(UserError, match="lawyers"):
        panel(replace(catalogue, indicators=indicators), published)


# ---- adding up ----


def test_counts_are_whole_and_not_negative(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    numbers = rows[rows["indicator_id"].isin(counts(catalogue, rows))]["value"].dropna()
    assert (numbers >= 0).all()
    assert (numbers == numbers.round()).all()


def test_sums_of_money_are_whole_ten_thousands_but_for_what_an_official_total_has_beside(
    catalogue: Catalogue, rows: pd.DataFrame
) -> None:
    money = rows[rows["indicator_id"].map(lambda i: catalogue.indicators[i].unit) == "元"]
    odd = money[money["value"] % 10_000 > 0]
    assert len(money) > 1000
    assert [*odd["period"].unique()] == ["2023"]
    assert [*odd["region_code"].sort_values()] == ["150000", "150500", "150502"]  # 24632.97万元 was published


def test_banners_add_up_to_their_league(catalogue: Catalogue, rows: pd.DataFrame, values: pd.Series) -> None:
    wide = by_region(values, counts(catalogue, rows))
    for league in (r for r in catalogue.regions.values() if r.level == "league"):
        banners = [r.code for r in catalogue.regions.values() if r.parent == league.code]
        complete = wide[[*banners, league.code]].dropna()
        assert len(complete) > 500
        assert (complete[banners].sum(axis=1) == complete[league.code]).all()


def test_leagues_add_up_to_the_region(catalogue: Catalogue, rows: pd.DataFrame, values: pd.Series) -> None:
    wide = by_region(values, counts(catalogue, rows))
    complete = wide[[*POPULATION, "150000"]].dropna()
    assert len(complete) > 500
    assert (complete[list(POPULATION)].sum(axis=1) == complete["150000"]).all()


def test_quarters_add_up_to_the_year_and_stocks_end_it(
    catalogue: Catalogue, rows: pd.DataFrame, values: pd.Series
) -> None:
    wide = values.unstack("period")
    for indicator in counts(catalogue, rows):
        table = wide.xs(indicator, level="indicator_id")
        for year in (y for y in range(2019, 2026) if table.get(f"{y}Q1") is not None):
            complete = table[[str(year), *(f"{year}Q{q}" for q in (1, 2, 3, 4))]].dropna()
            quarters = complete.drop(columns=str(year))
            stock = catalogue.indicators[indicator].aggregation == "latest"
            made = quarters[f"{year}Q4"] if stock else quarters.sum(axis=1)
            assert (made == complete[str(year)]).all()


def test_cities_make_regulations_and_nobody_else(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    found = rows[rows["indicator_id"] == "local_regulations"]
    types = found["region_code"].map(lambda code: catalogue.regions[code].type)
    may = types.isin(["自治区", "地级市"])
    assert (found.loc[~may, "status"] == "not_applicable").all()
    assert found.loc[may, "value"].notna().all()
    totals = found[may].pivot_table(index="period", columns="region_code", values="value")
    assert (totals.drop(columns="150000").sum(axis=1) == totals["150000"]).all()


# ---- rates ----


def test_a_rate_is_its_numerator_over_its_denominator(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    rates = rows[(rows["unit"] == "%") & rows["value"].notna()].set_index(KEY).drop(list(PLANTED), errors="ignore")
    assert (rates["denominator"] > 0).all()
    assert (rates["numerator"] <= rates["denominator"]).all()
    exact = 100 * rates["numerator"] / rates["denominator"]
    assert ((exact - rates["value"]).abs() <= 0.005 + 1e-9).all()


def test_the_parts_of_a_rate_are_the_indicators_of_its_parts(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    counts_by_key = rows.set_index(KEY)["value"]
    rates = rows[(rows["unit"] == "%") & rows["value"].notna()]
    for rate, found in rates.groupby("indicator_id"):
        indicator = catalogue.indicators[rate]
        for part, column in [(indicator.numerator, "numerator"), (indicator.denominator, "denominator")]:
            if part:
                key = pd.MultiIndex.from_frame(found.assign(indicator_id=part)[KEY])
                assert (counts_by_key.loc[key].to_numpy() == found[column].to_numpy()).all()


def test_without_cases_there_is_no_rate(rows: pd.DataFrame) -> None:
    cases = rows[rows["indicator_id"] == "court_appearances_required"].set_index(["region_code", "period"])["value"]
    rates = rows[rows["indicator_id"] == "court_appearance_rate"].set_index(["region_code", "period"])
    none = rates[(cases == 0).reindex(rates.index)]
    assert len(none) > 0
    assert (none["status"] == "not_applicable").all()
    assert none[["value", "numerator", "denominator"]].isna().all(axis=None)


def test_small_banners_have_small_bases(rows: pd.DataFrame) -> None:
    found = rows[(rows["indicator_id"] == "court_appearance_rate") & (rows["period"] == "2023")]
    assert (found["denominator"] < 10).sum() >= 3


# ---- official totals ----


def test_the_official_totals_that_the_panel_meets_are_these(published: pd.DataFrame, rows: pd.DataFrame) -> None:
    simulated = set(rows["indicator_id"])
    found = {key: float(value) for key, value in official_totals(published).items() if key[0] in simulated}
    assert found == OFFICIAL


@pytest.mark.parametrize(("indicator", "year"), sorted(OFFICIAL))
def test_the_region_meets_the_official_total(
    published: pd.DataFrame, values: pd.Series, indicator: str, year: int
) -> None:
    printed = official_totals(published)[indicator, year]
    decimals = max(0, -int(printed.as_tuple().exponent))
    assert round(values["150000", indicator, str(year)], decimals) == float(printed)


def test_the_contradiction_is_named_and_resolved_by_another_denominator(values: pd.Series) -> None:
    assert set(CONTRADICTIONS) == {("reconsideration_correction_rate", 2023)}
    assert values["150000", "reconsideration_concluded", "2023"] == 3948
    assert values["150000", "reconsideration_correction_rate", "2023"] == 24.47


def test_bounds_parts_and_other_years_are_no_official_totals(published: pd.DataFrame) -> None:
    totals = official_totals(published)
    assert ("disputes_mediated", 2023) not in totals
    assert ("court_appearance_rate", 2021) not in totals
    assert ("local_regulations", 2023) not in totals


# ---- stories ----


def test_the_laggard_catches_up_and_another_falls_back(values: pd.Series) -> None:
    rate = values.xs("court_appearance_rate", level="indicator_id").unstack("period")
    region = rate.loc["150000"]
    assert rate.loc["150500", "2021"] < region["2021"] - 20
    assert rate.loc["150500", "2025"] > region["2025"]
    assert rate.loc["150900", "2023"] > 99
    assert rate.loc["150900", "2024"] < 97
    assert rate.loc["150900", "2025"] < 92


def test_the_change_of_definition_is_declared_and_visible(demo: Panel, values: pd.Series) -> None:
    assert demo.breaks["indicator_id"].tolist() == ["case_files_reviewed"]
    assert demo.breaks["from"].tolist() == [pd.Timestamp("2023-01-01")]
    files = values["150000", "case_files_reviewed"]
    assert files["2023"] > 2 * files["2022"]


# ---- gaps ----


def test_late_reporters_have_no_numbers(rows: pd.DataFrame) -> None:
    late = rows[rows["region_code"].isin(LATE_LEAGUE + LATE_BANNERS) & rows["period"].isin(LATE_PERIODS)]
    numbers = late[["value", "numerator", "denominator"]]
    assert len(late) > 1000
    assert numbers.isna().all(axis=None)
    assert set(late["status"]) == {"not_reported", "not_applicable"}
    assert set(late.loc[late["status"] == "not_applicable", "indicator_id"]) == {"local_regulations"}


def test_everyone_else_reported_the_last_quarter(catalogue: Catalogue, values: pd.Series) -> None:
    others = [c for c in catalogue.regions if c not in LATE_LEAGUE + LATE_BANNERS]
    last = values.xs(("reconsideration_cases", "2025Q4"), level=["indicator_id", "period"])
    assert last.loc[others].notna().mean() > 0.97


def test_a_missing_count_takes_its_rate_with_it(rows: pd.DataFrame) -> None:
    silent = rows[rows["status"] == "not_reported"]
    banners = silent[~silent["period"].isin(LATE_PERIODS)]
    missing = {i: set(zip(g["region_code"], g["period"], strict=True)) for i, g in banners.groupby("indicator_id")}
    assert missing["court_appearances_required"]
    assert missing["court_appearances_required"] == missing["court_appearances_made"]
    assert missing["court_appearances_required"] == missing["court_appearance_rate"]


def test_what_is_not_owed_and_missing_has_no_row_at_all(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    owed = set(catalogue.expected.loc[catalogue.expected["dataset"] == "demo", "indicator_id"])
    silent = rows[(rows["status"] == "not_reported") & ~rows["period"].isin(LATE_PERIODS)]
    assert set(silent["indicator_id"]) <= owed
    sizes = rows[~rows["indicator_id"].isin(owed)].groupby("indicator_id").size()
    assert ((sizes == 116 * 7) | (sizes == 116 * 35)).mean() < 1


def test_everything_owed_has_a_row(catalogue: Catalogue, rows: pd.DataFrame) -> None:
    owed = expand_expected(catalogue, date(2025, 12, 31))
    owed = owed[owed["dataset"] == "demo"]
    assert pd.MultiIndex.from_frame(owed[KEY]).isin(pd.MultiIndex.from_frame(rows[KEY])).all()


# ---- the same everywhere ----


def test_the_panel_is_the_same_bytes_on_every_machine(rows: pd.DataFrame) -> None:
    text = rows.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256


def test_the_order_of_the_official_figures_does_not_matter(
    catalogue: Catalogue, published: pd.DataFrame, rows: pd.DataFrame
) -> None:
    pd.testing.assert_frame_equal(panel(catalogue, published[::-1]).observations, rows)


def test_populations_are_those_of_the_census() -> None:
    census = pd.read_csv(DATA / "published" / "population_2020.csv", dtype={"region_code": str})
    leagues = census.set_index("region_code")["population"].drop("150000")
    assert (leagues / 10_000).round().astype(int).to_dict() == POPULATION


def test_planted_errors_are_what_they_claim(rows: pd.DataFrame) -> None:
    found = rows.set_index(KEY).sort_index()
    rate = found.loc[("150423", "mediation_success_rate", "2024")]
    assert rate["value"] == 89.97
    assert rate["numerator"] / rate["denominator"] > 0.98
    sessions = found["value"].loc["152531", "law_publicity_sessions"]
    assert sessions["2024"] == 3990
    assert np.isclose(sessions["2024"] / 10, 399)
