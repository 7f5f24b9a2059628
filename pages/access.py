"""用户与权限: who may see and do what; for administrators."""

import streamlit as st

from dashboard import administration, frame

reader = frame.reader()

st.title("用户与权限")
st.caption("领导：看；分析人员：另可下载数据、制作简报；数据管理员：另可导入；系统管理员：全部。")
administration.people(reader)
st.header("分配角色")
administration.editor(reader)
