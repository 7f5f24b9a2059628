"""The page 快照与简报, and looking back at a release that is no longer the current one."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import queries, snapshot, state, tray, tray_files
from etl import publish
from etl.paths import Paths
from tests import quick
from tests.test_pages import figure, open_page, texts
from tests.test_tray import MINE, headings, make_entry

RATE = {"indicator": "court_appearance_rate", "period": "2023"}
OLD, NEW = "99.74", "98.76"  # the whole region's rate of 2023, before and after somebody changed it


@pytest.fixture(scope="module")
def two_releases(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> tuple[Paths, str, str]:
    """A data folder with two releases that differ in one figure; the older and the newer, which is current."""
    folder = tmp_path_factory.mktemp("two") / "data"
    shutil.copytree(quick_start.data, folder)
    paths = Paths(data=folder, static=folder / "static")
    old = publish.current_id(paths)
    correct_the_rate(paths)
    with pytest.MonkeyPatch.context() as patch:
        quick.shorten(patch.setattr)
        new = publish.build(paths, lambda text: None).release.id
    assert old is not None
    assert old != new
    return paths, old, new


def correct_the_rate(paths: Paths) -> None:
    """Changes one official figure: the rate of the whole region in 2023."""
    path = paths.published / "figures.csv"
    row = f"court_appearance_rate,,150000,内蒙古自治区,2023,2023-01-01,2023-12-31,{OLD},"
    text = path.read_text(encoding="utf-8")
    assert text.count(row) == 1
    path.write_text(text.replace(row, row.replace(OLD, NEW)), encoding="utf-8")


@pytest.fixture
def both(two_releases: tuple[Paths, str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The dashboard of this process on that folder, with an empty state, and without a browser for pictures."""
    paths, old, new = two_releases
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(paths.data))
    monkeypatch.setattr(snapshot, "problem", lambda: "服务器上没有找到Chromium浏览器")
    yield old, new
    if paths.state.exists():  # made by whoever first writes
        shutil.rmtree(paths.state)


