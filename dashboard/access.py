"""Who reads, and what they may see and do.

Off, unless `data/access.toml` turns it on (docs/access.md). Who somebody is, an OIDC provider says (Streamlit's
sign-in) or a trusted gateway in front of the server (its headers). What they may do, an administrator says in the
table `people` of data/state/app.sqlite; the first administrators are named in the file. Every answer here is "no"
until something says "yes".
"""

import hashlib
import ipaddress
import json
import math
import sqlite3
import string
import time
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.auth_util import get_cookie_with_chunks, get_validated_redirect_uri
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from dashboard import state
from dashboard.folders import data_folder

ROLES = ("leader", "analyst", "steward", "admin")  # each may do what the one before may
ROLE_NAMES = {"leader": "领导", "analyst": "分析人员", "steward": "数据管理员", "admin": "系统管理员"}
OF_EVERYBODY = ("overview", "map", "compare", "trends", "profile", "indicators", "quality", "briefs", "help")
# Page -> who opens it; one that does not stand here is for administrators, until somebody has thought about it.
PAGE_ROLES = {
    **dict.fromkeys(OF_EVERYBODY, "leader"),
    "data": "analyst",
    "import": "steward",
    **dict.fromkeys(("audit", "access"), "admin"),
}
WHOLE = "150000"  # whoever has the whole region sees everything
LOCAL = ("127.0.0.1", "::1")
TOUCH_SECONDS = 15  # a session is noted as used at most this often
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
FORGET_SECONDS = 40 * 86400  # the cookie that a session came with is no longer valid then

SESSION = "access_session"  # in Streamlit's session state: the key of a session behind a gateway

Reason = Literal["unsigned", "unknown", "ended", "changed"]


class SettingsError(Exception):
    """data/access.toml or the secrets cannot be used; the message says in Chinese what is wrong."""


class AccessError(Exception):
    """Somebody may not come in: `unsigned` (nobody says who it is), `unknown` (no role), `ended` (signed out, idle); or
    may not do what the page at hand still offers: `changed` (other role or regions since it was drawn).
    """

    def __init__(self, reason: Reason, identity: str = "") -> None:
        super().__init__(reason)
        self.reason, self.identity = reason, identity


@dataclass(frozen=True)
class Settings:
    """data/access.toml; see data/access.example.toml."""

    mode: str = "off"
    admins: tuple[str, ...] = ()
    idle_minutes: float = 30
    proxies: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    claim: str = "email"
    name_claim: str = "name"
    user_header: str = ""
    name_header: str = ""
    sign_out_url: str = ""


@dataclass(frozen=True)
class Viewer:
    """Somebody who may come in. `regions`: None for everything, else codes; `session`: key of the table `sessions`."""

    identity: str
    name: str
    role: str
    regions: tuple[str, ...] | None
    client: str = ""
    session: str = ""

    def may_open(self, page: str) -> bool:
        """Whether this role opens a page (its name in pages/)."""
        return ROLES.index(self.role) >= ROLES.index(PAGE_ROLES.get(page, ROLES[-1]))


@dataclass(frozen=True)
class Person:
    """A row of the table `people`; `regions`: codes, the whole region being `WHOLE`."""

    identity: str
    name: str
    role: str
    regions: tuple[str, ...]


@dataclass(frozen=True)
class _Claim:
    """Who somebody is, as provider or gateway says; `session` is empty where there is none to end."""

    identity: str
    name: str
    session: str
    client: str


EVERYBODY = Viewer("", "", "admin", None)  # while access is off
_ACTING: ContextVar[Viewer | None] = ContextVar("acting", default=None)


# ---- settings ----


def settings() -> Settings:
    """The settings, read once: a server that was started with a gate does not lose it. Raises SettingsError."""
    return _settings(data_folder() / "access.toml")


@lru_cache
def _settings(path: Path) -> Settings:
    if not path.exists():
        return Settings()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name}无法读取：{error}") from error
    known = {field.name: field.default for field in fields(Settings)}
    # With a gate, the proxy on the same machine (deploy/nginx.conf) is told of nowhere else; who a gateway is must be
    # written down. Without one, any local program could say that it is somewhere else.
    if given.get("mode") == "oidc":
        given.setdefault("proxies", list(LOCAL))
    for name, value in given.items():
        if name not in known:
            raise SettingsError(f"{path.name}里的“{name}”不认识；可用：{'、'.join(known)}")
        given[name] = tuple(value) if isinstance(value, list) else value
        number = isinstance(known[name], int) and type(value) in (int, float)  # True would be an int, too
        texts = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if not texts or not (number or type(given[name]) is type(known[name])):
            raise SettingsError(f"{path.name}里的“{name}”写法不对，参见access.example.toml")
    found = Settings(**given)
    _check(found, path.name)
    return replace(found, admins=tuple(known_as(name) for name in found.admins))


