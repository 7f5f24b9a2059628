"""Memory and seconds of answers that hold a whole data set, one at a time and many at once.

    python -m benchmarks.whole_tables [--calls 1 8] [--formats csv parquet json]

Starts a server over the project's data, then asks /api/v1/observations for the simulated panel as often at once as
said. Meanwhile somebody else asks for little, again and again: how long they wait tells whether the others stand in
their way. Told are the server's memory before, at its highest, and afterwards, and what each call was answered.
"""

import argparse
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from benchmarks.serving import Server, end_in_order, processor_seconds, resident_megabytes
from etl.paths import default_paths

WHOLE = {
    "csv": "/api/v1/observations?dataset=demo&format=csv",
    "parquet": "/api/v1/observations?dataset=demo&format=parquet",
    "json": "/api/v1/observations?dataset=demo&limit=100000",
}
SMALL = "/api/v1/observations?limit=10"
PATIENCE = 600
LOOK_EVERY = 0.02  # seconds


def ask(address: str) -> tuple[int, int, float]:
    """Status, bytes and seconds of one call."""
    started, size = time.monotonic(), 0
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310
            status = answer.status
            while piece := answer.read(1 << 16):
                size += len(piece)
    except urllib.error.HTTPError as error:
        status = error.code
    return status, size, time.monotonic() - started


def measure(server: Server, form: str, calls: int) -> str:
    """What came of so many calls at once, as one line."""
    before, highest, done = resident_megabytes(server.pid), [0.0], threading.Event()
    waits: list[float] = []
    busy = processor_seconds(server.pid)

    def look() -> None:
        while not done.wait(LOOK_EVERY):
            highest[0] = max(highest[0], resident_megabytes(server.pid))

    def another() -> None:
        while not done.wait(0.6):  # within the 120 calls a minute
            waits.append(ask(server.address + SMALL)[2])

    beside = [threading.Thread(target=work) for work in (look, another)]
    for thread in beside:
        thread.start()
    with ThreadPoolExecutor(calls) as pool:
        answers = list(pool.map(lambda _: ask(server.address + WHOLE[form]), range(calls)))
    busy = processor_seconds(server.pid) - busy
    done.set()
    for thread in beside:
        thread.join()
    statuses = dict(Counter(status for status, _, _ in answers))
    after = resident_megabytes(server.pid)
    whole = [(seconds, size) for status, size, seconds in answers if status == 200]
    return (
        f"{form:8} {calls} at once: {before:5.0f} -> {highest[0]:5.0f} MB (after: {after:5.0f}), answers {statuses}, "
        f"processor {busy:.1f} s, {max(whole)[1] / 2**20:.0f} MB each, first {min(whole)[0]:.1f} s, "
        f"last {max(whole)[0]:.1f} s; small ones beside: {max(waits, default=0):.2f} s at most"
    )


def main() -> None:
    """Measures every format with every number of calls, each on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--formats", nargs="+", choices=WHOLE, default=list(WHOLE))
    options = parser.parse_args()
    end_in_order()
    for form in options.formats:
        for calls in options.calls:
            with Server(default_paths().data) as server:
                ask(server.address + SMALL)
                print(measure(server, form, calls), flush=True)


if __name__ == "__main__":
    main()
