"""The complete picture of a chart, before anything draws it."""

import json
import unicodedata
from datetime import date
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import snapshot
from dashboard.charts import Chart, picture
from dashboard.theme import DEMO_MARK, template

ON = date(2026, 11, 26)
LONG = (
    "2024年行政机关负责人出庭应诉率：3个盟市最高，均为100%；乌兰察布市最低，95.65%（330/345件）；全区99.33%，比2023年"
)


def made(*, dark: bool = False, simulated: bool = False, title: str = LONG, **layout: object) -> Chart:
    figure = go.Figure(go.Scatter(x=[1, 2], y=["呼和浩特市", "鄂尔多斯市"]), {"template": template(dark), **layout})
    return Chart(
        name="趋势",
        figure=figure,
        title=title,
        subtitle="指标 · 单位：% · 2021-01/2021-10 · 12个盟市" + (f" · {DEMO_MARK}" if simulated else ""),
        footnotes=["来源：《" + "法治政府建设情况报告" * 12 + "》", "版本20251231-f6f474"],
        reading=title,
        table=pd.DataFrame({"地区": ["呼和浩特市"]}),
        simulated=simulated,
    )


def words(figure: go.Figure) -> str:
    return "\n".join(note.text.replace("<b>", "").replace("</b>", "") for note in figure.layout.annotations)


@pytest.mark.parametrize("letters", [10, 13.5, 44])
def test_lines_hold_every_letter_fit_and_break_as_chinese_does(letters: float) -> None:
    lines = picture.wrapped(LONG, letters)
    assert "".join(lines) == LONG
    assert len(lines) > 1
    assert not any(line[0] in "，。；：）、%" or line[-1] in "（《" for line in lines)
    assert all(picture.measure(line) <= letters for line in lines)
    assert not any(line[-1].isdigit() for line in lines)  # a number keeps its unit


def test_an_address_longer_than_a_line_is_not_cut_off() -> None:
    lines = picture.wrapped("来源：http://www.example.gov.cn/a/very/long/address/of/a/report.html", 10)
    assert all(picture.measure(line) <= 10 for line in lines)
    assert "".join(lines).endswith("report.html")


def test_a_title_breaks_where_a_reader_pauses() -> None:
    lines = picture.balanced("2025年第三季度行政机关负责人出庭应诉率：7个盟市最高，100%；乌兰察布市最低，87.91%", 41)
    assert lines[0].endswith(("；", "，", "："))
    assert len(lines) == 2
    assert picture.measure(lines[1]) > 8


def test_a_picture_carries_title_subtitle_every_footnote_and_the_day() -> None:
    chart = made()
    shown = words(picture.complete(chart, snapshot.BOUNDARIES, "", ON)).replace("<br>", "")
    for text in (chart.title, chart.subtitle, *chart.footnotes, "2026年11月26日制图"):
        assert text in shown


def test_no_word_reaches_over_the_edge() -> None:
    figure = picture.complete(made(), snapshot.BOUNDARIES, "", ON)
    for note in figure.layout.annotations:
        wide = max(picture.measure(line) for line in note.text.replace("</b>", "").replace("<b>", "").split("<br>"))
        left = figure.layout.margin.l + note.xshift
        assert left == picture.PAD
        assert left + wide * note.font.size <= figure.layout.width


def test_words_stand_above_and_below_the_chart_which_keeps_its_height() -> None:
    figure = picture.complete(made(height=700, margin={"t": 30, "b": 50}), snapshot.BOUNDARIES, "", ON)
    margin = figure.layout.margin
    assert figure.layout.height - margin.t - margin.b == 700 - 30 - 50
    for note in figure.layout.annotations:
        high = note.font.size * picture.LINE * (1 + note.text.count("<br>"))
        if note.y == 1:
            assert 30 - 0.5 <= note.yshift - high <= margin.t
        else:
            assert -margin.b <= note.yshift - high
            assert note.yshift <= -50


def test_long_labels_find_room_and_a_document_may_leave_the_words_out() -> None:
    figure = picture.complete(made(), snapshot.BOUNDARIES, "", ON, words=False)
    assert figure.layout.margin.l >= 5 * 13 + picture.PAD
    assert not figure.layout.yaxis.automargin
    assert len(figure.layout.annotations) == 0


def test_simulated_data_are_marked_across_the_picture_once() -> None:
    marks = [
        n for n in picture.complete(made(simulated=True), snapshot.BOUNDARIES, "", ON).layout.annotations if n.textangle
    ]
    assert [mark.text for mark in marks] == [DEMO_MARK]
    assert not [n for n in picture.complete(made(), snapshot.BOUNDARIES, "", ON).layout.annotations if n.textangle]


def test_a_chart_in_dark_colours_is_refused() -> None:
    with pytest.raises(ValueError, match="light"):
        picture.complete(made(dark=True), snapshot.BOUNDARIES, "", ON)


def test_signs_in_words_are_not_taken_for_tags() -> None:
    assert "&lt;img&gt;" not in words(picture.complete(made(title="a<b & c"), snapshot.BOUNDARIES, "", ON))
    assert "a&lt;b &amp; c" in words(picture.complete(made(title="a<b & c"), snapshot.BOUNDARIES, "", ON))


def test_a_map_holds_its_shapes_and_its_approval(tmp_path: Path) -> None:
    shapes = {"type": "FeatureCollection", "features": []}
    (tmp_path / "leagues.json").write_text(json.dumps(shapes))
    chart = made()
    chart.figure.add_trace(go.Choropleth(geojson="app/static/boundaries/leagues.json?v=1", locations=["a"], z=[1]))
    figure = picture.complete(chart, tmp_path, "蒙S(2025)001号", ON)
    assert figure.data[1].geojson == shapes
    assert "审图号：蒙S(2025)001号" in words(figure)
    assert "审图号" not in words(picture.complete(made(), tmp_path, "蒙S(2025)001号", ON))
    assert chart.figure.data[1].geojson.startswith("app/")  # the chart itself is left as it was


def test_on_no_ground_everything_behind_the_chart_is_clear() -> None:
    figure = picture.transparent(picture.complete(made(), snapshot.BOUNDARIES, "", ON))
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == picture.CLEAR


def test_file_names_speak_and_every_system_takes_them() -> None:
    name = snapshot.file_name(
        "出庭应诉率", "2021-01/2021-10", "", "a:b*c", "20251231-a1b2c3", simulated=True, ending="png"
    )
    assert name == f"出庭应诉率_2021-01至2021-10_a-b-c_{DEMO_MARK}_20251231-a1b2c3.png"
    assert DEMO_MARK not in snapshot.file_name("出庭应诉率", "2023", simulated=False, ending="pdf")


def test_radicals_that_look_like_letters_are_written_as_letters() -> None:
    from dashboard import pdf

    assert pdf.letters("⾏政⼝径⻉⻓⼾") == "行政口径贝长户"
    assert pdf.letters("2019\u20152023") == "2019\u20142023"
    assert all(unicodedata.name(chr(letter)).startswith("CJK UNIFIED") for letter in pdf.LIKE_LETTERS.values())
