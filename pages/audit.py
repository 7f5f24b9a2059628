"""审计: who signed in, took data away, brought data in, changed roles; for administrators."""

import streamlit as st

from dashboard import administration

st.title("审计")
administration.log()
