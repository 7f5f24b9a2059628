"""Seconds of the leagues' twelve profile briefs and of one bulletin, pictures included.

    python -m benchmarks.briefs [--rounds 3] [--kind docx]

The promise is 60 seconds for the twelve on two cores. A bare picture is drawn beside them in the same run: how many
pictures a brief costs is a ratio that holds on a machine that is busy or slow. The least of the rounds counts.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable

logging.disable(logging.WARNING)  # before Streamlit comes in: its caches say that there is no server

from dashboard import frame, mapping, queries, selection, snapshot  # noqa: E402
from dashboard.briefs import to_docx, to_pdf  # noqa: E402
from dashboard.briefs.bulletin import INDICATOR, bulletin  # noqa: E402
from dashboard.briefs.profiles import profile_briefs  # noqa: E402

PERIOD, YEAR = "2025Q2", "2024"


def least(rounds: int, work: Callable[[], object]) -> float:
    """The least seconds of several runs."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Prints one line a kind of work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kind", choices=["docx", "pdf"], default="docx")
    asked = parser.parse_args()
    if problem := snapshot.problem():
        sys.exit(problem)
    release = queries.current_release()
    with selection.reading({"dataset": "demo", "indicator": INDICATOR, "period": PERIOD}):
        chart = mapping.chart(mapping.question(frame.reader_at(release)))
    snapshot.image(chart, "png")  # the browser is up
    picture = least(3 * asked.rounds, lambda: snapshot.image(chart, "png", scale=3))
    print(f"one warm picture       {picture:6.2f} s")
    for name, work in (
        ("bulletin, DOCX", lambda: to_docx(bulletin(release, PERIOD, "demo"))),
        ("bulletin, PDF", lambda: to_pdf(bulletin(release, PERIOD, "demo"))),
        (f"12 profiles, {asked.kind.upper()}", lambda: profile_briefs(release, "demo", YEAR, kind=asked.kind)),
    ):
        seconds = least(asked.rounds, work)
        print(f"{name:22} {seconds:6.2f} s   {seconds / picture:5.1f} pictures")


if __name__ == "__main__":
    main()
