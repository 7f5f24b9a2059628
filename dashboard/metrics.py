"""What the server counts of itself, in the text format of Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from streamlit.runtime import Runtime
from streamlit.runtime.stats import ACTIVE_SESSIONS_FAMILY, GaugeStat

from dashboard import queries, state
from dashboard.imports import program_version

__all__ = ["CONTENT_TYPE", "answered", "page", "script_failed"]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
REQUESTS = Counter(
    "dashboard_api_requests_total", "Requests to the HTTP interface", ["route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "dashboard_api_seconds",
    "Time to answer a request to the HTTP interface",
    ["route"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30),
    registry=REGISTRY,
)
SCRIPT_ERRORS = Counter("dashboard_script_errors_total", "Pages that ended in an unexpected error", registry=REGISTRY)
RELEASE = Gauge("dashboard_release_info", "The release that is served; always 1", ["id"], registry=REGISTRY)
BUILT = Gauge("dashboard_release_built_seconds", "When it was built, seconds since 1970", registry=REGISTRY)
READY = Gauge("dashboard_warehouse_ready", "1 where there is a release to serve, else 0", registry=REGISTRY)
DEGRADED = Gauge(
    "dashboard_warehouse_degraded",
    "1 where another release is served than the one that should be, or data/state cannot be written",
    registry=REGISTRY,
)
PROGRAM = Gauge("dashboard_program_info", "Commit and date of the program; always 1", ["version"], registry=REGISTRY)
PROGRAM.labels(program_version() or "checkout").set(1)
SESSIONS = Gauge("dashboard_sessions", "Readers with an open page", registry=REGISTRY)


def answered(route: str, status: int, seconds: float) -> None:
    """Counts one answer of the HTTP interface; `route` is the pattern of the path, never what a reader typed."""
    REQUESTS.labels(route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


def script_failed() -> None:
    """Counts a page that ended in an unexpected error."""
    SCRIPT_ERRORS.inc()


def page() -> bytes:
    """The page that Prometheus fetches."""
    SESSIONS.set(sum(stat.value for stat in _active_sessions()))
    RELEASE.clear()
    try:
        release = queries.current_release()
    except queries.WarehouseError:
        READY.set(0)
        DEGRADED.set(0)
    else:
        READY.set(1)
        DEGRADED.set(1 if queries.trouble() or state.trouble() else 0)
        RELEASE.labels(release.id).set(1)
        BUILT.set(release.built_at.timestamp())
    return generate_latest(REGISTRY)


def _active_sessions() -> list[GaugeStat]:
    stats = Runtime.instance().stats_mgr.get_stats([ACTIVE_SESSIONS_FAMILY]) if Runtime.exists() else {}
    return [stat for stat in stats.get(ACTIVE_SESSIONS_FAMILY, []) if isinstance(stat, GaugeStat)]
