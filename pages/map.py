"""地图: where. The chosen indicator by league or banner, year by year, and the chosen region beside it."""

import streamlit as st

from dashboard import frame, map_controls, map_lists, mapping, panels, slices
from dashboard.theme import LEVEL_NAMES, format_period

reader = frame.reader()
chosen = reader.selection

st.title("地图")
asked = mapping.question(reader)
map_controls.breadcrumb(asked)
map_controls.controls(asked)

wide = asked.view in mapping.WIDE
if wide:  # style.css lets a phone swipe from map to map
    map_column, side_column = st.container(key="wide_map"), st.container()
else:
    map_column, side_column = st.columns([2, 1], gap="medium")
with map_column:
    frame.show(
        lambda reader: mapping.chart(asked.read_by(reader)),
        reader,
        key="map",
        on_select=lambda: frame.choose_clicked(reader, "map"),
        heading=2,
    )
    when = "" if asked.view == "one" else f"{format_period(chosen.period)}，"
    tally = slices.tally(asked.frame(chosen.period), LEVEL_NAMES[chosen.level])
    st.markdown(f"**{frame.plain(when + tally)}**")
    panels.who_published(asked.published, reader)
with side_column:
    (map_lists.list_and_place if wide else map_lists.list_or_place)(asked)
