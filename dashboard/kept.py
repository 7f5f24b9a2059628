"""Tables that are read once and given to many readers."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import pandas as pd
import streamlit as st

P = ParamSpec("P")
# A release is known by what it says; packing it to see takes longer.
NAMED: dict[str | type[Any], Callable[[Any], Any]] = {"dashboard.queries.Release": repr}


def table(
    max_entries: int, *, derived: bool = False
) -> Callable[[Callable[P, pd.DataFrame]], Callable[P, pd.DataFrame]]:
    """Keeps the tables that a function makes, by its arguments; whoever asks gets one that they may change.

    `derived`: from tables that are kept, whose texts are in memory once already.

    Not `st.cache_data`, which packs and unpacks the whole table at every call: pandas copies what is changed, when it
    is changed, so a new frame over the same values costs next to nothing.
    """

    def keep(make: Callable[P, pd.DataFrame]) -> Callable[P, pd.DataFrame]:
        @st.cache_resource(show_spinner=False, max_entries=max_entries, hash_funcs=NAMED)
        @functools.wraps(make)
        def made(*args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
            frame = make(*args, **kwargs)
            frame = frame if derived else _texts_once(frame)
            # Built now, by one thread: the lookup of an index is shared by all frames over it.
            frame.index.is_unique, frame.columns.is_unique  # noqa: B018
            return frame

        @functools.wraps(make)
        def given(*args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
            frame = made(*args, **kwargs)
            _forget_the_gone(frame)
            return frame.copy(deep=False)

        return given

    return keep


def _forget_the_gone(frame: pd.DataFrame) -> None:
    """Lets pandas forget what was made of these values and is gone.

    It notes every table, column and index over the same values, and drops those of the gone when there are 500 of one
    column, or somebody asks: notes upon the tables kept here would fill half a gigabyte in half an hour.
    """
    for shared in [*(block.refs for block in frame._mgr.blocks), *(axis._references for axis in frame.axes)]:
        if shared is not None:
            shared.has_reference()


def _texts_once(frame: pd.DataFrame) -> pd.DataFrame:
    """The same table with each text in memory once: DuckDB makes a new one for every cell, six times the memory."""
    texts = {}
    for name, column in frame.select_dtypes("str").items():
        places, each = column.array.factorize()
        texts[name] = each.take(places, allow_fill=True)
    return frame.assign(**texts)
