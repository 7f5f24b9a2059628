"""数据导入: bring a table in, see what is wrong with it, load it, take it back."""

import streamlit as st

from dashboard import frame, importing

reader = frame.reader()

st.title("数据导入")
st.caption("选择表格 → 核对识别结果 → 校验 → 载入。每一步都可以回头；载入后也可以撤回。")
importing.told(reader)
importing.template()
chosen = importing.upload()
tables = importing.read(*chosen) if chosen else []
if chosen and tables:
    file_id, file = chosen
    st.header("识别结果")
    known = importing.understood(file_id, tables, reader)
    st.header("来源")
    request = importing.options(file_id, file, tables, reader)
    st.header("校验")
    checked = importing.check(file, request, known)
    if checked:
        importing.findings(file, request, known, checked)
        importing.load(file, request, known, checked)

st.header("导入记录")
importing.history(reader)
if reader.release.scope is None and (fold := frame.folded("版本", "import_releases")):
    with fold:
        importing.releases(reader)
