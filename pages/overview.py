"""总览: how do we stand. Headline cards of the whole region, the map of the chosen indicator."""

import streamlit as st

from dashboard import cards, frame, queries, slices
from dashboard.charts import maps
from dashboard.selection import REGION_ROOT

reader = frame.reader()
chosen = reader.selection
targets = queries.targets(reader.release)

st.title("总览")
figures = queries.figures_of_region(reader.release, chosen.dataset, REGION_ROOT)
st.markdown(cards.lead(figures, reader, targets))
cards.show(cards.headlines(figures, reader.choices, chosen.dataset, targets), reader)

st.subheader("各地情况")
cards.pick_headline(reader)
of_indicator = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
by_region = slices.by_region(of_indicator, reader.choices.regions, chosen.level, chosen.breakdown, chosen.period)
whole = slices.whole(of_indicator, chosen.breakdown, chosen.period)
frame.show(
    lambda reader: maps.league_or_banner_map(by_region, whole=whole, **frame.map_settings(reader)),
    reader,
    key="overview_map",
    on_select=lambda: frame.choose_clicked(reader, "overview_map"),
)
cards.more_on_map(reader)
