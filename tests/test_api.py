"""The HTTP interface: what it answers, and how it says what is wrong."""

import asyncio
import io
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pandas as pd
import pyarrow.parquet as pq
import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import Message

from dashboard import access, api, api_description, families, queries, server, snapshot, turns
from dashboard.charts import Chart
from dashboard.theme import DEMO_MARK
from etl.paths import Paths

RATE = "court_appearance_rate"


@pytest.fixture
def client(warehouse: Paths, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(
        api, "_limiter", api.limits.strategies.MovingWindowRateLimiter(api.limits.storage.MemoryStorage())
    )
    return TestClient(Starlette(routes=server.routes()))


def test_a_figure_comes_with_its_source_and_with_nulls_for_what_is_missing(client: TestClient) -> None:
    body = client.get("/api/v1/observations", params={"indicator": RATE, "region": "150000", "period": "2023"}).json()
    (row,) = body["observations"]
    assert (row["value"], row["unit"], row["status"]) == (99.74, "%", "published")
    assert row["source_title"]
    assert row["publisher"]
    assert row["numerator"] is None
    assert row["period_end"] == "2023-12-31"
    assert row["mark"] == ""
    assert body["total"] == 1


def test_a_filter_may_be_repeated_and_an_empty_breakdown_is_the_total(client: TestClient) -> None:
    asked = {"indicator": [RATE, "reconsideration_cases"], "breakdown": "", "region": "150000"}
    rows = client.get("/api/v1/observations", params=asked).json()["observations"]
    assert {row["indicator_id"] for row in rows} == {RATE, "reconsideration_cases"}
    assert {row["breakdown"] for row in rows} == {""}


def test_the_three_formats_hold_the_same_rows(client: TestClient) -> None:
    asked = {"dataset": "demo", "indicator": RATE, "level": "league", "period": ["2023", "2024"]}
    rows = client.get("/api/v1/observations", params=asked).json()["observations"]
    csv = client.get("/api/v1/observations", params={**asked, "format": "csv"})
    table = pd.read_csv(io.BytesIO(csv.content), dtype={"region_code": str})
    parquet = client.get("/api/v1/observations", params=asked, headers={"Accept": api.MEDIA["parquet"]})
    columns = pq.read_table(io.BytesIO(parquet.content)).to_pandas()
    assert len(rows) == len(table) == len(columns) > 0
    assert list(table["region_code"]) == list(columns["region_code"]) == [row["region_code"] for row in rows]
    assert set(table["mark"]) == {DEMO_MARK}
    assert "%E6%BC%94%E7%A4%BA%E6%95%B0%E6%8D%AE" in csv.headers["content-disposition"]  # 演示数据
    assert 'filename="observations_SIMULATED_' in csv.headers["content-disposition"]


def test_pages_follow_each_other_without_gap_or_repetition(client: TestClient) -> None:
    address, found = "/api/v1/observations?indicator=local_regulations&limit=5", []
    while address:
        body = client.get(address).json()
        found += [json.dumps(row) for row in body["observations"]]
        address = body["next"]
    assert len(found) == len(set(found)) == body["total"] > 5


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/api/v1/indicators")
    assert first.headers["x-release"] in first.headers["etag"]
    again = client.get("/api/v1/indicators", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_catalogue_the_regions_and_the_release_are_told(client: TestClient) -> None:
    assert len(client.get("/api/v1/indicators").json()["indicators"]) == 160
    regions = client.get("/api/v1/regions").json()["regions"]
    assert len(regions) == 116
    assert regions[0]["parent"] is None
    assert client.get("/api/v1/release").json()["id"] == queries.current_release().id


@pytest.mark.parametrize(
    ("address", "status", "parameter"),
    [
        ("observations?indicator=nonsense", 400, "indicator"),
        ("observations?region=999999", 400, "region"),
        ("observations?dataset=internal", 400, "dataset"),
        ("observations?utm=1", 400, "utm"),
        ("observations?format=xml", 400, "format"),
        ("observations?limit=-1", 400, "limit"),
        ("observations?limit=0", 400, "limit"),
        ("observations?period=2024Q9", 400, "period"),
        ("charts/map.png?scale=0", 400, "scale"),
        ("observations?limit=1000000", 400, "limit"),
        ("observations?offset=1&offset=2", 400, "offset"),
        ("observations?release=../../etc/passwd", 404, "release"),
        ("observations?release=20000101-000000", 404, "release"),
        ("charts/pie.png", 404, None),
        ("charts/map.exe", 404, None),
        ("nowhere", 404, None),
    ],
)
def test_what_is_wrong_is_said_in_json(client: TestClient, address: str, status: int, parameter: str | None) -> None:
    response = client.get(f"/api/v1/{address}")
    error = response.json()["error"]
    assert (response.status_code, error["status"], error["parameter"]) == (status, status, parameter)
    assert any("一" <= sign <= "鿿" for sign in error["message"])


def test_it_is_read_only(client: TestClient) -> None:
    response = client.post("/api/v1/observations")
    assert response.status_code == 405
    assert response.json()["error"]["status"] == 405


@pytest.mark.parametrize("value", ["' OR 1=1 --", "'; DROP TABLE observations; --", "<script>alert(1)</script>"])
def test_a_value_is_bound_and_never_run(client: TestClient, value: str) -> None:
    body = client.get("/api/v1/observations", params={"breakdown": value}).json()
    assert (body["total"], body["observations"]) == (0, [])
    assert client.get("/api/v1/observations").json()["total"] > 400


def test_too_many_calls_are_refused_in_words(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "CALLS", api.limits.parse("3/minute"))
    answers = [client.get("/api/v1/release") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "60"
    elsewhere = TestClient(client.app, client=("192.0.2.7", 5000))
    assert elsewhere.get("/api/v1/release").status_code == 200


def test_an_unexpected_fault_is_logged_and_told_without_its_words(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(queries, "observations", fail)
    response = client.get("/api/v1/observations")
    assert response.status_code == 500
    assert "secret" not in response.text
    number = response.json()["error"]["message"].rpartition("编号")[2]
    assert number in caplog.text


def test_health_and_metrics_tell_the_release(client: TestClient) -> None:
    release = queries.current_release().id
    assert client.get("/healthz").json() == {"status": "ok", "release": release}
    client.get("/api/v1/release")
    text = client.get("/metrics").text
    assert f'dashboard_release_info{{id="{release}"}} 1.0' in text
    assert 'dashboard_api_requests_total{route="/release",status="200"}' in text
    assert "process_resident_memory_bytes" in text


def test_without_a_warehouse_health_says_what_to_do(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    for address in ("/healthz", "/api/v1/observations"):
        response = client.get(address)
        assert response.status_code == 503
        assert "etl build" in response.text
    assert "dashboard_warehouse_ready 0.0" in client.get("/metrics").text


def test_a_base_path_stands_before_every_route(warehouse: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    option = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: "/law/" if name == "server.baseUrlPath" else option(name))
    client = TestClient(Starlette(routes=server.routes()))
    assert client.get("/law/healthz").status_code == 200
    assert client.get("/law/api/v1/release").status_code == 200


def test_the_document_names_every_address_and_chart() -> None:
    text = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
    for path in api_description.ROUTES:
        assert path.partition(".{kind}")[0] in text
    for family in families.FAMILIES:
        assert f"`{family}`" in text


def test_the_description_names_every_route_and_parameter(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert set(described["paths"]) == set(api_description.ROUTES) == set(api.ANSWERS)
    names = {entry["name"] for entry in described["paths"]["/observations"]["get"]["parameters"]}
    assert names == set(api_description.parameters_of("/observations"))
    assert set(queries.FILTERS) <= names


def test_a_chart_is_the_one_of_the_page(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Chart] = []

    def image(chart: Chart, kind: str, *, scale: int = 2) -> bytes:
        drawn.append(chart)
        return kind.encode() * scale

    monkeypatch.setattr(snapshot, "image", image)
    asked = {"dataset": "demo", "indicator": RATE, "period": "2023", "scale": "3"}
    response = client.get("/api/v1/charts/map.png", params=asked)
    assert (response.status_code, response.content) == (200, b"pngpngpng")
    assert response.headers["content-type"] == "image/png"
    assert drawn[0].simulated
    assert "2023年" in drawn[0].title
    assert client.get("/api/v1/charts/map.png", params={"indicator": "nonsense"}).status_code == 422


@pytest.mark.parametrize("family", families.FAMILIES)
def test_every_family_draws_simulated_figures_without_a_page(warehouse: Paths, family: str) -> None:
    asked = {"dataset": "demo", "indicator": RATE, "period": "2023", "region": "150200"}
    chart = families.chart(family, asked, queries.current_release())
    assert chart.simulated
    assert chart.title


@pytest.mark.parametrize(
    ("family", "asked", "reason"),
    [
        ("map", {"map": "nonsense"}, "地址中的“map=nonsense”不存在"),
        ("map", {"map": "change", "period": "latest"}, "变化图：“各地最新值”不是同一期间，选定一个期间后可看"),
        ("ranking", {"group": "nowhere"}, "“nowhere”（group）没有数据或不存在"),
        ("ranking", {"period": "latest"}, "各地最新值的期间各不相同，不排名、不比较。"),
        ("trends", {"projection": "far"}, "地址中的“projection=far”不存在"),
        ("leagues", {"step": "century"}, "地址中的“step=century”不存在"),
        ("profile", {"year": "1900"}, "地址中的“year=1900”不存在"),
        ("trends", {"colour": "red"}, "参数“colour”不认识"),
    ],
)
def test_no_chart_is_drawn_for_parameters_that_make_no_sense(
    warehouse: Paths, family: str, asked: dict[str, str], reason: str
) -> None:
    asked = {"dataset": "demo", "indicator": RATE, "region": "150200", **asked}
    with pytest.raises(families.NotDrawableError) as refused:
        families.chart(family, asked, queries.current_release())
    assert str(refused.value).endswith(reason)


@pytest.fixture
def gated(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], TestClient]:
    """The interface as one reader after the other meets it: named in a header, with the role of that name."""
    roles = {
        "leader": access.Viewer("leader", "", "leader", ()),
        "analyst": access.Viewer("analyst", "", "analyst", ("150200",)),
        "other": access.Viewer("other", "", "analyst", ("150300",)),
    }

    def viewer_of(headers: Mapping[str, str], cookies: Mapping[str, str], address: str) -> access.Viewer:
        name = headers.get("x-user", "")
        if name not in roles:
            raise access.AccessError("unknown" if name else "unsigned")
        return roles[name]

    monkeypatch.setattr(access, "viewer_of", viewer_of)

    def as_(name: str) -> TestClient:
        client.headers["x-user"] = name
        return client

    return as_


def test_the_same_gate_stands_before_the_interface(gated: Callable[[str], TestClient]) -> None:
    assert gated("").get("/api/v1/release").status_code == 401
    assert gated("stranger").get("/api/v1/release").status_code == 403
    assert gated("leader").get("/api/v1/release").status_code == 200
    assert gated("leader").get("/api/v1/observations").status_code == 403
    assert gated("analyst").get("/api/v1/observations").status_code == 200


def test_readers_of_different_regions_never_share_an_answer(gated: Callable[[str], TestClient]) -> None:
    mine = gated("analyst").get("/api/v1/regions").headers["etag"]
    response = gated("other").get("/api/v1/regions", headers={"If-None-Match": mine})
    assert response.status_code == 200
    assert response.headers["etag"] != mine


# ---- large answers ----


LARGE = f"/api/v1/observations?dataset=demo&level=league&indicator={RATE}&indicator=reconsideration_cases&indicator="
LARGE += "legal_aid_cases"


@pytest.fixture
def soon_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has a hundred rows counts as large, so that tests take no time."""
    monkeypatch.setattr(turns, "LARGE", 100)
    monkeypatch.setattr(api, "PIECE_ROWS", 150)


def every_row(client: TestClient, form: str, asked: str = "", address: str = LARGE) -> bytes:
    response = client.get(f"{address}&format={form}{asked}")
    assert response.status_code == 200
    assert int(response.headers["content-length"]) == len(response.content)
    return response.content


@pytest.mark.usefixtures("soon_large")
@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_large_answer_in_pieces_is_the_same_as_in_one(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    cuts = ["", "&limit=200&offset=120"]
    in_pieces = [every_row(client, form, cut) for cut in cuts]
    monkeypatch.setattr(turns, "LARGE", 10**9)
    monkeypatch.setattr(api, "PIECE_ROWS", 10**9)
    at_once = [every_row(client, form, cut) for cut in cuts]
    if form == "parquet":
        whole, cut, *others = (pq.read_table(io.BytesIO(content)) for content in (*in_pieces, *at_once))
        assert [whole, cut] == others
        assert whole.slice(120, 200) == cut
    else:
        assert in_pieces == at_once


def test_a_large_answer_never_has_more_than_a_piece_in_memory(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PIECE_ROWS", 2_000)
    sizes: list[int] = []
    ask = queries.observations

    def observed(*arguments: Any) -> pd.DataFrame:
        figures = ask(*arguments)
        sizes.append(len(figures))
        return figures

    monkeypatch.setattr(queries, "observations", observed)
    rows = every_row(client, "csv", address="/api/v1/observations?dataset=demo&level=league").count(b"\n") - 1
    assert sum(sizes) == rows > 10_000
    assert max(sizes) < 3_000


@pytest.mark.usefixtures("soon_large")
def test_large_answers_are_made_one_at_a_time_and_small_ones_do_not_wait(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PATIENCE", 0.1)
    with turns.of_large_file(1):
        refused = client.get(f"{LARGE}&format=csv")
        small = client.get(f"{LARGE}&format=csv&limit=10")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert refused.json()["error"]["message"] == "正在为其他人生成整份数据，请稍后再试"
    assert small.status_code == 200
    monkeypatch.setattr(api, "PATIENCE", 60)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: every_row(client, "csv"), range(6)))
    assert len(set(answers)) == 1


@pytest.mark.usefixtures("soon_large")
def test_who_never_takes_a_large_answer_is_cut_off_and_keeps_nobody_out(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[tuple[float, anyio.CancelScope]] = []
    monkeypatch.setattr(api, "ON_THEIR_WAY", threading.BoundedSemaphore(1))
    scope = {"type": "http", "method": "GET", "path": "/api/v1/observations", "headers": [], "client": ("test", 1)}
    scope |= {"query_string": f"{LARGE}&format=csv".partition("?")[2].encode(), "asgi": {"version": "3.0"}}
    sent: list[object] = []

    async def stuck(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            sent.append(api.ON_THEIR_WAY.acquire(blocking=False))
            limits[0][1].cancel()
            await asyncio.sleep(60)

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    def limit(seconds: float) -> anyio.CancelScope:
        limits.append((seconds, anyio.CancelScope()))
        return limits[-1][1]

    with monkeypatch.context() as patch:
        patch.setattr(anyio, "move_on_after", limit)
        asyncio.run(client.app(scope, receive, stuck))
    assert sent == ["http.response.start", "http.response.body", False], "nobody else's file was let in beside it"
    assert [seconds for seconds, _ in limits] == [api.SENDING_SECONDS]
    assert every_row(client, "csv")
    with api.ON_THEIR_WAY:
        assert client.get(f"{LARGE}&format=csv").status_code == 503


@pytest.mark.usefixtures("soon_large")
def test_a_large_answer_that_fails_is_told_and_lets_the_next_one_in(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "ON_THEIR_WAY", threading.BoundedSemaphore(1))
    with monkeypatch.context() as patch:
        patch.setattr(api, "_write_csv", lambda *_: 1 / 0)
        failed = client.get(f"{LARGE}&format=csv")
    assert (failed.status_code, "编号" in failed.json()["error"]["message"]) == (500, True)
    head = client.head(f"{LARGE}&format=csv")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(every_row(client, "csv"))))


@pytest.mark.usefixtures("soon_large")
def test_a_large_answer_that_is_made_is_sent_whatever_becomes_of_the_warehouse(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "ON_THEIR_WAY", threading.BoundedSemaphore(1))
    write = api._write_csv

    def gone() -> str:
        raise queries.WarehouseError("没有数据版本")

    with monkeypatch.context() as patch:

        def write_and_lose(*arguments: Any) -> None:
            write(*arguments)
            patch.setattr(queries, "trouble", gone)

        patch.setattr(api, "_write_csv", write_and_lose)
        made = client.get(f"{LARGE}&format=csv")
    assert every_row(client, "csv") == made.content, "its place is free again"
