"""The operator's settings: who runs this copy, whom to ask, under which number its maps may be published."""

import tomllib

import streamlit as st

from dashboard import queries

DEFAULTS = {"office": "本系统运行单位", "contact": "请联系本系统管理员", "map_approval": ""}


@st.cache_data(show_spinner=False, ttl=60)
def operator() -> dict[str, str]:
    """From data/operator.toml: office, contact, map_approval."""
    path = queries.data_folder() / "operator.toml"
    return {**DEFAULTS, **tomllib.loads(path.read_text(encoding="utf-8"))} if path.exists() else DEFAULTS
