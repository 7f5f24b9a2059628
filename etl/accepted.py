"""The loads that were accepted: one Parquet file each, with its source record and its findings, kept for good.

A release is always rebuilt from all of them, so nothing that was accepted is lost by the next build. Taking a load
back keeps its file under another name.
"""

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etl import progress
from etl.catalogue import Catalogue
from etl.errors import Finding, UserError
from etl.paths import Paths
from etl.progress import Say
from etl.readers import read_tables
from etl.understand import Understanding
from etl.validate import COLUMNS, MAX_FINDINGS, Validated, frame_of, validate

DATASET_TITLES = {"internal": "内部报送数据"}
NOBODY_SAID = "报送单位"  # as a publisher
RESERVED_DATASETS = ("published", "demo")
OFFICIAL_TITLE = "官方公开数据"  # what readers know `published` by
# Two figures with these in common are the same figure: the later load revises the earlier one.
FIGURE = ["dataset", "region_code", "indicator_id", "breakdown", "period", "source_id"]
SAYS = ["value", "qualifier", "numerator", "denominator", "status"]
WITHDRAWN = ".parquet.withdrawn"
WRITTEN_OFF = ".parquet.lost"
FIGURE_COLUMNS = ["dataset", *COLUMNS, "revision", "load_id"]  # those of the table `observations`


@dataclass(frozen=True)
class Load:
    """One row of the table `loads`."""

    load_id: str
    started_at: datetime
    finished_at: datetime
    input: str
    sha256: str
    dataset: str
    rows_in: int
    rows_loaded: int
    rows_rejected: int
    status: str


@dataclass(frozen=True)
class Accepted:
    """One load. `number` counts loads in the order they came, whatever the clock says.

    `source`: id, title, publisher, kind, region_code, published_on, url, confidence, sha256, note.
    `table`: as in `validate.Validated`.
    """

    number: int
    load: Load
    source: dict[str, str | None]
    findings: list[Finding]
    table: pa.Table


@dataclass(frozen=True)
class Request:
    """What a steward says about a file: the dataset it belongs to, and what the table itself does not say.

    `regions`: codes of those whose rows may come in, their parts with them; None: all.
    """

    dataset: str = "internal"
    source_title: str = ""
    publisher: str = ""
    period: str | None = None
    indicator: str | None = None
    regions: Sequence[str] | None = None
    known_as: str = ""  # the id of its source, where `placed` found another one than the title gives

    @property
    def source_id(self) -> str:
        """The same title in the same dataset is the same source: its later files revise its earlier ones."""
        if self.known_as or not self.source_title:
            return self.known_as or self.dataset
        return _id_of(self.dataset, self.source_title)

    @property
    def title(self) -> str:
        """What the source is called."""
        return self.source_title or DATASET_TITLES.get(self.dataset, f"报送数据（{self.dataset}）")


def _id_of(dataset: str, words: str) -> str:
    return f"{dataset}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"


def placed(paths: Paths, catalogue: Catalogue, request: Request, name: str) -> Request:
    """The request with the source that it belongs to, and with its publisher where it does not say one.

    A title stands for a source only where all its figures are in the regions of whoever brings the file: nobody adds to
    others' sources, nor changes what is said of them; the same title is another source then. Raises UserError where the
    source is by another publisher, whom all its figures would be said to be by.
    """
    records = [
        record
        for record in sorted(_records(paths), key=lambda record: record["number"])
        if (record["load"]["dataset"], record["source"]["title"]) == (request.dataset, request.title)
    ]
    foreign = {record["source"]["id"] for record in records if not _inside(paths, record, catalogue, request.regions)}
    own = {record["source"]["id"]: record["source"] for record in records if record["source"]["id"] not in foreign}
    if request.source_id in foreign:
        words = "\n".join([request.title, *sorted(request.regions or ())])
        request = replace(request, known_as=next(reversed(own), _id_of(request.dataset, words)))
    before = own.get(request.source_id, {}).get("publisher", NOBODY_SAID)
    if NOBODY_SAID not in (before, request.publisher or NOBODY_SAID) and request.publisher != before:
        raise UserError(
            f"{name}：来源“{request.title}”此前的报送单位是“{before}”，这次写的是“{request.publisher}”。"
            f"同一来源只有一个报送单位：请改为“{before}”，或换一个来源标题；如果以前写错了，请先撤回以前的载入"
        )
    return replace(request, publisher=request.publisher or before)


