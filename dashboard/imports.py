"""The one door to etl/: look at a table, check it, load it, take it back, go back to another release.

All of that runs as `python -m etl …` in a process of its own: the app holds releases open with other settings, and a
table that brings a parser down must not bring the app down. What is uploaded lies in a private folder only while
such a process reads it. What both sides know alike, such as the program's version, comes through here too.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dashboard import access, audit, queries
from dashboard.folders import data_folder
from etl.errors import Finding, UserError, told_when_full
from etl.paths import ROOT, program_version
from etl.understand import FIELD_NAMES, Figures, Understanding

__all__ = ["FIELD_NAMES", "TYPES", "Figures", "Finding", "Understanding", "program_version"]

TYPES = ("csv", "tsv", "txt", "xlsx", "xls", "parquet")
PROGRAM = (sys.executable, "-m", "etl")
KNOWN_CODES = (0, 1, 3)
LONGEST_TEXT = 255  # of a file's name, as everywhere; and of what a person writes beside it
UNWRITABLE = ("Cc", "Cs")  # control characters, halves of characters

Say = Callable[[float, str], None]  # the share that is done (0 to 1), and what is being done
log = logging.getLogger("dashboard")


class RefusedError(Exception):
    """Why something could not be done, in Chinese."""


@dataclass(frozen=True)
class Upload:
    """A file as a reader uploaded it: its own name, its content."""

    name: str
    content: bytes | memoryview


@dataclass(frozen=True)
class Request:
    """What a steward says about a file: its dataset, its source, and what stands in where the table says nothing."""

    dataset: str
    source_title: str = ""
    publisher: str = ""
    period: str = ""
    indicator: str = ""


@dataclass(frozen=True)
class Table:
    """One table of a file before it is checked.

    `rows`: the first rows, as texts, `numbers` their row numbers in the file; `row_count`: of all rows. `faults`: what
    keeps it from being read as it is understood. `alike`: column that was not understood -> indicators named alike.
    """

    sheet: str
    header_row: int
    row_count: int
    unit: str
    notes: list[str]
    columns: list[str]
    numbers: list[int]
    rows: list[list[str]]
    understanding: Understanding
    faults: list[str]
    alike: dict[str, list[str]]


@dataclass(frozen=True)
class Checked:
    """What became of a file; `load_id` and `release` only when it was loaded, `repeated` when it had been before."""

    rows_in: int
    rows_loaded: int
    rows_rejected: int
    findings: list[Finding]
    load_id: str | None
    release: str | None
    repeated: bool


def may_bring() -> tuple[str, ...] | None:
    """The regions whose rows the reader may load; None: all. Raises RefusedError for who may load nothing."""
    try:
        reader = access.viewer()
    except access.AccessError:
        raise RefusedError("登录已失效，请重新登录后再导入。") from None
    if not reader.may_open("import"):
        raise RefusedError("您的角色不能导入数据。")
    if reader.regions == ():
        raise RefusedError("还没有给您分配地区，不能导入数据。请联系系统管理员。")
    return reader.regions


def preview(upload: Upload, say: Say) -> list[Table]:
    """What is understood of every table of a file. Raises RefusedError for a file that cannot be read."""
    with _laid_down(upload) as path:
        told = _run(["preview", path, "--name", upload.name], say)
    return [Table(**entry | {"understanding": _understanding(entry["understanding"])}) for entry in told["tables"]]


def check(upload: Upload, request: Request, understandings: Sequence[Understanding], say: Say) -> Checked:
    """Checks a file as `load` does, and leaves no trace. Raises RefusedError for what cannot be read or asked for."""
    with _laid_down(upload) as path:
        return _load(upload, path, request, understandings, say, "--dry-run")


def load(upload: Upload, request: Request, understandings: Sequence[Understanding], say: Say) -> Checked:
    """Loads what is good in a file and publishes a release with it. Raises RefusedError; then nothing was changed."""
    with _laid_down(upload) as path:
        loaded = _load(upload, path, request, understandings, say)
    audit.record("导入", upload.name, f"{loaded.load_id}，载入{loaded.rows_loaded}行，拒收{loaded.rows_rejected}行")
    return loaded


def marked(upload: Upload, request: Request, understandings: Sequence[Understanding]) -> bytes:
    """The file as XLSX with its faulty cells marked and all findings listed; it must have some. Raises RefusedError."""
    with _laid_down(upload) as path:
        made = path.with_name("marked.xlsx")
        _load(upload, path, request, understandings, _silent, "--dry-run", "--marked", made)
        return made.read_bytes()


def template() -> bytes:
    """A blank XLSX with drop-downs of regions and indicators. Raises RefusedError."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "template.xlsx"
        _run(["template", "--out", made], _silent)
        return made.read_bytes()


