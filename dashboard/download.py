"""The button that gives a file: made when it is asked for, noted in the audit log."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import streamlit as st

from dashboard import audit, turns

OFFICE = "application/vnd.openxmlformats-officedocument."
# Python's own table of endings differs from one system to the next.
TYPES = {
    ".csv": "text/csv",
    ".docx": f"{OFFICE}wordprocessingml.document",
    ".html": "text/html",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": f"{OFFICE}presentationml.presentation",
    ".svg": "image/svg+xml",
    ".xlsx": f"{OFFICE}spreadsheetml.sheet",
    ".zip": "application/zip",
}
PATIENCE = 150  # seconds; Streamlit's page gives up after 180


def button(
    label: str, file_name: str, make: Callable[[], bytes], *, rows: int = 0, icon: str = "download", **options: Any
) -> None:
    """A download button; its ending, one of TYPES, says what the file is. The page does not run again for it.

    `rows`: of the table in it; large ones are made one after the other. `icon`: a name of Material Symbols. `options`:
    further ones of `st.download_button`.
    """

    def in_turn() -> bytes:
        with turns.of_large_file(PATIENCE):
            return make()

    st.download_button(
        label,
        data=audit.download(file_name, in_turn if rows > turns.LARGE else make),
        file_name=file_name,
        mime=TYPES[PurePath(file_name).suffix],
        icon=f":material/{icon}:",
        on_click="ignore",
        **options,
    )
