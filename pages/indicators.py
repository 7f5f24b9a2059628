"""指标词典: what an indicator means, how it is computed, who publishes it."""

import streamlit as st

from dashboard import dictionary, frame, panels, queries

reader = frame.reader()

st.title("指标词典")
list_column, entry_column = st.columns([5, 6], gap="medium")
with list_column:
    dictionary.browse(reader)
with entry_column:
    dictionary.entry(reader, queries.targets(reader.release))
    panels.who_published(
        queries.figures_of_indicator(reader.release, reader.selection.dataset, reader.selection.indicator), reader
    )