def _inside(paths: Paths, record: dict[str, Any], catalogue: Catalogue, regions: Sequence[str] | None) -> bool:
    """Whether all figures of a load are of some regions or their parts."""
    if regions is None:
        return True
    parents = {code: region.parent for code, region in catalogue.regions.items()}
    return all({code, parents.get(code)} & set(regions) for code in _regions(paths, record["load"]["load_id"]))


def _regions(paths: Paths, load_id: str) -> set[str]:
    """The codes of the regions that a load has figures of."""
    kept = pq.read_table(paths.accepted / f"{load_id}.parquet", columns=["region_code"])["region_code"]
    return set(kept.unique().to_pylist())


def _passes_for_another(dataset: str, catalogue: Catalogue) -> bool:
    """Whether readers could take a name for another one that means something: by case, width or form of its letters."""
    if dataset in DATASET_TITLES:
        return False
    titles = OFFICIAL_TITLE, *DATASET_TITLES.values()
    taken = *RESERVED_DATASETS, *DATASET_TITLES, *titles, *catalogue.sources["id"]
    return _folded(dataset) in map(_folded, taken)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def check_file(
    path: Path,
    catalogue: Catalogue,
    request: Request,
    say: Say,
    *,
    today: date,
    name: str | None = None,
    understandings: Sequence[Understanding | None] | None = None,
) -> Validated:
    """Reads and validates every table of a file, as one. Raises UserError for what cannot be read or asked for.

    `today`: a period that begins later is a slip of the pen. `understandings`: one a table, in the order of
    `read_tables`, where a person changed what was understood.
    """
    if not request.dataset.isidentifier() or _passes_for_another(request.dataset, catalogue):
        raise UserError(
            f"数据集名称“{request.dataset}”不能用：须为字母、数字、下划线，且不能与{'、'.join(RESERVED_DATASETS)}等已有名称"
            "相同或只差大小写、全角半角"
        )
    say(f"读取 {name or path.name} …")
    with progress.part(0, 0.6):
        tables = read_tables(path, name)
    say(f"校验 {name or path.name} …")
    parts: list[Validated] = []
    for table, understanding in zip(tables, understandings or [None] * len(tables), strict=True):
        with progress.part(0.6 + 0.4 * len(parts) / len(tables), 0.6 + 0.4 * (len(parts) + 1) / len(tables)):
            parts.append(
                validate(
                    table,
                    catalogue,
                    dataset=request.dataset,
                    status="reported",
                    source_id=request.source_id,
                    default_period=request.period,
                    default_indicator=request.indicator,
                    understanding=understanding,
                    today=today,
                    regions=request.regions,
                )
            )
    return parts[0] if len(parts) == 1 else _as_one(parts, catalogue, name or path.name)


def _as_one(parts: list[Validated], catalogue: Catalogue, name: str) -> Validated:
    """The tables of one file together, held against each other as `validate` holds the rows of one table."""
    observations = pd.concat([part.observations for part in parts], ignore_index=True)
    keys = [column for column in FIGURE if column != "dataset"]
    again = observations[observations.duplicated(keys, keep=False)]
    mixed = again.groupby(keys, sort=False)[SAYS].transform("nunique", dropna=False).gt(1).any(axis=1)
    rejected = again[mixed | again.duplicated(keys, keep="first")]
    findings = [finding for part in parts for finding in part.findings]
    for row, contradicts in zip(rejected.head(MAX_FINDINGS).itertuples(), mixed[rejected.index], strict=False):
        region, indicator = catalogue.regions[row.region_code].name, catalogue.indicators[row.indicator_id].name
        where = f"{region}{row.period}{indicator}{row.breakdown}"
        message = "几张表里互相矛盾，都未载入" if contradicts else "几张表里重复，只载入一次"
        findings.append(Finding(name, "", None, "", where, "只出现一次", message))
    return Validated(
        table=pa.Table.from_pandas(observations.drop(rejected.index), preserve_index=False),
        findings=findings,
        rows_in=sum(part.rows_in for part in parts),
        rows_loaded=sum(part.rows_loaded for part in parts) - len(rejected),
        rows_rejected=sum(part.rows_rejected for part in parts) + len(rejected),
    )


