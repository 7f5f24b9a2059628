"""Sign-in at a real OpenID Connect provider, in a real Chromium, against a real server. One of each for all tests."""

import sqlite3
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import oidc_provider_mock
import pytest
from oidc_provider_mock import User
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page

from benchmarks.serving import free_port
from dashboard import access
from etl.paths import Paths
from tests import browsing, gated
from tests.browsing import Server
from tests.gated import ADMIN, FOREIGN_MARKS, OWN
from tests.test_accessibility import broken

pytestmark = pytest.mark.browser

ANALYST, LEADER, STRANGER = "analyst@example.cn", "leader@example.cn", "stranger@example.cn"
IDLE_MINUTES = 1
SECRET = "the-client-secret-that-nobody-may-read"  # noqa: S105


@pytest.fixture(scope="module")
def server(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("signed")
    settings = f'mode = "oidc"\nadmins = ["{ADMIN}"]\nidle_minutes = {IDLE_MINUTES}\n'
    paths = gated.make(quick_start, folder, settings)
    port = free_port()
    people = [User(sub=who, claims={"email": who, "name": who[0]}) for who in (ANALYST, LEADER, STRANGER, ADMIN)]
    with (
        oidc_provider_mock.run_server_in_thread(user_claims=people) as provider,
        pytest.MonkeyPatch.context() as patch,
    ):
        (folder / "secrets.toml").write_text(
            f"""[auth]
            redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
            cookie_secret = "a-cookie-secret-of-this-test"
            client_id = "dashboard"
            client_secret = "{SECRET}"
            server_metadata_url = "http://localhost:{provider.server_port}/.well-known/openid-configuration"
            """,
            encoding="utf-8",
        )
        patch.setenv("STREAMLIT_SECRETS_FILES", str(folder / "secrets.toml"))
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        patch.setenv("DASHBOARD_DATA_DIR", str(paths.data))
        with access.acting_as(access.Viewer(ADMIN, "", "admin", None)):
            access.grant(access.Person(ANALYST, "", "analyst", (OWN,)))
            access.grant(access.Person(LEADER, "", "leader", (access.WHOLE,)))
        running = Server(paths.data, port=port)
        yield running
        running.stop()


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(browsing.SECONDS)
    yield context
    context.close()


def at_rest(page: Page, heading: str) -> None:
    page.get_by_role("heading", name=heading, exact=True).wait_for()
    browsing.at_rest(page)


def open_page(reader: BrowserContext, server: Server, path: str) -> Page:
    page = reader.new_page()
    page.goto(server.address + path)
    return page


def sign_in(page: Page, who: str) -> None:
    page.get_by_role("button", name="登录").click()
    page.get_by_role("button", name=who, exact=True).click()


def rows(server: Server, sql: str) -> list[tuple]:
    with sqlite3.connect(server.data / "state" / "app.sqlite") as con:
        return con.execute(sql).fetchall()


def test_the_pages_of_administrators_break_no_rule_of_accessibility(reader: BrowserContext, server: Server) -> None:
    page = open_page(reader, server, "/access")
    at_rest(page, "请先登录")
    sign_in(page, ADMIN)
    at_rest(page, "用户与权限")
    assert broken(page) == []
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="审计", exact=True).click()
    at_rest(page, "审计")
    assert broken(page) == []


