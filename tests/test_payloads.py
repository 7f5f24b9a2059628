"""What somebody might smuggle in: SQL, scripts, formulas and paths, through every parameter, cell and name.

One folder is poisoned wherever a text can come in, and then looked at in the database, the exports, the pages, the
browser and the log.
"""

import io
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import api, api_description, export, queries, selection, server, snapshot, state, tables
from dashboard.state import SavedSelection
from etl import accepted, publish
from etl.accepted import Request
from etl.catalogue import load_catalogue
from etl.errors import UserError
from etl.paths import Paths
from tests import browsing, quick
from tests.browsing import Server, at_rest, wait_until
from tests.test_pages import PAGES, open_page

SCRIPT = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
SQL = "'; DROP TABLE observations; --"
FORMULA = "=cmd|' /C calc'!A0"
PATH = "../../../../etc/passwd"
LINK = "[x](javascript:window.hacked=1)"
EVERYTHING = f"{FORMULA}{SQL}{SCRIPT}{LINK}{PATH}"
FILE_NAME = f"../../{SQL}{SCRIPT}.csv"
ADDRESS = dict.fromkeys((*selection.PARAMETERS, *selection.OTHER_PARAMETERS), EVERYTHING)


@pytest.fixture(scope="module")
def poisoned(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Names of the catalogue, cells of a table, its title, publisher and file name, and a saved name."""
    folder = tmp_path_factory.mktemp("poisoned")
    shutil.copytree(quick_start.data, folder / "data", ignore=shutil.ignore_patterns("state"))
    paths = Paths(data=folder / "data", static=folder / "static")
    spoil(paths.catalogue / "indicators.toml", 'name = "行政复议案件办理数"', f'name = "行政复议案件办理数{SCRIPT}"')
    spoil(paths.catalogue / "regions.csv", "呼伦贝尔市,", f"呼伦贝尔市{SCRIPT},")
    spoil(paths.boundaries / "leagues.geojson", "呼伦贝尔市", f"呼伦贝尔市{SCRIPT}")
    table = folder / "table.csv"
    rows = [
        ["地区代码", "指标编号", "期间", "数值", "备注", "原文"],
        ["150700", "reconsideration_cases", "2024", "41", EVERYTHING, FORMULA],
        [EVERYTHING, EVERYTHING, EVERYTHING, EVERYTHING, "", ""],
        ["150702", FORMULA, SQL, SCRIPT, PATH, "+1"],
    ]
    pd.DataFrame(rows[1:], columns=rows[0]).to_csv(table, index=False)
    request = Request(source_title=f"{FORMULA}{SCRIPT}", publisher=f"@{SQL}{SCRIPT}")
    checked = accepted.check_file(
        table,
        load_catalogue(paths.catalogue),
        request,
        lambda *told: None,
        today=datetime(2026, 1, 15).date(),
        name=FILE_NAME,
    )
    assert (checked.rows_loaded, checked.rows_rejected) == (1, 2)
    when = datetime(2026, 1, 15)
    accepted.accept(paths, request, checked, name=FILE_NAME, sha256="0" * 64, started_at=when, now=when)
    with pytest.MonkeyPatch.context() as patch:
        quick.shorten(patch.setattr)
        publish.build(paths, lambda text: None)
        patch.setenv("DASHBOARD_DATA_DIR", str(paths.data))
        state.save_selection(SavedSelection(EVERYTHING, "map", urlencode(ADDRESS)))
    return paths


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def inside(poisoned: Paths, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(poisoned.data))
    return poisoned


# ---- the database ----


def test_what_came_in_is_text_in_its_place_and_nothing_else_happened(inside: Paths) -> None:
    release = queries.current_release()
    (row,) = queries.figures_of_dataset(release, "internal").itertuples()
    assert row.note == EVERYTHING
    assert row.source_title == f"{FORMULA}{SCRIPT}"
    assert queries.loads(release)["input"].tolist().count(FILE_NAME) == 1
    assert len(queries.figures_of_dataset(release, "published")) > 400
    assert {path.parent for path in inside.data.parent.rglob("*.parquet")} == {inside.accepted}
    for ask in (EVERYTHING, SQL, f"{SQL}%", "x' OR '1'='1"):
        assert queries.figures_of_indicator(release, ask, ask).empty
        assert queries.figures_of_region(release, "internal", ask).empty
        assert queries.rejects(release)["found"].str.contains("DROP TABLE").any()
    assert [saved.name for saved in state.saved_selections()] == [EVERYTHING]


@pytest.mark.parametrize("dataset", [PATH, SQL, SCRIPT, FORMULA, "a b", "", "published"])
def test_a_data_set_cannot_be_named_like_a_path_or_a_statement(dataset: str, inside: Paths, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("地区代码,指标编号,期间,数值\n150700,legal_aid_cases,2024,1\n", encoding="utf-8")
    with pytest.raises(UserError, match="不能用"):
        accepted.check_file(
            table,
            load_catalogue(inside.catalogue),
            Request(dataset),
            lambda *told: None,
            today=datetime(2026, 1, 15).date(),
        )


# ---- what leaves ----


@pytest.mark.usefixtures("inside")
def test_no_cell_of_an_export_is_a_formula() -> None:
    figures = tables.readable(queries.figures_of_dataset(queries.current_release(), "internal"))
    rejects = queries.rejects(queries.current_release())
    for table in (figures, rejects):
        text = pd.read_csv(io.BytesIO(export.to_csv(table)), dtype="str", keep_default_na=False)
        starts = text.apply(lambda column: column.str[:1])
        numbers = text.apply(lambda column: pd.to_numeric(column, errors="coerce").notna())
        assert not (starts.isin(export.FORMULA_STARTS) & ~numbers).to_numpy().any()
    assert figures["来源"].str.startswith("=").any(), "there was one to be made harmless"
    book = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(figures, [("来源", FORMULA), (FORMULA, "@x")])))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


# ---- pages ----


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("page", PAGES)
def test_every_parameter_may_hold_anything(page: str) -> None:
    app = open_page(page, **ADDRESS)
    assert not app.exception
    shown = [*app.markdown, *app.caption, *app.title, *app.header, *app.subheader, *app.warning, *app.info, *app.error]
    for element in shown:
        risky = getattr(element.proto, "allow_html", False) or getattr(element, "allow_html", False)
        assert not (risky and "<script>" in element.value)
        assert LINK not in element.value, "a link would be one"


# ---- the HTTP interface ----


@pytest.fixture
def client(inside: Paths, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    for limit in ("CALLS", "PICTURES"):
        monkeypatch.setattr(api, limit, api.limits.parse("100000/minute"))
    monkeypatch.setattr(snapshot, "image", lambda *_, **__: b"drawn")
    return TestClient(Starlette(routes=server.routes()))


@pytest.mark.parametrize("route", api_description.ROUTES)
def test_every_parameter_of_the_interface_may_hold_anything(route: str, client: TestClient) -> None:
    figures = client.get("/api/v1/observations").json()["total"]
    address = "/api/v1" + route.format(family="map", kind="png")
    for name in (*api_description.parameters_of(route), EVERYTHING):
        for payload in (SCRIPT, SQL, FORMULA, PATH, LINK):
            refused(client, address, {name: payload})
    assert client.get("/api/v1/observations").json()["total"] == figures > 400


@pytest.mark.parametrize("payload", [SCRIPT, SQL, FORMULA, PATH, LINK])
def test_no_chart_is_called_like_a_path_or_a_statement(payload: str, client: TestClient) -> None:
    assert client.get(f"/api/v1/charts/{quote(payload, safe='')}.png").status_code == 404


def refused(client: TestClient, address: str, asked: dict[str, str]) -> None:
    """Asks, and sees that the answer is what was asked for, or a refusal in JSON that no browser takes for a page."""
    answer = client.get(address, params=asked)
    assert answer.status_code in {200, 400, 404, 422}, (address, asked)
    if answer.status_code != 200:
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["error"]["message"]


# ---- a real browser and the log of a real server ----


@pytest.fixture(scope="module")
def running(poisoned: Paths) -> Iterator[Server]:
    served = Server(poisoned.data)
    yield served
    served.stop()


WATCH = """document.addEventListener('securitypolicyviolation', event =>
  (window.violations ??= []).push([event.effectiveDirective, event.blockedURI, event.sourceFile].join(' ')))"""


@pytest.mark.browser
def test_nothing_runs_in_the_browser_and_the_policy_stops_nothing_of_ours(browser: Browser, running: Server) -> None:
    """Every page, with poison in every name, and two with poison in the address, too."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(browsing.SECONDS)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    chosen = urlencode({"indicator": "reconsideration_cases", "region": "150700"})
    internal = f"{chosen}&dataset=internal"
    paths = [f"/{'' if name == 'overview' else name}?{chosen}" for name in PAGES]
    paths += [f"/data?{internal}", f"/map?{internal}", f"/quality?{internal}&tab=rejects"]
    paths += [f"/map?{urlencode(ADDRESS)}", "/audit"]
    for path in paths:
        answer = page.goto(running.address + path)
        assert answer is not None
        assert answer.headers["x-content-type-options"] == "nosniff"
        at_rest(page)
        assert page.evaluate("window.violations ?? []") == [], path
        assert page.evaluate("window.hacked") is None, path
        assert page.locator("img[src=x]").count() == 0, path
        assert page.locator('a[href^="javascript"]').count() == 0, path
    page.goto(f"{running.address}/map")
    at_rest(page)
    page.evaluate(
        """() => { const script = document.createElement('script'); script.textContent = 'window.hacked = 1';
        document.body.append(script); setTimeout('window.hacked = 1', 0) }"""
    )
    wait_until(page, "() => (window.violations ?? []).length >= 2")
    assert page.evaluate("window.hacked") is None, "the policy holds: no script of a page's text, no text as a script"
    context.close()
    log = running.log.read_text(encoding="utf-8")
    assert "Traceback" not in log


@pytest.mark.browser
def test_a_changing_request_needs_the_token_and_files_stay_within_their_folder(running: Server) -> None:
    assert httpx.put(f"{running.address}/_stcore/upload_file/a/b", files={"f": b"x"}).status_code == 403
    for path in (
        f"/{PATH}",
        "/app/static/../../app.py",
        "/app/static/%2e%2e/%2e%2e/data/operator.toml",
        "/static/..%2f..%2fapp.py",
    ):
        answer = httpx.get(running.address + path)
        assert "office =" not in answer.text
        assert "root:" not in answer.text
        assert "st.App" not in answer.text
