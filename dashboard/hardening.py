"""What every answer of the server carries, and what a request may not bring in from outside."""

import ipaddress
import secrets
from urllib.parse import quote, unquote, urlsplit

import streamlit as st
from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.auth_util import get_validated_redirect_uri
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dashboard import access, handed, messages, uploads
from dashboard.access import Viewer

FIXED = {
    "x-content-type-options": "nosniff",
    # Our own pages learn where a reader came from (sign-in leads back there); nobody else does.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
}
RETURN_COOKIE = "return_to"
RETURN_SECONDS = 600
# Address -> the page whose readers may use it. What a page made or takes is as closed as the page.
GUARDED = {"media/": "overview", "_stcore/upload_file/": "briefs"}
# Streamlit's own figures and its interface for programs: ours are /metrics and /api/v1.
CLOSED = ("_stcore/metrics", "_stcore/agent")


def policy(nonce: str = "") -> str:
    """The content security policy; `nonce` lets the two scripts within the page itself run."""
    ancestors = " ".join(("'self'", *access.settings().frame_ancestors))
    own = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return "; ".join(
        [
            "default-src 'self'",
            # Protobuf counts in 64 bits by WebAssembly; nothing may turn text into a script.
            f"script-src {own} 'wasm-unsafe-eval'",
            # Streamlit and plotly make their styles while they run.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {ancestors}",
        ]
    )


def new_nonce() -> str:
    """A word that scripts of one answer, and of no other, are told by."""
    return secrets.token_urlsafe(16)


