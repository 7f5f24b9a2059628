"""A reader without a browser: Streamlit's own messages over its websocket, also those that no page would send."""

from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
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
        self.session, self.text = "", ""
        self.fragments: set[str] = set()
        self.files: dict[str, str] = {}  # label of a download button -> what its file is asked for by

    def run(self, page: str = "", query: str = "", fragment: str = "", opened: str = "") -> "Reader":
        """Runs a page, or a fragment with a popover `opened`; `text` is all that was told."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string, asked.fragment_id = page, query, fragment
        if opened:
            states = WidgetStates()
            states.widgets.add(id=opened, bool_value=True)
            asked.widget_states.CopyFrom(states)
        self.send(message)
        self.text = ""
        while (told := self.next()).WhichOneof("type") != "script_finished":
            self.text += str(told.SerializeToString().decode("utf-8", errors="ignore"))
            if told.WhichOneof("type") == "new_session":
                self.session = told.new_session.initialize.session_id or self.session
            if told.delta.fragment_id:
                self.fragments.add(told.delta.fragment_id)
            button = told.delta.new_element.download_button
            if button.deferred_file_id:
                self.files[button.label] = button.deferred_file_id
        return self

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
