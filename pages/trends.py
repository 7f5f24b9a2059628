"""趋势: since when, how fast, will the target be met. One place through time, and all leagues side by side."""

from dataclasses import replace

import streamlit as st

from dashboard import frame, panels, queries, trends
from dashboard.charts import trends as charts
from dashboard.selection import REGION_ROOT

reader = frame.reader()
chosen, indicator, regions = reader.selection, reader.indicator, reader.choices.regions

st.title("趋势")
with st.container(horizontal=True, vertical_alignment="center"):
    step = trends.choose_step(reader)
    switch = st.container()
figures = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
breaks = queries.breaks(reader.release, chosen.dataset, chosen.indicator)
names, leagues = trends.places(reader), trends.leagues(reader)
of_leagues = trends.scene(reader, f"{len(leagues)}个盟市")
drawn = figures[figures["region_code"].isin([*names, *leagues, REGION_ROOT])]
points = trends.timeline(drawn, indicator, chosen.breakdown, step, breaks, of_leagues.case_unit)

mine = points[points["region_code"] == chosen.region]
if mine.empty:
    trends.nothing(reader, queries.figures_of_region(reader.release, chosen.dataset, chosen.region))
else:
    whole_years = mine
    if step != "year":
        of_place = drawn[drawn["region_code"] == chosen.region]
        whole_years = trends.timeline(of_place, indicator, chosen.breakdown, "year", breaks, of_leagues.case_unit)
    period = (whole_years if len(whole_years) else mine)["period"].iloc[-1]
    target, whose = trends.target_of(queries.targets(reader.release), chosen.region, indicator, period)
    found = trends.direction(whole_years, indicator["direction"])
    with switch:
        fit = trends.choose_projection(*trends.projection(whole_years, target, indicator["direction"]))
    chart_column, change_column = st.columns([5, 3], gap="medium")
    with chart_column:
        of_names = points[points["region_code"].isin(list(names))]
        settings = {
            "title": trends.statement(mine, indicator, chosen.breakdown, target if step == "year" else None, whose),
            "finding": found.sentence,
            "step": step,
            "aim": trends.aim_of(whole_years, target, whose),
            "gaps": trends.gaps(drawn, chosen.region, chosen.breakdown),
            "breaks": breaks,
            "fit": fit,
        }
        frame.show(
            lambda reader: charts.lines(of_names, names, trends.scene(reader, "、".join(names.values())), **settings),
            reader,
            key="trends",
        )
    with change_column:
        growth = queries.growth(reader.release, chosen.dataset, chosen.region, chosen.indicator)
        published = growth[growth["breakdown"] == chosen.breakdown]
        trends.findings(found, trends.changes(mine, published, indicator), regions["name"][chosen.region])

st.subheader("各盟市")
panels_of = [*leagues, REGION_ROOT] if indicator["kind"] in trends.DIFFERENCES else list(leagues)
of_panels = points[points["region_code"].isin(panels_of)]
if of_panels["region_code"].isin(list(leagues)).any():
    frame.show(
        lambda reader: charts.small_multiples(
            of_panels, leagues, replace(of_leagues, dark=reader.dark), whole=REGION_ROOT, step=step, breaks=breaks
        ),
        reader,
        key="leagues",
    )
else:
    st.caption(frame.plain(f"{len(leagues)}个盟市均未公布{of_leagues.subject}。"))
panels.who_published(figures, reader)
