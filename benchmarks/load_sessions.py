"""A department at work: N readers in real Streamlit sessions, each changing something every few seconds.

    python -m benchmarks.load_sessions [--sessions 100] [--seconds 180] [--every 5] [--loads 0]

Prints how long an interaction took (median, p95, worst), errors, and the memory of the server minute by minute.
`--loads 10` lets ten stewards load a table each, one after the other as the lock has it, while the readers read.
The server and the readers share the machine's cores; on a server of its own the figures are better.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.first_map import ROOT
from benchmarks.serving import Served, processor_seconds, resident_megabytes
from benchmarks.sessions import Session, SessionError

PAGES = ["", "map", "compare", "trends", "profile", "indicators", "data", "quality"]
SLOWEST = 1.0  # seconds that 95 of 100 interactions may take
MOST_MEGABYTES = 2048


@dataclass
class Tally:
    """What the readers met."""

    opened: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    by_page: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    received: int = 0
    processor: float = 0

    @property
    def each(self) -> float:
        """Seconds of the processor that one run of the script took."""
        return self.processor / max(1, len(self.opened) + len(self.changed))


async def read(address: str, pages: list[str], number: int, until: float, every: float, tally: Tally) -> None:
    """One reader: opens a page, then changes something about every `every` seconds, now and then another page."""
    chance = random.Random(number)  # noqa: S311 - the same readers in every run
    await asyncio.sleep(chance.uniform(0, every * 2))
    dataset = "dataset=demo" if number % 4 else ""
    session = Session(address, page=pages[number % len(pages)], query=dataset)
    try:
        tally.opened.append(await session.open())
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(0.6, 1.4) * every)
            if chance.random() < 0.15:
                tally.opened.append(await session.turn(chance.choice(pages), dataset))
            else:
                tally.changed.append(await session.change(chance))
                tally.by_page.setdefault(session.page, []).append(tally.changed[-1])
    except (SessionError, OSError) as error:
        tally.errors.append(f"reader {number}: {error}")
    finally:
        tally.received += session.received
        await session.close()


async def load(data: Path, number: int, tally: Tally) -> None:
    """One steward: loads a small table of its own through the command line."""
    table = data / f"steward-{number}.csv"
    rows = "\n".join(f"150{number % 9 + 1}00,legal_aid_cases,2024,{1000 + number},件" for _ in range(1))
    table.write_text(f"地区,指标,期间,数值,单位\n{rows}\n", encoding="utf-8")
    command = [sys.executable, "-m", "etl", "load", str(table), "--dataset", f"steward_{number}"]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, "DASHBOARD_DATA_DIR": str(data)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        tally.errors.append(f"steward {number}: exit {process.returncode}: {said.decode()[-300:]}")


async def watch(process: int, until: float, memory: list[float]) -> None:
    """Notes the memory of the server every ten seconds."""
    while time.monotonic() < until:
        memory.append(resident_megabytes(process))
        await asyncio.sleep(10)


async def work(served: Served, options: argparse.Namespace) -> tuple[Tally, list[float]]:
    """All of them at once."""
    tally, memory, until = Tally(), [], time.monotonic() + options.seconds
    tally.processor = -processor_seconds(served.pid)
    readers = [
        read(served.address, options.pages, number, until, options.every, tally) for number in range(options.sessions)
    ]
    stewards = [load(served.data, number, tally) for number in range(options.loads)]
    await asyncio.gather(*readers, *stewards, watch(served.pid, until, memory))
    tally.processor += processor_seconds(served.pid)
    return tally, memory


def main() -> int:
    """Measures and prints; 1 when an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--every", type=float, default=5)
    parser.add_argument("--loads", type=int, default=0)
    parser.add_argument("--pages", nargs="+", default=PAGES, help="the pages that are read; 总览 is an empty word")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="the data folder to work on a copy of")
    options = parser.parse_args()
    print(f"load average before {os.getloadavg()[0]:.1f}, cores {os.cpu_count()}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(options.data, data, ignore=shutil.ignore_patterns("state"))
        with Served(data) as served:
            tally, memory = asyncio.run(work(served, options))
    taken = sorted(tally.changed)
    p95 = taken[int(len(taken) * 0.95)] if taken else float("nan")
    half = len(memory) // 2
    print(f"readers {options.sessions}, each about every {options.every:g} s, for {options.seconds:g} s")
    print(
        f"interactions {len(taken)}: median {statistics.median(taken):.2f} s, p95 {p95:.2f} s, worst {taken[-1]:.2f} s"
    )
    for page, times in sorted(tally.by_page.items()):
        print(f"  /{page}: {len(times)}, median {statistics.median(times) * 1000:.0f} ms, worst {max(times):.2f} s")
    middle = statistics.median(tally.opened)
    print(f"pages opened {len(tally.opened)}: median {middle:.2f} s, worst {max(tally.opened):.2f} s")
    print(f"processor time of the server: {tally.processor:.0f} s, {tally.each * 1000:.0f} ms an interaction or page")
    print(f"processor time of the readers: {time.process_time():.0f} s")
    print(f"received {tally.received / 1e6:.0f} MB")
    print(f"server memory: start {memory[0]:.0f} MB, half time {memory[half]:.0f} MB, end {memory[-1]:.0f} MB")
    print(f"errors {len(tally.errors)}")
    for error in tally.errors[:10]:
        print(f"  {error}")
    met = p95 <= SLOWEST and not tally.errors and max(memory) <= MOST_MEGABYTES
    print("aims met" if met else f"aims missed (p95 <= {SLOWEST:g} s, no error, <= {MOST_MEGABYTES} MB)")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