def accept(
    paths: Paths, request: Request, checked: Validated, *, name: str, sha256: str, started_at: datetime, now: datetime
) -> str:
    """Keeps a checked file and returns its load_id. The caller holds the right to publish, so that numbers are given
    once.
    """
    number = max((record["number"] for record in _records(paths)), default=0) + 1
    load = Load(
        load_id=f"{request.dataset}-{number:05d}-{sha256[:8]}",
        started_at=started_at,
        finished_at=now,
        input=name,
        sha256=sha256,
        dataset=request.dataset,
        rows_in=checked.rows_in,
        rows_loaded=checked.rows_loaded,
        rows_rejected=checked.rows_rejected,
        status="partial" if checked.rows_rejected else "loaded",
    )
    source: dict[str, str | None] = {
        "id": request.source_id,
        "title": request.title,
        "publisher": request.publisher or NOBODY_SAID,
        "kind": "table",
        "region_code": None,
        "published_on": f"{now:%Y-%m-%d}",
        "url": None,
        "confidence": "high",
        "sha256": sha256,
        "note": f"文件：{name}",
    }
    findings = [finding.record() for finding in checked.findings]
    record = {"number": number, "load": asdict(load), "source": source, "findings": findings}
    paths.accepted.mkdir(parents=True, exist_ok=True)
    _write(paths.accepted / f"{load.load_id}.parquet", checked.table, record)
    return load.load_id


def finished(paths: Paths) -> list[datetime]:
    """When each load was accepted."""
    return [datetime.fromisoformat(record["load"]["finished_at"]) for record in _records(paths)]


def already(paths: Paths, request: Request, sha256: str, checked: Validated) -> str | None:
    """The load_id of this very file in this dataset and from this source, if it was accepted before.

    Of the same file other rows come in where the other load was for other regions; that is another load.
    """
    wanted = (sha256, request.dataset, request.source_id)
    same = (r for r in _records(paths) if (r["load"]["sha256"], r["load"]["dataset"], r["source"]["id"]) == wanted)
    regions = set(checked.table["region_code"].unique().to_pylist())
    for load_id in (record["load"]["load_id"] for record in same):
        if _regions(paths, load_id) == regions:
            return str(load_id)
    return None


def withdraw(paths: Paths, load_id: str) -> None:
    """Takes a load back: the next build is without it. Raises UserError when there is no such load."""
    path = paths.accepted / f"{load_id}.parquet"
    if not path.exists():
        known = "、".join(sorted(p.stem for p in paths.accepted.glob("*.parquet"))) or "无"
        raise UserError(f"没有载入记录“{load_id}”；现有：{known}")
    os.replace(path, path.with_suffix(WITHDRAWN))


def restore(paths: Paths, load_id: str) -> None:
    """Undoes `withdraw`."""
    path = paths.accepted / f"{load_id}.parquet"
    os.replace(path.with_suffix(WITHDRAWN), path)


def missing(paths: Paths, load_ids: Iterable[str]) -> list[str]:
    """Those of the loads whose files are not there, though nobody took them back or wrote them off."""
    ways = (".parquet", WITHDRAWN, WRITTEN_OFF)
    return [name for name in load_ids if not any((paths.accepted / f"{name}{way}").exists() for way in ways)]


def write_off(paths: Paths, load_id: str) -> None:
    """Notes that the file of a load is lost and that releases are to be made without it."""
    paths.accepted.mkdir(parents=True, exist_ok=True)
    (paths.accepted / f"{load_id}{WRITTEN_OFF}").touch()


def discard(paths: Paths, load_id: str) -> None:
    """Removes a load that never came into a release."""
    (paths.accepted / f"{load_id}.parquet").unlink()


def read_all(paths: Paths) -> list[Accepted]:
    """All accepted loads, in the order they came.

    Raises UserError that names a file that cannot be read: leaving it out would lose accepted figures silently.
    """
    return sorted((_read(path) for path in paths.accepted.glob("*.parquet")), key=lambda entry: entry.number)


