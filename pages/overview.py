"""总览: how do we stand. What needs attention, the headline cards by chapter, the map of the chosen indicator."""

import streamlit as st

from dashboard import frame, guide, mapping, overview, plan, queries, slices
from dashboard.charts import Chart, maps

reader = frame.reader()
chosen = reader.selection
of_indicator = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)[mapping.FIGURE_COLUMNS]
by_region = slices.by_region(of_indicator, reader.choices.regions, chosen.level, chosen.breakdown, chosen.period)
whole = slices.whole(of_indicator, chosen.breakdown, chosen.period)


def draw(reader: frame.Reader) -> Chart:
    """The map of the chosen indicator."""
    return maps.league_or_banner_map(by_region, whole=whole, **frame.map_settings(reader))


guide.welcome()
board = overview.board_of(reader)
light = draw(reader.in_light)  # for paper, and for a light screen
with st.container(key="print_overview"):
    overview.show_board(reader, board)
    overview.print_more(reader, board.sources, by_region, light)

st.header("各地情况")
overview.pick_headline(reader)
frame.show(
    lambda of: draw(of) if of.dark else light,
    reader,
    key="overview_map",
    on_select=lambda: frame.choose_clicked(reader, "overview_map"),
)
overview.more_on_map(reader)
plan.show(reader)
