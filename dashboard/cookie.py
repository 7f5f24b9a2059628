"""The cookie that knows a reader again, without a name: a random id. The server sets it, `visitor` reads it."""

import re
import secrets

from starlette.requests import cookie_parser

NAME = "visitor"
ID = re.compile(r"[0-9a-f]{32}")
DAYS = 400  # the longest that browsers keep a cookie (RFC 6265bis, section 5.6.2)


def header(cookies: str, path: str, secure: bool) -> str | None:
    """The header `Set-Cookie` for a reader who sent the header `Cookie`; None for one who has an id already."""
    # As Streamlit reads it for `visitor`: SimpleCookie gives up at the first cookie that it dislikes.
    if ID.fullmatch(cookie_parser(cookies).get(NAME, "")):
        return None
    fixed = f"Path={path}; Max-Age={DAYS * 86400}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    return f"{NAME}={secrets.token_hex(16)}; {fixed}"
