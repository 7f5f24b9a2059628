"""趋势: since when, how fast, will the target be met. One place through time, and all leagues side by side."""

import streamlit as st

from dashboard import course, frame, panels, queries, trends

reader = frame.reader()
chosen, regions = reader.selection, reader.choices.regions

st.title("趋势")
with st.container(horizontal=True, vertical_alignment="center"):
    trends.choose_step(reader)
    switch = st.container()
found = course.course(reader)
if not found.mine:
    trends.nothing(reader, queries.figures_of_region(reader.release, chosen.dataset, chosen.region))
else:
    with switch:
        fit = trends.choose_projection(*found.projection)
    chart_column, change_column = st.columns([5, 3], gap="medium")
    with chart_column:
        frame.show(lambda reader: found.lines(reader, fit), reader, key="trends", heading=2)
    with change_column:
        trends.findings(found.direction, found.changes, regions["name"][chosen.region])

st.header("各盟市")
if found.leagues_have_figures:
    frame.show(found.panels, reader, key="leagues")
else:
    st.caption(frame.plain(f"{found.no_leagues}。"))
panels.who_published(found.figures, reader)
