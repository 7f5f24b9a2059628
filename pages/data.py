"""数据: every figure with its source, filtered and taken away as CSV or XLSX."""

import streamlit as st

from dashboard import frame, tables

reader = frame.reader()

st.title("数据")
st.caption(
    "每条数据都注明来源。“数值”按公文习惯书写（如6.4亿元），“基本单位数值”换算为元、件、人等；“未公布”不等于零。"
)
figures, only = tables.loaded(reader)
shown = tables.filters(figures, reader)
every = len(shown) == len(figures)
tables.show(shown, reader, of_indicator=every and only == ["indicator"])
tables.downloads(shown, reader, whole=every and not only)