def click(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def collected(app: AppTest) -> list[str]:
    """The headings of the reader's tray."""
    return headings(tray.tray_of(app.session_state["visitor"]))


def to_briefs(app: AppTest) -> AppTest:
    app.switch_page("../pages/briefs.py").run()
    assert not app.exception
    return app


# ---- the page ----


@pytest.mark.usefixtures("both")
def test_an_empty_tray_says_how_it_is_filled() -> None:
    app = open_page("briefs")
    assert not app.exception
    assert "加入快照" in texts(app)
    assert [link.proto.label for link in app.get("page_link")][:3] == ["去“地图”页", "去“对比”页", "去“趋势”页"]


def test_charts_are_collected_ordered_named_removed_and_taken_back(both: tuple[str, str]) -> None:
    app = open_page("map", **RATE)
    title = texts(app).split("## ")[1].split("\n")[0]
    click(app, "加入快照")
    click(app, "加入快照")
    assert len(collected(app)) == 1, "the same view is kept once"
    app.selectbox(key="choose_indicator").select("mediation_success_rate").run()
    click(app, "加入快照")
    to_briefs(app)
    first, second = (entry.snapshot for entry in tray.entries(tray.tray_of(app.session_state["visitor"])))
    assert (first.page, first.release_id, first.title) == ("map", both[1], title)
    assert first.parameters().items() >= {**RATE, "level": "league", "dataset": "published", "release": both[1]}.items()
    app.button(key=f"move_1_{first.id}").click().run()
    assert app.button(key=f"move_1_{first.id}").disabled
    assert collected(app) == [second.title, first.title]
    app.text_area(key=f"heading_{first.id}").input("全区出庭").run()
    app.text_area(key=f"note_{first.id}").input("请关注。").run()
    app.button(key=f"remove_{first.id}").click().run()
    assert collected(app) == [second.title]
    click(app, "撤销")
    assert collected(app) == [second.title, "全区出庭"]
    assert app.text_area(key=f"note_{first.id}").value == "请关注。"
    click(app, "全部移除")
    assert collected(app) == []
    click(app, "撤销")
    assert collected(app) == [second.title, "全区出庭"]


def test_a_collection_opens_by_its_link_and_can_be_taken_over(both: tuple[str, str]) -> None:
    tray.collect(MINE, [make_entry("甲", both[0]), make_entry("乙", both[1])])
    saved = tray.save(MINE, "二季度汇报", "a" * 32, "")
    app = open_page("briefs", collection=saved.id)
    assert not app.exception
    assert "二季度汇报" in texts(app)
    assert [area.key for area in app.text_area] == [], "what was saved is not changed"
    assert "取自2个数据版本" in texts(app)
    click(app, "全部放进我的快照夹")
    assert collected(app) == ["甲", "乙"]
    click(app, "回到我的快照夹")
    assert "collection" not in app.query_params
    assert len(app.text_area) == 4


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("address", [{"collection": "0" * 20}, {"snapshot": "'; DROP TABLE kept --"}])
def test_a_link_that_leads_nowhere_says_so(address: dict[str, str]) -> None:
    app = open_page("briefs", **address)
    assert not app.exception
    assert app.warning[0].value.startswith(("没有这个合集", "没有编号为"))


def test_a_tray_is_saved_and_its_link_given(both: tuple[str, str]) -> None:
    app = open_page("map", **RATE)
    click(app, "加入快照")
    to_briefs(app)
    app.text_input(key="collection_name").input("汇报")
    app.button(key="save_collection").click().run()
    (saved,) = tray.collections_of(app.session_state["visitor"])
    assert f"?collection={saved.id}" in app.code[0].value
    click(app, "删除")
    assert tray.collection(saved.id) is None


@pytest.mark.usefixtures("both")
def test_a_wrong_file_is_refused_in_chinese_and_a_right_one_comes_in() -> None:
    app = open_page("briefs")
    app.file_uploader[0].upload("x.json", b'{"format": "evil"}', "application/json").run()
    assert app.error[0].value == "没有导入：这不是本系统导出的快照文件。"
    content = tray_files.pack("", [make_entry("甲")])
    app.file_uploader[0].upload("y.json", content, "application/json").run()
    assert not app.error
    assert collected(app) == ["甲"]


def test_a_kept_picture_of_another_program_does_no_harm(both: tuple[str, str]) -> None:
    tray.collect(MINE, [make_entry("甲", both[1])])
    with state.writing() as connection:
        connection.execute("UPDATE snapshots SET chart = '{}'")
    saved = tray.save(MINE, "旧", "a" * 32, "")
    app = open_page("briefs", collection=saved.id)
    assert not app.exception
    assert "现在画不出来，也不会写进文件" in texts(app)


@pytest.mark.usefixtures("both")
def test_a_bulletin_of_too_few_figures_is_offered_only_when_asked_for() -> None:
    app = open_page("briefs", brief="bulletin")
    assert not app.exception
    assert "数据不足，不宜通报" in app.warning[0].value
    assert not app.get("download_button")
    app.checkbox[0].check().run()
    assert [button.proto.label for button in app.get("download_button")] == ["仍要生成Word文档", "仍要生成PDF"]
    assert [info.value for info in app.info if "发文单位未设置" in info.value and "operator" not in info.value]
    assert "仅供内部参考" in texts(app)


# ---- frozen releases ----


def test_a_frozen_release_shows_its_own_numbers_and_says_so(both: tuple[str, str]) -> None:
    old, new = both
    current = open_page("map", **RATE)
    frozen = open_page("map", **RATE, release=old)
    assert NEW in texts(current)
    assert OLD not in texts(current)
    assert OLD in texts(frozen)
    assert NEW not in texts(frozen)
    assert [info.value for info in frozen.info] == [f"正在查看版本{old}的数据；已有更新的版本{new}。"]
    assert f"版本{old}" in frozen.main.caption[-1].value.replace("\\", "")
    assert not current.info
    click(frozen, "看最新数据")
    assert "release" not in frozen.query_params
    assert NEW in texts(frozen)


def test_the_frozen_release_goes_with_the_reader(both: tuple[str, str]) -> None:
    app = open_page("map", **RATE, release=both[0])
    del app.query_params["release"]  # what Streamlit does when the page is turned
    app.query_params.clear()
    app.switch_page("../pages/data.py").run()
    assert f"版本{both[0]}" in app.main.caption[-1].value.replace("\\", "")
    names = [button.proto.label for button in app.get("download_button")]
    assert names == ["下载XLSX", "下载CSV"]


@pytest.mark.parametrize("asked", ["20200101-abcdef", "../../etc/passwd", "<b>x</b>"])
def test_a_release_that_is_not_there_is_told_and_the_current_one_shown(both: tuple[str, str], asked: str) -> None:
    app = open_page("map", **RATE, release=asked)
    assert not app.exception
    assert "或它的文件无法读取" in app.warning[0].value
    assert NEW in texts(app)


def test_after_a_rollback_the_other_release_is_not_called_newer(both: tuple[str, str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    old, new = both
    current = queries.release_named(old)
    monkeypatch.setattr(queries, "current_release", lambda: current)
    app = open_page("map", **RATE, release=new)
    assert f"正在查看版本{new}的数据；当前启用的版本是{old}。" in app.info[0].value


def test_shapes_are_asked_for_under_the_version_that_is_served(both: tuple[str, str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    served = replace(queries.current_release(), boundaries="fedcba98")
    monkeypatch.setattr(queries, "current_release", lambda: served)
    app = open_page("map", **RATE, release=both[0])
    asked = {trace["geojson"] for trace in figure(app)["data"] if "geojson" in trace}
    assert asked
    assert all(address.endswith("?v=fedcba98") for address in asked)
    assert "地图边界采用现行边界" in app.info[0].value
    kept = make_entry().snapshot
    moved = replace(kept, chart=kept.chart.replace("包头市", "app/static/boundaries/leagues.json?v=00000000", 1))
    assert "/boundaries/leagues.json?v=fedcba98" in moved.picture("app/static/boundaries?v=fedcba98").to_json()


def test_a_snapshot_opens_its_page_as_it_was(both: tuple[str, str]) -> None:
    app = open_page("map", **RATE, release=both[0])
    click(app, "加入快照")
    kept = tray.entries(tray.tray_of(app.session_state["visitor"]))[0].snapshot
    again = open_page("overview", snapshot=kept.id)
    assert not again.exception
    assert again.query_params["release"] == both[0]
    assert OLD in texts(again)
    assert figure(again)["data"] == json.loads(json.loads(kept.chart)["figure"])["data"]


def test_a_snapshot_whose_release_is_gone_shows_the_kept_picture(both: tuple[str, str]) -> None:
    tray.collect(MINE, [make_entry("甲", "20200101-abcdef")])
    app = open_page("overview", snapshot=make_entry("甲", "20200101-abcdef").snapshot.id)
    assert not app.exception
    assert "数据已不在" in app.warning[0].value
    assert "## 甲" in texts(app)


def test_a_release_of_another_program_is_told_and_leads_to_the_newest(both: tuple[str, str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def broken(*arguments: object) -> None:
        raise queries.WarehouseError("版本20200101-abcdef由另一版程序生成")

    monkeypatch.setattr(queries, "figures_of_indicator", broken)
    app = open_page("map", **RATE, release=both[0])
    assert not app.exception
    assert "另一版程序" in app.error[0].value
    assert any(button.label == "看最新数据" for button in app.button)


def test_a_missing_table_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "warehouse").mkdir()
    with duckdb.connect(str(tmp_path / "warehouse" / "20200101-abcdef.duckdb")) as con:
        con.execute("CREATE TABLE other (id TEXT)")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    assert queries.release_named("20200101-abcdef") is None