def undo(load_id: str, say: Say) -> str:
    """Takes a load back; gives the release that is current now. Raises RefusedError; then nothing was changed."""
    may_bring()
    if load_id not in set(queries.loads(queries.current_release())["load_id"]):
        raise RefusedError(f"没有载入记录“{load_id}”，或者它不全在您的范围内。")
    release = str(_run(["undo", load_id], say)["release"])
    audit.record("撤回", load_id, f"当前版本{release}")
    return release


def rollback(release: str, say: Say) -> str:
    """Makes another release the current one for everybody; gives its id. Raises RefusedError."""
    if may_bring() is not None:
        raise RefusedError("更换版本影响所有地区，只有负责全区的数据管理员可以操作。")
    current = str(_run(["rollback", release], say)["current"])
    audit.record("版本", current, "改为当前版本")
    return current


def _silent(share: float, text: str) -> None:
    pass


@contextmanager
def _laid_down(upload: Upload) -> Iterator[Path]:
    """The file in a folder that only this user can read, for the time of the block. Raises RefusedError."""
    _writable("文件名", upload.name)
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / "upload"  # what it is called, etl is told
        try:
            with told_when_full():
                path.write_bytes(upload.content)
        except UserError as error:
            raise RefusedError(str(error)) from error
        yield path


def _writable(what: str, text: str) -> None:
    """Raises RefusedError for a text that cannot be handed on, or is none that a person wrote."""
    if len(text) > LONGEST_TEXT:
        raise RefusedError(f"{what}太长：有{len(text)}个字，最多{LONGEST_TEXT}个字。请改短后再试。")
    if any(unicodedata.category(sign) in UNWRITABLE for sign in text):
        shown = "".join("□" if unicodedata.category(sign) in UNWRITABLE else sign for sign in text)
        raise RefusedError(f"{what}“{shown}”里有看不见的控制字符（□处）。请改掉后再试。")


def _load(
    upload: Upload,
    path: Path,
    request: Request,
    understandings: Sequence[Understanding],
    say: Say,
    *options: str | Path,
) -> Checked:
    known = path.with_name("understanding.json")
    known.write_text(json.dumps([asdict(entry) for entry in understandings]), encoding="utf-8")
    # Joined by =, because what a person writes may begin with a dash.
    asked = {
        "name": upload.name,
        "dataset": request.dataset,
        "source": request.source_title,
        "publisher": request.publisher,
        "period": request.period,
        "indicator": request.indicator,
        "understanding": known,
    }
    for what, text in [
        ("数据集名称", request.dataset),
        ("来源标题", request.source_title),
        ("报送单位", request.publisher),
        ("期间", request.period),
    ]:
        _writable(what, text)
    settings = [f"--{name}={value}" for name, value in asked.items()]
    if (regions := may_bring()) is not None:
        settings += ["--regions", *regions]
    told = _run(["load", path, *settings, *options], say)["files"][0]
    if "error" in told:
        raise RefusedError(told["error"])
    findings = [Finding(**finding) for finding in told["findings"]]
    return Checked(**{name: told[name] for name in Checked.__dataclass_fields__} | {"findings": findings})


def _understanding(entry: dict[str, Any]) -> Understanding:
    return Understanding(**entry | {"figures": {column: Figures(**f) for column, f in entry["figures"].items()}})


def _run(arguments: Sequence[str | Path], say: Say) -> dict[str, Any]:
    """Runs `python -m etl …`, says how far it is, and gives what it tells as JSON. Raises RefusedError."""
    command = [*PROGRAM, *map(str, arguments), "--json", "--steps"]
    environment = {**os.environ, "DASHBOARD_DATA_DIR": str(data_folder()), "PYTHONUTF8": "1"}
    lines: list[str] = []
    with tempfile.TemporaryFile() as answer:
        with subprocess.Popen(  # noqa: S603  # our own program; no shell
            command, cwd=ROOT, env=environment, stdout=answer, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            for line in process.stderr or ():
                if line.startswith('{"share":'):
                    step = json.loads(line)
                    say(step["share"], step["text"])
                else:
                    lines.append(line.rstrip())
        answer.seek(0)
        content = answer.read()
    if process.returncode not in KNOWN_CODES or not content:  # a fault of Python ends with 1, too
        number = uuid.uuid4().hex[:8]
        log.error("error %s: %s ended with %s\n%s", number, command, process.returncode, "\n".join(lines))
        raise RefusedError(f"处理程序意外停止，什么都没有改变。已记录，编号{number}，请把编号告诉系统管理员。")
    told: dict[str, Any] = json.loads(content)
    if "error" in told:
        raise RefusedError(told["error"])
    return told
