"""The HTTP interface /api/v1/: figures, catalogue and charts for other systems, with the names of the address bar.

Every answer carries the id of its release as ETag, so that who asks again is told at once that nothing has changed.
What a request gets wrong is said in JSON, in Chinese. The whole is described by /api/v1/openapi.json.
"""

import functools
import hashlib
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import limits
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard import access, api_description, audit, export, families, metrics, queries, selection, snapshot
from dashboard.access import Viewer
from dashboard.api_description import FORMATS, LONGEST_PAGE, PAGE, ROUTES
from dashboard.queries import Release
from dashboard.theme import DATASET_NAMES, DEMO_MARK

log = logging.getLogger("dashboard.api")

CALLS = limits.parse("120/minute")
PICTURES = limits.parse("30/minute")  # each is drawn by a browser
PERIOD = re.compile(r"\d{4}(-\d{4})?|\d{4}Q[1-4]|\d{4}-(0[1-9]|1[0-2])(/\d{4}-(0[1-9]|1[0-2]))?")
DATES = ("period_start", "period_end")
LISTS = ("aliases",)  # columns whose cells hold several texts
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
LIKE_PAGES = {"/observations": "data"}  # answers that only readers of this page may have
PICTURE_MEDIA = {"png": "image/png", "svg": "image/svg+xml"}
_last_call = {"at": 0.0}
_limiter = limits.strategies.MovingWindowRateLimiter(limits.storage.MemoryStorage())


class RequestError(Exception):
    """What is wrong with a request: the HTTP status and a Chinese sentence, and the parameter that is meant."""

    def __init__(self, status: int, message: str, parameter: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.parameter = status, message, parameter

    def answer(self, headers: Mapping[str, str] | None = None) -> Response:
        """The error as JSON."""
        body = {"error": {"status": self.status, "message": self.message, "parameter": self.parameter or None}}
        return JSONResponse(body, status_code=self.status, headers=dict(headers or {}))


@dataclass(frozen=True)
class Call:
    """A request that has been let in: what it asks for, and of which release."""

    request: Request
    release: Release

    def one(self, name: str, default: str = "") -> str:
        """The value of a parameter that may stand once."""
        values = self.request.query_params.getlist(name)
        if len(values) > 1:
            raise RequestError(400, f"参数“{name}”只能出现一次", name)
        return values[0] if values else default

    def among(self, name: str, known: Sequence[str], default: str) -> str:
        """The same, where only some values make sense."""
        value = self.one(name, default)
        if value not in known:
            raise RequestError(400, f"参数“{name}”的值“{value}”不认识，可用：{'、'.join(known)}", name)
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """The same, where a whole number is meant."""
        text = self.one(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise RequestError(400, f"参数“{name}”应为{least}到{most}的整数，收到“{text}”", name)
        return int(text)


def application() -> Starlette:
    """What stands at /api/v1."""
    routes = [Route(path, _endpoint(path, ANSWERS[path])) for path in ROUTES]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_found})


def health(_: Request) -> Response:
    """Whether there is a release to serve: 200, also where it is not the one that should be, with what is wrong
    (`degraded`); 503 with the reason where there is none.
    """
    try:
        release, trouble = queries.current_release(), queries.trouble()
    except queries.WarehouseError as error:
        return JSONResponse({"status": "no_warehouse", "message": str(error)}, status_code=503)
    if trouble:
        return JSONResponse({"status": "degraded", "release": release.id, "message": trouble})
    return JSONResponse({"status": "ok", "release": release.id})


def counters(_: Request) -> Response:
    """What the server counts of itself, for Prometheus."""
    return Response(metrics.page(), media_type=metrics.CONTENT_TYPE)


