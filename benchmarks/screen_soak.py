"""What the big screen costs while it stands: memory of browser and server, minute by minute.

    python -m benchmarks.screen_soak [--minutes 30] [--pace 3] [--dataset demo]

A fresh server on the warehouse of data/, one real Chromium on /?mode=screen at 3840×1080. Printed each minute: the heap
of the page's scripts after a collection and its DOM nodes (Chromium's own counters), the resident memory of the
renderer and of the server, and how many views have been turned. A quick pace packs more into the run: at 3 s, half an
hour holds 600 turns, for which the usual 20 s need more than three hours; the checks for a new release go on every 10 s
as on a wall. The last line is the slope of each over the second half of the run, an hour.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Mapping

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.serving import Server, resident_megabytes
from etl.paths import default_paths
from tests.browsing import QUIET
from tools import serve

WIDTH, HEIGHT = 3840, 1080
COLUMNS = {"heap": "JS heap MB", "nodes": "DOM nodes", "renderer": "renderer MB", "server": "server MB"}
MEGABYTE = 2**20
TURN = """() => {
  window.turns = 0;
  let seen = '';
  setInterval(() => {
    const now = [...document.querySelectorAll('.wall.row li[data-seen]')].map(e => e.textContent).join();
    if (now !== seen) { window.turns += 1; seen = now; }
  }, 200);
}"""


def renderer_of(browser: CDPSession) -> int:
    """The process that draws the page: of the renderers the one that has used the processor most."""
    processes = browser.send("SystemInfo.getProcessInfo")["processInfo"]
    return int(max((p for p in processes if p["type"] == "renderer"), key=lambda p: p["cpuTime"])["id"])


def measure(page: Page, session: CDPSession, renderer: int, server: int) -> dict[str, float]:
    """One line of the table."""
    session.send("HeapProfiler.collectGarbage")
    counters = session.send("Memory.getDOMCounters")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / MEGABYTE
    resident = {"renderer": resident_megabytes(renderer), "server": resident_megabytes(server)}
    return {"heap": heap, "nodes": counters["nodes"], **resident}


def slope(lines: list[Mapping[str, float]], name: str) -> float:
    """Growth an hour over the second half, when everything is warm: a straight line through it."""
    half = lines[len(lines) // 2 :]
    return float(np.polyfit(range(len(half)), [line[name] for line in half], deg=1)[0]) * 60 if len(half) > 1 else 0.0


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--pace", type=int, default=3)
    parser.add_argument("--dataset", default="demo")
    options = parser.parse_args()
    serve.prepare(default_paths())
    server = Server(default_paths().data)
    try:
        with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
            context = playwright.chromium.launch_persistent_context(
                folder,
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
                args=QUIET,
                viewport={"width": WIDTH, "height": HEIGHT},
                locale="zh-CN",
            )
            page = context.pages[0]
            page.goto(f"{server.address}/?mode=screen&dataset={options.dataset}&pace={options.pace}")
            page.locator("html[data-wall]").wait_for(state="attached", timeout=120_000)
            page.evaluate(TURN)
            session = context.new_cdp_session(page)
            assert context.browser is not None
            renderer = renderer_of(context.browser.new_browser_cdp_session())
            print(f"| minute | {' | '.join(COLUMNS.values())} | turns |\n|{'---:|' * (len(COLUMNS) + 2)}", flush=True)
            lines: list[Mapping[str, float]] = []
            begun = time.monotonic()
            for minute in range(options.minutes + 1):
                page.wait_for_timeout(max(0.0, begun + minute * 60 - time.monotonic()) * 1000)
                lines.append(measure(page, session, renderer, server.process.pid))
                values = " | ".join(f"{lines[-1][name]:.1f}" for name in COLUMNS)
                print(f"| {minute} | {values} | {page.evaluate('window.turns')} |", flush=True)
            words = ", ".join(f"{words} {slope(lines, name):+.1f}" for name, words in COLUMNS.items())
            print(f"\nSlope an hour over the second half: {words}")
            context.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
