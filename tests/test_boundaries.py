import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from etl.boundaries import PLANE, hatch, neighbours, read_boundaries, write_static
from etl.catalogue import Region, load_catalogue
from etl.errors import UserError
from etl.paths import ROOT

# Two leagues of two banners each, all of them squares of one degree in a row from west to east.
BANNERS = {
    "150102": ("新城区", "150100", 110),
    "150103": ("回民区", "150100", 111),
    "150202": ("东河区", "150200", 112),
    "150203": ("昆都仑区", "150200", 113),
}
LEAGUES = {"150100": ("呼和浩特市", 110), "150200": ("包头市", 112)}


def region(code, name, level, parent):
    return Region(code, name, name, level, "", parent, "", "", "", (), 0.0)


REGIONS = {
    "150000": region("150000", "内蒙古自治区", "region", ""),
    **{code: region(code, name, "league", "150000") for code, (name, _) in LEAGUES.items()},
    **{code: region(code, name, "banner", parent) for code, (name, parent, _) in BANNERS.items()},
}


def rectangle(west, width):
    """Clockwise from the south-western corner."""
    return [[west, 41], [west, 42], [west + width, 42], [west + width, 41], [west, 41]]


def feature(code, name, parent, level, west, width):
    properties = {"code": code, "name": name, "parent": parent, "level": level, "lon": west + width / 2, "lat": 41.5}
    geometry = {"type": "Polygon", "coordinates": [rectangle(west, width)]}
    return {"type": "Feature", "id": code, "properties": properties, "geometry": geometry}


@pytest.fixture
def files():
    """The two files as lists of features by file name, to be broken by a test."""
    return {
        "leagues.geojson": [feature(code, name, "150000", "league", west, 2) for code, (name, west) in LEAGUES.items()],
        "banners.geojson": [feature(code, name, of, "banner", west, 1) for code, (name, of, west) in BANNERS.items()],
    }


@pytest.fixture
def read(tmp_path):
    """Writes the features to files and reads them."""

    def write_and_read(files):
        for name, features in files.items():
            content = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
            (tmp_path / name).write_text(content, encoding="utf-8")
        return read_boundaries(tmp_path, REGIONS)

    return write_and_read


@pytest.fixture
def complaint(read):
    """Writes the features to files, and returns what is said about them."""

    def write_and_fail(files):
        with pytest.raises(UserError) as caught:
            read(files)
        return str(caught.value)

    return write_and_fail


@pytest.fixture(scope="module")
def real():
    return read_boundaries(ROOT / "data" / "boundaries", load_catalogue(ROOT / "data" / "catalogue").regions)


def ring(feature):
    return feature["geometry"]["coordinates"][0]


def is_clockwise(geometry):
    return all(
        not part.exterior.is_ccw and all(hole.is_ccw for hole in part.interiors) for part in shapely.get_parts(geometry)
    )


def test_the_files_of_the_project_pass(real):
    assert (len(real.leagues), len(real.banners)) == (12, 103)


def test_frames_are_indexed_by_code_and_keep_label_points(read, files):
    leagues = read(files).leagues
    assert list(leagues.columns) == ["code", "name", "parent", "level", "lon", "lat", "geometry"]
    assert leagues.loc["150200", ["name", "lon", "lat"]].tolist() == ["包头市", 113.0, 41.5]


def test_the_version_changes_with_the_files(read, files):
    before = read(files).version
    files["banners.geojson"][0]["properties"]["lon"] = 110.4
    assert len(before) == 8
    assert read(files).version != before


def test_a_dropped_region_is_named(complaint, files):
    del files["banners.geojson"][1]
    assert "banners.geojson：缺少回民区（150103）" in complaint(files)


def test_an_unknown_code_is_named(complaint, files):
    files["leagues.geojson"].append(feature("159900", "某某盟", "150000", "league", 114, 1))
    assert "leagues.geojson：没有这个盟市：某某盟（159900）" in complaint(files)


