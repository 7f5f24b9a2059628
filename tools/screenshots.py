"""Makes the README's screenshots: starts the dashboard, opens pages, writes docs/images/*.png.

python -m tools.screenshots
"""

import argparse
import os

from playwright.sync_api import sync_playwright

from benchmarks.serving import Server
from etl.paths import ROOT, default_paths
from tools import serve

SHOTS = {
    "overview.png": "/",
    "map.png": "/map?indicator=court_appearance_rate&region=150700",
}


def main() -> None:
    """Takes every shot at 1440 by 900, twice the pixels."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    serve.prepare(default_paths())
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with Server(default_paths().data) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        for name, path in SHOTS.items():
            page.goto(server.address + path)
            page.locator("path.choroplethlocation").first.wait_for(state="attached", timeout=60_000)
            page.wait_for_timeout(2500)
            page.screenshot(path=folder / name)
            print(f"docs/images/{name}")
        browser.close()


if __name__ == "__main__":
    main()