def _check(found: Settings, file: str) -> None:
    if found.mode not in ("off", "oidc", "gateway"):
        raise SettingsError(f"{file}里的mode应为off、oidc或gateway，现为“{found.mode}”")
    if not 0 < found.idle_minutes < math.inf:  # TOML knows inf and nan: no session would ever end
        raise SettingsError(f"{file}里的idle_minutes应为大于0的有限数（分钟）")
    if found.mode != "off" and not found.admins:
        raise SettingsError(f"{file}里的admins应写明至少一位系统管理员，否则没有人能进入")
    if found.mode == "gateway" and not (found.user_header and found.proxies):
        raise SettingsError(f"{file}：mode为gateway时，user_header和proxies都要写")
    for address in found.proxies:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            raise SettingsError(f"{file}里的proxies应为IP地址或网段，“{address}”不是") from None


def on() -> bool:
    """Whether readers must sign in."""
    return settings().mode != "off"


def known_as(identity: str) -> str:
    """An identity as it is compared: a mail address without regard to the case of A to Z, anything else as it is.

    Letters that only look alike, or fold to one another, are those of somebody else.
    """
    identity = identity.strip(string.whitespace)
    return identity.translate(LOWER) if "@" in identity else identity


# ---- who is there ----


def viewer(*, present: bool = False) -> Viewer:
    """Who this script run is for. `present`: they just did something, so the session goes on. Raises AccessError."""
    acting = _ACTING.get()
    if acting is not None:
        return acting
    if not on():
        return EVERYBODY
    if get_script_run_ctx(suppress_warning=True) is None:
        raise AccessError("unsigned")
    client = _client()
    if settings().mode == "oidc":
        if "is_logged_in" not in st.user:
            raise SettingsError("没有配置登录服务：.streamlit/secrets.toml里缺少[auth]")
        claim = _from_claims(st.user.to_dict() if st.user.is_logged_in else {}, client)
    else:
        claim = _from_headers(st.context.headers, client)
        claim = replace(claim, session=st.session_state.setdefault(SESSION, uuid.uuid4().hex))
    return _admit(claim, present)


def viewer_of(headers: Mapping[str, str], cookies: Mapping[str, str], client: str) -> Viewer:
    """Who an HTTP request outside a script run is from. Raises AccessError, SettingsError.

    It is no activity: a page that asks by the clock would keep an unattended session alive. `headers` with names in
    lower case, after the middleware has taken away what an untrusted address says of itself.
    """
    return _admit(_claimed(headers, cookies, client), present=False) if on() else EVERYBODY