def test_a_banner_among_the_leagues_is_unknown_there(complaint, files):
    files["leagues.geojson"].append(files["banners.geojson"][0])
    assert "leagues.geojson：没有这个盟市：新城区（150102）" in complaint(files)


def test_a_doubled_code_is_named_once(complaint, files):
    files["banners.geojson"] += files["banners.geojson"][:1] * 2
    assert complaint(files).count("新城区（150102）重复出现") == 1


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("name", "新城", "新城区（150102）名称为“新城”，指标目录中为“新城区”"),
        ("parent", "150200", "新城区（150102）上级区划为“150200”，指标目录中为“150100”"),
        ("level", "league", "新城区（150102）级别为“league”，指标目录中为“banner”"),
    ],
)
def test_names_parents_and_levels_agree_with_the_catalogue(complaint, files, column, value, message):
    files["banners.geojson"][0]["properties"][column] = value
    assert message in complaint(files)


def test_a_missing_property_is_a_fault(complaint, files):
    del files["banners.geojson"][0]["properties"]["parent"]
    assert "新城区（150102）上级区划为“”" in complaint(files)


def test_a_ring_that_crosses_itself_is_named_with_its_place(complaint, files):
    ring(files["banners.geojson"][0])[1:3] = [[111, 42], [110, 42]]
    assert "新城区（150102）图形无效：边线自相交，位于 110.5 41.5 附近" in complaint(files)


@pytest.mark.parametrize("geometry", [None, {"type": "Point", "coordinates": [110.5, 41.5]}])
def test_a_region_without_an_area_is_named(complaint, files, geometry):
    files["banners.geojson"][0]["geometry"] = geometry
    assert "新城区（150102）没有可用的面状图形" in complaint(files)


@pytest.mark.filterwarnings("ignore:Non closed ring")
def test_a_ring_that_is_not_closed_is_named(complaint, files):
    ring(files["banners.geojson"][0]).pop()
    assert "新城区（150102）没有可用的面状图形" in complaint(files)


def test_overlapping_neighbours_are_both_named(complaint, files):
    ring(files["banners.geojson"][0])[2] = [111.2, 42]
    message = complaint(files)
    assert "新城区（150102）与相邻区划重叠或有缝隙" in message
    assert "回民区（150103）与相邻区划重叠或有缝隙" in message


def test_a_narrow_gap_is_named(complaint, files):
    ring(files["banners.geojson"][0])[2] = [110.998, 42]
    assert "新城区（150102）与相邻区划重叠或有缝隙" in complaint(files)


def test_a_wide_gap_shows_because_the_banners_no_longer_fill_their_league(complaint, files):
    ring(files["banners.geojson"][0])[2] = [110.5, 42]
    assert "呼和浩特市（150100）所辖旗县（市、区）拼合后与leagues.geojson中的范围相差" in complaint(files)


def test_an_anticlockwise_ring_is_named(complaint, files):
    ring(files["leagues.geojson"][1]).reverse()
    assert "leagues.geojson：包头市（150200）环的方向不对" in complaint(files)


@pytest.mark.parametrize(("lon", "shown"), [(111.5, "111.5"), (None, "nan")])
def test_a_label_point_outside_its_region_is_named(complaint, files, lon, shown):
    files["banners.geojson"][0]["properties"]["lon"] = lon
    assert f"新城区（150102）标注点（{shown}，41.5）不在区划之内" in complaint(files)


def test_coordinates_far_from_inner_mongolia_are_named(complaint, files):
    ring(files["banners.geojson"][0])[0:2] = [[90, 41], [90, 42]]
    ring(files["banners.geojson"][0])[-1] = [90, 41]
    assert "新城区（150102）坐标超出内蒙古范围：90、41、111、42" in complaint(files)


def test_a_missing_file_is_named(complaint, files):
    del files["banners.geojson"]
    assert "缺少边界文件 banners.geojson" in complaint(files)


