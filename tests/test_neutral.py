"""Indicators whose high values are neither good nor bad: no page says or colours them as either, on any data."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.theme import LIGHT
from tests.test_pages import open_page, texts

pytestmark = pytest.mark.usefixtures("warehouse")

NEUTRAL = "reconsideration_correction_rate"
JUDGING = ("改善", "变差", "达标", "接近", "领先", "落后", "最好", "最差", "较好", "较差", "优于", "劣于")
VIEWS = {
    "map": [{"map": "one"}, {"map": "change"}, {"map": "one", "classes": "target"}],
    "compare": [{"view": view} for view in ("ranking", "periods", "scatter", "funnel")],
    "trends": [{"projection": "on"}],
    "indicators": [{}],
}


def drawn(app: AppTest) -> str:
    """The figures of a page without the template, whose list of colours is for all charts."""
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return json.dumps([(f["data"], {**f["layout"], "template": None}) for f in figures], ensure_ascii=False)


@pytest.mark.parametrize(("dataset", "period"), [("published", "2023"), ("demo", "2025")])
@pytest.mark.parametrize("page", VIEWS)
def test_no_page_judges_a_neutral_indicator(page: str, dataset: str, period: str) -> None:
    for view in VIEWS[page]:
        app = open_page(page, dataset=dataset, indicator=NEUTRAL, period=period, region="150700", **view)
        assert not app.exception
        said, seen = texts(app), drawn(app)
        assert "行政复议直接纠错率" in said
        assert [word for word in JUDGING if word in said + seen] == [], view
        assert [colour for colour in (LIGHT.reached, LIGHT.near, LIGHT.below) if colour in seen] == [], view
