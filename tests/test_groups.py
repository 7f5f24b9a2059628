"""Comparison groups: leagues, neighbours, groups that a document names, and those that readers make and share."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import groups, queries, state
from dashboard.charts.anatomy import Scene
from etl.build import gather
from etl.catalogue import load_catalogue
from etl.errors import UserError
from etl.paths import Paths
from tests.conftest import copy_inputs
from tests.test_pages import figure, open_page, texts

REGIONS = pd.DataFrame(
    {
        "name": ["内蒙古自治区", "包头市", "乌海市", "赤峰市", "昆都仑区", "青山区", "海勃湾区"],
        "level": ["region", "league", "league", "league", "banner", "banner", "banner"],
        "parent": [None, "150000", "150000", "150000", "150200", "150200", "150300"],
    },
    index=["150000", "150200", "150300", "150400", "150203", "150204", "150302"],
)
NEIGHBOURS = {"150200": ("150300",), "150300": ("150200",), "150203": ("150204",), "150204": ("150203",)}
COURT = {"dataset": "demo", "indicator": "court_appearance_rate", "period": "2025"}
RIVER = ("150200", "150300", "150203", "150302")


def offered(level: str, region: str, **more: dict) -> dict[str, groups.Group]:  # type: ignore[type-arg]
    given = {"neighbours": NEIGHBOURS, "listed": {}, "own": {}} | more
    return groups.offered(REGIONS, level, region, **given)


@pytest.fixture
def own_state(built: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The built release with a state of its own."""
    (tmp_path / "warehouse").symlink_to(built.warehouse)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))


def ranked(app: AppTest) -> int:
    """How many places the ranking shows or names as missing."""
    return len(app.dataframe[0].value) if app.dataframe else len(figure(app)["data"][0]["y"])


# ---- which groups there are ----


def test_the_neighbours_are_those_of_the_chosen_region_and_it_is_one_of_them() -> None:
    assert offered("league", "150200")["near"].codes == ("150200", "150300")
    assert offered("league", "150203")["near"].codes == ("150200", "150300"), "a banner stands for its league"
    assert offered("banner", "150203")["near"].codes == ("150203", "150204")
    assert "near" not in offered("banner", "150200"), "a league has no neighbours among banners"
    assert "near" not in offered("league", "150000")
    assert "near" not in offered("league", "150400"), "alone there is nothing to compare"


def test_of_a_group_the_regions_of_the_level_count_and_one_alone_is_none() -> None:
    mixed = {"own": {"沿黄": RIVER, "一地": ("150200", "150203")}}
    assert offered("league", "150000", **mixed)["own-沿黄"].codes == ("150200", "150300")
    assert offered("banner", "150000", **mixed)["own-沿黄"].codes == ("150203", "150302")
    assert "own-一地" not in offered("league", "150000", **mixed)


def test_groups_in_words() -> None:
    found = offered("league", "150200", listed={"沿黄盟市": ("规划", RIVER)}, own={"沿黄": RIVER})
    assert [group.words for group in found.values()] == [
        "3个盟市",
        "包头市及周边共2个盟市",
        "“沿黄盟市”2个盟市",
        "“沿黄”组2个盟市",
    ]
    assert found["listed-沿黄盟市"].source == "规划"
    assert [group.among for group in found.values()] == ["", "包头市及周边各盟市", "“沿黄盟市”各盟市", "“沿黄”组各盟市"]
    assert offered("banner", "150000")["150200"].among == "包头市各旗县"


def test_a_chart_names_the_document_that_names_the_group() -> None:
    scene = Scene(
        pd.Series({"name": "出庭应诉率"}), "demo", "", "", "", "2025", "", among="甲各盟市", group_source="规划"
    )
    assert scene.group_line == "对比组出处：《规划》"
    assert scene.topic == "甲各盟市出庭应诉率"


# ---- from the catalogue into the release ----


def with_groups(folder: Path, *rows: str) -> Paths:
    paths = copy_inputs(folder / "data")
    (paths.catalogue / "groups.csv").write_text("group,region_code,source_id\n" + "".join(rows), encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("沿黄,150200,\n", "对比组“沿黄”没有注明来源"),
        ("沿黄,150200,nowhere\n", "没有这个来源“nowhere”"),
        ("沿黄,999999,plan-2024\n", "没有这个区划代码“999999”"),
        (",150200,plan-2024\n", "没有写对比组的名称"),
        ("沿黄,150200,plan-2024\n沿黄,150200,plan-2024\n", "“150200”重复"),
    ],
)
def test_a_faulty_group_stops_the_build_with_the_reason(tmp_path: Path, row: str, message: str) -> None:
    paths = with_groups(tmp_path, row)
    with pytest.raises(UserError, match=message):
        load_catalogue(paths.catalogue)


def test_a_group_with_a_source_comes_into_the_release(tmp_path: Path, built: Paths) -> None:
    paths = with_groups(tmp_path, "沿黄,150200,plan-2024\n", "沿黄,150300,plan-2024\n")
    catalogue = load_catalogue(paths.catalogue)
    from etl import boundaries

    shapes = boundaries.read_boundaries(paths.boundaries, catalogue.regions)
    tables = gather(paths, catalogue, shapes, lambda text: None)
    assert tables["region_groups"].to_numpy().tolist() == [
        ["沿黄", "150200", "plan-2024"],
        ["沿黄", "150300", "plan-2024"],
    ]