@pytest.mark.parametrize("content", [b"", b"{}", b"no JSON", b'{"type":"FeatureCollection","features":[{"ty'])
def test_a_corrupt_file_is_named(tmp_path, read, files, content):
    read(files)
    (tmp_path / "leagues.geojson").write_bytes(content)
    with pytest.raises(UserError, match=r"leagues\.geojson：不是有效的GeoJSON文件"):
        read_boundaries(tmp_path, REGIONS)


def test_text_that_is_not_utf8_is_a_corrupt_file(tmp_path, read, files):
    read(files)
    content = (tmp_path / "leagues.geojson").read_text(encoding="utf-8")
    (tmp_path / "leagues.geojson").write_bytes(content.encode("gb18030"))
    with pytest.raises(UserError, match=r"leagues\.geojson：不是有效的GeoJSON文件"):
        read_boundaries(tmp_path, REGIONS)


def test_a_file_without_features_lacks_every_region(complaint, files):
    files["leagues.geojson"] = []
    message = complaint(files)
    assert "缺少呼和浩特市（150100）" in message
    assert "缺少包头市（150200）" in message


def test_all_faults_are_told_at_once(complaint, files):
    ring(files["leagues.geojson"][1]).reverse()
    del files["banners.geojson"][3]
    message = complaint(files)
    assert "包头市（150200）环的方向不对" in message
    assert "缺少昆都仑区（150203）" in message


@pytest.fixture(scope="module", params=["leagues", "banners", "150300"])
def drawn(request, real):
    """Regions drawn on one map, and their stripes."""
    frames = {
        "leagues": real.leagues,
        "banners": real.banners,
        "150300": real.banners[real.banners["parent"] == "150300"],
    }
    frame = frames[request.param]
    return frame, hatch(frame)


def test_stripes_lie_inside_their_region(drawn):
    frame, stripes = drawn
    outside = stripes.geometry.difference(frame.geometry).to_crs(PLANE).area
    assert (outside < 0.005 * stripes.to_crs(PLANE).area).all()


def test_every_region_has_three_stripes(drawn):
    _, stripes = drawn
    for _, row in stripes.to_crs(PLANE).iterrows():
        middles = shapely.get_coordinates(shapely.centroid(shapely.get_parts(row["geometry"])))
        numbers = (middles[:, 1] - middles[:, 0]) / np.sqrt(2) / row["spacing"]
        assert len(np.unique(np.round(numbers))) >= 3


def test_stripes_are_valid_clockwise_areas(drawn):
    _, stripes = drawn
    assert stripes.is_valid.all()
    assert stripes.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    assert all(is_clockwise(geometry) for geometry in stripes.geometry)
    assert shapely.area(shapely.get_parts(stripes.geometry.to_numpy())).min() > 0


def test_stripes_cover_about_an_eighth_of_a_region(drawn):
    frame, stripes = drawn
    share = stripes.to_crs(PLANE).area / frame.to_crs(PLANE).area
    assert share.between(0.06, 0.18).all()


def test_stripes_of_neighbours_meet_at_the_border(read, files):
    frame = read(files).leagues
    stripes = hatch(frame).geometry
    border = shapely.LineString([(112, 41), (112, 42)])
    west, east = (stripes[code].buffer(0.001).intersection(border) for code in frame.index)
    assert west.symmetric_difference(east).length < 0.1 * west.length


def test_a_map_of_a_part_has_finer_stripes(real):
    wuhai = hatch(real.banners[real.banners["parent"] == "150300"])
    assert wuhai["spacing"].max() < hatch(real.banners).loc[wuhai.index, "spacing"].min()


def test_neighbours_share_a_border_line(real):
    pairs = set(neighbours(real.leagues).itertuples(index=False, name=None))
    assert ("150100", "150200") in pairs
    assert ("150100", "150400") not in pairs


