"""The operator's settings: who runs this copy, whom to ask, its maps' approval, whom its bulletins go to."""

import tomllib

import streamlit as st

from dashboard import queries

DEFAULTS = {
    "office": "本系统运行单位",
    "contact": "请联系本系统管理员",
    "map_approval": "",
    "bulletin_to": "各盟行政公署、市人民政府：",
}


@st.cache_data(show_spinner=False, ttl=60)
def operator() -> dict[str, str]:
    """From data/operator.toml: office, contact, map_approval, bulletin_to (主送机关)."""
    path = queries.data_folder() / "operator.toml"
    return {**DEFAULTS, **tomllib.loads(path.read_text(encoding="utf-8"))} if path.exists() else DEFAULTS
