"""使用说明: what this is, how to use it, and what the words and marks mean."""

import streamlit as st

from dashboard import frame, guide

st.title("使用说明")
guide.show(frame.reader())
