"""Server time of a filter change on every page with the demo panel, beside an empty page.

    python -m benchmarks.filter_change [--rounds 7]

A change is another indicator; the median of several, all caches filled as they are when people work.
"""

import argparse
import statistics
import time

from streamlit.testing.v1 import AppTest

from benchmarks.first_map import ROOT

PAGES = ["overview", "map", "compare", "trends", "profile", "indicators", "data", "quality"]
INDICATORS = ["mediation_success_rate", "court_appearance_rate", "litigation_loss_rate", "legal_aid_cases"]


def run_seconds(app: AppTest) -> float:
    """One run of the script."""
    started = time.perf_counter()
    app.run()
    taken = time.perf_counter() - started
    if app.exception:
        raise RuntimeError(app.exception[0].message)
    return taken


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    empty = AppTest.from_string("import streamlit as st\nst.title('empty')", default_timeout=60)
    run_seconds(empty)
    floor = statistics.median(run_seconds(empty) for _ in range(rounds))
    print(f"{'page':<12}{'median ms':>10}{'worst ms':>10}{'first ms':>10}   (empty page: {floor * 1000:.0f} ms)")
    for name in PAGES:
        app = AppTest.from_file(str(ROOT / "dashboard" / "shell.py"), default_timeout=60)
        app.query_params["dataset"] = "demo"
        app.run()
        if name != "overview":
            app.switch_page(f"../pages/{name}.py")
            app.run()
        taken = []
        for number in range(rounds + len(INDICATORS)):
            app.query_params["indicator"] = INDICATORS[number % len(INDICATORS)]
            taken.append(run_seconds(app))
        warm = taken[len(INDICATORS) :]
        print(f"{name:<12}{statistics.median(warm) * 1000:>10.0f}{max(warm) * 1000:>10.0f}{taken[0] * 1000:>10.0f}")


if __name__ == "__main__":
    main()
