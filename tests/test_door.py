"""What somebody may do who reaches the port and speaks to the server as no browser would."""

import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from starlette.types import Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard import access
from dashboard.access import Person, Viewer
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
        patch.setenv("DASHBOARD_DATA_DIR", str(paths.data))
        patch.setenv("FORWARDED_ALLOW_IPS", "")
        with access.acting_as(Viewer(ADMIN, "", "admin", None)):
            for who, region in ((WHOLE, access.WHOLE), (ELSEWHERE, OWN)):
                access.grant(Person(who, "", "analyst", (region,)))
        running = Server(paths.data)
    yield running
    running.stop()


@pytest.fixture(params=["", SETTINGS], ids=["off", "gateway"])
def either_way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody signs in, or a gateway says who is there."""
    (tmp_path / "access.toml").write_text(request.param, encoding="utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))


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


# ---- sessions ----

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


def noted(server: Server) -> list[tuple[str, str, str]]:
    """The downloads in the log: who, what, details."""
    with sqlite3.connect(server.data / "state" / "app.sqlite") as con:
        return con.execute("SELECT identity, what, detail FROM audit WHERE action = '下载' ORDER BY id").fetchall()
