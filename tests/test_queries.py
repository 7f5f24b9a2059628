"""The one door to the warehouse: nothing twice, read only, values bound, the newest release without a restart."""

import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest
import streamlit as st

from dashboard import queries, state
from etl.paths import Paths
from tests.test_pages import PAGES, open_page

# Beside each page as it opens: the views that ask for more.
VIEWS = [
    ("map", {"level": "banner", "map": "years", "period": "2025", "region": "150402", "group": "near"}),
    ("compare", {"view": "heatmap", "period": "2025"}),
    ("compare", {"view": "scatter", "period": "2025", "region": "150700", "group": "near"}),
    ("profile", {"region": "150402", "group": "near"}),
]

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(("name", "parameters"), [*[(name, {}) for name in PAGES], *VIEWS])
def test_no_page_asks_the_same_question_twice(
    name: str, parameters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[tuple[str, str]] = Counter()
    ask = queries._query

    def counted(path: str, sql: str, parameters: dict[str, object] | None = None) -> object:
        asked[sql, str(parameters)] += 1
        return ask(path, sql, parameters)

    monkeypatch.setattr(queries, "_query", counted)
    st.cache_data.clear()
    st.cache_resource.clear()
    app = open_page(name, dataset="demo", **parameters)
    assert not app.exception
    assert asked
    groups = []
    read = state.own_groups
    monkeypatch.setattr(state, "own_groups", lambda: groups.append(name) or read())
    app.run()
    assert len(groups) <= 1
    assert [question for question, times in asked.items() if times > 1] == []


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM observations",
        "COPY observations TO '/tmp/stolen.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/other.duckdb'",
        "SET enable_external_access = true",
    ],
)
def test_the_dashboard_can_neither_write_nor_reach_files(statement: str) -> None:
    release = queries.current_release()
    with pytest.raises(duckdb.Error), queries._connection(release.path).cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("warehouse")
def test_values_are_bound_not_pasted() -> None:
    release = queries.current_release()
    assert queries.figures_of_indicator(release, "published", "x' OR '1'='1").empty


def test_a_new_release_is_seen_at_the_next_look(built: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    shutil.copytree(built.warehouse, tmp_path / "warehouse")
    first = queries.current_release()
    shutil.copy(first.path, tmp_path / "warehouse" / "20260131-abcdef.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse" / "20260131-abcdef.duckdb")) as con:
        con.execute("UPDATE release SET id = '20260131-abcdef'")
    (tmp_path / "warehouse" / "CURRENT").write_text("20260131-abcdef\n")
    assert queries.current_release().id == "20260131-abcdef"
    assert len(queries.regions(first)) == 116, "a reader of the old release can finish"