def identity_of(headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
    """Who a connection is from, also one who may no longer come in; empty for nobody. Headers as in `viewer_of`."""
    try:
        return _claimed(headers, cookies, "").identity
    except AccessError:
        return ""


def _claimed(headers: Mapping[str, str], cookies: Mapping[str, str], client: str) -> _Claim:
    if settings().mode == "gateway":
        return _from_headers(headers, client)
    secret = get_cookie_secret()

    def cookie(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(secret, name, value)

    signed = get_cookie_with_chunks(cookie, USER_COOKIE_NAME)
    claims: dict[str, Any] = json.loads(signed) if signed else {}
    redirect = get_validated_redirect_uri() or ""
    if not claims.get("is_logged_in") or not redirect.startswith(f"{claims.get('origin')}/"):
        claims = {}
    return _from_claims(claims, client)


def again(somebody: Viewer) -> Viewer:
    """Somebody who was let in before. Raises AccessError when they would no longer be let in, or not as the same."""
    now = _admit(_Claim(somebody.identity, somebody.name, somebody.session, somebody.client), present=True)
    if (now.role, now.regions) != (somebody.role, somebody.regions):
        raise AccessError("changed", somebody.identity)
    return now


def regions() -> tuple[str, ...] | None:
    """The regions whose internal figures may be seen now; None: all. Where nobody is known: none."""
    try:
        return viewer().regions
    except AccessError:
        return ()


@contextmanager
def acting_as(somebody: Viewer) -> Iterator[None]:
    """Answers for somebody in particular: for HTTP routes and commands, which have no script run."""
    token = _ACTING.set(somebody)
    try:
        yield
    finally:
        _ACTING.reset(token)


def _client() -> str:
    """Where this session comes from, as the server knows it after the trusted proxies; Streamlit hides its own host."""
    return st.context.ip_address or "127.0.0.1"


def _from_claims(claims: Mapping[str, Any], client: str) -> _Claim:
    identity = known_as(str(claims.get(settings().claim) or ""))
    # Sent along with a mail address that anybody may claim to have.
    if not identity or (settings().claim == "email" and claims.get("email_verified") is False):
        raise AccessError("unsigned")
    ticket = json.dumps([claims.get(name) for name in ("iss", "sub", "iat", "nonce")])
    session = hashlib.sha256(ticket.encode()).hexdigest()
    return _Claim(identity, str(claims.get(settings().name_claim) or identity), session, client)


def _from_headers(headers: Mapping[str, str], client: str) -> _Claim:
    identity = known_as(_text(headers.get(settings().user_header.lower(), "")))
    if not identity:
        raise AccessError("unsigned")
    name = _text(headers.get(settings().name_header.lower(), "")) if settings().name_header else ""
    return _Claim(identity, name or identity, "", client)


def _text(header: str) -> str:
    """A header as text: gateways send Chinese names as UTF-8, which arrives as Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _admit(claim: _Claim, present: bool) -> Viewer:
    """The viewer that a claim comes to; notes the session's begin, use and end. Raises AccessError."""
    limit = settings().idle_minutes * 60
    now = time.time()
    with state.database() as connection:
        row = connection.execute("SELECT role, regions FROM people WHERE identity = ?", (claim.identity,)).fetchone()
        role, codes = (row[0], tuple(json.loads(row[1]))) if row else ("", ())
        if claim.identity in settings().admins:
            role, codes = "admin", (WHOLE,)
        found = Viewer(claim.identity, claim.name, role, None if WHOLE in codes else codes, claim.client, claim.session)
        if claim.session:
            known = connection.execute("SELECT seen_at, ended FROM sessions WHERE key = ?", (claim.session,)).fetchone()
            if known is None:
                connection.execute("DELETE FROM sessions WHERE seen_at < ?", (now - FORGET_SECONDS,))
                connection.execute("INSERT INTO sessions VALUES (?, ?, ?, 0)", (claim.session, claim.identity, now))
                log(connection, found, "登录" if role else "拒绝", "进入系统" if role else "没有分配角色")
            elif known[1]:
                raise AccessError("ended", claim.identity)
            elif known[0] > now + TOUCH_SECONDS:  # the clock was put back: idle time counts from now on
                connection.execute("UPDATE sessions SET seen_at = ? WHERE key = ?", (now, claim.session))
            elif now - known[0] > limit:
                connection.execute("UPDATE sessions SET ended = 1 WHERE key = ?", (claim.session,))
                log(connection, found, "退出", "长时间没有操作")
                connection.commit()
                raise AccessError("ended", claim.identity)
            elif present and now - known[0] > min(TOUCH_SECONDS, limit / 4):
                connection.execute("UPDATE sessions SET seen_at = ? WHERE key = ?", (now, claim.session))
    if not role:
        raise AccessError("unknown", claim.identity)
    return found


def sign_out() -> None:
    """Ends the session of this script run everywhere, also for whoever kept its cookie; for callbacks."""
    try:
        leaving = viewer()
    except AccessError:
        leaving = None
    if leaving is not None and leaving.session:
        with state.database() as connection:
            connection.execute("UPDATE sessions SET ended = 1 WHERE key = ?", (leaving.session,))
            log(connection, leaving, "退出", "主动退出")
    if settings().mode == "oidc":
        st.logout()


def log(connection: sqlite3.Connection, who: Viewer, action: str, what: str, detail: str = "") -> None:
    """Appends to the audit log within a transaction of `state.database`."""
    connection.execute(
        "INSERT INTO audit (identity, name, role, client, action, what, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (who.identity, who.name, who.role, who.client, action, what, detail),
    )


# ---- who may do what ----


def people() -> list[Person]:
    """Everybody who has a role in the table, by identity. The administrators of the file need no row."""
    with state.database() as connection:
        rows = connection.execute("SELECT identity, name, role, regions FROM people ORDER BY identity").fetchall()
    return [Person(identity, name, role, tuple(json.loads(codes))) for identity, name, role, codes in rows]


def grant(person: Person) -> None:
    """Gives somebody a role and regions, in place of those they had. Raises AccessError for who is no administrator."""
    by = _administrator()
    person = replace(person, identity=known_as(person.identity))
    with state.database() as connection:
        before = connection.execute(
            "SELECT role, regions FROM people WHERE identity = ?", (person.identity,)
        ).fetchone() or ("无角色", "[]")
        connection.execute(
            "INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)",
            (person.identity, person.name, person.role, json.dumps(person.regions)),
        )
        words = [
            f"{ROLE_NAMES.get(role, role)}（{'、'.join(codes) or '无地区'}）"
            for role, codes in ((before[0], json.loads(before[1])), (person.role, person.regions))
        ]
        log(connection, by, "权限", person.identity, " → ".join(words))


def revoke(identity: str) -> None:
    """Takes somebody's role away. Raises AccessError for who is no administrator."""
    by = _administrator()
    with state.database() as connection:
        connection.execute("DELETE FROM people WHERE identity = ?", (identity,))
        log(connection, by, "权限", identity, "取消角色")


def _administrator() -> Viewer:
    by = viewer()
    if by.role != "admin":
        raise AccessError("changed", by.identity)
    return by
