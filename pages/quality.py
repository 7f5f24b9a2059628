"""数据质量: what is missing, what contradicts, what was rejected or corrected."""

import streamlit as st

from dashboard import frame, quality

SECTIONS = {
    "coverage": ("覆盖", quality.coverage),
    "reporting": ("报送进度", quality.reporting),
    "checks": ("核对", quality.checks),
    "rejects": ("拒收", quality.rejects),
    "revisions": ("更正", quality.revisions),
    "loads": ("载入记录", quality.loads),
}
reader = frame.reader()

st.title("数据质量")
quality.account(reader)
opened, place = quality.opened({name: title for name, (title, _) in SECTIONS.items()})
with place:
    SECTIONS[opened][1](reader)
