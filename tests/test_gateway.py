"""Headers of a trusted gateway, forged ones, safe answers, and the way back to a deep link: the server's own gate."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.types import Receive, Scope, Send

from dashboard import access, hardening
from dashboard.access import AccessError, Person, Viewer
from dashboard.hardening import Door, SafeAnswers
from etl.paths import Paths
from tests.browsing import Server
from tests.talking import Reader

GATEWAY, READER = "10.1.1.1", "192.168.7.7"
SETTINGS = f"""
mode = "gateway"
admins = ["boss"]
proxies = ["{GATEWAY}", "10.2.0.0/16"]
user_header = "X-Remote-User"
name_header = "X-Remote-Name"
"""


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "access.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    return tmp_path


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what came through the door."""
    request = Request(scope, receive)
    client = request.client.host if request.client else ""
    await JSONResponse({"headers": dict(request.headers), "client": client})(scope, receive, send)


class Answer:
    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, Headers(), b""


def ask(app: Callable, path: str, peer: str, *headers: tuple[str, str], scheme: str = "http") -> Answer:
    """One request to the server, from the address `peer`."""
    answer = Answer()
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "scheme": scheme,
        "client": (peer, 1234),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }

    async def receive() -> dict:
        return {"type": "http.request"}

    async def send(message: dict) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], Headers(raw=message["headers"])
        answer.body += message.get("body", b"")

    anyio.run(app, scope, receive, send)
    return answer


# ---- who is believed ----


def seen(peer: str, *headers: tuple[str, str]) -> dict:
    return json.loads(ask(Door(echo), "/", peer, *headers).body)


@pytest.mark.parametrize("peer", [GATEWAY, "10.2.3.4"])
def test_the_gateway_is_believed_and_so_is_where_it_says_the_reader_is(peer: str) -> None:
    told = seen(peer, ("X-Remote-User", "zhang"), ("X-Forwarded-For", f"1.2.3.4, {READER}"))
    assert told["headers"]["x-remote-user"] == "zhang"
    assert told["client"] == READER, "the nearest address that is not a proxy; what a reader adds in front is ignored"


@pytest.mark.parametrize("peer", [READER, "127.0.0.1", "::1", ""])
def test_anybody_else_is_not(peer: str) -> None:
    told = seen(peer, ("X-Remote-User", "boss"), ("x-REMOTE-name", "长官"), ("X-Forwarded-For", GATEWAY))
    assert told["headers"].keys().isdisjoint({"x-remote-user", "x-remote-name"})
    assert told["client"] == peer


def test_a_header_that_comes_twice_says_nothing() -> None:
    told = seen(GATEWAY, ("X-Remote-User", "zhang"), ("X-Remote-User", "boss"))
    assert "x-remote-user" not in told["headers"]


def test_who_the_gateway_names_has_the_role_that_the_administrator_gave() -> None:
    with access.acting_as(Viewer("boss", "", "admin", None)):
        access.grant(Person("zhang", "", "analyst", ("150700",)))
    name = "张三".encode().decode("latin-1")
    found = access.viewer_of(Headers({"x-remote-user": "zhang", "x-remote-name": name}), {}, READER)
    assert found == Viewer("zhang", "张三", "analyst", ("150700",), READER, "")
    assert access.viewer_of({"x-remote-user": "boss"}, {}, READER).role == "admin"
    for headers, reason in (({}, "unsigned"), ({"x-remote-user": "li"}, "unknown")):
        with pytest.raises(AccessError) as refusal:
            access.viewer_of(headers, {}, READER)
        assert refusal.value.reason == reason


def test_a_made_file_is_given_to_readers_only_and_an_upload_taken_from_those_who_have_a_page_for_it() -> None:
    with access.acting_as(Viewer("boss", "", "admin", None)):
        access.grant(Person("zhang", "", "analyst", ("150700",)))
        access.grant(Person("li", "", "leader", ("150000",)))
    for path in ("/media/a.csv", "/_stcore/upload_file/a/b"):  # every role opens 快照与简报, which takes a file
        assert ask(Door(echo), path, GATEWAY, ("X-Remote-User", "li")).status == 200
        assert ask(Door(echo), path, GATEWAY, ("X-Remote-User", "stranger")).status == 403
        assert ask(Door(echo), path, GATEWAY, ("X-Remote-User", "zhang")).status == 200
        assert ask(Door(echo), path, READER, ("X-Remote-User", "zhang")).status == 403
        assert ask(Door(echo), path, GATEWAY, ("X-Remote-User", "boss")).status == 200


