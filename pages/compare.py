"""对比: who leads, who lags, and whether the difference is more than chance."""

import streamlit as st

from dashboard import compare, frame, panels

reader = frame.reader()

st.title("对比")
asked = compare.question(reader)
compare.switch(asked)
compare.show(asked)
panels.who_published(asked.figures, reader)
