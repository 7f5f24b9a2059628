"""A department at work: N readers in real Streamlit sessions, each changing something every few seconds.

    python -m benchmarks.load_sessions [--sessions 100] [--seconds 180] [--every 5] [--stay 0]
        [--replicas 1] [--loads 0]

Prints how long an interaction took (median, p95, worst), errors, processor time and memory of the server.
From ten minutes on (`--seconds 900`) it also says whether memory is flat, once what is kept for readers is full.
`--stay 60` lets each reader leave after about a minute, and another one come in at once.
`--replicas 2` runs two servers over one data folder behind Debian's nginx as in deploy/: Python's lock keeps one
server to one core. Every reader has come by its page and keeps the cookie that came with it, as a browser does.
`--loads 10` lets ten stewards load a table each, one after the other as the lock has it, while the readers read; then
all their rows must be in the newest release.
The server and the readers share the machine's cores; on a server of its own the figures are better.
"""

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks.serving import (
    Proxy,
    Server,
    descendants,
    end_in_order,
    nginx,
    processor_seconds,
    replica_secret,
    resident_megabytes,
    told_in_words,
)
from benchmarks.sessions import Session, SessionError
from etl.paths import ROOT, Paths, default_paths
from tools import serve

PAGES = ["", "map", "compare", "trends", "profile", "indicators", "data", "quality"]
SLOWEST = 1.0  # seconds that 95 of 100 interactions may take
MOST_MEGABYTES = 2048
FULL = 480  # seconds until the tables that are kept for readers are as many as they may be
FLAT = 5  # megabytes a minute; a table kept for each change would be ten times as much
LOOK = 10  # seconds from one look at the memory to the next
LOG_LETTERS = 5000  # of what each server wrote, shown when a reader met an error
# Which replica a reader gets is chance: only with enough of them do too few at one tell that they are not spread.
ENOUGH_READERS = 20  # for each replica
LEAST_SHARE = 0.3  # of the readers that would be a replica's if all had as many
LEAGUES = ["150100", "150200", "150300", "150400", "150500", "150600", "150700", "150800", "150900", "152200"]
LOADED = """
    SELECT s.title, o.region_code, o.value
    FROM observations AS o JOIN sources AS s ON s.id = o.source_id WHERE s.title LIKE 'steward-%'"""


@dataclass
class Tally:
    """What the readers and stewards met."""

    came: int = 0  # readers
    opened: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    by_page: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    received: int = 0
    loads: list[float] = field(default_factory=list)
    loaded: set[tuple[str, str, float]] = field(default_factory=set)  # as LOADED gives them
    refused: list[str] = field(default_factory=list)


@dataclass
class Used:
    """What the processes of one kind used: seconds of the processor, and memory at every look."""

    name: str
    pids: list[int]
    seconds: float = 0
    memory: list[float] = field(default_factory=list)

    def begin(self) -> None:
        """Counts from here on."""
        self.seconds = -sum(map(processor_seconds, self.pids))

    def end(self) -> None:
        """Counts no more."""
        self.seconds += sum(map(processor_seconds, self.pids))

    def look(self) -> None:
        """Notes the memory."""
        self.memory.append(sum(map(resident_megabytes, self.pids)))


async def read(address: str, number: int, until: float, options: argparse.Namespace, tally: Tally) -> None:
    """One reader after the other, each for about `--stay` seconds; one to the end where that is 0."""
    chance = random.Random(number)  # noqa: S311 - the same readers in every run
    await asyncio.sleep(chance.uniform(0, options.every * 2))
    dataset = "dataset=demo" if number % 4 else ""
    page = options.pages[number % len(options.pages)]
    try:
        while time.monotonic() < until:
            stay = chance.uniform(0.5, 1.5) * options.stay
            leaving = min(until, time.monotonic() + stay) if stay else until
            await visit(Session(address, page=page, query=dataset), chance, leaving, options, tally)
            page = chance.choice(options.pages)
    except (SessionError, OSError) as error:
        tally.errors.append(f"reader {number}: {error}")


async def visit(
    session: Session, chance: random.Random, leaving: float, options: argparse.Namespace, tally: Tally
) -> None:
    """Opens a page, then changes something about every `--every` seconds, now and then another page. SessionError."""
    dataset = session.query
    tally.came += 1
    try:
        tally.opened.append(await session.open())
        while time.monotonic() < leaving:
            await asyncio.sleep(chance.uniform(0.6, 1.4) * options.every)
            if chance.random() < 0.15:
                tally.opened.append(await session.turn(chance.choice(options.pages), dataset))
            else:
                tally.changed.append(await session.change(chance))
                tally.by_page.setdefault(session.page, []).append(tally.changed[-1])
    finally:
        tally.received += session.received
        await session.close()


