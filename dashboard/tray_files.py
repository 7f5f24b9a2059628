"""A tray as a JSON file: to be kept, or handed to a colleague.

What comes back is only taken when it is what left: each snapshot carries a seal (HMAC-SHA256) under a key of this
installation. So no file can bring in figures that were never here, or a chart that asks other machines for something.
"""

import hashlib
import hmac
import json
from dataclasses import asdict

from dashboard import state
from dashboard.tray import MOST, Entry, Snapshot, TrayError

FORMAT = "法治政府建设指标快照"
VERSION = 1
MOST_MEGABYTES = 50
FIELDS = {"snapshot", "seal", "heading", "note"}


def pack(name: str, entries: list[Entry]) -> bytes:
    """The file: format, version, name, and items, each the text of a snapshot with its seal, heading and note."""
    items, key = [], state.seal_key()
    for entry in entries:
        text = json.dumps(asdict(entry.snapshot), ensure_ascii=False)
        items.append(
            {"snapshot": text, "seal": _seal(text, key).decode(), "heading": entry.heading, "note": entry.note}
        )
    told = {"format": FORMAT, "version": VERSION, "name": name, "items": items}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def unpack(content: bytes) -> list[Entry]:
    """The entries of a file. Raises TrayError, in Chinese, for what `pack` did not make here."""
    if len(content) > MOST_MEGABYTES * 2**20:
        raise TrayError(f"文件太大（上限{MOST_MEGABYTES}MB）")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise TrayError("这不是从本页导出的快照夹文件（.json），或内容已损坏，请重新选择") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise TrayError("这不是本系统导出的快照文件")
    if told.get("version") != VERSION:
        raise TrayError("这个快照文件由另一版程序导出，本程序不能读取")
    items = told.get("items")
    if not isinstance(items, list) or not items:
        raise TrayError("文件里没有快照")
    if len(items) > MOST:
        raise TrayError(f"文件里有{len(items)}张快照，最多{MOST}张")
    key = state.seal_key()
    return [_entry(item, number, key) for number, item in enumerate(items, start=1)]


def _entry(item: object, number: int, key: bytes) -> Entry:
    if not isinstance(item, dict) or set(item) != FIELDS or not all(isinstance(item[name], str) for name in FIELDS):
        raise TrayError(f"第{number}张快照的内容不完整")
    if not hmac.compare_digest(_seal(item["snapshot"], key), item["seal"].encode("ascii", "replace")):
        raise TrayError(f"第{number}张快照被改动过，或来自另一套系统，没有导入")
    return Entry(Snapshot(**json.loads(item["snapshot"])), item["heading"], item["note"])


def _seal(text: str, key: bytes) -> bytes:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest().encode()
