"""One Chromium that draws pictures, kept between pictures, and everything that can go wrong with it.

Kaleido drives it; here is what kaleido leaves to its user: no more than AT_ONCE pictures at a time, an end to waiting
when the browser hangs, another browser when it died or has drawn RENDERS pictures (its memory grows), and its end with
the server's.
"""

import asyncio
import atexit
import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any, TypeVar

import kaleido
import plotly.graph_objects as go
from choreographer.browsers import Chromium

AT_ONCE = 2
RENDER_SECONDS = 30
START_SECONDS = 45
QUEUE_SECONDS = 90
RETRY_SECONDS = 60
CLOSE_SECONDS = 8
RENDERS = 100
LOOK_SECONDS = 0.1  # how often to look whether the browser still lives
T = TypeVar("T")
log = logging.getLogger(__name__)


class RenderError(RuntimeError):
    """No picture was made; the message is for the log."""


class DiedError(RenderError):
    """The browser ended while it drew."""


class TimedOutError(RenderError):
    """The browser did not answer in time."""


class BusyError(RenderError):
    """Too many wait for a picture."""


class Offline(Chromium):
    """Chromium that looks up no name on any network, whose Chinese is Chinese, and that places letters exactly."""

    def get_cli(self) -> list[str]:
        """The command that starts it."""
        own = [
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--lang=zh-CN",
            "--font-render-hinting=none",
        ]
        return [*super().get_cli(), "--disable-background-networking", *own]


class Browser:
    """One Chromium with AT_ONCE tabs, driven by a thread of its own. Raises RenderError when it cannot be started."""

    def __init__(self, path: str) -> None:
        self.renders = 0
        self.busy = 0
        self.broken = False
        try:
            self._kaleido = kaleido.Kaleido(
                n=AT_ONCE,
                timeout=None,  # kaleido's own would wait for a hanging browser to reload
                page_generator=kaleido.PageGenerator(mathjax=False, others=[Path(__file__).with_name("renderer.js")]),
                path=path,
                browser_cls=Offline,
                enable_extensions=False,
                enable_sandbox=os.geteuid() != 0,  # Chromium refuses to run as root with one
            )
        except RuntimeError as error:
            raise RenderError(str(error)) from error
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="renderer", daemon=True)
        self._thread.start()
        try:
            self._run(self._kaleido.open(), START_SECONDS)
        except RenderError:
            self.close()
            raise

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The leader of the process group of this Chromium; None when it was never started."""
        return getattr(self._kaleido, "subprocess", None)

    def render(self, figure: go.Figure, options: dict[str, Any], topojson: str) -> bytes:
        """A picture. Raises DiedError, TimedOutError, or RenderError for a figure that cannot be drawn."""
        return self._run(self._kaleido.calc_fig(figure, options, topojson=topojson), RENDER_SECONDS)

    def close(self) -> None:
        """Ends Chromium, by force if it does not answer, and the thread; removes its files."""
        if self.process is not None and self.broken:
            _kill(self.process)
            self._kaleido._channel.close()  # kaleido would wait for a thread that waits for the dead one's words
        with contextlib.suppress(FutureTimeout):
            asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result(CLOSE_SECONDS)
        if self.process is not None:
            _kill(self.process)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    async def _finish(self) -> None:
        """Closes kaleido, and lets its own watch over Chromium, which removes files too, come to its end."""
        try:
            await self._kaleido.close()
        except Exception:
            log.exception("the renderer did not close in order")
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            _, pending = await asyncio.wait(others, timeout=2)
            for task in pending:
                task.cancel()

    def _run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Waits for work in the thread, no longer than `seconds`, and no longer than Chromium lives."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        deadline = time.monotonic() + seconds
        while not wait_for([future], LOOK_SECONDS).done:
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.broken = True
                future.cancel()
                raise DiedError("Chromium ended") if ended else TimedOutError(f"Chromium did not answer in {seconds} s")
        try:
            return future.result()
        except (Exception, CancelledError) as error:
            if self.process is not None and self.process.poll() is not None:
                self.broken = True
                raise DiedError("Chromium ended") from error
            raise RenderError(f"{type(error).__name__}: {error}") from error


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Renderer:
    """Hands pictures to a Browser, AT_ONCE at a time, and replaces it when it is worn or broken."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._browser: Browser | None = None
        self._no_start_before = 0.0
        self.starts = 0

    @property
    def unstartable(self) -> bool:
        """Whether Chromium just failed to start: it is not tried again for RETRY_SECONDS."""
        return time.monotonic() < self._no_start_before

    @property
    def browser(self) -> Browser | None:
        """The one in use, if any."""
        return self._browser

    def render(self, path: str, figure: go.Figure, options: dict[str, Any], topojson: str) -> bytes:
        """A picture by the Chromium at `path`. `options`: format, width, height, scale as kaleido takes them.

        Raises BusyError, TimedOutError, DiedError (twice in a row) or RenderError.
        """
        if not self._slots.acquire(timeout=QUEUE_SECONDS):
            raise BusyError(f"waited {QUEUE_SECONDS} s for a turn")
        try:
            try:
                return self._render(path, figure, options, topojson)
            except DiedError:
                # Perhaps through the fault of another picture, or of someone who ended it.
                log.warning("Chromium ended while it drew; trying once more with another")
                return self._render(path, figure, options, topojson)
        finally:
            self._slots.release()

    def _render(self, path: str, figure: go.Figure, options: dict[str, Any], topojson: str) -> bytes:
        browser = self._take(path)
        try:
            return browser.render(figure, options, topojson)
        finally:
            self._give_back(browser)

    def _take(self, path: str) -> Browser:
        with self._lock:
            if self._browser is None or self._browser.broken or self._browser.renders >= RENDERS:
                self._retire()
                self._browser = self._start(path)
            self._browser.renders += 1
            self._browser.busy += 1
            return self._browser

    def _start(self, path: str) -> Browser:
        if self.unstartable:
            raise RenderError("Chromium did not start a moment ago")
        try:
            try:
                browser = Browser(path)
            except DiedError:  # killed while it started, which says nothing of the next one
                log.warning("Chromium ended while it started; trying once more")
                browser = Browser(path)
        except RenderError:
            self._no_start_before = time.monotonic() + RETRY_SECONDS
            raise
        self.starts += 1
        # The last to be registered is the first to run: Python empties the folder of a Chromium that still lives if it
        # comes first, and complains of files that appear meanwhile.
        atexit.unregister(self.close)
        atexit.register(self.close)
        return browser

    def _give_back(self, browser: Browser) -> None:
        with self._lock:
            browser.busy -= 1
            if browser.busy == 0 and (browser.broken or browser is not self._browser):
                browser.close()
                self._browser = None if browser is self._browser else self._browser

    def _retire(self) -> None:
        """Lets go of the present browser; the last picture that it still draws closes it."""
        if self._browser is not None and self._browser.busy == 0:
            self._browser.close()
        self._browser = None

    def close(self) -> None:
        """Ends Chromium; the next picture starts another."""
        with self._lock:
            if self._browser is not None:
                self._browser.close()
            self._browser = None
