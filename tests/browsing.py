"""A real Chromium with every other machine out of reach, and when a page is at rest."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from benchmarks.serving import Server

SECONDS = 60_000
SIZE = {"width": 1440, "height": 900}
# No other machine answers: a page that needs one fails here as it would on the intranet. (Intercepting requests would
# do it too, but it turns the browser's cache off, and each visit then reads the whole of Streamlit and plotly.)
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
# One renderer for all pages keeps what it has compiled: a visit costs half.
ONE_RENDERER = ["--process-per-site", "--renderer-process-limit=1", "--disable-site-isolation-trials"]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# The script has run and every chart is drawn, maps with their shapes.
AT_REST = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]')
    && [...document.querySelectorAll('.js-plotly-plot')].every(plot =>
      plot.querySelector('.main-svg') && (!plot.data.some(trace => trace.type === 'choropleth')
        || plot.querySelector('path.choroplethlocation')));
}"""
# Looks by itself: the page's content security policy forbids what Playwright's wait_for_function does.
WAIT = """([settle, longest]) => new Promise((answer, fail) => {
  const holds = CONDITION, begun = performance.now();
  let since;
  const look = () => {
    const now = performance.now();
    since = holds() ? since ?? now : undefined;
    if (now - since >= settle) answer();
    else if (now - begun > longest) fail(new Error('waited in vain; the page says: ' + document.body.innerText));
    else setTimeout(look, 50);
  };
  look();
})"""
SETTLE_MILLISECONDS = 250


def start(playwright: Playwright, folder: Path) -> BrowserContext:
    """A Chromium whose profile lies in `folder`."""
    return playwright.chromium.launch_persistent_context(
        folder,
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=[*QUIET, *ONE_RENDERER, ALONE],
        viewport=SIZE,
        locale="zh-CN",
    )


def wait_until(page: Page, condition: str, settle: int = 0) -> None:
    """Waits until `condition`, a function in JavaScript, has been true for `settle` milliseconds."""
    page.evaluate(WAIT.replace("CONDITION", condition), [settle, SECONDS])


def at_rest(page: Page) -> None:
    """Waits until the script has run and every chart is drawn, maps with their shapes.

    After a click first wait for what it brings: the page may rest until its message has reached the server.
    """
    wait_until(page, AT_REST, SETTLE_MILLISECONDS)


def open_page(page: Page, address: str) -> None:
    """Opens a page of the dashboard by its whole address and waits until it is at rest."""
    page.goto(address)
    at_rest(page)


class Visit:
    """One page opened by one reader; remembers what it asked for and what went wrong."""

    def __init__(
        self,
        profile: BrowserContext | Browser,
        server: Server,
        path: str,
        width: int = 1440,
        scheme: Literal["light", "dark"] = "light",
    ) -> None:
        self.page: Page = profile.new_page()
        self.page.set_default_timeout(SECONDS)
        self.page.set_viewport_size({"width": width, "height": SIZE["height"]})
        self.page.emulate_media(color_scheme=scheme)
        self.foreign: list[str] = []
        self.errors: list[str] = []
        own = urlsplit(server.address).netloc

        def note(address: str) -> None:
            parts = urlsplit(address)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own:
                self.foreign.append(address)

        self.page.on("request", lambda request: note(request.url))
        self.page.on("websocket", lambda socket: note(socket.url))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        open_page(self.page, server.address + path)

    def rest(self) -> None:
        """Waits as `at_rest` does."""
        at_rest(self.page)

    def address(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)

    def clean(self) -> None:
        assert self.foreign == []
        assert self.errors == []
        assert self.page.locator('[data-testid="stException"]').count() == 0

    def close(self) -> None:
        """Closes the page and forgets what it left in the profile: the next reader is another one."""
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self.page.close()
        self.page.context.clear_cookies()