def test_a_deep_link_leads_through_the_sign_in_to_the_own_figures(reader: BrowserContext, server: Server) -> None:
    page = open_page(reader, server, "/data?dataset=internal")
    at_rest(page, "请先登录")
    assert "呼伦贝尔" not in page.content()
    sign_in(page, ANALYST)
    at_rest(page, "数据")
    assert urlsplit(page.url).path == "/data"
    assert urlsplit(page.url).query == "dataset=internal"
    navigation = page.get_by_test_id("stSidebarNav").inner_text()
    assert "数据质量" in navigation
    assert "数据导入" not in navigation
    assert "审计" not in navigation
    with page.expect_download() as waiting:
        page.get_by_role("button", name="下载CSV").click()
    content = waiting.value.path().read_text(encoding="utf-8-sig")
    assert "11103" in content
    assert not [mark for mark in FOREIGN_MARKS if mark in content]
    ((who, what, detail, client),) = rows(
        server, "SELECT identity, what, detail, client FROM audit WHERE action = '下载'"
    )
    assert (who, what, detail) == (ANALYST, waiting.value.suggested_filename, "dataset=internal")
    assert client == "127.0.0.1"

    made = urlsplit(waiting.value.url).path
    assert reader.request.get(server.address + made).status == 200
    assert httpx.get(server.address + made).status_code == 403, "a link to a file is worth nothing to a stranger"
    token = next(cookie["value"] for cookie in reader.cookies() if cookie["name"] == "_streamlit_xsrf")
    put = f"{server.address}/_stcore/upload_file/x/y"
    taken = reader.request.put(put, headers={"X-Xsrftoken": token}, multipart={"file": "x"})
    assert (taken.status, taken.text()[:11]) == (403, "只能在本人打开的页面里"), "nothing comes into other sessions"


def test_somebody_whom_nobody_knows_sees_no_figure(reader: BrowserContext, server: Server) -> None:
    page = open_page(reader, server, "/")
    sign_in(page, STRANGER)
    at_rest(page, "还没有为您开通")
    assert page.get_by_test_id("stMetric").count() == 0
    assert page.get_by_test_id("stSidebarNav").count() == 0
    assert rows(server, f"SELECT action FROM audit WHERE identity = '{STRANGER}'") == [("拒绝",)]


def test_signing_out_ends_the_session_for_good(reader: BrowserContext, browser: Browser, server: Server) -> None:
    page = open_page(reader, server, "/import")
    sign_in(page, LEADER)
    at_rest(page, "数据导入")
    assert page.get_by_text("这个页面不对“领导”开放").is_visible()
    kept = reader.cookies()
    page.get_by_role("button", name="退出登录").click()
    page.get_by_role("button", name="End session").click()
    at_rest(page, "请先登录")
    thief = browser.new_context(storage_state={"cookies": kept, "origins": []})
    try:
        at_rest(open_page(thief, server, "/"), "已退出登录")
    finally:
        thief.close()


def test_who_signed_in_brings_a_file_into_the_own_page(reader: BrowserContext, server: Server) -> None:
    page = open_page(reader, server, "/briefs")
    sign_in(page, LEADER)
    at_rest(page, "快照与简报")
    file = FilePayload(name="x.json", mimeType="application/json", buffer=b"{}")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("这不是本系统导出的快照文件").wait_for()


def test_figures_leave_the_screen_of_somebody_who_went_away(reader: BrowserContext, server: Server) -> None:
    page = open_page(reader, server, "/quality?dataset=internal")
    sign_in(page, ANALYST)
    at_rest(page, "数据质量")
    with sqlite3.connect(server.data / "state" / "app.sqlite") as con:
        con.execute("UPDATE sessions SET seen_at = seen_at - ? WHERE ended = 0", (IDLE_MINUTES * 60,))
    at_rest(page, "已退出登录")
    page.get_by_role("button", name="重新登录").click()
    page.get_by_role("button", name=ANALYST, exact=True).click()
    at_rest(page, "数据质量")


def test_the_administrator_reads_who_came_and_what_they_took(reader: BrowserContext, server: Server) -> None:
    page = open_page(reader, server, "/audit")
    sign_in(page, ADMIN)
    at_rest(page, "审计")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="下载CSV").click()
    log = waiting.value.path().read_text(encoding="utf-8-sig")
    assert f"{ADMIN}" in log
    assert "权限" in log
    page.get_by_role("link", name="用户与权限").click()
    at_rest(page, "用户与权限")
    for secret in (SECRET, "a-cookie-secret-of-this-test"):
        assert secret not in server.log.read_text(encoding="utf-8")
        assert secret not in page.content()
