"""地区画像: one region, all its indicators, beside its peers and the whole region; also as one printed A4 page."""

import streamlit as st

from dashboard import frame, profile, queries

reader = frame.reader()
chosen, regions = reader.selection, reader.choices.regions
place = regions["name"][chosen.region]

st.title("地区画像")
figures = queries.figures_of_region(reader.release, chosen.dataset, chosen.region)
profile.header(reader, figures)
if figures.empty:
    profile.offer_others(reader)
else:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        period = profile.choose_period(figures)
        peers = profile.choose_peers(reader)
    rows = profile.spine_of(reader, peers, period)
    profile.show_spine(reader, rows, peers, period)
    others = profile.listed(figures, rows.index, reader.choices.indicators)
    profile.show_listed(others, place, beside_spine=len(rows) > 0)
    table = profile.below_of(reader, period)
    profile.show_below(table, place, period)
    sources = profile.sources(figures)
    profile.show_sources(sources, place)
    profile.print_sheet(reader, rows, others, table, sources, peers)
