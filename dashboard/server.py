"""What the server does beside running the script."""

import functools
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import cookie, hardening

PAGES = frozenset(path.stem for path in (Path(__file__).resolve().parent.parent / "pages").glob("*.py"))
FOR_PROGRAMS = frozenset({"healthz", "metrics"})  # routes of dashboard/api.py that lie beside the pages
SIGN_IN_END = "oauth2callback"  # where Streamlit takes up a reader whom the provider sends back
TITLE = "内蒙古自治区法治政府建设指标"


class Document:
    """Completes Streamlit's page: it is Chinese, what it is called, and where its server is.

    - The language is fixed to English, so that browsers pick Japanese forms for 直、骨、令 and screen readers read
      Chinese as English.
    - A reader without an id gets one (`cookie.header`).
    - Opened at /map, the page asks for /map/_stcore/health before it tries the root: two errors on the console at
      every deep link. Told where the server is, it asks there at once.

    Only what a browser opens as a page is touched; files and the websocket pass through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on and completes the page on its way back."""
        headers = dict(scope.get("headers", []))
        if scope["type"] != "http" or b"text/html" not in headers.get(b"accept", b""):
            await self.app(scope, receive, send)
            return
        base = (st.get_option("server.baseUrlPath") or "").strip("/")
        name = scope["path"].strip("/").removeprefix(base).strip("/")
        if name and "/" not in name and "." not in name and name not in PAGES | FOR_PROGRAMS | {SIGN_IN_END}:
            # Streamlit would open a dialog in English.
            home = RedirectResponse(f"/{base}/?missing={quote(name)}".replace("//", "/"))
            await home(scope, receive, send)
            return
        # Compressed it could not be changed, and "not modified" would keep an older page.
        unwanted = (b"accept-encoding", b"if-none-match", b"if-modified-since")
        scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in unwanted]}
        secure = b"https" in (scope["scheme"].encode(), headers.get(b"x-forwarded-proto"))
        start: Message | None = None
        body = b""

        async def complete(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                if MutableHeaders(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                    start = message
                else:
                    await send(message)
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    nonce = hardening.new_nonce()
                    page = complete_page(body, nonce)
                    answer = MutableHeaders(raw=start["headers"])
                    answer["content-length"] = str(len(page))
                    answer["content-security-policy"] = hardening.policy(nonce)
                    if known := cookie.header(headers.get(b"cookie", b"").decode("latin-1"), f"/{base}", secure):
                        answer.append("set-cookie", known)
                    await send(start)
                    await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, complete)


def complete_page(page: bytes, nonce: str) -> bytes:
    """Streamlit's index.html with language, title, the address of the server, our style and script; `nonce` on its
    scripts.

    Style and script travel with the page: as elements of the script they would be sent again at every change.
    """
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    server = (
        f"<script nonce='{nonce}'>window.__streamlit={{BACKEND_BASE_URL:window.location.origin+'/{base}'}}</script>"
    )
    static = Path(__file__).with_name("static")
    style = (static / "style.css").read_text(encoding="utf-8")
    script = (static / "page.js").read_text(encoding="utf-8")
    page = page.replace(b"<script>", f'<script nonce="{nonce}">'.encode())
    for old, new in [
        ('<html lang="en">', '<html lang="zh-CN">'),
        ("<title>Streamlit</title>", f"<title>{TITLE}</title>{server}"),
        ("</head>", f"<style>{style}</style><script nonce='{nonce}'>{script}</script></head>"),
    ]:
        page = page.replace(old.encode(), new.encode(), 1)
    return page


def routes() -> list[BaseRoute]:
    """The routes beside Streamlit's own: the HTTP interface, health and metrics, below server.baseUrlPath.

    Their module is imported at the first request: caches that are declared before the server runs are not its own.
    """
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base}" if base else ""

    async def interface(scope: Scope, receive: Receive, send: Send) -> None:
        await (await run_in_threadpool(_interface))(scope, receive, send)

    return [
        Mount(f"{prefix}/api/v1", app=interface),
        Route(f"{prefix}/healthz", _health),
        Route(f"{prefix}/metrics", _counters),
    ]


@functools.cache
def _interface() -> ASGIApp:
    from dashboard import api

    return api.application()


def _health(request: Request) -> Response:
    from dashboard import api

    return api.health(request)


def _counters(request: Request) -> Response:
    from dashboard import api

    return api.counters(request)
