"""Who may see and do what: the cut of internal figures, roles on pages, sessions, and the log that only grows."""

import ast
import inspect
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from dashboard import access, audit, imports, queries, selection, server, snapshot, state, tray, visitor
from dashboard.access import AccessError, Person, SettingsError, Viewer
from dashboard.imports import RefusedError, Upload
from dashboard.state import SavedSelection
from etl import accepted, publish
from etl.catalogue import load_catalogue
from etl.paths import Paths
from etl.readers import read_tables
from etl.understand import understand
from tests import gated
from tests.gated import ADMIN, FOREIGN, FOREIGN_CODES, FOREIGN_MARKS, FOREIGN_NAMES, OWN, OWN_CODES
from tests.test_load import long_table
from tests.test_pages import FOR_ADMINISTRATORS, texts
from tests.test_pages import PAGES as BEFORE

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = f'mode = "oidc"\nadmins = ["{ADMIN}"]\n'
LATER = date(2027, 1, 1)
PAGES = {*BEFORE, *FOR_ADMINISTRATORS}


@pytest.fixture(scope="module")
def gated_data(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return gated.make(quick_start, tmp_path_factory.mktemp("gated"), SETTINGS)


@pytest.fixture
def data(gated_data: Paths, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """The gated folder, nobody in it yet but the administrator of the file."""
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(gated_data.data))
    monkeypatch.setattr(access, "_client", lambda: "127.0.0.1")  # AppTest has no connection
    for file in (gated_data.data / "state").glob("*"):
        file.unlink()
    return gated_data


def of(role: str, *regions: str) -> Viewer:
    return Viewer(f"{role}@example.cn", role, role, regions or None)


def release_of(viewer: Viewer) -> queries.Release:
    with access.acting_as(viewer):
        return queries.current_release()


# ---- the cut ----


def every_argument(release: queries.Release) -> dict[str, list[object]]:
    """What the public questions may be asked with; a question with a parameter of another name fails the test."""
    loads = queries.loads(replace(release, scope=None))
    return {
        "dataset": ["internal", "published"],
        "indicator_id": ["reconsideration_cases", "legal_aid_cases"],
        "region_code": [OWN, FOREIGN, "150202", "150000"],
        "region_codes": [[OWN, FOREIGN, "150202", "150702"]],
        "today": [LATER],
        "period": ["2024", "2022"],
        "level": ["league", "banner"],
        "load_id": loads["load_id"].tolist(),
        "source_id": [accepted.Request(source_title="别家报表").source_id, "simulated"],
        "filters": [{}, {"dataset": ["internal"]}, {"region": [FOREIGN]}],
        "limit": [None, 50],
        "offset": [0],
        "table": ["observations"],
        "what": ["数据"],
    }


def answers(release: queries.Release) -> dict[tuple[str, str], object]:
    """Every public question of dashboard/queries.py that is asked of a release, with every argument."""
    known = every_argument(release)
    found: dict[tuple[str, str], object] = {}
    for name, question in inspect.getmembers(queries, inspect.isfunction):
        names = list(inspect.signature(question).parameters)
        if name.startswith("_") or question.__module__ != queries.__name__ or names[:1] != ["release"]:
            continue
        if name == "regions":
            continue  # the names that the marks are made of
        asked: list[list[object]] = [[]]
        for parameter in names[1:]:
            asked = [[*before, value] for before in asked for value in known[parameter]]
        for arguments in asked:
            found[name, str(arguments)] = question(release, *arguments)
    return found


def written(answer: object) -> str:
    return answer.to_csv() if isinstance(answer, pd.DataFrame | pd.Series) else str(answer)


def leaks(question: str, arguments: str, answer: object) -> list[str]:
    """What an answer tells of the other league's internal figures: its marks, its rows."""
    found = [mark for mark in FOREIGN_MARKS if mark in written(answer)]
    if "published" in arguments:
        return found
    mixed = isinstance(answer, pd.DataFrame) and "dataset" in answer
    internal = answer[answer["dataset"] == "internal"] if mixed else answer
    found += [name for name in FOREIGN_NAMES if name in written(internal)]
    if isinstance(answer, pd.DataFrame) and "region_code" in answer:
        told = "dataset" in answer or "internal" in arguments
        found += sorted(set(internal["region_code"]) & FOREIGN_CODES) if told else []
    return found


@pytest.mark.usefixtures("data")
def test_no_question_lets_a_foreign_internal_figure_out() -> None:
    everything = answers(release_of(access.EVERYBODY))
    # What the test looks for is there: whoever may see all is told it by all these questions.
    told = {question for (question, arguments), answer in everything.items() if leaks(question, arguments, answer)}
    assert told == {
        "figures_of_indicator",
        "figures_of_region",
        "figures_of_dataset",
        "matrix_of_period",
        "several_sources",
        "coverage_by_year",
        "owed_figures",
        "checks",
        "rejects",
        "revisions",
        "loads",
        "steward_sources",
        "source_title",
        "observations",
        "annual_totals",
        "sources_of_period",
    }
    for (question, arguments), answer in answers(release_of(of("analyst", OWN))).items():
        assert leaks(question, arguments, answer) == [], (question, arguments)


@pytest.mark.usefixtures("data")
def test_counts_and_choices_count_the_own_figures_only() -> None:
    release = release_of(of("analyst", OWN))
    account = queries.account(release, "internal")
    assert (account["figures"], account["regions"], account["loads"], account["rejected"]) == (2, 2, 3, 1)
    for counts in (queries.coverage(release), queries.latest_coverage(release), queries.covered_regions(release)):
        internal = counts[counts["dataset"] == "internal"]
        assert set(internal["regions"]) == {1}
        assert set(internal["indicator_id"]) == {"reconsideration_cases"}
    choices = selection.choices_of(release)
    assert choices.breakdowns("internal", "legal_aid_cases") == []
    assert choices.of("internal", "reconsideration_cases", "").regions["banner"] == {"2024": 1, "latest": 1}
    loads = queries.loads(release_of(access.EVERYBODY))
    for load_id in loads.loc[loads["input"].str.startswith("别家"), "load_id"]:
        assert queries.shares_of_load(release, load_id).empty
    assert set(queries.figures_of_dataset(release, "internal")["region_code"]) == OWN_CODES


@pytest.mark.usefixtures("data")
def test_what_is_public_is_the_same_for_everybody() -> None:
    whole, cut = release_of(access.EVERYBODY), release_of(of("analyst", OWN))
    pd.testing.assert_frame_equal(queries.checks(whole, "published"), queries.checks(cut, "published"))
    for ask in (queries.figures_of_dataset, queries.several_sources, queries.revisions):
        pd.testing.assert_frame_equal(ask(whole, "published"), ask(cut, "published"))


@pytest.mark.usefixtures("data")
def test_one_answer_is_never_given_to_another_reader() -> None:
    """The cache is asked in turns: first by who sees all, then by who sees less, then again."""
    releases = [release_of(viewer) for viewer in (of("leader"), of("analyst", OWN), of("analyst", FOREIGN))]
    for _ in range(2):
        found = [set(queries.figures_of_dataset(release, "internal")["region_code"]) for release in releases]
        assert found == [OWN_CODES | FOREIGN_CODES, OWN_CODES, FOREIGN_CODES]
        offered = [("internal", "legal_aid_cases") in selection.choices_of(release).covered for release in releases]
        assert offered == [True, False, True]


def test_a_banner_sees_itself_only(data: Paths) -> None:
    release = release_of(of("analyst", "150702"))
    assert set(queries.figures_of_dataset(release, "internal")["region_code"]) == {"150702"}
    assert "internal" not in queries.datasets(replace(release, scope=()))


def test_every_table_is_either_for_everybody_or_cut(data: Paths) -> None:
    found = queries._run(queries.current_release().path, "SELECT table_name FROM information_schema.tables", {})
    assert set(found["table_name"]) == {*queries.SCOPED, *queries.OPEN_TABLES}


def test_statements_name_no_table_past_the_cut() -> None:
    source = inspect.getsource(queries)
    assert "main." not in source[source.index("def regions(") :]
    assert source.count("_run(") == 4, "its definition, the release's own row, and _query"


def cached_functions() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                ast.unparse(decorator).startswith(("st.cache", "kept.table")) for decorator in node.decorator_list
            ):
                found.append((path.stem, node))
    return found


