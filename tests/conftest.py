"""What the tests share. What takes long to make is made once.

For tests of the warehouse:

- `built`: a data folder with a published release of all data (session; read it, do not write to it).
- `warehouse`: the same, and the dashboard of this process reads from it.
- `quick_start`, `quick_inputs`: a release with next to no simulated data, and a copy of it to write to.

For tests in a browser (mark them `browser`; see tests/browsing.py):

- `server`: the real server on `built`, one a worker: `server.address`. A test that changes data starts a
  `Server(folder)` of its own and stops it.
- `visit`: opens a page as a reader and waits until it is at rest: `visit("/map?period=2024", width=390,
  scheme="dark")` is a `Visit` with `.page` (Playwright's), `.rest()`, `.address()` and `.clean()`, which fails when
  something was asked of another machine or an error was logged. Closed after the test.
- `profile`: Chromium's one kept profile, a BrowserContext, one a worker: pages in it find scripts compiled already. Its
  pages need `browsing.open_page(page, address)` (goes there, waits until at rest) and `browsing.at_rest(page)`.
- `browser`: the same Chromium as a Browser, for contexts that must know nothing: `browser.new_context()`. Slower.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import hypothesis
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from etl import boundaries, publish, static
from etl.catalogue import Catalogue, load_catalogue
from etl.paths import Paths
from tests import browsing, quick
from tests.browsing import Server, Visit

ROOT = Path(__file__).resolve().parent.parent
INTERNAL_ERRORS: list[str] = []
# A busy machine is no fault of the program.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_internalerror(excrepr: object) -> None:
    INTERNAL_ERRORS.append(str(excrepr))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Tells what failed, and the first error, at the end: after an error of its own pytest does not."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.INTERNAL_ERROR and reporter is not None:
        reporter.summary_failures()
        reporter.summary_errors()
        reporter.write_sep("=", "the first error inside pytest")
        reporter.write_line("\n".join(INTERNAL_ERRORS[0].splitlines()[-20:]))


def copy_inputs(folder: Path) -> Paths:
    """A data folder with the project's inputs and nothing built, safe to spoil."""
    for name in ("catalogue", "published", "boundaries"):
        shutil.copytree(ROOT / "data" / name, folder / name)
    shutil.copy(ROOT / "data" / "operator.toml", folder)
    return Paths(data=folder, static=folder / "static")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "data" / "catalogue")


@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[Path], None]], Paths]:
    """Makes a data folder in one worker for all of them; each gets a copy of its own."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def get(name: str, make: Callable[[Path], None]) -> Paths:
        made = shared / "made" / name
        made.parent.mkdir(exist_ok=True)
        with filelock.FileLock(made.with_suffix(".lock")):
            if not made.exists():
                begun = made.with_suffix(".begun")
                make(begun / "data")
                begun.rename(made)
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(made, folder, dirs_exist_ok=True)
        return Paths(data=folder / "data", static=folder / "data" / "static")

    return get


def write_shapes(data: Path) -> None:
    """What the browser fetches, where Streamlit serves it; a fresh checkout has none. `data` stays empty."""
    data.mkdir(parents=True)
    folder = ROOT / "dashboard" / "static"
    if not static.is_made(folder, static.version(ROOT / "data" / "boundaries")):
        regions = load_catalogue(ROOT / "data" / "catalogue").regions
        boundaries.write_static(boundaries.read_boundaries(ROOT / "data" / "boundaries", regions), folder)


def build(data: Path) -> None:
    """All of the project's data, published."""
    publish.build(copy_inputs(data), lambda text: None)


def build_quickly(data: Path) -> None:
    """A release made in the quick way of tests/quick.py."""
    paths = copy_inputs(data)
    expected = paths.catalogue / "expected.csv"
    expected.write_text("".join(expected.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        quick.shorten(patch.setattr)
        publish.build(paths, lambda text: None)


@pytest.fixture(scope="session")
def shapes(made_once: Callable[[str, Callable[[Path], None]], Paths]) -> None:
    made_once("shapes", write_shapes)


@pytest.fixture(scope="session")
def built(shapes: None, made_once: Callable[[str, Callable[[Path], None]], Paths]) -> Paths:
    return made_once("built", build)


@pytest.fixture
def warehouse(built: Paths, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(built.data))
    return built


@pytest.fixture(scope="session")
def quick_start(shapes: None, made_once: Callable[[str, Callable[[Path], None]], Paths]) -> Paths:
    return made_once("quick", build_quickly)


@pytest.fixture
def quick_inputs(quick_start: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A copy of it, which this process builds in the same quick way and to which the command line writes."""
    quick.shorten(monkeypatch.setattr)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "data"))
    shutil.copytree(quick_start.data, tmp_path / "data")
    return Paths(data=tmp_path / "data", static=tmp_path / "static")


@pytest.fixture(scope="session")
def server(built: Paths) -> Iterator[Server]:
    running = Server(built.data)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        context = browsing.start(playwright, tmp_path_factory.mktemp("profile"))
        yield context
        context.close()


@pytest.fixture(scope="session")
def browser(profile: BrowserContext) -> Browser:
    assert profile.browser is not None
    return profile.browser


@pytest.fixture
def visit(profile: BrowserContext, server: Server) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def open_page(path: str, **settings: object) -> Visit:
        visits.append(Visit(profile, server, path, **settings))  # type: ignore[arg-type]
        return visits[-1]

    yield open_page
    for opened in visits:
        opened.close()


@pytest.fixture(autouse=True)
def without_a_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Playwright says between its calls that its event loop is running; nobody else may start one then."""
    loop = asyncio._get_running_loop()
    idle = loop is not None and not {"profile", "browser"} & set(request.fixturenames)
    if idle:
        asyncio._set_running_loop(None)
    yield
    if idle:
        asyncio._set_running_loop(loop)
