"""A reader without a browser: Streamlit's own messages over its websocket, also those that no page would send."""

from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from websockets.sync.client import connect

from benchmarks.serving import Server

SECONDS = 60


class Reader:
    """A connection with these headers, a context; `session`: the id of the session that it wants to go on with."""

    def __init__(self, server: Server, *headers: tuple[str, str], session: str = "") -> None:
        address = server.address.replace("http", "ws") + "/_stcore/stream"
        protocols: list[Any] = ["streamlit", "x", session] if session else ["streamlit"]
        self.connection = connect(address, subprotocols=protocols, origin=server.address, additional_headers=headers)  # type: ignore[arg-type]
        self.session, self.text, self.script = "", "", ""
        self.fragments: set[str] = set()
        self.files: dict[str, str] = {}  # label of a download button -> what its file is asked for by
        self.widgets: dict[str, str] = {}  # label of a button or a list -> its id
        self.menus: dict[str, str] = {}  # fragment -> the id of the menu 导出 in it

    def run(
        self,
        page: str = "",
        query: str = "",
        fragment: str = "",
        opened: str = "",
        pressed: str = "",
        chosen: tuple[str, str] | None = None,
    ) -> "Reader":
        """Runs a page (none: this one), or a fragment with a popover `opened`; `text` is all that was told.

        `pressed`: the id of a button; `chosen`: the id of a list and what was chosen in it.
        """
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string, asked.fragment_id = page, query, fragment
        asked.page_script_hash = "" if page else self.script
        states = WidgetStates()
        if opened:
            states.widgets.add(id=opened, bool_value=True)
        if pressed:
            states.widgets.add(id=pressed, trigger_value=True)
        if chosen:
            states.widgets.add(id=chosen[0], string_value=chosen[1])
        asked.widget_states.CopyFrom(states)
        self.send(message)
        self.text = ""
        while (told := self.next()).WhichOneof("type") != "script_finished" or _starts_again(told):
            self.text += str(told.SerializeToString().decode("utf-8", errors="ignore"))
            if told.WhichOneof("type") == "new_session":
                self.session = told.new_session.initialize.session_id or self.session
            if told.WhichOneof("type") == "navigation":
                self.script = told.navigation.page_script_hash
            self._note(told.delta)
        return self

    def _note(self, delta: Delta) -> None:
        if delta.fragment_id:
            self.fragments.add(delta.fragment_id)
        element = delta.new_element
        if element.download_button.deferred_file_id:
            self.files[element.download_button.label] = element.download_button.deferred_file_id
        for widget in (element.button, element.selectbox):
            if widget.id:
                self.widgets[widget.label] = widget.id
        if "export_" in delta.add_block.id:
            self.menus[delta.fragment_id] = delta.add_block.id

    def file(self, asked_by: str, seconds: float = SECONDS) -> str:
        """Where the file of a button lies after it was made; empty where that failed. TimeoutError: no answer."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id, request.deferred_file.file_id = "1", self.session, asked_by
        self.send(message)
        while True:
            told = self.next(seconds)
            if told.WhichOneof("type") == "backend_operation_response":
                return told.backend_operation_response.deferred_file.url

    def send(self, message: BackMsg) -> None:
        self.socket.send(message.SerializeToString())

    def next(self, seconds: float = SECONDS) -> ForwardMsg:
        return ForwardMsg.FromString(self.socket.recv(timeout=seconds, decode=False))

    def __enter__(self) -> "Reader":
        self.socket = self.connection.__enter__()
        return self

    def __exit__(self, *_: Any) -> None:
        self.connection.__exit__(None, None, None)


def _starts_again(told: ForwardMsg) -> bool:
    """Whether a run ends only to make place for the next one."""
    return told.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
