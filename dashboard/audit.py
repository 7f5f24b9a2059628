"""The audit log: who did what, when, from where. It only grows; SQLite itself refuses to change or delete a row.

Kept while access is on. Sign-ins, their ends and changes of roles are written by `dashboard.access`.
"""

from collections.abc import Callable
from urllib.parse import urlencode

import pandas as pd

from dashboard import access, handed, selection, state

ACTIONS = ("登录", "退出", "拒绝", "下载", "导入", "撤回", "版本", "权限")
COLUMNS = ["at", "identity", "name", "role", "client", "action", "what", "detail"]


def record(action: str, what: str, detail: str = "") -> None:
    """Notes one of ACTIONS of the reader of this script run, or of `access.acting_as`. Raises AccessError."""
    if access.on():
        with state.database() as connection:
            access.log(connection, access.viewer(), action, what, detail)


def download(file_name: str, make: Callable[[], bytes]) -> Callable[[], bytes]:
    """`make` for a download button (`data=`): what it makes is noted with the page's choice before it leaves.

    A button makes its file outside the script run, so who is at it is found out now. Called later than that person
    may be there, or may see and do what they may now, it raises AccessError.
    """
    if not access.on():
        return make
    reader, chosen = access.viewer(), urlencode(sorted(selection.address().items()))

    def made() -> bytes:
        with access.acting_as(access.again(reader)):
            content = make()
            record("下载", file_name, chosen)
            handed.made(content, access.viewer(), file_name, chosen)
        return content

    return made


def entries(since: str, actions: list[str], words: str) -> pd.DataFrame:
    """The log from a moment on (UTC, `2026-01-31 00:00:00`), newest first: COLUMNS, all text, `at` in UTC.

    `actions`: of these kinds, all where it is empty. `words`: all of them somewhere in the row, whatever their case.
    """
    with state.database() as connection:
        rows = connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM audit WHERE at >= ? ORDER BY id DESC", (since,)
        ).fetchall()
    table = pd.DataFrame(rows, columns=COLUMNS, dtype="str")
    if actions:
        table = table[table["action"].isin(actions)]
    text = table.agg(" ".join, axis=1).str.lower() if len(table) else pd.Series(dtype="str")
    for word in words.lower().split():
        text = text[text.str.contains(word, regex=False)]
    return table.loc[text.index].reset_index(drop=True)
