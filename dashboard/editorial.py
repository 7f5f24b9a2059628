"""What the team writes for the first page: which indicators have cards, what needs attention, the tasks of the plan.

Plain files in data/catalogue/ beside the rest of the catalogue. They hold choices and words but no figures, and so are
read as they are instead of becoming part of a release.
"""

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import queries

CARDS, ATTENTION, PLAN = "cards.csv", "attention.toml", "plan_2024.csv"


def edition(*names: str) -> str:
    """Changes with any of these files: what is made of them is kept by it. Raises WarehouseError."""
    return " ".join(_written(_folder_file(name)) for name in names)


def _folder_file(name: str) -> str:
    return str(queries.data_folder() / "catalogue" / name)


def card_indicators() -> list[str]:
    """The indicators that have a card where there is a figure (cards.csv), in their order."""
    return _csv(_folder_file(CARDS))["indicator_id"].tolist()


def attention_rules() -> dict[str, Any]:
    """The rules of `narrative.attention` (attention.toml explains the keys)."""
    return _toml(_folder_file(ATTENTION))


def plan_tasks() -> pd.DataFrame:
    """The tasks of the plan for 2024, all as text: item (its number in the plan), chapter, task, measure, deadline
    (2024 or 2024-12), indicators (ids with | between, or empty), source_id.
    """
    return _csv(_folder_file(PLAN))


def _csv(path: str) -> pd.DataFrame:
    return _csv_of(path, _written(path))


def _toml(path: str) -> dict[str, Any]:
    return _toml_of(path, _written(path))


def _written(path: str) -> str:
    """Tells one writing of a file from the next."""
    with _told(path):
        found = os.stat(path)
    return f"{found.st_mtime_ns}-{found.st_size}"


@st.cache_data(show_spinner=False, max_entries=10)
def _csv_of(path: str, written: str) -> pd.DataFrame:
    with _told(path):
        return pd.read_csv(path, dtype=str, keep_default_na=False)


@st.cache_data(show_spinner=False, max_entries=10)
def _toml_of(path: str, written: str) -> dict[str, Any]:
    with _told(path), open(path, "rb") as file:
        return tomllib.load(file)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Raises WarehouseError, which pages show, for a file that cannot be read."""
    try:
        yield
    except (OSError, ValueError) as error:  # pandas and tomllib tell a slip as a kind of ValueError
        name = Path(path).name
        raise queries.WarehouseError(
            f"{name} 无法读取。请在服务器上运行 python -m etl build，它会指出错在哪里"
        ) from error
