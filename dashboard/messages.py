"""What a browser may ask of Streamlit over its websocket: what the pages need, and nothing that touches other readers.

Streamlit asks nobody who they are before it empties the caches of all readers, and makes the file of whatever button
is named to it. Hiding its menu closes no door: whoever reaches the port may send any message.
"""

from google.protobuf.message import DecodeError
from starlette.types import Message, Receive
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg

# Not clear_cache, set_run_on_save, load_git_info and debug_...: for those who develop an app.
KINDS = frozenset({"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"})
# Not install_skills and dismiss_skills_nudge: they write into the program's folder.
OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})


def needed(receive: Receive) -> Receive:
    """`receive` of a websocket without the messages that no page sends."""

    async def following() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or _may_pass(message.get("bytes") or b""):
                return message

    return following


def _may_pass(content: bytes) -> bool:
    message = BackMsg()
    try:
        message.ParseFromString(content)
    except DecodeError:
        return True  # Streamlit ends the connection
    kind = message.WhichOneof("type")
    if kind == "backend_operation_request":
        return _may_work(message.backend_operation_request)
    return kind in KINDS


def _may_work(asked: BackendOperationRequest) -> bool:
    """Whether an operation is one of ours, and the file it asks for that of a button of its own session.

    That the session named is the one of this socket, Streamlit sees to; it does not ask whose button it is.
    """
    kind = asked.WhichOneof("payload")
    if kind != "deferred_file" or not runtime.exists():
        return kind in OPERATIONS
    button = runtime.get_instance().media_file_mgr._deferred_callables.get(asked.deferred_file.file_id)
    return button is None or button["session_id"] == asked.session_id