class SafeAnswers:
    """Security headers on every answer; cookies only over TLS where the reader came by TLS."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on and completes the headers of its answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in FIXED.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", policy())
                if not access.settings().frame_ancestors:
                    headers.setdefault("x-frame-options", "SAMEORIGIN")
                if scope.get("scheme") == "https":
                    message["headers"] = [(name, _secure(name, value)) for name, value in message["headers"]]
            await send(message)

        await self.app(scope, receive, complete if scope["type"] == "http" else send)


def _secure(name: bytes, value: bytes) -> bytes:
    wanting = name.lower() == b"set-cookie" and b"; secure" not in value.lower()
    return value + b"; Secure" if wanting else value


class Door:
    """Believes only configured proxies who a reader is and where from; keeps strangers from files; leads back.

    Answers to this server's names only, and lets through only what a page may ask of Streamlit. A gateway's identity
    headers are taken away from requests that did not come from it. Sign-in by OIDC always ends on the first page; the
    reader is led on to the one they asked for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.inside = ProxyHeadersMiddleware(self._inside, list(access.settings().proxies))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what may come in."""
        if scope["type"] in ("http", "websocket"):
            if not _known_host(Headers(scope=scope).get("host")):
                await _refuse_host(scope, receive, send)
                return
            _forget_identity(scope)
        if scope["type"] == "websocket":
            _bind_sessions()
            receive = messages.needed(receive)
        await self.inside(scope, receive, send)  # type: ignore[arg-type]

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(_base()).lstrip("/")
        if path.startswith(CLOSED):
            await PlainTextResponse("没有这个地址", status_code=404)(scope, receive, send)
            return
        if not access.on():
            await self.app(scope, receive, send)
            return
        page = next((page for start, page in GUARDED.items() if path.startswith(start)), None)
        viewer = await run_sync(_reader_of, HTTPConnection(scope), page) if page else None
        if page and viewer is None:
            await PlainTextResponse("请先登录", status_code=403)(scope, receive, send)
        elif viewer and path.startswith("media/"):
            await _hand_out(self.app, scope, receive, send, viewer)
        elif viewer:
            await uploads.take(self.app, scope, receive, send, viewer)
        elif path == "auth/login":
            await self.app(scope, receive, _leave_mark(scope, send))
        elif path == "oauth2callback":
            await self.app(scope, receive, _follow_mark(scope, send))
        else:
            await self.app(scope, receive, send)


def _base() -> str:
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def _forget_identity(scope: Scope) -> None:
    """Takes identity headers away where they do not come from a trusted proxy, or come twice."""
    settings = access.settings()
    if settings.mode != "gateway":
        return
    trusted = _trusted(scope["client"][0] if scope.get("client") else "", settings.proxies)
    given = Headers(raw=scope["headers"])
    named = [name.lower() for name in (settings.user_header, settings.name_header) if name]
    unwanted = {name.encode() for name in named if not trusted or len(given.getlist(name)) > 1}
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name.lower() not in unwanted]


def _known_host(host: str | None) -> bool:
    """Whether a request means this server, by the name that it calls it.

    A foreign page can have its own name lead to this machine, and is then of the same origin for the browser (DNS
    rebinding); an address in numbers cannot be taken over so. Without a gate, whoever listens to their own machine only
    is called by its local names; with OIDC a server has the name it is signed in to. Else server.allowedHosts says it.
    """
    if st.get_option("server.allowedHosts"):
        return is_host_allowed(host)
    if host is None:  # no browser
        return True
    names = _own_names()
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return names is None or name in names or _address(name) is not None


def _own_names() -> set[str] | None:
    """The names of this server in lower case; None where nobody has told."""
    mode = access.settings().mode
    if mode == "oidc":
        return {"localhost", urlsplit(get_validated_redirect_uri() or "").hostname or "localhost"}
    address = _address(st.get_option("server.address") or "")
    local = st.get_option("server.address") == "localhost" or (address is not None and address.is_loopback)
    return {"localhost"} if mode == "off" and local else None


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


async def _refuse_host(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    words = "本服务器不用这个名称。系统管理员可在.streamlit/config.toml的server.allowedHosts里登记服务器名称。"
    await PlainTextResponse(words, status_code=421)(scope, receive, send)


def _bind_sessions() -> None:
    """Has Streamlit compare who comes back to a session with who opened it, also where a gateway says who that is.

    Before every connection: when its settings file is touched, Streamlit forgets what was set since the start.
    """
    settings, option = access.settings(), "server.trustedUserHeaders"
    if settings.mode == "gateway" and settings.user_header not in st.get_option(option):
        config.set_option(option, {**st.get_option(option), settings.user_header: "identity"})


def _trusted(peer: str, proxies: tuple[str, ...]) -> bool:
    address = _address(peer)
    return address is not None and any(address in ipaddress.ip_network(proxy) for proxy in proxies)


def _reader_of(request: HTTPConnection, page: str) -> Viewer | None:
    """Who asks, when they may open `page`."""
    client = request.client.host if request.client else ""
    try:
        viewer = access.viewer_of(request.headers, request.cookies, client)
    except access.AccessError:
        return None
    return viewer if viewer.may_open(page) else None


async def _hand_out(app: ASGIApp, scope: Scope, receive: Receive, send: Send, viewer: Viewer) -> None:
    """Passes a picture on, and a file that a button made when it was made for this reader."""
    # Whole and not compressed, since it is known by its content.
    unwanted = (b"range", b"accept-encoding")
    scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.lower() not in unwanted]}
    start: Message | None = None
    content = b""

    async def checked(message: Message) -> None:
        nonlocal start, content
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-disposition", "").startswith("attachment"):
                start = message
                return
        elif start is not None:
            content += message.get("body", b"")
            if message.get("more_body"):
                return
            if await run_sync(handed.take, content, viewer):
                await send(start)
                await send({"type": "http.response.body", "body": content})
            else:
                refusal = "这个文件不是为您生成的，或已过期。请在页面上重新点下载按钮。"
                await PlainTextResponse(refusal, status_code=403)(scope, receive, send)
            return
        await send(message)

    await app(scope, receive, checked)


def _leave_mark(scope: Scope, send: Send) -> Send:
    """Keeps the page from which the reader went to sign in."""
    headers = Headers(raw=scope["headers"])
    came_from = urlsplit(headers.get("referer", ""))
    own = came_from.netloc and came_from.netloc == headers.get("host")
    target = came_from.path + (f"?{came_from.query}" if came_from.query else "")

    async def mark(message: Message) -> None:
        if message["type"] == "http.response.start" and own:
            cookie = (
                f"{RETURN_COOKIE}={quote(target, safe='')}; Max-Age={RETURN_SECONDS}; Path=/; HttpOnly; SameSite=Lax"
            )
            MutableHeaders(raw=message["headers"]).append("set-cookie", cookie)
        await send(message)

    return mark


def _follow_mark(scope: Scope, send: Send) -> Send:
    """Leads from the end of the sign-in to that page; never to another server."""
    target = unquote(HTTPConnection(scope).cookies.get(RETURN_COOKIE, ""))
    # Two slashes or more begin the name of a server; urlsplit finds none after three.
    own = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()

    async def follow(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            if own and headers.get("location") == f"{_base()}/":
                headers["location"] = quote(target, safe="/?&=%:+,;@!$'()*~-._")
            headers.append("set-cookie", f"{RETURN_COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
        await send(message)

    return follow
