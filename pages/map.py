"""地图: where. The chosen indicator by league or banner, and the figures of the chosen region beside it."""

import streamlit as st

from dashboard import frame, panels, queries, slices
from dashboard.charts import maps
from dashboard.theme import LEVEL_NAMES

reader = frame.reader()
chosen = reader.selection

st.title("地图")
figures = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
areas = slices.by_region(figures, reader.choices.regions, chosen.level, chosen.breakdown, chosen.period)
map_column, region_column = st.columns([2, 1], gap="medium")
with map_column:
    chart = maps.league_or_banner_map(
        areas, whole=slices.whole(figures, chosen.breakdown, chosen.period), **frame.map_settings(reader)
    )
    frame.show(chart, key="map", on_select=lambda: frame.choose_clicked(reader, "map"))
    st.markdown(f"**{frame.plain(slices.tally(areas, LEVEL_NAMES[chosen.level]))}**")
    panels.who_published(figures, reader)
with region_column:
    panels.region(reader, queries.figures_of_region(reader.release, chosen.dataset, chosen.region))
