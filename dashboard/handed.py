"""Files that buttons made: each is handed out to the reader it was made for alone, and every time is noted.

Streamlit puts a made file under an address that anybody may open who knows it, and that is the same for all files of
the same content. So a file is known here by what is in it.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from dashboard import access, state
from dashboard.access import Viewer

LINKS = 5000  # the newest ones are known; Streamlit itself forgets a file soon after its page is closed

# The click that made a file, and was noted with it, fetches it so soon; Streamlit's page does so twice.
CLICK_SECONDS = 30


@dataclass(frozen=True)
class _Made:
    file_name: str
    chosen: str
    at: float


_made: OrderedDict[tuple[str, ...], _Made] = OrderedDict()
_lock = threading.Lock()


def made(content: bytes, reader: Viewer, file_name: str, chosen: str) -> None:
    """Remembers for whom a file was made, and noted in the log: under which name, from which choice."""
    key = _key(content, reader)
    with _lock:
        _made[key] = _Made(file_name, chosen, time.monotonic())
        _made.move_to_end(key)
        while len(_made) > LINKS:
            _made.popitem(last=False)


def take(content: bytes, reader: Viewer) -> bool:
    """Whether a reader may have this file: made for them, while they saw what they see now. Notes it when it is
    no longer the click that made it.
    """
    with _lock:
        entry = _made.get(_key(content, reader))
    if entry is None:
        return False
    if time.monotonic() > entry.at + CLICK_SECONDS:
        with state.database() as connection:
            access.log(connection, reader, "下载", entry.file_name, f"{entry.chosen} （同一链接再次打开）".strip())
    return True


def _key(content: bytes, reader: Viewer) -> tuple[str, ...]:
    regions = reader.regions if reader.regions is not None else (access.WHOLE,)
    return hashlib.sha256(content).hexdigest(), reader.identity, reader.role, *regions