async def _not_found(request: Request, error: Exception) -> Response:
    """No such path, or another method than GET: the same JSON as every other error."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: f"没有“{request.url.path}”这个地址，见 /api/v1/openapi.json", 405: "这个接口只读，请用 GET"}
    return RequestError(status, words.get(status, "请求有误")).answer(getattr(error, "headers", None))


def _endpoint(path: str, answer: Callable[[Call], Response]) -> Callable[[Request], Response]:
    """What every call goes through: limit of calls, release, ETag, errors in JSON, and counting."""
    known = frozenset(api_description.parameters_of(path))

    def handle(request: Request) -> Response:
        started = time.perf_counter()
        try:
            viewer = _viewer(request, path)
            _limit(viewer.identity or _client(request), PICTURES if "charts" in path else CALLS)
            if unknown := [name for name in request.query_params if name not in known]:
                names = "、".join(sorted(known))
                raise RequestError(400, f"参数“{unknown[0]}”不认识，可用：{names}", unknown[0])
            with access.acting_as(viewer):
                release = _release(request)
                tag = f'W/"{release.id}-{_seen_by(release)}{program()}"'
                if tag in request.headers.get("if-none-match", ""):
                    response = Response(status_code=304)
                else:
                    response = answer(Call(request, release))
            response.headers["ETag"] = tag
            # Asked again each time, and kept by nobody between: who may see what is decided here.
            response.headers["Cache-Control"] = "private, no-cache"
            response.headers["X-Release"] = release.id
            if "release" not in request.query_params and queries.trouble():
                response.headers["X-Degraded"] = "true"  # /release says what is wrong
        except RequestError as error:
            response = error.answer({"Retry-After": "60"} if error.status == 429 else None)
        except queries.WarehouseError as error:
            response = RequestError(503, str(error)).answer()
        except Exception:
            number = uuid.uuid4().hex[:8]
            log.exception("error %s at %s", number, path)
            response = RequestError(500, f"服务出错了，已记录，编号{number}").answer()
        metrics.answered(path, response.status_code, time.perf_counter() - started)
        return response

    return handle


def _viewer(request: Request, path: str) -> Viewer:
    """Who calls, by the same gate as the pages. Raises RequestError for who may not have this answer."""
    try:
        viewer = access.viewer_of(request.headers, request.cookies, _client(request))
    except access.AccessError as error:
        if error.reason == "unknown":
            raise RequestError(403, "您没有使用本系统的角色，请与系统管理员联系") from None
        raise RequestError(401, "请先登录，再使用这个接口") from None
    if not viewer.may_open(LIKE_PAGES.get(path, "overview")):
        raise RequestError(403, "您的角色不能使用这个接口")
    return viewer


def _client(request: Request) -> str:
    """The address of the caller."""
    return request.client.host if request.client else ""


def _seen_by(release: Release) -> str:
    """What tells answers apart that are made for readers of different regions; empty where all is seen."""
    if release.scope is None:
        return ""
    return hashlib.sha256(" ".join(release.scope).encode()).hexdigest()[:6] + "-"


def _limit(caller: str, limit: limits.RateLimitItem) -> None:
    """Counts the call. Raises RequestError once there were too many from one reader or address."""
    now = time.time()
    if now < _last_call["at"] - 1:  # the clock was put back: calls of the time to come would bar everybody until then
        _limiter.storage.reset()
    _last_call["at"] = now
    if not _limiter.hit(limit, caller):
        raise RequestError(429, f"请求过于频繁，每分钟最多{limit.amount}次，请稍后再试")


def _release(request: Request) -> Release:
    """The release that the call names, or the current one."""
    named = request.query_params.get("release")
    if named is None:
        return queries.current_release()
    release = queries.release_named(named)
    if release is None:
        raise RequestError(404, f"没有版本“{named}”", "release")
    return release


@functools.cache
def program() -> str:
    """A short hash of the dashboard's own code: a new version of it may answer the same question differently."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:6]


# ---- answers ----


def observations(call: Call) -> Response:
    """Figures with their sources, filtered as in the address bar."""
    choices = selection.choices_of(call.release)
    form = _form(call)
    filters = {
        name: call.request.query_params.getlist(name) for name in queries.FILTERS if name in call.request.query_params
    }
    filters.setdefault("dataset", [choices.datasets[0]])
    known = {
        "dataset": choices.datasets,
        "indicator": choices.indicators.index,
        "region": choices.regions.index,
        "level": choices.regions["level"].unique(),
    }
    for name, allowed in known.items():
        for value in filters.get(name, []):
            if value not in allowed:
                raise RequestError(400, f"参数“{name}”的值“{value}”不存在", name)
    for period in filters.get("period", []):
        if not PERIOD.fullmatch(period):
            raise RequestError(400, f"参数“period”的值“{period}”不是期间，如 2023、2023Q2、2021-01/2021-10", "period")
    offset = call.number("offset", 0, 0, 10**9 - 1)
    whole = form != "json" and "limit" not in call.request.query_params
    limit = None if whole else call.number("limit", PAGE, 1, LONGEST_PAGE)
    figures, total = queries.observations(call.release, filters, limit, offset)
    figures["mark"] = figures["dataset"].map(lambda name: DEMO_MARK if name == "demo" else "")
    headers = {"X-Total-Count": str(total)}
    following = None
    if limit is not None and offset + limit < total:
        following = _following(call, offset + limit)
        headers["Link"] = f'<{following}>; rel="next"'
    simulated = "demo" in filters["dataset"]
    if form == "json":
        if not set(filters["dataset"]) <= set(queries.OPEN_DATASETS):
            _note(call, snapshot.file_name("数据", call.release.id, simulated=simulated, ending="json"))
        body = {"total": total, "offset": offset, "limit": limit, "next": following, "observations": records(figures)}
        return _json(call, body, headers)
    return _file(call, figures, form, "数据", headers, simulated=simulated)


def _following(call: Call, offset: int) -> str:
    """The address of the next page."""
    others = [(name, value) for name, value in call.request.query_params.multi_items() if name != "offset"]
    return f"{call.request.url.path}?{urlencode([*others, ('offset', str(offset))])}"


def indicators(call: Call) -> Response:
    """The catalogue."""
    return _table(call, queries.indicators(call.release).drop(columns="search").reset_index(), "indicators", "指标")


