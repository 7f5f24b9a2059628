"""Readers of the running dashboard, as browsers are on the wire: a websocket, the script's messages, widgets.

Only what a browser must do is done: pages are opened by their address, selectboxes are changed, and cached messages are
reported as known. Nothing is drawn, and nothing is asked for by itself: no page that is measured asks its browser to
(only the sign-in watch and the making of twelve documents do). A change that changes nothing on the page is an error.
"""

import asyncio
import hashlib
import random
import time
import urllib.request
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from websockets.asyncio.client import ClientConnection, connect

ANSWER_SECONDS = 60
CHANGED = ("期间", "指标", "地区", "年份", "对比范围")  # labels of selectboxes that readers change
DONE = ("FINISHED_SUCCESSFULLY", "FINISHED_FRAGMENT_RUN_SUCCESSFULLY")


class SessionError(Exception):
    """The dashboard failed this reader: what it showed, or that it did not answer."""


@dataclass
class Session:
    """One reader. `address`: of the server; `page` and `query`: where the reader is."""

    address: str
    page: str = ""
    query: str = ""
    received: int = 0
    warnings: list[str] = field(default_factory=list)
    _socket: ClientConnection | None = None
    # hash -> a message that need not be sent again, and the run that last used it
    _known: dict[str, tuple[ForwardMsg, int]] = field(default_factory=dict)
    _runs: int = 0
    _kept_runs: int = 0  # how long a browser keeps what no run used, as the server says
    # label -> widget id, options, the one that is shown
    _choices: dict[str, tuple[str, list[str], str]] = field(default_factory=dict)
    _page: "hashlib._Hash" = field(default_factory=hashlib.sha256)  # all that this run has put on the page
    _states: dict[str, str] = field(default_factory=dict)
    _script: str = ""

    async def open(self) -> float:
        """Fetches the page, connects with the cookie that came with it; returns the seconds until it is finished."""
        started = time.perf_counter()
        headers = {"Cookie": await asyncio.to_thread(self._cookies)}
        try:
            self._socket = await connect(
                self.address.replace("http", "ws", 1) + "/_stcore/stream",
                subprotocols=[websockets.Subprotocol("streamlit")],
                additional_headers=headers,
                max_size=None,
                open_timeout=ANSWER_SECONDS,
            )
        except (OSError, websockets.WebSocketException) as error:
            raise SessionError(f"/{self.page}: no connection: {error}") from None
        await self._run(WidgetStates())
        return time.perf_counter() - started

    async def change(self, chance: random.Random) -> float:
        """Changes one selectbox of the page; returns the seconds until the page is finished again."""
        offered = [name for name in CHANGED if len(self._choices.get(name, ("", [], ""))[1]) > 1]
        if not offered:
            raise SessionError(f"/{self.page}?{self.query}: there is nothing to change")
        label = chance.choice(offered)
        widget, options, shown = self._choices[label]
        self._states[widget] = chance.choice([option for option in options if option != shown])
        states = WidgetStates()
        for name, value in self._states.items():
            states.widgets.add(id=name, string_value=value)
        # A browser keeps an answer only for the run that it belongs to; the callback writes it into the address.
        self._states.clear()
        before = self.query, self._page.digest()
        taken = await self._run(states)
        if (self.query, self._page.digest()) == before:
            raise SessionError(f"/{self.page}?{self.query}: {label} was changed and nothing happened")
        return taken

    async def turn(self, page: str, query: str) -> float:
        """Opens another page in the same session, as a link does."""
        self.page, self.query, self._script = page, query, ""
        self._choices.clear()
        self._states.clear()
        return await self._run(WidgetStates())

    async def close(self) -> None:
        """Leaves."""
        if self._socket is not None:
            await self._socket.close()

    def _cookies(self) -> str:
        """What a browser sends that has just been given the page. Raises SessionError."""
        page = urllib.request.Request(f"{self.address}/{self.page}?{self.query}", headers={"Accept": "text/html"})  # noqa: S310
        try:
            with urllib.request.urlopen(page, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                given = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie", [])))
        except OSError as error:
            raise SessionError(f"/{self.page}: no page: {error}") from None
        return "; ".join(f"{name}={cookie.value}" for name, cookie in given.items())

    async def _run(self, states: WidgetStates) -> float:
        """Asks for a run of the script and reads its messages to the end. Raises SessionError."""
        asked = BackMsg()
        rerun = asked.rerun_script
        rerun.query_string = self.query
        rerun.page_name = self.page
        rerun.page_script_hash = self._script
        rerun.widget_states.CopyFrom(states)
        rerun.cached_message_hashes.extend(self._known)
        rerun.context_info.timezone = "Asia/Shanghai"
        rerun.context_info.locale = "zh-CN"
        started = time.perf_counter()
        assert self._socket is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._socket.send(asked.SerializeToString())
                while not self._take(await self._socket.recv()):
                    pass
        except TimeoutError:
            raise SessionError(f"/{self.page}?{self.query}: no answer in {ANSWER_SECONDS} s") from None
        except websockets.ConnectionClosed as error:
            raise SessionError(f"/{self.page}?{self.query}: the server has gone: {error}") from None
        return time.perf_counter() - started

    def _take(self, data: bytes | str) -> bool:
        """Reads one message; True when the run is over."""
        assert isinstance(data, bytes)
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            message, _ = self._known[name := message.ref_hash]
            self._known[name] = message, self._runs
            kind = message.WhichOneof("type")
        elif message.metadata.cacheable:
            self._known[message.hash] = message, self._runs
        if kind == "new_session":
            self._kept_runs = message.new_session.config.max_cached_message_age
            self._choices.clear()
            self.warnings.clear()
            self._page = hashlib.sha256()
        elif (
            kind == "navigation"
        ):  # which page this is, no earlier message knows: asked without it, the first page runs
            self._script = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta":
            self._look(message)
        elif kind == "script_finished":
            status = ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)
            if status == "FINISHED_EARLY_FOR_RERUN":
                return False
            if status not in DONE:
                raise SessionError(f"/{self.page}?{self.query}: {status}")
            self._runs += 1
            used_since = self._runs - self._kept_runs
            self._known = {name: known for name, known in self._known.items() if known[1] >= used_since}
            return True
        return False

    def _look(self, message: ForwardMsg) -> None:
        """Notes what can be changed; an error on the page is this reader's error."""
        element = message.delta.new_element
        self._page.update(message.delta.SerializeToString(deterministic=True))
        what = element.WhichOneof("type")
        if what == "selectbox":
            box = element.selectbox
            shown = box.raw_value if box.set_value else box.options[box.default] if box.options else ""
            self._choices[box.label] = (box.id, list(box.options), shown)
        elif what == "exception":
            raise SessionError(f"/{self.page}?{self.query}: {element.exception.type} {element.exception.message}")
        elif what == "alert" and element.alert.format == element.alert.WARNING:
            self.warnings.append(element.alert.body)
        elif what == "alert" and element.alert.format == element.alert.ERROR:
            raise SessionError(f"/{self.page}?{self.query}: {element.alert.body}")
