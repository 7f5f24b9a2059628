"""Files that readers bring: how large, into whose session, and how much of one reader's at a time.

Streamlit takes a file on every page and for every session whose id is known, and holds it in memory until that session
ends.
"""

import threading

import streamlit as st
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

from dashboard import access
from dashboard.access import Viewer

FORM = 2**20  # bytes that a form adds to the file in it, at most
AT_ONCE = 2  # so many of the largest files that they may bring are held for one reader

_brought: dict[tuple[str, str], tuple[str, int]] = {}  # session, file -> reader, bytes
_coming: set[tuple[str, str]] = set()
_lock = threading.Lock()


async def take(app: ASGIApp, scope: Scope, receive: Receive, send: Send, viewer: Viewer) -> None:
    """Passes on what a reader may bring or take away: /_stcore/upload_file/<session>/<file>."""
    if scope["method"] not in ("PUT", "DELETE"):
        await app(scope, receive, send)
        return
    session, file = scope["path"].split("/")[-2:]
    refusal = await run_sync(_refusal, scope["method"], Headers(scope=scope), viewer, session, file)
    if refusal:
        status, words = refusal
        await PlainTextResponse(words, status_code=status)(scope, receive, send)
        return
    try:
        await app(scope, receive, send)
    finally:
        with _lock:
            _coming.discard((session, file))


def _refusal(method: str, headers: Headers, viewer: Viewer, session: str, file: str) -> tuple[int, str] | None:
    """Status and words for what may not be done; for a file that may come, its place is kept."""
    if _owner(session) != viewer.identity:
        return 403, "只能在本人打开的页面里上传。请刷新页面后再试。"
    if method == "DELETE":
        return None
    length = headers.get("content-length", "")
    # Who tells the length cannot send more: the rest would be another request.
    if not (length.isascii() and length.isdigit()) or "transfer-encoding" in headers:
        return 411, "上传时要说明文件大小"
    largest = _largest(viewer) + FORM
    if int(length) > largest:
        return 413, f"文件太大（上限{largest // 2**20 - 1}MB）"
    with _lock:
        if (session, file) in _coming:
            return 409, "这个文件正在上传"
        _forget_what_is_gone()
        held = sum(size for who, size in _brought.values() if who == viewer.identity)
        if held + int(length) > AT_ONCE * largest:
            return 413, "您上传的文件已占满分给您的内存。请先移除已上传的文件，或关闭不用的页面，几分钟后再试。"
        _brought[session, file] = viewer.identity, int(length)
        _coming.add((session, file))
    return None


def _largest(viewer: Viewer) -> int:
    """The bytes of the largest file that a reader has a page for: a table, else a tray."""
    # What it needs keeps tables for readers: imported only once the server runs.
    from dashboard import tray_files

    return (st.get_option("server.maxUploadSize") if viewer.may_open("import") else tray_files.MOST_MEGABYTES) * 2**20


def _owner(session: str) -> str | None:
    """Who opened a session that is open now."""
    client = runtime.get_instance().get_client(session) if runtime.exists() else None
    if client is None or client.client_context is None:
        return None
    return access.identity_of(dict(client.client_context.headers), client.client_context.cookies)


def _forget_what_is_gone() -> None:
    kept = runtime.get_instance().uploaded_file_mgr
    for session, file in _brought.keys() - _coming:
        if not kept.get_files(session, [file]):
            del _brought[session, file]
