"""Faults on purpose: kill -9 at random moments, a full disk, damaged files, a clock put back, a hanging renderer.

    python -m benchmarks.faults [--kills 50] [--seed 20261126] [--only kills disk release pointer clock renderer]

After every fault it is asked what must hold: a whole release answers, the old one or the new one; `etl build` leaves
nothing half done; no accepted load is lost and rows_in = rows_loaded + rows_rejected; the server comes back; the next
picture is made; what went wrong is said in Chinese, without a traceback. Prints every fault with its seed. Releases are
built in the quick way of tests/quick.py. Exits 1 when something did not hold, 2 when a fault could not be made here
(a tmpfs needs root, the clock needs Debian's `faketime`): such a part is told as not tried, never as passed.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import duckdb

from benchmarks import quick_etl
from benchmarks.serving import Server, descendants, end_in_order, told_in_words
from benchmarks.sessions import Session, SessionError
from etl.paths import ROOT, Paths, default_paths
from tools import serve

TARGETS = ("load", "build", "server", "renderer")
PICTURE = "/api/v1/charts/map.png?scale=1"
FAKETIME = "*/faketime/libfaketimeMT.so.1"  # of Debian's package
# libfaketime 0.9.10 makes every sleep until a moment of the monotonic clock fail (EINVAL,
# https://github.com/wolfcw/libfaketime/issues/426); Python's sleeps are such. Chromium does not run under it at all:
# the clock is put back for the server alone, not for what it starts.
FAKED = """
import os, select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
os.environ.pop("LD_PRELOAD", None)
"""
SPARE_BYTES = 64 * 2**20  # room for the loads that must succeed
FREE_BYTES = (4_096, 200_000, 1_500_000)  # not even the kept table fits; the database begins; it nearly fits
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["benchmarks.quick_etl"])
TRIES = 10  # until a command is killed and has not finished before
CLOCK_SECONDS = 15  # until the server's clock must have followed


class Command:
    """A command of the ETL that runs in a process of its own, forked from one where everything is imported."""

    def __init__(self, arguments: list[str], data: Path) -> None:
        self.said = data.parent / "said.txt"
        self.process = FORKS.Process(target=quick_etl.run, args=(arguments, data, self.said))
        self.process.start()

    def wait(self) -> tuple[int, str]:
        """The exit code (of one that was killed, minus the signal), and what was said."""
        self.process.join(600)
        code = self.process.exitcode
        said = self.said.read_text(encoding="utf-8") if self.said.exists() else ""
        return (-signal.SIGALRM if code is None else code), said


@dataclass
class Trial:
    """A dashboard over a folder of its own, and what was found."""

    data: Path
    served: Server
    wrong: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)
    loads: int = 0
    takes: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("load", "build", "picture"), 0.0))  # seconds

    def hold(self, held: bool, what: str) -> None:
        """Notes what did not hold."""
        if not held:
            self.wrong.append(what)
            print(f"    WRONG: {what}", flush=True)

    # ---- the ETL ----

    def etl(self, *arguments: object) -> "Command":
        """Starts the command line in the quick way."""
        return Command([str(argument) for argument in arguments], self.data)

    def etl_with(self, environment: dict[str, str], *arguments: object) -> tuple[int, str]:
        """Runs it in a process that was started with something in its environment; exit code, and what was said."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.quick", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "DASHBOARD_DATA_DIR": str(self.data), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def table(self) -> Path:
        """A table of its own for the next load: one good row, one that is rejected."""
        self.loads += 1
        path = self.data / f"table-{self.loads}.csv"
        rows = f"包头市,legal_aid_cases,2023,{1000 + self.loads},件\n火星市,legal_aid_cases,2023,5,件\n"
        path.write_text(f"地区,指标,期间,数值,单位\n{rows}", encoding="utf-8")
        return path

    def to_its_end(self, *arguments: object) -> tuple[int, str]:
        """Runs a command and notes the longest that it took; exit code, and what was said."""
        started = time.monotonic()
        outcome = self.etl(*arguments).wait()
        name = str(arguments[0])
        self.takes[name] = max(self.takes[name], time.monotonic() - started)
        return outcome

    def killed(self, chance: random.Random, *arguments: object) -> bool:
        """Starts a command and kills it at a random moment; False when it had finished, which is noted."""
        name, started = str(arguments[0]), time.monotonic()
        command = self.etl(*arguments)
        command.process.join(chance.uniform(0, self.takes[name]))
        if command.process.exitcode is None:
            command.process.kill()
        if command.wait()[0] == -signal.SIGKILL:
            return True
        self.takes[name] = time.monotonic() - started
        return False

    def load(self, table: Path) -> tuple[int, str]:
        """Loads a table; the exit code, and what was said."""
        return self.to_its_end("load", table, "--source", table.stem)

    def build(self) -> None:
        """Builds; nothing half done may lie about afterwards."""
        code, said = self.to_its_end("build")
        self.hold(code in (0, 1), f"etl build ended with {code}: {said[-300:]}")
        left = [
            p.name for name in ("warehouse", "accepted") for p in (self.data / name).glob(".*") if p.name != ".lock"
        ]
        self.hold(not left, f"left behind after etl build: {left}")

    def accepted(self) -> set[str]:
        """The loads that were kept."""
        return {path.stem for path in (self.data / "accepted").glob("*.parquet")}

    def current(self) -> str:
        """What CURRENT says."""
        return (self.data / "warehouse" / "CURRENT").read_text(encoding="ascii").strip()

    def books_balance(self, kept: set[str]) -> None:
        """Every kept load is in the release with all its rows, loaded or rejected."""
        self.hold(kept <= self.accepted(), f"lost from data/accepted: {sorted(kept - self.accepted())}")
        with duckdb.connect(str(self.data / "warehouse" / f"{self.current()}.duckdb"), read_only=True) as con:
            rows = con.execute(
                """
                SELECT l.load_id, l.rows_in, l.rows_loaded, l.rows_rejected,
                    (SELECT count(*) FROM observations AS o WHERE o.load_id = l.load_id),
                    (SELECT count(*) FROM rejects AS r WHERE r.load_id = l.load_id)
                FROM loads AS l WHERE l.dataset = 'internal'"""
            ).fetchall()
        self.hold({row[0] for row in rows} == self.accepted(), "the release does not hold exactly the kept loads")
        for load_id, rows_in, loaded, rejected, figures, rejects in rows:
            told = f"{load_id}: {rows_in} in, {loaded} loaded ({figures}), {rejected} rejected ({rejects})"
            self.hold(rows_in == loaded + rejected and figures == loaded and rejects >= rejected > 0, told)

    # ---- the server ----

    def get(self, path: str, seconds: float = 150) -> tuple[int, bytes]:
        """The status and body of an answer; status 0 when there was none."""
        try:
            with urllib.request.urlopen(self.served.address + path, timeout=seconds) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            return 0, str(error).encode()

    def health(self) -> dict[str, str]:
        """What /healthz says."""
        told: dict[str, str] = json.loads(self.get("/healthz")[1] or b"{}")
        return told

    def lag(self) -> timedelta:
        """How far the server's clock is behind ours, by what it writes on its answers."""
        with urllib.request.urlopen(f"{self.served.address}/_stcore/health", timeout=60) as answer:  # noqa: S310
            return datetime.now(UTC) - parsedate_to_datetime(answer.headers["Date"])

    def page(self) -> list[str]:
        """Opens a page as a reader does; the warnings on it."""

        async def visit() -> list[str]:
            reader = Session(self.served.address, query="dataset=published")
            try:
                await reader.open()
            except SessionError as error:
                self.hold(False, f"a page shows an error: {error}")
            finally:
                await reader.close()
            return reader.warnings

        return asyncio.run(visit())

    def answers(self, among: set[str]) -> None:
        """The server serves one of these releases, and a page opens."""
        told = self.health()
        self.hold(
            told.get("status") == "ok" and told.get("release") in among, f"/healthz says {told}, not one of {among}"
        )
        self.hold(not self.page(), "a page warns although nothing is wrong")

    def picture(self, what: str) -> None:
        """The next picture is made."""
        started = time.monotonic()
        status, body = self.get(PICTURE)
        self.takes["picture"] = time.monotonic() - started
        self.hold(status == 200 and body.startswith(b"\x89PNG"), f"{what}: picture {status} {body[:200]!r}")

    def said(self, text: str, what: str) -> None:
        """What was said to people is Chinese and no traceback."""
        self.hold(told_in_words(text), f"{what}: {text[-300:]}")


