"""The server. `streamlit run app.py` finds `app`; the script that runs for each reader is dashboard/shell.py."""

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import pkgutil
import sys
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import streamlit as st
from anyio import create_task_group
from anyio.to_thread import run_sync
from starlette.middleware import Middleware

import dashboard
from dashboard import access
from dashboard.hardening import Door, SafeAnswers
from dashboard.server import TITLE, Document, routes

log = logging.getLogger("dashboard")
# Python looks for garbage among what came after its last look: every 700 objects by default, in the middle of a page,
# whose figures then count as old and are looked through again and again with all that is kept for readers. At this
# distance most of a page is gone before the next look.
OBJECTS_BETWEEN_LOOKS = 50_000
# Files of downloads are made in these threads, and wait there for their turn; Python would give them six on two cores.
DOWNLOADS_AT_ONCE = 40
STARTED_BY_OTHERS = ("dashboard.shell", "dashboard.briefs.__main__")  # scripts, not modules


def tell_reader(error: Exception) -> bool:
    """Logs an unexpected error under an id and shows the reader that id, never the traceback. What the gate refused is
    no error; it is said in the gate's words.
    """
    from dashboard import gate, metrics  # like all that needs the warehouse, only once the server runs

    if isinstance(error, access.AccessError):
        gate.refuse(error, TITLE)
        return True
    number = uuid.uuid4().hex[:8]
    log.error("error %s", number, exc_info=error)
    metrics.script_failed()
    st.error(f"页面出错了，已记录，编号{number}。请刷新重试；仍不行时，请把编号告诉系统管理员。")
    return True


def warm_up() -> None:
    """Reads what every page needs, so that the first reader does not wait for it."""
    # Caches made before the server runs would be thrown away.
    from dashboard import frame, overview, queries, selection

    try:
        with access.acting_as(access.EVERYBODY):
            release = queries.current_release()
        choices = selection.choices_of(release)
        queries.targets(release)
        for dataset, indicator in choices.openings.items():
            queries.figures_of_indicator(release, dataset, indicator)
            with selection.reading({"dataset": dataset}):
                overview.prepare(frame.reader_at(release))
    except queries.WarehouseError as error:
        log.warning("started without a warehouse: %s", error)


def load_the_rest() -> None:
    """Imports what only some pages need, and sets aside what stays for good.

    Modules never become garbage: no search needs to look through them again.
    """
    importlib.import_module("scipy.stats")
    for module in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
        if module.name not in STARTED_BY_OTHERS:
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)


@contextlib.asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Warms up before the first request is answered; what only some pages need, meanwhile."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(DOWNLOADS_AT_ONCE, "download"))
    await run_sync(warm_up)
    async with create_task_group() as tasks:
        tasks.start_soon(run_sync, load_the_rest)
        yield
        tasks.cancel_scope.cancel()


def check_access() -> None:
    """Stops a server whose gate is not set up as it was meant to be."""
    try:
        settings = access.settings()
    except access.SettingsError as error:
        sys.exit(str(error))
    # uvicorn would let any local process say who its peer is, before the gate has seen who that really was.
    if settings.mode == "gateway" and os.environ.get("FORWARDED_ALLOW_IPS") != "":
        sys.exit(
            "网关方式请用 python -m tools.serve 启动，或先设置空的环境变量 FORWARDED_ALLOW_IPS=（见docs/access.md）"
        )


check_access()
app = st.App(
    "dashboard/shell.py",
    lifespan=lifespan,
    routes=routes(),
    middleware=[Middleware(SafeAnswers), Middleware(Door), Middleware(Document)],
    on_script_error=tell_reader,
)
