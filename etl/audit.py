"""Notes in the audit log what is done by command while access is on; what is done on a page, the page notes.

The app owns data/state/app.sqlite; of it, this module knows the table `audit` (see SCHEMA in dashboard/state.py), and
only ever appends to it. Of data/access.toml it knows `mode`.
"""

import os
import sqlite3
import tomllib
from contextlib import closing, suppress
from urllib.parse import quote

from etl.errors import user_name
from etl.paths import Paths

WAIT_SECONDS = 10
ROLE = "命令行"  # in the place of a role


def note(paths: Paths, action: str, what: str, detail: str) -> str:
    """Appends who did what, as the system knows who that is; gives why that could not be, in Chinese."""
    if not _on(paths):
        return ""
    path = paths.state / "app.sqlite"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=WAIT_SECONDS)) as connection:
            connection.execute(
                "INSERT INTO audit (identity, name, role, client, action, what, detail) VALUES (?, '', ?, ?, ?, ?, ?)",
                (_who(), ROLE, "本机", action, what, detail),
            )
            connection.commit()
    except sqlite3.Error as error:
        return f"没有记入审计日志：{path} 无法写入（{error}）"
    return ""


def _on(paths: Paths) -> bool:
    """Whether access is on; a file that cannot be read is none that turns it off."""
    try:
        return bool(tomllib.loads((paths.data / "access.toml").read_text(encoding="utf-8")).get("mode", "off") != "off")
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True


def _who() -> str:
    """The user of the system, and who had signed in to the system before becoming that user."""
    user = user_name()
    with suppress(OSError):  # without a terminal nobody has: a timer, a service
        if (login := os.getlogin()) != user:
            return f"系统用户{login}（以{user}的身份）"
    return f"系统用户{user}"