def revised(entries: Sequence[Accepted]) -> list[pa.Table]:
    """The observations of all loads with dataset, load_id and revision, in parts that belong together.

    A later load that says something else about a figure gets the next revision; one that repeats it adds nothing.
    """
    if len(entries) == 1:  # as it is kept, which is much faster where it is large
        return [_labelled(entries[0])]
    tables = [_labelled(entry) for entry in entries]
    again = pd.concat([frame_of(table.select(FIGURE)) for table in tables]).duplicated(keep=False).to_numpy()
    ends = np.cumsum([len(table) for table in tables])
    parts, shared = [], []
    for table, repeated in zip(tables, np.split(again, ends[:-1]), strict=True):
        parts.append(table.filter(pa.array(~repeated)) if repeated.any() else table)
        shared.append(frame_of(table.filter(pa.array(repeated))))  # as texts, which take memory: only what has to be
    parts.append(pa.Table.from_pandas(_numbered(pd.concat(shared, ignore_index=True)), preserve_index=False))
    return parts


def _labelled(entry: Accepted) -> pa.Table:
    """The observations of a load with its dataset and load_id, each figure for the first time."""
    first = np.zeros(len(entry.table), dtype=np.int32)
    same = {name: pa.array([getattr(entry.load, name)]) for name in ("dataset", "load_id")}
    labels = {name: pa.DictionaryArray.from_arrays(first, text) for name, text in same.items()}
    columns = dict(zip(entry.table.column_names, entry.table.columns, strict=True))
    return pa.table({**columns, **labels, "revision": first + 1}).select(FIGURE_COLUMNS)


def added(paths: Paths) -> dict[str, Sequence[pd.DataFrame | pa.Table]]:
    """What all accepted loads add to a warehouse: table of schema.sql -> what to append to it.

    Raises UserError that names a file that cannot be read.
    """
    entries = read_all(paths)
    if not entries:
        return {}
    return {
        "loads": [pd.DataFrame([asdict(entry.load) for entry in entries])],
        "rejects": [rejects_of(entry.findings, entry.load) for entry in entries],
        "sources": [pd.DataFrame([entry.source for entry in entries]).drop_duplicates("id", keep="last")],
        "observations": revised(entries),
    }


def rejects_of(findings: list[Finding], load: Load) -> pd.DataFrame:
    """What is wrong with the rows of a load, as rows of the table `rejects`."""
    columns = [*Finding.__dataclass_fields__, "load_id"]
    return pd.DataFrame([finding.record() | {"load_id": load.load_id} for finding in findings], columns=columns)


def _numbered(together: pd.DataFrame) -> pd.DataFrame:
    """The figures of several loads, in their order, with revisions: without those that say what was said before."""
    groups = together.groupby(FIGURE, sort=False)
    repeats = groups.cumcount() > 0
    for column in SAYS:
        before = groups[column].shift()
        repeats &= (together[column] == before) | (together[column].isna() & before.isna())
    changed = together[~repeats]
    return changed.assign(revision=changed.groupby(FIGURE, sort=False).cumcount() + 1)


def _write(path: Path, table: pa.Table, record: dict[str, Any]) -> None:
    """Writes a load aside and renames it: a killed process leaves the whole file or none."""
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    # Without Arrow's own schema beside it texts are texts, whether they were dictionaries or not.
    with pq.ParquetWriter(aside, table.schema, store_schema=False) as file:
        file.write_table(table)
        file.add_key_value_metadata({"load": json.dumps(record, default=str, ensure_ascii=False)})
    with aside.open("rb+") as written:
        os.fsync(written.fileno())
    os.replace(aside, path)


def _records(paths: Paths) -> list[dict[str, Any]]:
    """What is kept beside the observations of each load; as JSON has it."""
    return [json.loads(_opened(path).schema_arrow.metadata[b"load"]) for path in paths.accepted.glob("*.parquet")]


def _opened(path: Path) -> pq.ParquetFile:
    """Raises UserError for a file that is not what `_write` wrote."""
    try:
        file = pq.ParquetFile(path, read_dictionary=COLUMNS)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from None
    if b"load" not in (file.schema_arrow.metadata or {}):
        raise _unreadable(path, "缺少载入记录")
    return file


def _unreadable(path: Path, reason: object) -> UserError:
    return UserError(f"已载入的文件 accepted/{path.name} 无法读取：{reason}。请从备份恢复后再试")


def _read(path: Path) -> Accepted:
    file = _opened(path)
    try:
        table = file.read()
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from None
    record = json.loads(file.schema_arrow.metadata[b"load"])
    times = {name: datetime.fromisoformat(record["load"][name]) for name in ("started_at", "finished_at")}
    return Accepted(
        number=record["number"],
        load=Load(**record["load"] | times),
        source=record["source"],
        findings=[Finding(**finding) for finding in record["findings"]],
        table=table,
    )
