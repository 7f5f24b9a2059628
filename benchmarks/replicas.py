"""Two replicas behind nginx: readers are spread, stay where they are, and go on when their replica dies.

    python -m benchmarks.replicas [--readers 40]

Starts two servers over one data folder and Debian's nginx with deploy/nginx.conf (its ports exchanged for free ones);
then a real browser chooses something, its replica is killed, the browser goes on at the other one with its choice, a
file is uploaded and one downloaded there, and the replica comes back. Exits 1 when something does not hold, 2 where
nginx is missing.
"""

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.serving import Proxy, Server, end_in_order, nginx, replica_secret
from benchmarks.sessions import Session
from etl.paths import default_paths
from tests import browsing
from tools import serve

TABLE = "地区,指标,期间,数值,单位\n包头市,法律援助案件数,2024,1234,件\n"
REDRAWN_MILLISECONDS = 4_000


def sessions_at(served: Server) -> int:
    """How many readers a replica has."""
    with urllib.request.urlopen(f"{served.address}/metrics", timeout=30) as answer:  # noqa: S310
        text = answer.read().decode()
    return int(float(re.search(r"^dashboard_sessions (\S+)$", text, re.MULTILINE)[1]))  # type: ignore[index]


async def spread(address: str, readers: int, replicas: list[Server]) -> list[int]:
    """Opens so many readers, each with the cookie it was given, all from one address; how many each replica has."""
    found = [Session(address, page="indicators") for _ in range(readers)]
    for reader in found:
        await reader.open()
    counts = [await asyncio.to_thread(sessions_at, served) for served in replicas]
    for reader in found:
        await reader.close()
    return counts


def choose_period(page: Page, year: str) -> None:
    """Chooses a year in the sidebar, as a reader does, and waits for the chart."""
    box = page.get_by_role("combobox", name="期间")
    box.click()  # a box that has the focus already does not open by typing
    box.fill(f"{year}年 ·")
    page.get_by_role("option", name=f"{year}年 ·").click()
    page.get_by_text(f"{year}年行政机关负责人出庭应诉率").first.wait_for()
    browsing.at_rest(page)


def reader(page: Page, proxy: Proxy, replicas: list[Server], table: Path) -> list[str]:
    """One reader's day; what did not hold."""
    wrong = []
    browsing.open_page(page, f"{proxy.address}/map?dataset=demo")
    choose_period(page, "2022")
    chosen = page.url
    pids = {served.port: served for served in replicas}
    # The log has a websocket when it ends; the metrics know whom it is with now.
    (home,) = [served for served in replicas if sessions_at(served)]
    other = next(served for served in replicas if served is not home)
    print(f"reader's replica {home.port}; address {chosen.rpartition('?')[2]}", flush=True)
    home.kill()
    started = time.monotonic()
    while not sessions_at(other):
        if time.monotonic() > started + 60:
            return ["the browser did not reconnect"]
        time.sleep(0.1)
    reconnected = time.monotonic() - started
    # The browser asks for its page again as soon as it is connected; what is typed before that has come is lost.
    page.wait_for_timeout(REDRAWN_MILLISECONDS)
    browsing.at_rest(page)
    if page.url != chosen or not page.get_by_text("2022年行政机关负责人出庭应诉率").first.is_visible():
        wrong.append(f"the choice was lost: {page.url}")
    choose_period(page, "2023")
    print(f"killed: reconnected after {reconnected:.1f} s, same address, next choice works", flush=True)
    page.get_by_role("button", name="导出").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).first.click()
    content = waiting.value.path().read_bytes()
    if len(content) < 500:
        wrong.append(f"the download has {len(content)} bytes")
    browsing.open_page(page, f"{proxy.address}/import")
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("stFileUploaderDropzone").get_by_role("button").last.click()
    chooser.value.set_files(table)
    page.get_by_role("heading", name="识别结果").wait_for()
    print(f"at the other replica: download {len(content)} bytes, upload read", flush=True)
    seconds = home.start()
    browsing.open_page(page, chosen)
    if not page.get_by_text("2022年行政机关负责人出庭应诉率").first.is_visible():
        wrong.append("a copied address does not show the choice")
    missed = [line for line in proxy.log.read_text(encoding="utf-8").splitlines() if re.search(r" 5\d\d /", line)]
    print(f"replica back after {seconds:.1f} s; answers 5xx that browsers got: {len(missed)} {missed[:3]}", flush=True)
    if set(proxy.served("/_stcore/stream")) - set(pids):
        wrong.append("a websocket went to nobody")
    return wrong


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=40)
    options = parser.parse_args()
    end_in_order()
    if not nginx():
        print("NOT TRIED: nginx is not installed (apt-get install nginx-light)")
        return 2
    print(f"load average {os.getloadavg()[0]:.1f}", flush=True)
    serve.prepare(default_paths())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(default_paths().data, place / "data", ignore=shutil.ignore_patterns("state"))
        table = place / "table.csv"
        table.write_text(TABLE, encoding="utf-8")
        secret = replica_secret()
        with (
            Server(place / "data", environment=secret) as one,
            Server(place / "data", environment=secret) as two,
            Proxy(place, [one.port, two.port]) as proxy,
        ):
            replicas = [one, two]
            counts = asyncio.run(spread(proxy.address, options.readers, replicas))
            print(f"{options.readers} readers from one address: {counts[0]} and {counts[1]}", flush=True)
            wrong = [] if min(counts) >= options.readers * 0.2 else ["one replica has nearly all readers"]
            deadline = time.monotonic() + 30
            while sum(sessions_at(served) for served in replicas) and time.monotonic() < deadline:
                time.sleep(0.2)
            with sync_playwright() as playwright:
                context = browsing.start(playwright, place / "profile")
                page = context.new_page()
                page.set_default_timeout(browsing.SECONDS)
                wrong += reader(page, proxy, replicas, table)
                context.close()
            sockets = Counter(proxy.served("/_stcore/stream"))
            print(f"websockets by replica: {dict(sockets)}")
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    print(f"{len(wrong)} things did not hold" if wrong else "everything held")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
