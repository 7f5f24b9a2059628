"""The map on paper: the same shapes, colours and words as on the screen."""

import base64
import xml.etree.ElementTree as ElementTree

import pytest

from dashboard import frame, queries, selection, slices
from dashboard.charts import maps, paper
from etl.paths import Paths

SVG = "{http://www.w3.org/2000/svg}"


def drawn(**parameters: str) -> ElementTree.Element:
    with selection.reading(parameters):
        reader = frame.reader_at(queries.current_release())
    chosen = reader.selection
    figures = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
    rows = slices.by_region(figures, reader.choices.regions, chosen.level, chosen.breakdown, chosen.period)
    figure = maps.league_or_banner_map(rows, whole="", **frame.map_settings(reader)).figure
    head, _, body = paper.map_image(figure).partition(",")
    assert head == "data:image/svg+xml;base64"
    return ElementTree.fromstring(base64.b64decode(body))  # noqa: S314 - what was just written here


def test_leagues_have_their_colours_names_and_values_and_fill_the_picture(warehouse: Paths) -> None:
    picture = drawn(dataset="demo", indicator="court_appearance_rate", period="2025")
    paths = picture.findall(f"{SVG}path")
    assert len(paths) == 12
    fills = [path.get("fill") for path in paths]
    assert fills.count("url(#h)") == 1  # 阿拉善盟
    assert len(set(fills)) > 5
    words = ["".join(text.itertext()) for text in picture.findall(f"{SVG}text")]
    assert "乌兰察布89.53%" in words
    assert "阿拉善未填报" in words
    starts = [path.get("d", "")[1:].partition("l")[0].split(",") for path in paths]
    assert all(0 <= int(x) <= paper.WIDTH and 0 <= int(y) <= paper.HEIGHT for x, y in starts)
    for text in picture.findall(f"{SVG}text"):
        assert 0 < int(text[0].get("x", "-1")) < paper.WIDTH
        assert 0 < int(text.get("y", "-1")) < paper.HEIGHT


@pytest.mark.parametrize("level", ["league", "banner"])
def test_only_what_has_no_figure_is_hatched(level: str, warehouse: Paths) -> None:
    places = {"league": 12, "banner": 103}[level]
    official = drawn(indicator="legal_aid_cases", level=level)
    fills = [path.get("fill") for path in official.findall(f"{SVG}path")]
    areas = [fill for fill in fills if fill != "none"]
    assert len(areas) == places
    assert areas.count("url(#h)") > 0
