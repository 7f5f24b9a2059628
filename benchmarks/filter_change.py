"""Server time of a filter change on every page with the demo panel, beside an empty page.

    python -m benchmarks.filter_change [--rounds 7]

A change is another indicator, region or year, whichever the page is about; the median of several, all caches filled as
they are when people work. `CPU` is the time of the processor alone: on a machine that does other work meanwhile it is
the figure to trust.
"""

import argparse
import itertools
import logging
import statistics
import time

from streamlit.testing.v1 import AppTest

from etl.paths import ROOT

AIM_MS = 300
INDICATORS = ["mediation_success_rate", "court_appearance_rate", "litigation_loss_rate"]
LEAGUES = ["150700", "150400", "150100", "150200"]
BANNERS = ["150402", "150403", "150105", "150203"]
BY_INDICATOR = ("indicator", INDICATORS)
NEWEST = {"period": "2025"}
# (page, what else its address holds, which parameter changes): each page, and the heavier of its views.
CASES: list[tuple[str, dict[str, str], tuple[str, list[str]]]] = [
    ("overview", {}, BY_INDICATOR),
    ("map", NEWEST, BY_INDICATOR),
    ("map", {**NEWEST, "level": "banner"}, BY_INDICATOR),
    ("map", {**NEWEST, "level": "banner", "map": "pair"}, BY_INDICATOR),
    ("map", {**NEWEST, "level": "banner", "map": "change"}, BY_INDICATOR),
    ("map", {**NEWEST, "level": "banner", "map": "years"}, BY_INDICATOR),
    ("compare", NEWEST, BY_INDICATOR),
    ("compare", {**NEWEST, "level": "banner"}, BY_INDICATOR),
    ("compare", {**NEWEST, "view": "periods"}, BY_INDICATOR),
    ("compare", {**NEWEST, "view": "heatmap"}, ("chapter", ["4", "6", "7"])),
    ("compare", {**NEWEST, "view": "scatter"}, BY_INDICATOR),
    ("compare", {**NEWEST, "view": "funnel"}, BY_INDICATOR),
    ("trends", {}, BY_INDICATOR),
    ("profile", {}, ("region", LEAGUES)),
    ("profile", {"group": "all"}, ("region", BANNERS)),
    ("indicators", {}, BY_INDICATOR),
    ("data", {}, BY_INDICATOR),
    ("quality", {}, BY_INDICATOR),
    ("import", {}, BY_INDICATOR),
]


def run_ms(app: AppTest) -> tuple[float, float]:
    """One run of the script: milliseconds by the clock, and of the processor."""
    started, used = time.perf_counter(), time.process_time()
    app.run()
    taken = time.perf_counter() - started, time.process_time() - used
    if app.exception:
        raise RuntimeError(app.exception[0].message)
    return 1000 * taken[0], 1000 * taken[1]


def opened(page: str, parameters: dict[str, str]) -> AppTest:
    """The page with the demo panel."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "shell.py"), default_timeout=120)
    app.run()
    if page != "overview":
        app.switch_page(f"../pages/{page}.py")
    for name, value in {"dataset": "demo", **parameters}.items():
        app.query_params[name] = value
    run_ms(app)
    return app


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    logging.disable(logging.WARNING)  # Streamlit warns of every run outside its server
    empty = AppTest.from_string("import streamlit as st\nst.title('empty')", default_timeout=60)
    run_ms(empty)
    floor = statistics.median(run_ms(empty)[0] for _ in range(rounds))
    print(f"empty page: {floor:.1f} ms; aim: {AIM_MS} ms")
    print(f"{'page':<46}{'median ms':>10}{'x empty':>9}{'CPU ms':>8}{'worst ms':>10}")
    for page, parameters, (name, values) in CASES:
        app = opened(page, parameters)
        taken = []
        for value in itertools.islice(itertools.cycle(values), len(values) + rounds):
            app.query_params[name] = value
            taken.append(run_ms(app))
        clock, cpu = zip(*taken[len(values) :], strict=True)
        words = " ".join([page, *(f"{key}={value}" for key, value in parameters.items() if value != "2025")])
        middle = statistics.median(clock)
        late = "" if middle <= AIM_MS else "  over the aim"
        print(
            f"{words:<46}{middle:>10.0f}{middle / floor:>9.0f}{statistics.median(cpu):>8.0f}{max(clock):>10.0f}{late}",
            flush=True,
        )


if __name__ == "__main__":
    main()
