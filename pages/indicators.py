"""指标词典: what an indicator means, how it is computed, who publishes it."""

import streamlit as st

from dashboard import course, dictionary, frame, panels, queries

reader = frame.reader()
figures = queries.figures_of_indicator(reader.release, reader.selection.dataset, reader.selection.indicator)

st.title("指标词典")
list_column, entry_column = st.columns([5, 6], gap="medium")
with list_column:
    dictionary.browse(reader)
with entry_column:
    dictionary.entry(reader)
    if course.has_outline(reader):
        frame.show(course.outline, reader, key="outline")
    else:
        dictionary.no_outline(reader, figures)
    panels.who_published(figures, reader)
