"""Seconds from request to drawn map, beside a minimal Streamlit page with one chart; bytes of a filter change.

    python -m benchmarks.first_map [--rounds 5] [--pages overview "map, leagues"]

The first chart of 总览 is the story of its first indicator, above the map.

Cold is the first reader of a fresh server with an empty browser cache; warm the same browser again. Both pages are
measured in turn in one run, so that the ratio holds on any machine.
"""

import argparse
import os
import statistics
import time

from playwright.sync_api import Browser, sync_playwright

from benchmarks.serving import Server
from etl.paths import default_paths
from tools import serve

PAGES = {
    "floor": ("benchmarks/floor_app.py", "/", ".js-plotly-plot .barlayer path"),
    "overview": ("app.py", "/", ".overview.story li i"),
    "overview, map": ("app.py", "/", ".js-plotly-plot path.choroplethlocation"),
    "map, leagues": ("app.py", "/map", ".js-plotly-plot path.choroplethlocation"),
    "map, banners": (
        "app.py",
        "/map?dataset=demo&level=banner&indicator=court_appearance_rate",
        ".js-plotly-plot path.choroplethlocation",
    ),
}


def seconds_to_chart(browser: Browser, address: str, path: str, selector: str, rounds: int) -> list[float]:
    """The first is cold, the others are warm visits of the same browser."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    taken = []
    for _ in range(rounds + 1):
        page = context.new_page()
        started = time.perf_counter()
        page.goto(address + path)
        page.locator(selector).first.wait_for(state="attached", timeout=60_000)
        taken.append(time.perf_counter() - started)
        page.close()
    context.close()
    return taken


def bytes_of_a_change(browser: Browser, address: str) -> tuple[int, list[str]]:
    """Bytes over the websocket, and files fetched, for another period on the map of 103 banners."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    received: list[int] = []
    fetched: list[str] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda frame: received.append(len(frame))))
    page.goto(address + PAGES["map, banners"][1])
    page.locator(".js-plotly-plot path.choroplethlocation").first.wait_for(state="attached", timeout=60_000)
    page.wait_for_timeout(2000)
    received.clear()
    page.on("request", lambda request: fetched.append(request.url))
    page.get_by_role("combobox", name="期间").fill("2022年 ·")
    page.keyboard.press("Enter")
    page.get_by_text("2022年行政机关负责人出庭应诉率").first.wait_for()
    page.wait_for_timeout(1500)
    page.close()
    return sum(received), fetched


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", nargs="*", choices=list(PAGES)[1:], default=list(PAGES)[1:])
    options = parser.parse_args()
    serve.prepare(default_paths())
    rounds, chosen = options.rounds, ["floor", *options.pages]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        floor = 1.0, 1.0
        print(f"{'page':<14}{'cold s':>8}{'x floor':>9}{'warm s':>8}{'x floor':>9}   (warm: median of {rounds})")
        for name in chosen:
            script, path, selector = PAGES[name]
            with Server(default_paths().data, script=script) as server:
                taken = seconds_to_chart(browser, server.address, path, selector, rounds)
                cold, warm = taken[0], statistics.median(taken[1:])
                if name == "floor":
                    floor = cold, warm
                print(f"{name:<14}{cold:>8.2f}{cold / floor[0]:>9.2f}{warm:>8.2f}{warm / floor[1]:>9.2f}")
                if name == "map, banners":
                    sent, fetched = bytes_of_a_change(browser, server.address)
                    size = f"{sent / 1024:.1f} KiB before compression"
                    print(f"another period on the map of banners: {size}, files fetched: {len(fetched)}")
        browser.close()


if __name__ == "__main__":
    main()
