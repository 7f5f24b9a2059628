"""地图: where. The chosen indicator by league or banner, year by year, and the chosen region beside it."""

import streamlit as st

from dashboard import frame, mapping

reader = frame.reader()

st.title("地图")
asked = mapping.question(reader)
mapping.breadcrumb(asked)
mapping.controls(asked)
mapping.show(asked)