async def load(data: Path, number: int, tally: Tally) -> None:
    """One steward: loads a small table of its own through the command line."""
    title = f"steward-{number}"
    figures = {(title, league, 1000.0 + 10 * number + place) for place, league in enumerate(LEAGUES)}
    rows = "\n".join(f"{league},legal_aid_cases,2024,{value:.0f},件" for _, league, value in sorted(figures))
    table = data / f"{title}.csv"
    table.write_text(f"地区,指标,期间,数值,单位\n{rows}\n", encoding="utf-8")
    command = [sys.executable, "-m", "etl", "load", str(table), "--source", title]
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, "DASHBOARD_DATA_DIR": str(data)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    tally.loads.append(time.monotonic() - started)
    if process.returncode == 0:
        tally.loaded |= figures
    elif told_in_words(said):
        tally.refused.append(f"{title}: exit {process.returncode}: {said.strip().splitlines()[-1]}")
    else:
        tally.errors.append(f"{title}: exit {process.returncode}: {said[-300:]}")


def not_as_loaded(data: Path, tally: Tally) -> list[str]:
    """What differs between the newest release and what the stewards were told."""
    current = (data / "warehouse" / "CURRENT").read_text(encoding="ascii").strip()
    with duckdb.connect(str(data / "warehouse" / f"{current}.duckdb"), read_only=True) as con:
        found = con.execute(LOADED).fetchall()
    lost, unknown = tally.loaded - set(found), set(found) - tally.loaded
    print(f"newest release {current}: {len(found)} rows of {len(tally.loads)} loads, {len(lost)} lost", flush=True)
    wrong = [f"lost: {row}" for row in sorted(lost)] + [f"refused and yet there: {row}" for row in sorted(unknown)]
    return wrong if len(found) == len(set(found)) else [*wrong, "rows are there twice"]


async def watch(used: list[Used], until: float) -> None:
    """Notes the memory of all at every look."""
    while time.monotonic() < until:
        for one in used:
            one.look()
        await asyncio.sleep(LOOK)


async def work(address: str, data: Path, used: list[Used], options: argparse.Namespace) -> Tally:
    """All of them at once."""
    tally, until = Tally(), time.monotonic() + options.seconds
    for one in used:
        one.begin()
    readers = [read(address, number, until, options, tally) for number in range(options.sessions)]
    stewards = [load(data, number, tally) for number in range(options.loads)]
    await asyncio.gather(*readers, *stewards, watch(used, until))
    for one in used:
        one.end()
    return tally


def sessions_by_replica(proxy: Proxy, replicas: list[Server], sessions: int) -> list[int]:
    """How many readers' websockets each replica had, by nginx's log, where a websocket stands when it has ended."""
    deadline = time.monotonic() + 10
    while len(proxy.served("/_stcore/stream")) < sessions and time.monotonic() < deadline:
        time.sleep(0.2)
    found = Counter(proxy.served("/_stcore/stream"))
    return [found[replica.port] for replica in replicas]


def times(name: str, taken: list[float]) -> str:
    """One line."""
    if not taken:
        return f"{name} 0"
    ordered = sorted(taken)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"{name} {len(taken)}: median {statistics.median(taken):.2f} s, p95 {p95:.2f} s, worst {ordered[-1]:.2f} s"