# ---- kill -9 ----


def kills(trial: Trial, count: int, seed: int) -> None:
    """Kill -9 at random moments, by turns in random order."""
    chance = random.Random(seed)  # noqa: S311 - the same order and chances in every run
    order = (list(TARGETS) * (count // len(TARGETS) + 1))[:count]
    chance.shuffle(order)
    code, said = trial.load(trial.table())
    trial.hold(code == 1, f"a load with a rejected row ended with {code}: {said[-300:]}")
    _change_an_input(trial, chance)
    trial.build()
    trial.picture("before all kills")
    met = Counter[str]()
    print(f"kill -9: {count} times, seed {seed}; {', '.join(f'a {k} takes {v:.1f} s' for k, v in trial.takes.items())}")
    for number, target in enumerate(order, 1):
        kept, before = trial.accepted(), trial.current()
        wrong = len(trial.wrong)
        outcome = KILLS[target](trial, chance)
        met[f"{target}: {outcome}"] += 1
        now = trial.current()
        trial.hold(now == before or target in ("load", "build"), f"the release changed from {before} to {now}")
        trial.answers({now})
        trial.build()
        trial.books_balance(kept)
        print(f"  {number:2} {target:8} {outcome:28} {'held' if len(trial.wrong) == wrong else 'WRONG'}", flush=True)
    trial.picture("after all kills")
    for outcome, times in sorted(met.items()):
        print(f"  {times:3} x {outcome}")


def _restart(trial: Trial) -> None:
    trial.served.kill()
    trial.served.start()


def _kill_load(trial: Trial, chance: random.Random) -> str:
    for _ in range(TRIES):
        table, before = trial.table(), len(trial.accepted())
        killed = trial.killed(chance, "load", table, "--source", table.stem)
        kept = len(trial.accepted()) > before
        code, said = trial.load(table)  # as the steward does who saw it fail
        trial.hold(code in (0, 1), f"the same load again ended with {code}: {said[-300:]}")
        trial.hold(len(trial.accepted()) == before + 1, "the same load again is not there exactly once")
        if killed:
            return "killed, was kept" if kept else "killed, not kept"
    return "always finished"


def _kill_build(trial: Trial, chance: random.Random) -> str:
    for _ in range(TRIES):
        _change_an_input(trial, chance)
        if trial.killed(chance, "build"):
            return "killed"
    return "always finished"


def _change_an_input(trial: Trial, chance: random.Random) -> None:
    """Another fingerprint, so that there is work for a build."""
    (trial.data / "catalogue" / "operator-note.txt").write_text(str(chance.random()), encoding="ascii")
    (trial.data / "warehouse" / "fingerprints.json").unlink(missing_ok=True)


def _kill_server(trial: Trial, chance: random.Random) -> str:
    pictures = threading.Thread(target=trial.get, args=(PICTURE,))
    readers = threading.Thread(target=_read_until_it_ends, args=(trial.served.address, chance.random()))
    pictures.start()
    readers.start()
    time.sleep(chance.uniform(0, 2))
    children = descendants(trial.served.pid)
    trial.served.kill()
    pictures.join()
    readers.join()
    trial.served.start()
    gone = time.monotonic() + 10
    while (left := [pid for pid in children if Path(f"/proc/{pid}").exists()]) and time.monotonic() < gone:
        time.sleep(0.2)
    for pid in left:  # under systemd the control group ends with the server
        os.kill(pid, signal.SIGKILL)
    return "restarted, renderer left" if left else "restarted"


def _read_until_it_ends(address: str, seed: float) -> None:
    async def read() -> None:
        reader, chance = Session(address, page="map", query="dataset=demo"), random.Random(seed)  # noqa: S311
        try:
            await reader.open()
            while True:
                await reader.change(chance)
        except SessionError:
            return  # the server is gone, as it was meant to be
        finally:
            await reader.close()

    asyncio.run(read())


def _kill_renderer(trial: Trial, chance: random.Random) -> str:
    for _ in range(TRIES):
        answer: list[tuple[int, bytes]] = []
        asked = threading.Thread(target=lambda answer=answer: answer.append(trial.get(PICTURE)))
        started = time.monotonic()
        asked.start()
        asked.join(chance.uniform(0, trial.takes["picture"]))
        if drawing := asked.is_alive():
            break
        trial.takes["picture"] = time.monotonic() - started
    for pid in descendants(trial.served.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    asked.join()
    status, body = answer[0]
    if status == 200:
        outcome = "picture came"
    else:
        outcome = f"told ({status})"
        trial.said(body.decode(), "the answer of a killed renderer")
    trial.picture("after the renderer was killed")
    return f"killed drawing, {outcome}" if drawing else "killed when idle"


KILLS: dict[str, Callable[[Trial, random.Random], str]] = {
    "load": _kill_load,
    "build": _kill_build,
    "server": _kill_server,
    "renderer": _kill_renderer,
}


# ---- the disk is full ----


def disk(trial: Trial) -> None:
    """Publishing on a tmpfs with so little left."""
    place = trial.data.parent / "small"
    place.mkdir()
    size = sum(path.stat().st_size for path in trial.data.rglob("*") if path.is_file()) + SPARE_BYTES
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        trial.impossible.append(f"disk full: a tmpfs cannot be mounted here ({mounted.stderr.decode().strip()})")
        return
    real = trial.data
    try:
        shutil.copytree(real, place / "data", ignore=shutil.ignore_patterns("server-*.log", "state"))
        trial.data = place / "data"
        trial.build()
        for free in FREE_BYTES:
            table, before = trial.table(), _everything(trial.data)
            filler = place / "filler"
            with filler.open("wb") as file:
                file.write(b"\0" * max(0, shutil.disk_usage(place).free - free))
            code, said = trial.load(table)
            print(f"  {free:9} bytes left: exit {code}: {said.strip().splitlines()[-1][:80]}", flush=True)
            filler.unlink()
            trial.hold(code == 3 and "磁盘空间不足" in said, f"full disk: exit {code}: {said[-300:]}")
            trial.said(said, "full disk")
            trial.hold(_everything(trial.data) == before, "a full disk left something behind")
            code, said = trial.load(table)
            trial.hold(code == 1, f"the load after there was room again: {code}: {said[-300:]}")
            trial.books_balance(set())
    finally:
        trial.data = real
        subprocess.run(["umount", str(place)], check=True)


def _everything(folder: Path) -> dict[str, bytes]:
    names = ("warehouse", "accepted")
    files = [p for name in names for p in (folder / name).rglob("*") if p.is_file() and p.name != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


# ---- the release, and CURRENT ----


def release(trial: Trial) -> None:
    """A damaged newest release, with the server running."""
    trial.load(trial.table())
    current = trial.data / "warehouse" / f"{trial.current()}.duckdb"

    def damage() -> None:
        content = bytearray(current.read_bytes())
        for at in range(len(content) // 4, len(content), 50_000):
            content[at : at + 8] = b"\xff" * 8
        current.write_bytes(content)

    _fall_back(trial, "newest release damaged in place", damage)
    _fall_back(trial, "newest release cut in half", lambda: os.truncate(current, current.stat().st_size // 2))
    _fall_back(trial, "newest release deleted", current.unlink)


def pointer(trial: Trial) -> None:
    """CURRENT missing, pointing nowhere, garbled, with the server running."""
    trial.load(trial.table())
    pointer = trial.data / "warehouse" / "CURRENT"
    _fall_back(trial, "CURRENT missing", pointer.unlink)
    _fall_back(trial, "CURRENT pointing nowhere", lambda: pointer.write_text("20991231-abcdef\n"))
    _fall_back(trial, "CURRENT garbled", lambda: pointer.write_bytes(b"\xff\xfe\0"))


def _fall_back(trial: Trial, fault: str, make: Callable[[], object]) -> None:
    """A release is shown with a banner until `etl build` mends it."""
    good = trial.current()
    trial.answers({good})
    make()
    told, warnings = trial.health(), trial.page()
    shown = told.get("release", "")
    trial.hold(told.get("status") == "degraded" and bool(shown), f"{fault}: /healthz says {told}")
    plain = [text.replace("\\", "") for text in warnings]
    trial.hold(any(shown in text and "python -m etl build" in text for text in plain), f"{fault}: banner {plain}")
    status, body = trial.get("/api/v1/observations?dataset=published&limit=1")
    trial.hold(status == 200 and json.loads(body)["release"] == shown, f"{fault}: interface {status}")
    trial.said(told.get("message", ""), fault)
    trial.build()
    trial.answers({good})
    trial.books_balance(set())
    print(f"  {fault}: {shown} shown with a banner; after etl build {trial.current()}", flush=True)


# ---- the clock ----


def clock(trial: Trial) -> None:
    """The ETL with a clock of 2020, and a server whose clock is put back by a day while it runs."""
    library = next(Path("/usr/lib").glob(FAKETIME), None)
    if library is None:
        trial.impossible.append("clock: faketime is not installed (apt-get install faketime)")
        return
    customized = trial.data.parent / "sitecustomize.py"
    customized.write_text(FAKED, encoding="ascii")
    fake = {"LD_PRELOAD": str(library), "DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": str(customized.parent)}
    _etl_in_2020(trial, fake)
    hands = trial.data.parent / "hands"
    hands.write_text("+0", encoding="ascii")
    trial.served.kill()
    trial.served.environment = {**fake, "FAKETIME_TIMESTAMP_FILE": str(hands), "FAKETIME_CACHE_DURATION": "1"}
    try:
        trial.served.start()
        _clock_put_back(trial, hands)
    finally:
        trial.served.environment = {}
        _restart(trial)


def _etl_in_2020(trial: Trial, fake: dict[str, str]) -> None:
    before, table = trial.current(), trial.table()
    loading = ("load", table, "--source", table.stem)
    code, said = trial.etl_with({**fake, "FAKETIME": "@2020-01-01 00:00:00"}, *loading)
    trial.hold(code == 1 and trial.current() != before, f"a load in 2020 ended with {code}: {said[-300:]}")
    trial.books_balance(set())
    trial.etl_with({**fake, "FAKETIME": "@2020-01-01 00:01:00"}, "rollback")
    trial.hold(trial.current() == before, f"rolling back in 2020 went to {trial.current()}, not {before}")
    trial.build()
    trial.books_balance(set())
    print("  ETL in 2020: loaded, rolled back to the release before, built again", flush=True)


def _clock_put_back(trial: Trial, hands: Path) -> None:
    for _ in range(20):
        trial.get("/api/v1/release")
    trial.answers({trial.current()})
    hands.write_text("-1d", encoding="ascii")
    until = time.monotonic() + CLOCK_SECONDS
    while trial.lag() < timedelta(hours=23) and time.monotonic() < until:
        time.sleep(0.5)
    behind = trial.lag()
    trial.hold(behind > timedelta(hours=23), f"the server's clock is {behind} behind: the fault was not made")
    trial.answers({trial.current()})
    trial.picture("after the clock was put back")
    statuses = Counter(trial.get("/api/v1/release")[0] for _ in range(60))
    trial.hold(statuses == {200: 60}, f"after the clock was put back the interface answered {dict(statuses)}")
    trial.load(trial.table())
    trial.answers({trial.current()})
    trial.books_balance(set())
    print(
        f"  server, clock {behind.total_seconds() / 3600:.0f} h behind: pages, picture, interface {dict(statuses)}, "
        "new release seen",
        flush=True,
    )


# ---- the renderer hangs ----


def renderer(trial: Trial) -> None:
    """Chromium is stopped (SIGSTOP) while it is asked for a picture."""
    trial.picture("before the renderer hangs")
    stopped = descendants(trial.served.pid)
    trial.hold(bool(stopped), "there is no renderer to stop")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    status, body = trial.get(PICTURE)
    waited = time.monotonic() - started
    trial.hold(status == 503, f"a hanging renderer: {status} {body[:200]!r}")
    trial.said(body.decode(errors="replace"), "a hanging renderer")
    told = json.loads(body)["error"]["message"] if status == 503 else ""
    started = time.monotonic()
    trial.picture("after the renderer hung")
    print(f"  hanging renderer: told after {waited:.0f} s: {told}")
    print(f"  the next picture came after {time.monotonic() - started:.1f} s", flush=True)
    trial.hold(not [pid for pid in stopped if Path(f"/proc/{pid}").exists()], "a hanging Chromium was left behind")


# ---- all of it ----


PARTS: dict[str, Callable[[Trial, argparse.Namespace], None]] = {
    "kills": lambda trial, options: kills(trial, options.kills, options.seed),
    "disk": lambda trial, _: disk(trial),
    "release": lambda trial, _: release(trial),
    "pointer": lambda trial, _: pointer(trial),
    "clock": lambda trial, _: clock(trial),
    "renderer": lambda trial, _: renderer(trial),
}


def attempt(trial: Trial, part: str, options: argparse.Namespace) -> str:
    """Makes the faults of one part; what came of it."""
    print(f"== {part}", flush=True)
    wrong, impossible, started = len(trial.wrong), len(trial.impossible), time.monotonic()
    try:
        PARTS[part](trial, options)
    except (OSError, RuntimeError, ValueError, KeyError, duckdb.Error) as error:  # the next part is tried all the same
        trial.hold(False, f"{part} broke off: {error!r}")
        _restart(trial)
    if failed := len(trial.wrong) - wrong:
        verdict = f"{failed} THINGS DID NOT HOLD"
    elif len(trial.impossible) > impossible:
        verdict = f"NOT TRIED: {trial.impossible[-1]}"
    else:
        verdict = "held"
    print(f"-- {part}: {verdict} ({time.monotonic() - started:.0f} s)", flush=True)
    return verdict


def main(arguments: list[str] | None = None) -> int:
    """Makes the faults and prints what held; 1 when something did not, 2 when a fault could not be made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args(arguments)
    end_in_order()
    print(f"load average {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        for name in ("catalogue", "published", "boundaries"):
            shutil.copytree(ROOT / "data" / name, data / name)
        shutil.copy(ROOT / "data" / "operator.toml", data)
        code, said = Command(["build"], data).wait()
        if code > 1:
            raise RuntimeError(said)
        serve.prepare(Paths(data=data, static=default_paths().static))
        with Server(data) as served:
            trial = Trial(data, served)
            trial.load(trial.table())
            verdicts = {part: attempt(trial, part, options) for part in options.only}
        log = served.log.read_text(encoding="utf-8", errors="replace")
    shown = re.findall(r"^error [0-9a-f]{8}.*", log, re.MULTILINE)
    trial.hold(not shown, f"the server's log has errors that a reader was shown: {shown[:5]}")
    if trial.wrong:
        print(f"the end of the server's log:\n{log[-6000:]}")
    for part, verdict in verdicts.items():
        print(f"{part:9} {verdict}")
    print(f"{len(trial.wrong)} things did not hold" if trial.wrong else "everything held that was tried")
    return 1 if trial.wrong else 2 if trial.impossible else 0


if __name__ == "__main__":
    sys.exit(main())
