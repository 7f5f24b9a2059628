"""What the team writes for the first page: which indicators have cards, what needs attention, the tasks of the plan.

Plain files in data/catalogue/ beside the rest of the catalogue. They hold choices and words but no figures, and so are
read as they are instead of becoming part of a release.
"""

import tomllib
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import queries

FRESH_SECONDS = 60


def _folder_file(name: str) -> str:
    return str(queries.data_folder() / "catalogue" / name)


def card_indicators() -> list[str]:
    """The indicators that have a card where there is a figure (cards.csv), in their order."""
    return _csv(_folder_file("cards.csv"))["indicator_id"].tolist()


def attention_rules() -> dict[str, Any]:
    """The rules of `narrative.attention` (attention.toml explains the keys)."""
    return _toml(_folder_file("attention.toml"))


def plan_tasks() -> pd.DataFrame:
    """The tasks of the plan for 2024, all as text: item (its number in the plan), chapter, task, measure, deadline
    (2024 or 2024-12), indicators (ids with | between, or empty), source_id.
    """
    return _csv(_folder_file("plan_2024.csv"))


@st.cache_data(show_spinner=False, ttl=FRESH_SECONDS)
def _csv(path: str) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@st.cache_data(show_spinner=False, ttl=FRESH_SECONDS)
def _toml(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        return tomllib.load(file)