def memory(name: str, megabytes: list[float]) -> str:
    """One line; `megabytes`: at every look."""
    first, half, last = megabytes[0], megabytes[len(megabytes) // 2], megabytes[-1]
    minutes = ", ".join(f"{at:.0f}" for at in megabytes[:: 60 // LOOK])
    return f"memory of {name}: start {first:.0f} MB, half time {half:.0f} MB, end {last:.0f} MB; each minute: {minutes}"


def rise(megabytes: list[float]) -> float | None:
    """How many megabytes a minute came on top once all was full; None: the run was too short to tell."""
    full = megabytes[FULL // LOOK :]
    if len(full) < 120 // LOOK:
        return None
    minutes = [look * LOOK / 60 for look in range(len(full))]
    return statistics.linear_regression(minutes, full).slope


def report(tally: Tally, servers: list[Used], proxy: Used | None) -> bool:
    """Prints what came out; whether the aims are met."""
    print(times("interactions", tally.changed))
    for page, taken in sorted(tally.by_page.items()):
        print(times(f"  /{page}:", taken))
    print(times("pages opened", tally.opened))
    seconds = sum(server.seconds for server in servers)
    each = seconds / max(1, len(tally.opened) + len(tally.changed))
    print(f"processor time of the server: {seconds:.0f} s, {each * 1000:.0f} ms an interaction or page")
    if proxy is not None:
        print(f"processor time by replica: {', '.join(f'{server.seconds:.0f} s' for server in servers)}")
        print(f"processor time of nginx: {proxy.seconds:.1f} s")
    print(f"processor time of the readers: {time.process_time():.0f} s")
    print(f"received {tally.received / 1e6:.0f} MB")
    total = [sum(moment) for moment in zip(*(server.memory for server in servers), strict=True)]
    if proxy is not None:
        for server in servers:
            print(memory(server.name, server.memory))
    print(memory("the server" if proxy is None else "all replicas", total))
    risen = rise(total)
    if risen is not None:
        print(f"memory from minute {FULL // 60} on: {risen:+.1f} MB a minute (flat: up to {FLAT})")
    if tally.loads:
        print(times("loads", tally.loads))
    for sentence in tally.refused:
        print(f"  told in words: {sentence}")
    print(f"errors {len(tally.errors)}")
    for error in tally.errors[:10]:
        print(f"  {error}")
    p95 = sorted(tally.changed)[int(len(tally.changed) * 0.95)] if tally.changed else float("inf")
    flat = risen is None or risen <= FLAT
    return p95 <= SLOWEST and not tally.errors and max(total) <= MOST_MEGABYTES and flat


def main() -> int:
    """Measures and prints; 1 when an aim is missed, 2 where nginx is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--every", type=float, default=5)
    parser.add_argument(
        "--stay", type=float, default=0, help="about how many seconds until a reader leaves; 0: at the end"
    )
    parser.add_argument("--replicas", type=int, default=1, help="servers; behind nginx when there are several")
    parser.add_argument("--loads", type=int, default=0)
    parser.add_argument("--pages", nargs="+", default=PAGES, help="the pages that are read; 总览 is an empty word")
    parser.add_argument("--data", type=Path, default=default_paths().data, help="the data folder to work on a copy of")
    options = parser.parse_args()
    end_in_order()
    if options.replicas > 1 and not nginx():
        print("NOT TRIED: nginx is not installed (apt-get install nginx-light)")
        return 2
    serve.prepare(Paths(data=options.data, static=default_paths().static))
    print(f"load average before {os.getloadavg()[0]:.1f}, cores {os.cpu_count()}", flush=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        data, proxy, environment = Path(folder) / "data", None, {**replica_secret(), **serve.HEAPS}
        shutil.copytree(options.data, data, ignore=shutil.ignore_patterns("state"))
        servers = [running.enter_context(Server(data, environment=environment)) for _ in range(options.replicas)]
        address = servers[0].address
        used = [Used(f"replica {number}", [server.pid]) for number, server in enumerate(servers, 1)]
        if options.replicas > 1:
            proxy = running.enter_context(Proxy(Path(folder), [server.port for server in servers]))
            address = proxy.address
            used.append(Used("nginx", [proxy.process.pid, *descendants(proxy.process.pid)]))
        tally = asyncio.run(work(address, data, used, options))
        print(f"readers {options.sessions}, each about every {options.every:g} s, for {options.seconds:g} s")
        if proxy is not None:
            counts = sessions_by_replica(proxy, servers, tally.came)
            print(f"readers by replica: {counts}")
            fair = tally.came / len(counts)
            if fair >= ENOUGH_READERS and min(counts) < LEAST_SHARE * fair:
                tally.errors.append("the readers are not spread")
            if sum(counts) != tally.came:
                tally.errors.append(f"{sum(counts)} websockets for {tally.came} readers")
        if options.loads:
            tally.errors += not_as_loaded(data, tally)
        if tally.errors:
            print("\n".join(server.log.read_text(encoding="utf-8")[-LOG_LETTERS:] for server in servers))
    met = report(tally, used[: options.replicas], used[-1] if proxy else None)
    print("aims met" if met else f"aims missed (p95 <= {SLOWEST:g} s, no error, <= {MOST_MEGABYTES} MB, flat)")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