def regions(call: Call) -> Response:
    """The regions."""
    return _table(call, queries.regions(call.release).drop(columns="search").reset_index(), "regions", "地区")


def release(call: Call) -> Response:
    """The release that is served, and what is in it."""
    return _json(
        call,
        {
            "id": call.release.id,
            "built_at": f"{call.release.built_at.isoformat()}Z",
            "data_until": call.release.data_until.isoformat(),
            "degraded": queries.trouble() or None,
            "datasets": {name: DATASET_NAMES.get(name, name) for name in selection.choices_of(call.release).datasets},
        },
    )


def chart(call: Call) -> Response:
    """A chart as a picture, the same as on the page with these parameters."""
    family, kind = call.request.path_params["family"], call.request.path_params["kind"]
    if family not in families.FAMILIES or kind not in PICTURE_MEDIA:
        names = "、".join(families.FAMILIES)
        raise RequestError(404, f"没有图“{family}.{kind}”；可用：{names}，后缀 .png 或 .svg")
    scale = call.number("scale", 2, 1, 4)
    parameters = {name: call.one(name) for name in call.request.query_params if name not in ("scale", "release")}
    try:
        drawn = families.chart(family, parameters, call.release)
        picture = snapshot.image(drawn, kind, scale=scale)
    except families.NotDrawableError as error:
        raise RequestError(422, str(error)) from None
    except snapshot.SnapshotError as error:
        raise RequestError(503, str(error)) from None
    subject = drawn.subtitle.partition(" · ")[0]
    name = snapshot.file_name(subject, drawn.name, call.release.id, simulated=drawn.simulated, ending=kind)
    if call.one("dataset", selection.choices_of(call.release).datasets[0]) not in queries.OPEN_DATASETS:
        _note(call, name)
    headers = _named(name, _ascii(call, family, drawn.simulated, kind), inline=True)
    return Response(picture, media_type=PICTURE_MEDIA[kind], headers=headers)


def description(call: Call) -> Response:
    """The interface, described for programs (OpenAPI 3.1)."""
    return JSONResponse(api_description.openapi(list(families.FAMILIES)))


ANSWERS: dict[str, Callable[[Call], Response]] = {
    "/observations": observations,
    "/indicators": indicators,
    "/regions": regions,
    "/release": release,
    "/charts/{family}.{kind}": chart,
    "/openapi.json": description,
}


# ---- forms ----


def _form(call: Call) -> str:
    """The format asked for by `format`, else by the header Accept; JSON where neither says."""
    if "format" in call.request.query_params:
        return call.among("format", FORMATS, "json")
    accepted = call.request.headers.get("accept", "")
    return next((form for form in ("csv", "parquet") if MEDIA[form].partition(";")[0] in accepted), "json")


def _table(call: Call, table: pd.DataFrame, name: str, title: str) -> Response:
    form = _form(call)
    return _json(call, {name: records(table)}) if form == "json" else _file(call, table, form, title)


def _json(call: Call, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"release": call.release.id, **body}, headers=dict(headers or {}))


def _file(
    call: Call,
    table: pd.DataFrame,
    form: str,
    title: str,
    headers: Mapping[str, str] | None = None,
    simulated: bool = False,
) -> Response:
    """A table as CSV or Parquet, under a speaking name."""
    if form == "csv":
        lists = {name: table[name].map("、".join) for name in LISTS if name in table}
        body = export.to_csv(_dated(table).assign(**lists))
    else:
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), sink)
        body = sink.getvalue().to_pybytes()
    name = snapshot.file_name(title, call.release.id, simulated=simulated, ending=form)
    _note(call, name)
    plain = _ascii(call, call.request.url.path.rpartition("/")[2], simulated, form)
    return Response(body, media_type=MEDIA[form], headers={**_named(name, plain), **(headers or {})})


def _note(call: Call, name: str) -> None:
    """Notes what leaves: every file, and every answer with figures that not everybody sees. HEAD takes nothing away."""
    if call.request.method != "HEAD":
        audit.record("下载", name, call.request.url.query)


def _ascii(call: Call, what: str, simulated: bool, ending: str) -> str:
    """A file's name for programs that read no Chinese: observations_SIMULATED_20251231-a1b2c3.csv."""
    return "_".join([what, *(["SIMULATED"] if simulated else []), call.release.id]) + f".{ending}"


def _named(name: str, plain: str, *, inline: bool = False) -> dict[str, str]:
    """The header that tells a browser what a file is called; `plain`: for programs that read only ASCII (RFC 6266)."""
    way = "inline" if inline else "attachment"
    return {"Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Days as 2023-12-31, not as moments."""
    days = {name: table[name].dt.strftime("%Y-%m-%d") for name in DATES if name in table}
    return table.assign(**days)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as they go into JSON: what is missing is null, never 0."""
    plain = _dated(table).astype(object)
    lists = {name: plain[name].map(list) for name in LISTS if name in plain}
    plain = plain.assign(**lists)
    rows: list[dict[str, Any]] = plain.where(plain.notna(), None).to_dict(orient="records")
    return rows