# ---- the way back after the sign-in ----


def back(target: str) -> str:
    """Where the end of the sign-in leads with `target` in the cookie."""

    async def end(scope: Scope, receive: Receive, send: Send) -> None:
        await RedirectResponse("/", status_code=302)(scope, receive, send)

    cookie = f"{hardening.RETURN_COOKIE}={hardening.quote(target, safe='')}"
    return ask(Door(end), "/oauth2callback", GATEWAY, ("Cookie", cookie)).headers["location"]


def test_the_reader_comes_back_to_the_page_they_asked_for() -> None:
    page = "/data?dataset=internal&region=150700"
    referer, host = ("Referer", f"http://dashboard.local{page}"), ("Host", "dashboard.local")
    marked = ask(Door(echo), "/auth/login", GATEWAY, referer, host).headers["set-cookie"]
    assert marked.startswith(f"return_to={hardening.quote(page, safe='')};")
    assert "HttpOnly; SameSite=Lax" in marked
    assert back(page) == page
    elsewhere = ask(Door(echo), "/auth/login", GATEWAY, ("Referer", "http://evil.example/x"), host)
    assert "set-cookie" not in elsewhere.headers


@pytest.mark.parametrize(
    "target",
    [
        "",
        "//evil.example",
        "///evil.example/x",
        "////evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/a\r\nSet-Cookie: x=1",
        "javascript:x",
    ],
)
def test_and_never_to_another_place(target: str) -> None:
    assert back(target) == "/"


# ---- what every answer carries ----


def test_every_answer_is_safe_also_one_that_failed() -> None:
    answer = ask(SafeAnswers(PlainTextResponse("x", status_code=404)), "/nothing", READER)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "camera=()" in answer.headers["permissions-policy"]
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["object-src"] == "'none'"


def test_other_sites_may_frame_the_dashboard_where_the_file_names_them(data: Path) -> None:
    (data / "access.toml").write_text('frame_ancestors = ["https://portal.example.cn"]', encoding="utf-8")
    answer = ask(SafeAnswers(PlainTextResponse("x")), "/", READER)
    assert "frame-ancestors 'self' https://portal.example.cn" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers, "it could only name the own site"


def test_cookies_are_for_tls_only_where_the_reader_came_by_tls() -> None:
    async def cookie(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x", headers={"set-cookie": "a=b; HttpOnly"})(scope, receive, send)

    tls = ("X-Forwarded-Proto", "https")
    assert ask(SafeAnswers(Door(cookie)), "/", GATEWAY, tls).headers["set-cookie"] == "a=b; HttpOnly; Secure"
    assert ask(SafeAnswers(Door(cookie)), "/", READER, tls).headers["set-cookie"] == "a=b; HttpOnly"


# ---- a real server behind a gateway ----


def conversation(server: Server, *headers: tuple[str, str]) -> str:
    """What a browser that comes with these headers is told at its first visit."""
    with Reader(server, *headers) as reader:
        return reader.run().text


@pytest.mark.browser
def test_the_whole_server_believes_its_gateway_and_no_doubled_header(
    quick_start: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(quick_start.data, tmp_path / "data", ignore=shutil.ignore_patterns("state"))
    settings = SETTINGS.replace(GATEWAY, "127.0.0.1")
    (tmp_path / "data" / "access.toml").write_text(settings, encoding="utf-8")
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    with pytest.raises(RuntimeError, match="FORWARDED_ALLOW_IPS"):
        Server(tmp_path / "data")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")
    server = Server(tmp_path / "data")
    try:
        boss, zhang = ("X-Remote-User", "boss"), ("X-Remote-User", "zhang")
        assert "责任单位" in conversation(server, boss)
        assert "还没有为您开通" in conversation(server, zhang)
        for headers in ((), (zhang, boss)):
            told = conversation(server, *headers)
            assert "请从单位的统一门户进入本系统" in told
            assert "责任单位" not in told
    finally:
        server.stop()
