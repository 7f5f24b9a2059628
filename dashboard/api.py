"""The HTTP interface /api/v1/: figures, catalogue and charts for other systems, with the names of the address bar.

Every answer carries the id of its release as ETag, so that who asks again is told at once that nothing has changed.
What a request gets wrong is said in JSON, in Chinese. The whole is described by /api/v1/openapi.json.
"""

import contextlib
import functools
import hashlib
import io
import json
import logging
import re
import tempfile
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlencode

import anyio
import limits
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dashboard import (
    access,
    api_description,
    audit,
    export,
    families,
    metrics,
    queries,
    selection,
    snapshot,
    state,
    turns,
)
from dashboard.access import Viewer
from dashboard.api_description import FORMATS, LONGEST_PAGE, PAGE, ROUTES
from dashboard.queries import Release
from dashboard.theme import DATASET_NAMES, DEMO_MARK

log = logging.getLogger("dashboard.api")

CALLS = limits.parse("120/minute")
PICTURES = limits.parse("30/minute")  # each is drawn by a browser
PATIENCE = 30  # seconds that a large answer waits for its turn
BUSY_SECONDS = 10  # after which somebody who was refused may try again
SENDING_SECONDS = 600  # a reader who takes longer for an answer is cut off
ON_THEIR_WAY = threading.BoundedSemaphore(8)  # large answers, each a file while it is sent: some 60 MB on the disk
PIECE_ROWS = 20_000  # of a large answer in memory at a time
BLOCK = 1 << 18  # bytes sent at a time
PERIOD = re.compile(r"\d{4}(-\d{4})?|\d{4}Q[1-4]|\d{4}-(0[1-9]|1[0-2])(/\d{4}-(0[1-9]|1[0-2]))?")
DATES = ("period_start", "period_end")
LISTS = ("aliases",)  # columns whose cells hold several texts
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
LIKE_PAGES = {"/observations": "data"}  # answers that only readers of this page may have
PICTURE_MEDIA = {"png": "image/png", "svg": "image/svg+xml"}
_last_call = {"at": 0.0}
_limiter = limits.strategies.MovingWindowRateLimiter(limits.storage.MemoryStorage())


T = TypeVar("T")


class RequestError(Exception):
    """What is wrong with a request: the HTTP status and a Chinese sentence, and the parameter that is meant.

    `again`: seconds after which the same request may be right.
    """

    def __init__(self, status: int, message: str, parameter: str = "", *, again: int = 0) -> None:
        super().__init__(message)
        self.status, self.message, self.parameter, self.again = status, message, parameter, again

    def answer(self, headers: Mapping[str, str] | None = None) -> Response:
        """The error as JSON."""
        body = {"error": {"status": self.status, "message": self.message, "parameter": self.parameter or None}}
        wait = {"Retry-After": str(self.again)} if self.again else {}
        return JSONResponse(body, status_code=self.status, headers={**wait, **(headers or {})})


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


@dataclass(frozen=True)
class Later:
    """An answer so large that it is made when it is its turn; `make` raises what an answer raises."""

    make: Callable[[], Response]


