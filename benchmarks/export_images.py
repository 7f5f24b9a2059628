"""Making pictures: the first, a warm one, ten people at once, and the renderer's memory over many.

    python -m benchmarks.export_images [--renders 200]

Charts are the map and the ranking of the demo panel, in the complete form that people take away. Needs a built
warehouse, Chromium and a Chinese font.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dashboard import compare, frame, mapping, queries, selection, snapshot
from dashboard.charts import Chart, rankings
from dashboard.renderer import RENDERS

PEOPLE = 10


def charts() -> dict[str, Chart]:
    """A map and a ranking."""
    with selection.reading({"dataset": "demo", "period": "2024"}):
        reader = frame.reader_at(queries.current_release())
        asked, compared = mapping.question(reader), compare.question(reader)
    ranking = rankings.ranking(compared.standings("2024"), compared.scene(), whole=None, target=None)
    return {"map": mapping.chart(asked), "ranking": ranking}


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def memory() -> float:
    """Megabytes of all processes of the renderer's group; shared pages are divided among them (PSS)."""
    browser = snapshot.RENDERER.browser
    assert browser is not None
    assert browser.process is not None
    total = 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getpgid(int(entry.name)) == browser.process.pid:
                rollup = (entry / "smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except OSError:
            continue
    return total / 1024


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renders", type=int, default=200)
    renders = parser.parse_args().renders
    made = charts()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"cold start with the first PNG  {seconds(lambda: snapshot.image(made['map'], 'png')):6.2f} s")
    for name, chart in made.items():
        for kind in ("png", "svg", "pdf"):
            taken = [seconds(lambda chart=chart, kind=kind: snapshot.image(chart, kind)) for _ in range(9)]
            print(f"warm {kind} of a {name:<18}{statistics.median(taken):6.2f} s median {max(taken):6.2f} s worst")
    with ThreadPoolExecutor(PEOPLE) as people:
        began = time.perf_counter()
        files = list(people.map(lambda number: snapshot.image(made["map"], "png", scale=2), range(PEOPLE)))
        assert all(file.startswith(b"\x89PNG") for file in files)
        print(f"{PEOPLE} people at once: {len(files)} files in {time.perf_counter() - began:.2f} s")
    used, starts = [], snapshot.RENDERER.starts
    for number in range(renders):
        snapshot.image(made["map" if number % 2 else "ranking"], "png")
        if number % 10 == 9:
            used.append(memory())
    print(
        f"memory over {renders} renders: first {used[0]:.0f} MB, most {max(used):.0f} MB, last {used[-1]:.0f} MB, "
        f"{snapshot.RENDERER.starts - starts} restarts (one every {RENDERS})"
    )


if __name__ == "__main__":
    main()