def test_neighbours_go_both_ways_and_are_sorted(real):
    pairs = list(neighbours(real.banners).itertuples(index=False, name=None))
    assert pairs == sorted({(b, a) for a, b in pairs})
    assert all(a != b for a, b in pairs)


def test_a_common_corner_does_not_make_neighbours():
    squares = [shapely.box(110, 41, 111, 42), shapely.box(111, 42, 112, 43), shapely.box(111, 41, 112, 42)]
    frame = gpd.GeoDataFrame(geometry=squares, index=["a", "b", "c"])
    assert neighbours(frame).to_numpy().tolist() == [["a", "c"], ["b", "c"], ["c", "a"], ["c", "b"]]


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_boundaries_are_written_as_the_same_bytes(tmp_path, read, files):
    boundaries = read(files)
    write_static(boundaries, tmp_path / "once")
    write_static(boundaries, tmp_path / "again")
    assert contents(tmp_path / "once") == contents(tmp_path / "again")


def test_the_browser_gets_these_files_and_no_leftovers(tmp_path, read, files):
    write_static(read(files), tmp_path / "static")
    assert set(contents(tmp_path / "static")) == {
        "boundaries/leagues.json",
        "boundaries/banners.json",
        "boundaries/region.json",
        "boundaries/hatch-leagues.json",
        "boundaries/hatch-banners.json",
        "boundaries/hatch-150100.json",
        "boundaries/hatch-150200.json",
        "boundaries/made.json",
        "topojson/world_110m.json",
    }


def test_files_that_already_have_these_bytes_are_left_alone(tmp_path, read, files):
    boundaries = read(files)
    write_static(boundaries, tmp_path)
    kept, changed = tmp_path / "boundaries" / "leagues.json", tmp_path / "boundaries" / "banners.json"
    before = kept.stat().st_ino
    changed.write_bytes(b"old")
    write_static(boundaries, tmp_path)
    assert kept.stat().st_ino == before
    assert json.loads(changed.read_bytes())["type"] == "FeatureCollection"


@pytest.fixture(scope="module")
def fetched(real, tmp_path_factory):
    """The folder that the browser fetches shapes from."""
    folder = tmp_path_factory.mktemp("static")
    write_static(real, folder)
    return folder / "boundaries"


@pytest.mark.parametrize(
    ("file", "count", "properties"),
    [
        ("leagues", 12, ["code", "name", "parent"]),
        ("banners", 103, ["code", "name", "parent"]),
        ("hatch-leagues", 12, ["code"]),
        ("hatch-banners", 103, ["code"]),
        ("hatch-150300", 3, ["code"]),
        ("region", 1, ["code"]),
    ],
)
def test_written_shapes_are_clockwise_small_and_known_by_code(fetched, file, count, properties):
    path = fetched / f"{file}.json"
    features = json.loads(path.read_bytes())["features"]
    assert len(features) == count
    for one in features:
        assert list(one["properties"]) == properties
        assert one["id"] == one["properties"]["code"]
        assert is_clockwise(shapely.geometry.shape(one["geometry"]))
    assert path.stat().st_size < (150_000 if file.startswith("hatch") else 250_000)


def test_the_outline_of_the_region_is_one_area_without_holes(fetched):
    (outline,) = json.loads((fetched / "region.json").read_bytes())["features"]
    assert outline["id"] == "150000"
    assert outline["geometry"]["type"] == "Polygon"
    assert len(outline["geometry"]["coordinates"]) == 1


def test_the_base_map_for_plotly_is_empty(tmp_path, read, files):
    write_static(read(files), tmp_path)
    topology = json.loads((tmp_path / "topojson" / "world_110m.json").read_bytes())
    layers = {"coastlines", "land", "ocean", "lakes", "rivers", "countries", "subunits"}
    assert topology["arcs"] == []
    assert topology["objects"] == {layer: {"type": "GeometryCollection", "geometries": []} for layer in layers}