def test_whatever_is_kept_between_readers_is_kept_by_what_they_may_see() -> None:
    """A release as a hashed argument brings the scope into the key; a path or an id would not.

    What `kept.table` keeps is looked at where it is asked to.
    """
    blind = {
        f"{module}.{function.name}"
        for module, function in cached_functions()
        if not any(
            a.annotation and ast.unparse(a.annotation) == "Release" and a.arg[0] != "_" for a in function.args.args
        )
    }
    # The release itself and its connection, its size for the list of releases, files that the operator writes.
    of_operator = {"operator.operator", "editorial._csv_of", "editorial._toml_of"}
    assert blind == {"queries._release", "queries._connection", "queries._summary", "kept.made", *of_operator}


# ---- the gate ----


def visit(page: str, who: str | None, **parameters: str) -> AppTest:
    """The page as somebody who is signed in as `who` (None: nobody) meets it at a first visit."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "shell.py"), default_timeout=30)
    app.user = {"is_logged_in": who is not None}
    if who is not None:
        app.user |= {"email": who, "name": "某人", "sub": who, "iat": 1, "nonce": who}
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(f"../pages/{page}.py") if page != "overview" else None
    return app.run()


def give(role: str, *regions: str, identity: str = "") -> str:
    person = Person(identity or f"{role}@example.cn", "某人", role, regions)
    with access.acting_as(Viewer(ADMIN, "", "admin", None)):
        access.grant(person)
    return person.identity


def heading(app: AppTest) -> str:
    assert not app.exception
    return app.title[0].value


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("page", sorted(PAGES))
def test_nobody_sees_anything_without_signing_in(page: str) -> None:
    app = visit(page, None)
    assert heading(app) == "请先登录"
    assert [button.label for button in app.button] == ["登录"]
    assert len(app.dataframe) == len(app.get("plotly_chart")) == len(app.metric) == 0


@pytest.mark.usefixtures("data")
def test_somebody_without_a_role_is_told_politely() -> None:
    app = visit("data", "stranger@example.cn")
    assert heading(app) == "还没有为您开通"
    assert "stranger@example.cn" in texts(app)
    assert not app.dataframe


def test_each_role_opens_what_the_one_before_does_and_its_own_pages() -> None:
    closed = {role: {page for page in PAGES if not of(role).may_open(page)} for role in access.ROLES}
    assert closed == {
        "leader": {"data", "import", "audit", "access"},
        "analyst": {"import", "audit", "access"},
        "steward": {"audit", "access"},
        "admin": set(),
    }


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(("role", "page"), [("leader", "data"), ("analyst", "import"), ("steward", "access")])
def test_a_deep_link_to_a_page_of_another_role_is_refused_in_words(role: str, page: str) -> None:
    app = visit(page, give(role, "150000"))
    assert f"这个页面不对“{access.ROLE_NAMES[role]}”开放" in app.info[0].value
    assert not app.dataframe
    assert not app.get("file_uploader")


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("role", ["leader", "analyst", "steward"])
def test_everybody_with_a_role_opens_the_first_page_the_wall_and_snapshots_of_it(role: str) -> None:
    who = give(role)
    first = visit("overview", who)
    assert heading(first) == "总览"
    figures = "".join(element.proto.body for element in first.get("html"))
    assert figures.count('<section class="chapter">') == 10
    wall = visit("map", who, mode="screen")  # leads to the one address of the wall
    assert not wall.exception
    assert "盟市数据" in "".join(element.proto.body for element in wall.get("html"))
    release = release_of(of(role)).id
    kept = tray.Snapshot("", "period=2023", release, "published", "总览的图", "", "", "{}")
    with access.acting_as(of(role)):
        tray.collect("tray-x", [tray.Entry(kept, "", "")])
    seen = visit("map", who, snapshot=kept.id)
    assert heading(seen) == "总览", "the page that it was taken from, not the picture alone"
    assert release in seen.query_params["release"]


@pytest.mark.usefixtures("data")
def test_a_page_shows_own_internal_figures_and_no_foreign_ones() -> None:
    app = visit("data", give("analyst", OWN), dataset="internal")
    table = app.dataframe[0].value
    assert set(table["区划代码"]) == OWN_CODES
    assert (
        set(visit("data", give("analyst", FOREIGN), dataset="internal").dataframe[0].value["区划代码"]) == FOREIGN_CODES
    )
    assert visit("data", give("analyst"), dataset="internal").warning, "the data set does not exist for this reader"


@pytest.mark.usefixtures("data")
def test_a_mail_address_that_the_provider_did_not_verify_counts_for_nothing() -> None:
    app = visit("overview", ADMIN)
    assert heading(app) == "总览"
    app.user["email_verified"] = False
    assert heading(app.run()) == "请先登录"


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("claimed", "found"),
    [
        (" BOSS@Example.cn ", "总览"),
        ("boſs@example.cn", "还没有为您开通"),  # a long s
        ("boss@example.cn\u3000", "还没有为您开通"),
        ("ｂoss@example.cn", "还没有为您开通"),
    ],
)
def test_a_letter_that_folds_to_another_makes_nobody_an_administrator(claimed: str, found: str) -> None:
    assert heading(visit("overview", claimed)) == found


def test_a_kelvin_sign_is_no_k() -> None:
    assert access.known_as("Kim@example.cn") == "kim@example.cn" != access.known_as("\u212aim@example.cn")
    assert access.known_as("Zhang3") == "Zhang3", "only a mail address is without case"


@pytest.mark.usefixtures("data")
def test_without_a_gate_there_is_nothing_to_administer(quick_start: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(quick_start.data))
    app = visit("audit", None)
    assert "没有开启登录" in app.info[0].value
    assert "退出登录" not in [button.label for button in app.button]


@pytest.mark.usefixtures("data")
def test_a_snapshot_is_seen_by_those_who_may_see_what_its_taker_saw() -> None:
    def entry(dataset: str, taker: Viewer) -> tray.Entry:
        named = tray.Snapshot("map", "", "20251231-000000", dataset, taker.name + dataset, "", "", "{}")
        with access.acting_as(taker):
            tray.collect("collection-x", [tray.Entry(named, "", "")])
        return tray.Entry(named, "", "")

    whole, own, banner, foreign = of("leader"), of("analyst", OWN), of("analyst", "150702"), of("analyst", FOREIGN)
    public, all_of_them = entry("published", whole), entry("internal", whole)
    of_own, of_banner = entry("internal", own), entry("internal", replace(banner, name="banner"))
    for viewer, seen in (
        (whole, [public, all_of_them, of_own, of_banner]),
        (own, [public, of_own, of_banner]),
        (banner, [public, of_banner]),
        (foreign, [public]),
    ):
        with access.acting_as(viewer):
            assert tray.entries("collection-x") == seen
            by_link = [tray.snapshot(e.snapshot.id) for e in (public, all_of_them, of_own, of_banner)]
            assert [found for found in by_link if found] == [e.snapshot for e in seen]


@pytest.mark.usefixtures("data")
def test_a_tray_belongs_to_the_account_and_not_to_the_browser() -> None:
    with access.acting_as(of("analyst", OWN)):
        mine = visitor.current()
    with access.acting_as(of("steward", OWN)):
        assert visitor.current() != mine


# ---- what was drawn for somebody else ----


def in_state(statement: str) -> list[tuple]:
    with state.database() as connection:
        return connection.execute(statement).fetchall()


COMPARED = {"dataset": "internal", "indicator": "reconsideration_cases", "period": "2024", "level": "league"}


@pytest.mark.usefixtures("data")
def test_a_chart_drawn_before_the_regions_were_cut_is_not_collected_after() -> None:
    who = give("analyst", "150000")
    app = visit("compare", who, **COMPARED)
    give("analyst", OWN)
    app.button(key="take_ranking").click().run()
    assert heading(app) == "对比"
    assert "内部数据：1个地区" in texts(app)
    assert in_state("SELECT * FROM snapshots") == []


@pytest.mark.usefixtures("data")
def test_a_snapshot_is_of_the_regions_that_its_release_was_cut_to_and_not_of_those_of_its_taker_later() -> None:
    whole, own = of("leader"), of("analyst", OWN)
    release = release_of(whole)
    kept = tray.Entry(tray.Snapshot("compare", "", release.id, "internal", "图", "", "", "{}"), "", "")
    with access.acting_as(own):
        for drawn_from in (release, None):  # what is known already stays whose it is
            tray.collect("tray-x", [kept], drawn_from=drawn_from)
            assert tray.snapshot(kept.snapshot.id) is None
            tray.clear("tray-x")
    with access.acting_as(whole):
        assert tray.snapshot(kept.snapshot.id) == kept.snapshot


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("later", [("leader", "150000"), ("analyst", OWN)])
def test_a_button_of_a_page_drawn_before_gives_no_file_after(later: tuple[str, str]) -> None:
    who = give("analyst", "150000")
    with access.acting_as(replace(of("analyst"), session="s1")):
        made = audit.download("表.csv", lambda: b"figures")
    assert made() == b"figures"
    role, region = later
    give(role, region, identity=who)
    with pytest.raises(AccessError) as refusal:
        made()
    assert refusal.value.reason == "changed"
    assert len(audit.entries("2000", ["下载"], "")) == 1


@pytest.mark.usefixtures("data")
def test_a_window_whose_session_has_ended_changes_nothing_that_others_see() -> None:
    state.save_selection(SavedSelection("大家的", "map", ""))
    state.save_group("大家的", [OWN, FOREIGN])

    def pressed(press: Callable[[AppTest], AppTest]) -> None:
        in_state("UPDATE sessions SET ended = 0")
        app = visit("compare", give("analyst", OWN))
        app.session_state["saved"] = True  # the menu is open
        app.run()
        app.text_input(key="selection_name").input("一人的")
        app.selectbox(key="own_group_edited").select("大家的").run()
        in_state("UPDATE sessions SET ended = 1")
        press(app).run()
        assert heading(app) == "已退出登录"

    pressed(lambda app: next(button for button in app.button if button.label == "保存").click())
    pressed(lambda app: app.button(key="forget_大家的").click())
    pressed(
        lambda app: app.text_input(key="own_group_name").input("一人的") and app.button(key="own_group_save").click()
    )
    pressed(lambda app: app.button(key="own_group_forget").click())
    assert in_state("SELECT name FROM selections") == in_state("SELECT name FROM groups") == [("大家的",)]


@pytest.mark.usefixtures("data")
def test_a_session_keeps_nothing_of_who_its_reader_was() -> None:
    person = give("analyst", OWN)
    app = visit("access", give("admin", identity="second@example.cn"))
    app.selectbox(key="access_chosen").select(person).run()
    revoke = next(button for button in app.button if button.label == "确认取消")
    app.session_state["profiles_job"] = "made for an administrator"
    give("leader", OWN, identity="second@example.cn")
    revoke.click().run()
    assert heading(app) == "用户与权限"
    assert "这个页面不对“领导”开放" in app.info[0].value
    assert "profiles_job" not in app.session_state
    assert [entry.identity for entry in access.people()] == [person, "second@example.cn"]


@pytest.mark.usefixtures("data")
def test_what_the_gate_refuses_at_the_last_moment_is_said_in_its_words() -> None:
    def page() -> None:
        from app import tell_reader
        from dashboard.access import AccessError

        for reason in ("changed", "ended", "unsigned", "unknown"):
            assert tell_reader(AccessError(reason, "某人"))

    app = AppTest.from_function(page).run()
    assert [title.value for title in app.title] == ["您的权限有变更", "已退出登录", "请先登录", "还没有为您开通"]
    assert len(app.error) == len(app.exception) == 0


# ---- sessions ----


@pytest.mark.usefixtures("data")
def test_a_session_ends_after_idle_time_and_its_cookie_is_worth_nothing_then(monkeypatch: pytest.MonkeyPatch) -> None:
    app = visit("overview", ADMIN)
    now = access.time.time()
    monkeypatch.setattr(access.time, "time", lambda: now + 29 * 60)
    assert heading(app.run()) == "总览"
    monkeypatch.setattr(access.time, "time", lambda: now + 58 * 60)
    assert heading(app.run()) == "总览", "the click before went on with the session"
    monkeypatch.setattr(access.time, "time", lambda: now + 89 * 60)
    assert heading(app.run()) == "已退出登录"
    assert heading(visit("data", ADMIN)) == "已退出登录", "in a new window, too"
    assert [row.what for row in audit.entries("2000", ["退出"], "").itertuples()] == ["长时间没有操作"]


@pytest.mark.usefixtures("data")
def test_signing_out_ends_the_session_in_every_window() -> None:
    app, other = visit("overview", ADMIN), visit("data", ADMIN)
    next(button for button in app.button if button.label == "退出登录").click().run()
    assert heading(other.run()) == "已退出登录"


@pytest.mark.usefixtures("data")
def test_who_loses_the_role_is_out_at_the_next_click() -> None:
    app = visit("overview", who := give("leader", "150000"))
    with access.acting_as(Viewer(ADMIN, "", "admin", None)):
        access.revoke(who)
    assert heading(app.run()) == "还没有为您开通"


# ---- settings ----


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('mode = "on"', "应为off、oidc或gateway"),
        ('mode = "oidc"', "admins"),
        ('mode = "oidc"\nadmins = ["a"]\nidle_minutes = 0', "idle_minutes"),
        *[(f"idle_minutes = {value}", "idle_minutes") for value in ("nan", "inf", "-inf", "true", '"30"')],
        *[(f"{name} = [1]", f"“{name}”写法不对") for name in ("admins", "proxies", "frame_ancestors")],
        ('mode = "gateway"\nadmins = ["a"]', "user_header"),
        ('mode = "off"\nproxies = ["gateway.local"]', "gateway.local"),
        ('mod = "oidc"', "“mod”不认识"),
        ('mode = "oidc"\nadmins = "a"', "“admins”写法不对"),
        ("mode = oidc", "无法读取"),
    ],
)
def test_a_faulty_file_stops_everything(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint):
        access._settings(tmp_path / "access.toml")


def test_the_example_is_a_file_that_works(tmp_path: Path) -> None:
    settings = access._settings(ROOT / "data" / "access.example.toml")
    assert settings.mode == "oidc"
    example = (ROOT / "data" / "access.example.toml").read_text(encoding="utf-8").replace("# user", "user")
    (tmp_path / "access.toml").write_text(example.replace('"oidc"', '"gateway"'), encoding="utf-8")
    assert access._settings(tmp_path / "access.toml").user_header == "X-Remote-User"


def test_no_secret_is_in_the_repository() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [name for name in tracked.split("\0") if name and (ROOT / name).is_file()]
    assert not {"data/access.toml", ".streamlit/secrets.toml"} & set(files)
    secret = re.compile(r"""-----BEGIN [A-Z ]*PRIVATE KEY|(client|cookie)_secret\s*=\s*["'](?!\.\.\.)[^{"']{12,}["']""")
    texts = {name: (ROOT / name).read_text(encoding="utf-8", errors="ignore") for name in files}
    found = {name for name, text in texts.items() if secret.search(text)}
    assert found == {"tests/test_access_browser.py"}, "the made-up one of the tests, so the search finds what there is"


# ---- what may be loaded ----


def test_a_scoped_steward_brings_in_own_rows_only(
    quick_start: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(quick_start.data, tmp_path / "data")
    (tmp_path / "data" / "access.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(imports, "PROGRAM", (sys.executable, "-m", "tests.quick"))
    rows = "海拉尔区,行政复议案件办理数,2023,21", "东河区,行政复议案件办理数,2023,22"
    path = long_table(tmp_path / "两家.csv", *rows)
    file, request = Upload(path.name, path.read_bytes()), imports.Request("internal", "两家")
    catalogue = load_catalogue(tmp_path / "data" / "catalogue")
    known = [understand(read_tables(path)[0], catalogue)]

    def quiet(share: float, text: str) -> None:
        pass

    steward = of("steward", OWN)
    with access.acting_as(steward):
        loaded = imports.load(file, request, known, quiet)
    (finding,) = loaded.findings
    assert (loaded.rows_loaded, finding.found, finding.message) == (1, "东河区", "这个地区不在您可以导入的范围内")
    assert finding.expected == "呼伦贝尔市（内蒙古自治区，150700）"
    (entry,) = audit.entries("2000", ["导入"], "两家").itertuples()
    assert entry.identity == steward.identity
    assert entry.detail == f"{loaded.load_id}，载入1行，拒收1行"

    def before(regions: list[str]) -> str | None:
        asked = accepted.Request(source_title="两家", regions=regions)
        checked = accepted.check_file(path, catalogue, asked, lambda *told: None, today=LATER)
        return accepted.already(Paths(tmp_path / "data", tmp_path), asked, publish.sha256(path), checked)

    assert before([OWN]) == loaded.load_id
    assert before([FOREIGN]) is None, "the other league's row of the same file is another load"

    with access.acting_as(of("steward", FOREIGN)):
        with pytest.raises(RefusedError, match="不全在您的范围内"):
            imports.undo(str(loaded.load_id), quiet)
        with pytest.raises(RefusedError, match="只有负责全区"):
            imports.rollback("20251231-000000", quiet)
    for refused in (of("analyst"), Viewer("x", "x", "steward", ())):
        with access.acting_as(refused), pytest.raises(RefusedError):
            imports.check(file, request, known, quiet)
    ran: list[object] = []
    monkeypatch.setattr(imports, "_run", lambda arguments, say: ran.extend(arguments) or {"release": "before"})
    with access.acting_as(steward):
        assert imports.undo(str(loaded.load_id), quiet) == "before"
    assert ran == ["undo", loaded.load_id]


# ---- the log ----


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET identity = 'somebody else'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, identity, name, role, client, action, what, detail)"
        " SELECT id, 'x', name, role, client, action, what, detail FROM audit LIMIT 1",
        "REPLACE INTO audit SELECT * FROM audit",
    ],
)
def test_the_log_only_grows(statement: str) -> None:
    give("leader")
    before = audit.entries("2000", [], "")
    with pytest.raises(sqlite3.Error, match="append-only"), state.database() as connection:
        connection.execute(statement)
    pd.testing.assert_frame_equal(audit.entries("2000", [], ""), before)


@pytest.mark.usefixtures("data")
def test_a_change_of_roles_says_who_changed_what() -> None:
    give("analyst", OWN)
    give("steward", OWN, identity="Analyst@Example.CN")
    first, second = audit.entries("2000", ["权限"], "analyst@example.cn").iloc[::-1].itertuples()
    assert (first.identity, first.detail) == (ADMIN, "无角色（无地区） → 分析人员（150700）")
    assert second.detail == "分析人员（150700） → 数据管理员（150700）", "another case is the same mail address"
    with access.acting_as(of("steward")), pytest.raises(AccessError):
        access.grant(Person("steward@example.cn", "", "admin", ("150000",)))


@pytest.mark.usefixtures("data")
def test_a_download_is_noted_with_who_and_what_and_not_made_for_who_has_left() -> None:
    reader = replace(of("analyst", OWN), session="s1", client="10.1.2.3")
    give("analyst", OWN)
    with access.acting_as(reader), selection.reading({"dataset": "internal"}):
        made = audit.download("表.csv", lambda: str(access.regions()).encode())
    assert made() == b"('150700',)", "made outside the page, and still for this reader"
    (entry,) = audit.entries("2000", ["下载"], "").itertuples()
    assert (entry.identity, entry.client, entry.what, entry.detail) == (
        reader.identity,
        "10.1.2.3",
        "表.csv",
        "dataset=internal",
    )
    with state.database() as connection:
        connection.execute("UPDATE sessions SET ended = 1")
    with pytest.raises(AccessError):
        made()


@pytest.mark.usefixtures("data")
def test_the_log_holds_every_way_out_of_figures_that_not_everybody_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "viewer_of", lambda headers, cookies, client: of("analyst", OWN, FOREIGN))
    monkeypatch.setattr(snapshot, "image", lambda chart, kind, **options: b"picture")
    client = TestClient(Starlette(routes=server.routes()), base_url="http://testserver/api/v1/")

    def noted(path: str, method: str = "GET") -> list[str]:
        before = len(audit.entries("2000", ["下载"], ""))
        answer = client.request(method, path)
        assert answer.status_code == 200
        found = audit.entries("2000", ["下载"], "")
        return [f"{name}?{detail}" for name, detail in found[["what", "detail"]].to_numpy()[: len(found) - before]]

    release = release_of(of("leader")).id
    for path, name in {
        "observations?dataset=internal": f"数据_{release}.json",
        "observations?dataset=internal&dataset=published": f"数据_{release}.json",
        "observations?dataset=internal&format=csv": f"数据_{release}.csv",
        "observations?dataset=published&format=csv": f"数据_{release}.csv",
    }.items():
        assert noted(path) == [f"{name}?{path.partition('?')[2]}"]
        assert noted(path, "HEAD") == []
    internal = "charts/ranking.svg?" + urlencode(COMPARED)
    (row,) = noted(internal)
    assert re.fullmatch(f".+_{release}\\.svg\\?dataset=internal&.+", row)
    assert noted(internal, "HEAD") == noted("observations") == noted("indicators") == []
    assert noted("charts/map.png?indicator=court_appearance_rate&period=2023") == []


@pytest.mark.usefixtures("data")
def test_an_administrator_gives_a_role_and_reads_the_log() -> None:
    app = visit("access", ADMIN)
    next(field for field in app.main.text_input if field.label.startswith("账号")).input("new@example.cn")
    next(field for field in app.main.selectbox if field.label == "角色").select("analyst")
    app.main.multiselect[0].select(OWN)
    next(button for button in app.main.button if button.label == "保存").click().run()
    assert access.people() == [Person("new@example.cn", "", "analyst", (OWN,))]
    assert "new@example.cn" in app.dataframe[0].value["账号"].tolist()
    assert app.success[0].value.replace("\\", "") == (
        "已保存：new@example.cn，分析人员，可见内部数据的地区：呼伦贝尔市。"
    )
    (identity,) = [field for field in app.main.text_input if field.label.startswith("账号")]
    (role,) = [field for field in app.main.selectbox if field.label == "角色"]
    assert (identity.value, role.value, app.main.multiselect[0].value) == ("", "leader", []), "nothing for the next one"
    app.run()
    assert not app.success, "told once"
    log = visit("audit", ADMIN).dataframe[0].value
    assert set(log["操作"]) == {"登录", "权限"}
    assert set(log["角色"]) == {"系统管理员"}
