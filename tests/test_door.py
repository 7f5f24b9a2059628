"""What somebody may do who reaches the port and speaks to the server as no browser would."""

import json
import socket
import sqlite3
import time
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import anyio
import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard import access, audit, handed, hardening, uploads
from dashboard.access import AccessError, Person, Viewer
from dashboard.hardening import Door
from etl.paths import Paths
from tests import gated
from tests.browsing import Server
from tests.conftest import ROOT
from tests.gated import ADMIN, OWN
from tests.talking import Reader
from tests.test_gateway import ask, echo

SETTINGS = f"""
mode = "gateway"
admins = ["{ADMIN}"]
proxies = ["127.0.0.1"]
user_header = "X-Remote-User"
"""
WHOLE, ELSEWHERE = "whole@example.cn", "own@example.cn"


def by(who: str) -> tuple[str, str]:
    return "X-Remote-User", who


@pytest.fixture(scope="module")
def server(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a gateway; one analyst of the whole region, one of a league."""
    paths = gated.make(quick_start, tmp_path_factory.mktemp("door"), SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORWARDED_ALLOW_IPS", "")
        running = Server(paths.data)
    grant(running, WHOLE, access.WHOLE)
    grant(running, ELSEWHERE, OWN)
    yield running
    running.stop()


def grant(server: Server, who: str, region: str, role: str = "analyst") -> None:
    with pytest.MonkeyPatch.context() as patch, access.acting_as(Viewer(ADMIN, "", "admin", None)):
        patch.setenv("DASHBOARD_DATA_DIR", str(server.data))
        access.grant(Person(who, "", role, (region,)))


@pytest.fixture(params=["", SETTINGS], ids=["off", "gateway"])
def either_way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody signs in, or a gateway says who is there."""
    (tmp_path / "access.toml").write_text(request.param, encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("either_way")
def test_the_start_of_the_server_comes_through() -> None:
    seen = []

    async def starting(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    anyio.run(Door(starting), {"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


# ---- messages ----


def passed(*sent: BackMsg | bytes) -> list[str | None]:
    """What of these messages comes through to Streamlit: their kinds."""
    waiting = [
        {"type": "websocket.receive", "bytes": x if isinstance(x, bytes) else x.SerializeToString()} for x in sent
    ]
    through: list[str | None] = []

    async def receive() -> dict:
        return waiting.pop(0) if waiting else {"type": "websocket.disconnect"}

    async def read(scope: Scope, following: Receive, send: Send) -> None:
        while (message := await following())["type"] == "websocket.receive":
            seen = BackMsg()
            through.append(message["bytes"] if message["bytes"] == b"\xff" else None)
            if message["bytes"] != b"\xff":
                seen.ParseFromString(message["bytes"])
                through[-1] = seen.WhichOneof("type")

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [], "client": ("10.1.1.9", 1)}
    anyio.run(Door(read), scope, receive, None)
    return through


@pytest.mark.usefixtures("either_way")
def test_only_messages_that_pages_send_come_through() -> None:
    everything = []
    for field in BackMsg.DESCRIPTOR.fields:
        message = BackMsg()
        if field.message_type:
            getattr(message, field.name).SetInParent()
        else:
            setattr(message, field.name, True)
        everything.append(message)
    install, chunk = BackMsg(), BackMsg()
    install.backend_operation_request.install_skills.SetInParent()
    chunk.backend_operation_request.dataframe_chunk.offset = 1
    assert passed(*everything, BackMsg(), install) == [
        "stop_script",
        "rerun_script",
        "file_urls_request",
        "app_heartbeat",
    ]
    assert passed(chunk) == ["backend_operation_request"]
    assert passed(b"\xff") == [b"\xff"], "Streamlit ends a connection that speaks no protobuf"
    both = everything[0].SerializeToString() + everything[3].SerializeToString()
    assert passed(both) == ["rerun_script"], "the last one counts, here and there"
    assert passed(everything[3].SerializeToString() + everything[0].SerializeToString()) == []


def test_a_message_has_a_size() -> None:
    server = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"]
    assert server["maxWidgetStateSize"] <= server["maxMessageSize"] <= 50


# ---- addresses ----


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("path", ["metrics", "agent/openapi.json", "agent/interact", "agent/mcp"])
def test_the_inside_of_streamlit_is_open_to_nobody(path: str) -> None:
    assert ask(Door(echo), f"/_stcore/{path}", "127.0.0.1", by(ADMIN)).status == 404
    assert ask(Door(echo), "/_stcore/health", "127.0.0.1").status == 200


@pytest.fixture
def option() -> Iterator[Callable[[str, object], None]]:
    """Sets an option of Streamlit's for the test."""
    before: dict[str, object] = {}

    def put(name: str, value: object) -> None:
        before.setdefault(name, config.get_option(name))
        config.set_option(name, value)

    yield put
    for name, value in before.items():
        config.set_option(name, value)


def answers_to(host: str, peer: str = "127.0.0.1") -> tuple[bool, bool]:
    """Whether a page, and a websocket, is answered that calls the server by this name."""
    told: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    async def receive() -> dict:
        return {"type": "websocket.connect"}

    async def send(message: dict) -> None:
        told.append(message["type"])

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"host", host.encode())], "client": (peer, 1)}
    anyio.run(Door(app), scope, receive, send)
    return ask(Door(echo), "/api/v1/release", peer, ("Host", host)).status == 200, told == ["websocket.accept"]


LOCAL = ["localhost:8501", "LOCALHOST", "localhost.", "127.0.0.1:8501", "[::1]:8501", "10.1.2.3"]
FOREIGN = ["evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:x", "[", ""]


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_a_server_for_this_machine_is_called_by_no_foreign_name(
    address: str, option: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    option("server.address", address)
    assert {answers_to(host) for host in LOCAL} == {(True, True)}
    assert {answers_to(host) for host in FOREIGN} == {(False, False)}
    option("server.allowedHosts", ["dashboard.example"])
    assert answers_to("dashboard.example") == (True, True), "behind nginx, whose name the operator wrote down"


@pytest.mark.parametrize("address", [None, "0.0.0.0", "10.1.2.3"])  # noqa: S104
def test_a_server_for_others_has_any_name_until_the_operator_says_which(
    address: str | None, option: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    option("server.address", address)
    assert answers_to("dashboard.example:8501") == (True, True)
    option("server.allowedHosts", ["dashboard.example"])
    assert answers_to("dashboard.example:8501") == (True, True)
    assert answers_to("evil.example") == (False, False)


def test_a_server_that_is_signed_in_to_has_the_name_of_its_sign_in(
    option: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "access.toml").write_text(f'mode = "oidc"\nadmins = ["{ADMIN}"]', encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(hardening, "get_validated_redirect_uri", lambda: "https://Dashboard.example/oauth2callback")
    for host, known in (("dashboard.example", True), ("127.0.0.1:8501", True), ("evil.example", False)):
        assert hardening._known_host(host) == known


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        ("", "127.0.0.1"),
        ('proxies = ["127.0.0.1"]', "10.9.9.9"),
        (f'mode = "oidc"\nadmins = ["{ADMIN}"]', "10.9.9.9"),
        (f'mode = "oidc"\nadmins = ["{ADMIN}"]\nproxies = []', "127.0.0.1"),
    ],
    ids=["off", "off behind a proxy", "oidc", "oidc without a proxy"],
)
def test_without_a_gate_nobody_is_believed_about_where_they_are_but_a_proxy_that_is_named(
    settings: str, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of calls counts by that address."""
    (tmp_path / "access.toml").write_text(settings, encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    told = ask(Door(echo), "/", "127.0.0.1", ("X-Forwarded-For", "10.9.9.9"), ("Host", "127.0.0.1"))
    assert json.loads(told.body)["client"] == seen


# ---- sessions ----


def test_only_script_runs_are_activity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "access.toml").write_text(f'mode = "oidc"\nadmins = ["{ADMIN}"]', encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(access, "_claimed", lambda *_: access._Claim(ADMIN, ADMIN, "session", "10.1.2.3"))
    now = time.time()
    for minutes in (0, 10, 20, 29):
        monkeypatch.setattr(access, "time", SimpleNamespace(time=lambda at=now + minutes * 60: at))
        assert access.viewer_of({}, {}, "").identity == ADMIN
    monkeypatch.setattr(access, "time", SimpleNamespace(time=lambda: now + 31 * 60))
    with pytest.raises(AccessError) as refusal:
        access.viewer_of({}, {}, "")
    assert refusal.value.reason == "ended"


CHOSEN = "dataset=internal&indicator=reconsideration_cases&period=2024&level=league"


@pytest.mark.browser
def test_an_open_session_is_its_own_readers_alone(server: Server) -> None:
    with Reader(server, by(WHOLE)) as whole:
        assert "77703" in whole.run("data", CHOSEN).text
        fragments, session = whole.fragments, whole.session
        for headers in ([by(ELSEWHERE)], []):
            with Reader(server, *headers, session=session) as other:
                other.run("help")
                assert other.session != session
        assert fragments
        assert "77703" in whole.run("data", CHOSEN).text, "and nobody ended it"
    with Reader(server, by(WHOLE), session=session) as again:
        assert again.run("data", CHOSEN).session == session, "who opened it goes on with it"


@pytest.mark.browser
def test_a_file_is_made_for_the_session_whose_button_it_is(server: Server) -> None:
    with Reader(server, by(WHOLE)) as whole, Reader(server) as stranger, Reader(server, by(ELSEWHERE)) as other:
        button = whole.run("data", CHOSEN).files["下载CSV"]
        before = noted(server)
        for somebody in (stranger, other):
            somebody.run("help")
            with pytest.raises(TimeoutError):
                somebody.file(button, seconds=1)
        assert noted(server) == before
        assert whole.file(button).startswith("/media/")
        assert [who for who, *_ in noted(server)[len(before) :]] == [WHOLE]


@pytest.mark.browser
def test_a_made_file_is_for_its_reader_alone(server: Server) -> None:
    def fetch(link: str, who: str, **headers: str) -> httpx.Response:
        return httpx.get(server.address + link, headers={"X-Remote-User": who, **headers})

    with Reader(server, by(WHOLE)) as whole:
        before = len(noted(server))
        link = whole.file(whole.run("data", CHOSEN).files["下载CSV"])
        assert [fetch(link, who).status_code for who in (ELSEWHERE, ADMIN, "")] == [403, 403, 403]
        assert "77703" in fetch(link, WHOLE).text
        assert "77703" in fetch(link, WHOLE, Range="bytes=0-9").text, "no part is told from another file's"
        assert len(noted(server)) == before + 1, "making it was noted, and is what the click was for"
        assert whole.file(whole.files["下载CSV"]) == link
        assert fetch(link, WHOLE).status_code == 200

        grant(server, WHOLE, OWN)
        try:
            assert fetch(link, WHOLE).status_code == 403, "made of what this reader no longer sees"
        finally:
            grant(server, WHOLE, access.WHOLE)


def test_pictures_of_pages_are_shown_to_every_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "access.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    picture = PlainTextResponse("x", media_type="image/png")
    assert ask(Door(picture), "/media/a.png", "127.0.0.1", by(ADMIN)).body == b"x"
    file = PlainTextResponse("x", headers={"Content-Disposition": "attachment; filename=a.csv"})
    assert ask(Door(file), "/media/a.csv", "127.0.0.1", by(ADMIN)).status == 403, "nobody knows whose it is"


def test_who_opens_the_link_again_is_noted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "access.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(handed, "_made", OrderedDict())
    reader = Viewer(ADMIN, ADMIN, "admin", None, "10.1.2.3")
    with access.acting_as(reader):
        handed.made(b"x", reader, "表.csv", "dataset=internal")
    assert not handed.take(b"y", reader)
    assert handed.take(b"x", reader)
    assert audit.entries("2000", [], "").empty
    later = time.monotonic() + handed.CLICK_SECONDS + 1
    monkeypatch.setattr(handed, "time", SimpleNamespace(monotonic=lambda: later))
    assert handed.take(b"x", reader)
    (entry,) = audit.entries("2000", ["下载"], "").itertuples()
    assert (entry.identity, entry.client, entry.what) == (ADMIN, "10.1.2.3", "表.csv")
    assert entry.detail == "dataset=internal （同一链接再次打开）"
    for other in (replace(reader, identity="x"), replace(reader, role="leader"), replace(reader, regions=(OWN,))):
        assert not handed.take(b"x", other)
    monkeypatch.setattr(handed, "LINKS", 2)
    for content in (b"1", b"2"):
        handed.made(content, reader, "表.csv", "")
    assert [handed.take(content, reader) for content in (b"x", b"1", b"2")] == [False, True, True]


# ---- a page that stays open ----


@pytest.mark.browser
def test_a_page_that_stays_open_gives_nothing_that_its_reader_may_no_longer_have(server: Server) -> None:
    who = "wang@example.cn"
    grant(server, who, access.WHOLE, "admin")
    with Reader(server, by(who)) as figures, Reader(server, by(who)) as people:
        figures.run("compare", CHOSEN)
        ((fragment, menu),) = figures.menus.items()
        assert "查看数据" not in figures.run(query=CHOSEN, fragment=fragment, opened=menu).text, "the fragment alone"
        button = figures.files["CSV"]
        assert figures.file(button)
        people.run("access")
        people.run(chosen=(people.widgets["修改已有账号，或新增"], who))
        revoke = people.widgets["确认取消"]

        grant(server, who, OWN)
        assert not figures.file(button)
        told = figures.run(query=CHOSEN, fragment=fragment, opened=menu).text
        assert "内部数据：1个地区" in told, "the whole page"
        assert "77703" not in told
        grant(server, who, OWN, "leader")
        for _ in range(2):  # the page that this button was on is closed; it is forgotten, too
            people.run(pressed=revoke)
            assert "这个页面不对“领导”开放" in people.text
            assert "权限有变更" not in people.text
        for _ in range(2):  # an ended session is not begun anew by what is pressed next
            assert "已退出登录" in people.run(pressed=people.widgets["退出登录"]).text


# ---- uploads ----

STEWARD = "steward@example.cn"


class Bringing:
    """A reader who brings files by the address itself, with the token that Streamlit gives to everybody."""

    def __init__(self, server: Server, who: str) -> None:
        self.http = httpx.Client(base_url=server.address, headers={"X-Remote-User": who})
        self.http.get("/_stcore/health")
        self.http.headers["X-Xsrftoken"] = self.http.cookies["_streamlit_xsrf"]

    def put(self, session: str, file: str = "f", **headers: str) -> int:
        path = f"/_stcore/upload_file/{session}/{file}"
        return self.http.put(path, files={"file": b"x" * 100}, headers=headers).status_code

    def delete(self, session: str, file: str = "f") -> int:
        return self.http.delete(f"/_stcore/upload_file/{session}/{file}").status_code


@pytest.mark.browser
def test_files_come_into_own_sessions_only_and_as_large_as_there_is_a_page_for(server: Server) -> None:
    grant(server, STEWARD, access.WHOLE, "steward")
    leader, steward, nobody = (Bringing(server, who) for who in (ELSEWHERE, STEWARD, ""))
    with Reader(server, by(ELSEWHERE)) as at_help, Reader(server, by(STEWARD)) as at_import:
        own, other = at_help.run("help").session, at_import.run("import").session
        assert (leader.put(own), steward.put(other)) == (204, 204)
        assert [who.put(session) for who, session in ((leader, other), (steward, own), (nobody, own))] == [403] * 3
        assert [leader.delete(session) for session in (other, own, "unknown")] == [403, 204, 403]
        path = f"/_stcore/upload_file/{own}/g"
        assert leader.put(own, **{"X-Xsrftoken": "forged"}) == 403, "Streamlit's own lock is still there"
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as told:
            told.sendall(
                f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Remote-User: {ELSEWHERE}\r\n"
                f"Content-Length: {150 * 2**20}\r\n\r\n".encode()
            )
            assert told.recv(100).startswith(b"HTTP/1.1 413"), "before a byte of it has come"
        assert leader.http.put(path, content=iter([b"x"])).status_code == 411, "nobody sends without an end"


def test_each_reader_has_so_much_memory(memory: set[tuple[str, str]]) -> None:
    def put(who: Viewer, file: str, megabytes: int, session: str = "own", *, done: bool = True) -> int:
        headers = Headers({"content-length": str(megabytes * 2**20)})
        refusal = uploads._refusal("PUT", headers, who, session, file)
        if refusal is None and done:
            uploads._coming.discard((session, file))
            memory.add((session, file))
        return refusal[0] if refusal else 204

    reader, steward = Viewer("own", "", "analyst", None), Viewer("steward", "", "steward", None)
    assert [put(reader, "a", 52), put(reader, "a", 51)] == [413, 204]
    assert put(reader, "b", 51, done=False) == 204
    assert put(reader, "b", 1) == 409, "it is coming already"
    assert put(reader, "c", 1) == 413, "what is on its way counts"
    assert [put(steward, "a", 201, "steward"), put(steward, "b", 200, "steward")] == [204, 204], "another reader's"
    assert put(steward, "c", 2, "steward") == 413
    memory.remove(("own", "a"))
    assert put(reader, "c", 1) == 204, "room is there again once a file is gone"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Session and file of what Streamlit holds; each session is named after its reader."""
    held: set[tuple[str, str]] = set()
    kept = SimpleNamespace(get_files=lambda session, files: [f for f in files if (session, f) in held])
    running = SimpleNamespace(exists=lambda: True, get_instance=lambda: SimpleNamespace(uploaded_file_mgr=kept))
    monkeypatch.setattr(uploads, "runtime", running)
    monkeypatch.setattr(uploads, "_owner", lambda session: session)
    monkeypatch.setattr(uploads, "_brought", {})
    monkeypatch.setattr(uploads, "_coming", set())
    return held


def noted(server: Server) -> list[tuple[str, str, str]]:
    """The downloads in the log: who, what, details."""
    with sqlite3.connect(server.data / "state" / "app.sqlite") as con:
        return con.execute("SELECT identity, what, detail FROM audit WHERE action = '下载' ORDER BY id").fetchall()
