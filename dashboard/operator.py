"""The operator's settings: who runs this copy, whom to ask, its maps' approval, whom its bulletins go to."""

import logging
import tomllib
from pathlib import Path

import streamlit as st

from dashboard import queries

log = logging.getLogger(__name__)
DEFAULTS = {
    "office": "本系统运行单位",
    "contact": "请联系本系统管理员",
    "map_approval": "",
    "bulletin_to": "各盟行政公署、市人民政府：",
}
NO_SIGNATURE = "（发文单位）"


@st.cache_data(show_spinner=False, ttl=60)
def operator() -> dict[str, str]:
    """From data/operator.toml: office, contact, map_approval, bulletin_to (主送机关)."""
    path = queries.data_folder() / "operator.toml"
    found = _settings(path) if path.exists() else {}
    return {**DEFAULTS, **{name: text for name, text in found.items() if text}}


def _settings(path: Path) -> dict[str, str]:
    """What stands in the file; nothing, and a line in the log, while it cannot be read: no page may fail for it."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        log.error(
            "operator.toml 无法读取，暂用默认的责任单位和联系方式；请运行 python -m etl build 查看错在哪里：%s", error
        )
        return {}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def signature() -> str:
    """Who signs a document; a place to fill in where nobody has said who runs this copy."""
    office = operator()["office"].strip()
    return NO_SIGNATURE if office in ("", DEFAULTS["office"]) else office


def unsigned() -> str:
    """What to tell whoever makes a document that nobody signs yet; empty where somebody does."""
    if signature() != NO_SIGNATURE:
        return ""
    return f"发文单位未设置，落款将印“{NO_SIGNATURE}”，请成文后填写。"


def how_to_sign(where: str = "") -> str:
    """What to tell whoever looks after this copy, while nobody signs its documents; empty where somebody does.

    `where`: the place of the setting, for those who work on the machine itself.
    """
    if signature() != NO_SIGNATURE:
        return ""
    return f"发文单位、责任单位由系统管理员设置{where}，文件落款和页脚即用这个名称。"


def named() -> dict[str, str]:
    """Of these settings those that somebody has filled in; what nobody has is not shown as if it were known."""
    return {name: text for name, text in operator().items() if text != DEFAULTS.get(name)}