class Sent(StreamingResponse):
    """A large answer on its way: a file that lasts as long as it is sent."""

    def __init__(self, blocks: Iterable[bytes], held: contextlib.ExitStack, **options: Any) -> None:
        super().__init__(blocks, **options)
        self.held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, and lets the file go whatever becomes of the reader."""
        with self.held, anyio.move_on_after(SENDING_SECONDS):
            await super().__call__(scope, receive, send)


def application() -> Starlette:
    """What stands at /api/v1."""
    routes = [Route(path, _endpoint(path, ANSWERS[path])) for path in ROUTES]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_found})


def health(_: Request) -> Response:
    """Whether there is a release to serve: 200, also where it is not the one that should be or nothing can be kept in
    data/state, with what is wrong (`degraded`); 503 with the reason where there is none.
    """
    try:
        release, trouble = queries.current_release(), queries.trouble() + state.trouble()
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


def _endpoint(path: str, answer: Callable[[Call], Response | Later]) -> Callable[[Request], Awaitable[Response]]:
    """What every call goes through: limit of calls, release, ETag, errors in JSON, and counting."""
    known = frozenset(api_description.parameters_of(path))

    def begun(request: Request) -> Response | Later:
        viewer = _viewer(request, path)
        _limit(viewer.identity or _client(request), PICTURES if "charts" in path else CALLS)
        if unknown := [name for name in request.query_params if name not in known]:
            names = "、".join(sorted(known))
            raise RequestError(400, f"参数“{unknown[0]}”不认识，可用：{names}", unknown[0])
        with access.acting_as(viewer):
            release = _release(request)
            tag = f'W/"{release.id}-{_seen_by(release)}{program()}"'
            # Asked again each time, and kept by nobody between: who may see what is decided here.
            told = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Release": release.id}
            if "release" not in request.query_params and queries.trouble():
                told["X-Degraded"] = "true"  # /release says what is wrong
            if tag in request.headers.get("if-none-match", ""):
                found: Response | Later = Response(status_code=304)
            else:
                found = answer(Call(request, release))

        def completed(response: Response) -> Response:
            response.headers.update(told)  # nothing that can fail: a large answer holds its place until it is sent
            return response

        def made(later: Later) -> Response:
            with access.acting_as(viewer):
                return completed(later.make())

        return Later(functools.partial(made, found)) if isinstance(found, Later) else completed(found)

    async def handle(request: Request) -> Response:
        started = time.perf_counter()
        found = await run_in_threadpool(_told, path, functools.partial(begun, request))
        response = await _in_turn(path, found) if isinstance(found, Later) else found
        metrics.answered(path, response.status_code, time.perf_counter() - started)
        return response

    return handle


async def _in_turn(path: str, later: Later) -> Response:
    try:
        async with turns.of_large_answer(PATIENCE):
            return await run_in_threadpool(_told, path, later.make)
    except turns.BusyError as error:
        return RequestError(503, str(error), again=BUSY_SECONDS).answer()


def _told(path: str, make: Callable[[], T]) -> T | Response:
    """What `make` makes; what goes wrong with it as an answer."""
    try:
        return make()
    except RequestError as error:
        return error.answer()
    except queries.WarehouseError as error:
        return RequestError(503, str(error)).answer()
    except Exception:
        number = uuid.uuid4().hex[:8]
        log.exception("error %s at %s", number, path)
        return RequestError(500, f"服务出错了，已记录，编号{number}").answer()


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
        raise RequestError(429, f"请求过于频繁，每分钟最多{limit.amount}次，请稍后再试", again=60)


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


def observations(call: Call) -> Response | Later:
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
    counts = queries.observation_counts(call.release, filters)
    total = int(counts["figures"].sum())
    end = min(offset + limit, total) if limit is not None else total
    pieces = _pieces(call.release, filters, counts, offset, end)
    headers = {"X-Total-Count": str(total)}
    following = None
    if limit is not None and offset + limit < total:
        following = _following(call, offset + limit)
        headers["Link"] = f'<{following}>; rel="next"'
    large, simulated = end - offset > turns.LARGE, "demo" in filters["dataset"]
    if form != "json":
        return _file(call, pieces, form, "数据", headers, simulated=simulated, large=large)
    body = {"release": call.release.id, "total": total, "offset": offset, "limit": limit, "next": following}

    def write(file: BinaryIO) -> None:
        _write_json(body, "observations", pieces, file)
        if not set(filters["dataset"]) <= set(queries.OPEN_DATASETS):
            _note(call, snapshot.file_name("数据", call.release.id, simulated=simulated, ending="json"))

    return _written(call, write, MEDIA["json"], headers, large=large)


def _pieces(
    release: Release, filters: Mapping[str, Sequence[str]], counts: pd.DataFrame, offset: int, end: int
) -> Iterator[pd.DataFrame]:
    """The figures from `offset` to `end`, with their mark, in tables of some PIECE_ROWS; at least one table.

    `counts`: `queries.observation_counts`. Of some indicators at a time: sorted all at once, all would be in memory.
    """
    group = (counts["figures"].cumsum() - counts["figures"]) // PIECE_ROWS
    start = 0
    for (dataset, _), rows in counts.groupby(["dataset", group], sort=False):
        size = int(rows["figures"].sum())
        first, last = max(offset - start, 0), min(end - start, size)
        start += size
        if first < last:
            these = {**filters, "dataset": [dataset], "indicator": rows["indicator_id"].tolist()}
            yield _marked(queries.observations(release, these, None if last - first == size else last - first, first))
    if offset >= end:
        yield _marked(queries.observations(release, filters, 0))


def _marked(figures: pd.DataFrame) -> pd.DataFrame:
    return figures.assign(mark=figures["dataset"].map(lambda name: DEMO_MARK if name == "demo" else ""))


def _following(call: Call, offset: int) -> str:
    """The address of the next page."""
    others = [(name, value) for name, value in call.request.query_params.multi_items() if name != "offset"]
    return f"{call.request.url.path}?{urlencode([*others, ('offset', str(offset))])}"


def indicators(call: Call) -> Response | Later:
    """The catalogue."""
    return _table(call, queries.indicators(call.release).drop(columns="search").reset_index(), "indicators", "指标")


def regions(call: Call) -> Response | Later:
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


ANSWERS: dict[str, Callable[[Call], Response | Later]] = {
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


def _table(call: Call, table: pd.DataFrame, name: str, title: str) -> Response | Later:
    form = _form(call)
    return _json(call, {name: records(table)}) if form == "json" else _file(call, [table], form, title)


def _json(call: Call, body: Mapping[str, Any]) -> Response:
    return JSONResponse({"release": call.release.id, **body})


def _file(
    call: Call,
    pieces: Iterable[pd.DataFrame],
    form: str,
    title: str,
    headers: Mapping[str, str] | None = None,
    *,
    simulated: bool = False,
    large: bool = False,
) -> Response | Later:
    """A table as CSV or Parquet, under a speaking name."""
    name = snapshot.file_name(title, call.release.id, simulated=simulated, ending=form)
    plain = _ascii(call, call.request.url.path.rpartition("/")[2], simulated, form)

    def write(file: BinaryIO) -> None:
        _write_csv(pieces, file) if form == "csv" else _write_parquet(pieces, file)
        _note(call, name)

    return _written(call, write, MEDIA[form], {**_named(name, plain), **(headers or {})}, large=large)


def _written(
    call: Call, write: Callable[[BinaryIO], None], media: str, headers: Mapping[str, str], *, large: bool
) -> Response | Later:
    """What `write` writes as an answer: a large one into a file, when it is its turn."""

    def sent() -> Response:
        if not ON_THEIR_WAY.acquire(blocking=False):
            raise RequestError(503, str(turns.BusyError()), again=BUSY_SECONDS)
        with contextlib.ExitStack() as held:
            held.callback(ON_THEIR_WAY.release)
            file = held.enter_context(tempfile.TemporaryFile(prefix="answer-"))
            write(file)
            told = {**headers, "Content-Length": str(file.tell())}
            file.seek(0)
            blocks = iter(functools.partial(file.read, BLOCK), b"") if call.request.method != "HEAD" else ()
            return Sent(blocks, held.pop_all(), media_type=media, headers=told)

    if large:
        return Later(sent)
    with io.BytesIO() as file:
        write(file)
        return Response(file.getvalue(), media_type=media, headers=dict(headers))


def _write_csv(pieces: Iterable[pd.DataFrame], file: BinaryIO) -> None:
    def plain(piece: pd.DataFrame) -> pd.DataFrame:
        return _dated(piece).assign(**{name: piece[name].map("、".join) for name in LISTS if name in piece})

    export.write_csv(map(plain, pieces), file)


def _write_parquet(pieces: Iterable[pd.DataFrame], file: BinaryIO) -> None:
    with contextlib.ExitStack() as opened:
        writer = None
        for piece in pieces:
            if writer is None:
                # A column without any text in the first piece may have some in the next one.
                kinds = pa.Schema.from_pandas(piece, preserve_index=False)
                for place, kind in enumerate(kinds.types):
                    if pa.types.is_null(kind):
                        kinds = kinds.set(place, kinds.field(place).with_type(pa.string()))
                writer = opened.enter_context(pq.ParquetWriter(file, kinds))
            writer.write_table(pa.Table.from_pandas(piece, writer.schema, preserve_index=False))


def _write_json(body: Mapping[str, Any], name: str, pieces: Iterable[pd.DataFrame], file: BinaryIO) -> None:
    """An object with what is in `body` and, under `name`, the rows of the pieces; written as JSONResponse does."""
    write = functools.partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    file.write(f'{write(body)[:-1]},"{name}":['.encode())
    between = b""
    for piece in pieces:
        if len(piece):
            file.write(between + write(records(piece))[1:-1].encode())
            between = b","
    file.write(b"]}")


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