def test_the_release_knows_the_neighbours_and_ships_no_invented_group(warehouse: Paths) -> None:
    release = queries.current_release()
    beside = queries.neighbours(release)
    assert beside["150300"] == ("150600", "152900")
    assert all(code in beside[other] for code, others in beside.items() for other in others)
    assert len(beside) == 12 + 103
    assert queries.region_groups(release).empty


# ---- groups that readers make ----

pages = pytest.mark.usefixtures("own_state")


def save(app: AppTest, name: str, codes: list[str]) -> None:
    app.text_input(key="own_group_name").input(name)
    app.multiselect(key="own_group_places").set_value(codes)
    app.button(key="own_group_save").click().run()
    assert not app.exception


@pages
def test_a_group_is_made_compared_changed_and_removed() -> None:
    app = open_page("compare", **COURT)
    save(app, "东部", ["150400", "150500", "150700", "152200"])
    assert state.own_groups() == {"东部": ("150400", "150500", "150700", "152200")}
    assert app.query_params["group"] == "own-东部"
    assert "“东部”组4个盟市" in texts(app)
    assert len(figure(app)["data"][0]["y"]) == 4
    save(app, "东部盟市", ["150400", "150500", "150700"])
    assert list(state.own_groups()) == ["东部盟市"]
    assert "2025年“东部盟市”组各盟市行政机关负责人出庭应诉率：" in texts(app)
    app.button(key="own_group_forget").click().run()
    assert state.own_groups() == {}
    assert "group" not in app.query_params


@pages
def test_there_is_room_for_so_many_groups_and_old_ones_can_still_be_changed_and_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "MOST_GROUPS", 3)
    for number in range(state.MOST_GROUPS):
        state.save_group(f"组{number:02}", ["150400", "150500"])
    app = open_page("compare", **COURT)
    save(app, "新的", ["150400", "150700"])
    assert "自定义对比组最多3个" in app.error[0].value
    assert "新的" not in state.own_groups()
    app.selectbox(key="own_group_edited").select("组00").run()
    save(app, "改名", ["150400", "150700"])
    assert state.own_groups()["改名"] == ("150400", "150700")
    assert len(state.own_groups()) == state.MOST_GROUPS
    app.button(key="own_group_forget").click().run()
    save(app, "新的", ["150400", "150700"])
    assert "新的" in state.own_groups()
    assert not app.warning


@pages
def test_everyone_can_use_a_group_on_every_page_and_a_removed_one_is_named() -> None:
    state.save_group("东部", ("150400", "150500", "150700", "152200"))
    for page in ("compare", "map", "profile"):
        app = open_page(page, **COURT, region="150700", group="own-东部")
        assert not app.exception
        assert not app.warning
        assert "“东部”组4个盟市" in texts(app), page
    state.forget_group("东部")
    app = open_page("compare", **COURT, group="own-东部")
    assert "own-东部" in app.warning[0].value.replace("\\", "")


@pages
def test_a_group_is_of_one_level() -> None:
    state.save_group("混合", ("150402", "150403", "150400"))  # made before groups were of one level
    app = open_page("compare", **COURT)
    offered = app.multiselect(key="own_group_places").options
    assert "赤峰市" in offered
    assert not [name for name in offered if "·" in name], "no banner among the leagues"
    app.selectbox(key="own_group_edited").select("混合").run()
    assert app.segmented_control(key="own_group_level").value == "banner"
    assert app.multiselect(key="own_group_places").value == ["150402", "150403"]
    app.segmented_control(key="own_group_level").set_value("league").run()
    assert app.multiselect(key="own_group_places").value == []
    save(app, "东部", ["150400", "150500"])
    assert state.own_groups()["东部"] == ("150400", "150500")


@pages
@pytest.mark.parametrize(
    ("name", "codes", "reason"),
    [
        ("  ", ["150400", "150500"], "请给对比组起个名称"),
        ("一地", ["150400"], "至少选2个地区"),
        ("东部", ["150400", "150500"], "已有名为“东部”的对比组"),
    ],
)
def test_what_makes_no_group_is_told_and_not_kept(name: str, codes: list[str], reason: str) -> None:
    state.save_group("东部", ("150400", "150500", "150700"))
    app = open_page("compare", **COURT)
    save(app, name, codes)
    assert reason in app.error[0].value
    assert state.own_groups() == {"东部": ("150400", "150500", "150700")}


@pages
def test_the_map_shows_and_lists_the_group_alone() -> None:
    app = open_page("map", **COURT, region="150100", group="near", side="list")
    assert "2025年呼和浩特市及周边各盟市行政机关负责人出庭应诉率：" in texts(app)
    assert "4个盟市：" in texts(app)
    assert len(app.dataframe[0].value) == 4
    outlined = [trace for trace in figure(app)["data"] if len(trace.get("locations", [])) == 8]
    assert outlined, "the other leagues are outlined"
    assert "未着色的地区不在所比的范围内" in texts(app)
    app.selectbox(key="choose_group").select("").run()
    assert "group" not in app.query_params
    assert len(app.dataframe[0].value) == 12


def test_the_camera_stands_where_the_group_fills_the_frame(warehouse: Paths) -> None:
    from dashboard.charts.ground import CAMERAS, fitted

    regions = queries.regions(queries.current_release())
    for league in ("150400", "150600"):
        lon, lat, scale = fitted(regions.index[regions["parent"] == league], "banners")  # type: ignore[misc]
        expected = CAMERAS[league]
        assert (lon, lat) == (pytest.approx(expected[0], abs=0.05), pytest.approx(expected[1], abs=0.05))
        assert scale == pytest.approx(expected[2], rel=0.02), "nothing is cut, nothing is wasted"
    assert fitted(regions.index[regions["level"] == "league"], "leagues") is None
