"""Gathers everything a release consists of: catalogue, boundaries, published tables, accepted loads, demo panel."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from etl import accepted, boundaries, progress, simulate
from etl.accepted import Load
from etl.catalogue import Catalogue, read_csv_text
from etl.checks import expand_expected
from etl.errors import Finding, UserError
from etl.paths import Paths
from etl.progress import Say
from etl.readers import read_tables
from etl.validate import validate

DEMO_INPUT = "演示数据（模拟）"
CORRECTION_STATUSES = ("applied", "proposed", "declined")  # done; to be decided; decided against
PUBLISHED_TABLES = {"figures.csv": "observations", "growth.csv": "growth"}
FIGURE_COLUMNS = [
    "dataset",
    "region_code",
    "indicator_id",
    "breakdown",
    "period",
    "period_start",
    "period_end",
    "value",
    "unit",
    "qualifier",
    "numerator",
    "denominator",
    "status",
    "source_id",
    "published_as",
    "confidence",
    "note",
    "revision",
    "load_id",
]


@dataclass(frozen=True)
class Gathered:
    """What goes into one release, read and validated but not yet written.

    `tables` maps a table of schema.sql to the DataFrame that fills it (columns as there);
    `checks` and `release` are made later, from the written tables.
    """

    catalogue: Catalogue
    boundaries: boundaries.Boundaries
    tables: dict[str, pd.DataFrame]


def now() -> datetime:
    """Now in UTC, without zone, to the second: how the warehouse keeps times."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def input_files(paths: Paths) -> dict[str, Path]:
    """Every file that decides what a release contains, by the name it is known by: data first, then the ETL itself."""
    data = [
        *sorted(paths.catalogue.glob("*")),
        *sorted(paths.published.glob("*")),
        *sorted(paths.boundaries.glob("*.geojson")),
        *sorted(paths.accepted.glob("*.parquet")),
    ]
    code = sorted(p for p in Path(__file__).parent.iterdir() if p.suffix in (".py", ".sql"))
    return {p.relative_to(paths.data).as_posix(): p for p in data} | {f"etl/{p.name}": p for p in code}


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def gather(paths: Paths, catalogue: Catalogue, shapes: boundaries.Boundaries, say: Say) -> Gathered:
    """Reads and validates all tables. Faulty rows become rejects; the rest is loaded.

    Raises UserError when an accepted load cannot be read, or a correction matches nothing.
    """
    loads: list[Load] = []
    rejects: list[pd.DataFrame] = []
    official: dict[str, pd.DataFrame] = {}
    for name, table in PUBLISHED_TABLES.items():
        say(f"读取 published/{name} …")
        load, observations, findings = _published(paths, name, catalogue, growth=table == "growth")
        official[table] = observations
        loads.append(load)
        rejects.append(_rejects(findings, load))
    entries = accepted.read_all(paths)
    for entry in entries:
        say(f"读取已载入的 {entry.load.input} …")
        loads.append(entry.load)
        rejects.append(_rejects(entry.findings, entry.load))
    say("生成演示数据（模拟） …")
    progress.advance(0.5)
    started = now()
    panel = simulate.panel(catalogue, official["observations"])
    rows = len(panel.observations)
    loads.append(Load("demo-panel", started, now(), DEMO_INPUT, "", "demo", rows, rows, 0, "loaded"))
    demo = panel.observations.assign(dataset="demo", revision=1, load_id="demo-panel")
    parts = [official["observations"], *accepted.revised(entries), demo]
    observations, corrections = _corrected(
        pd.concat([part[FIGURE_COLUMNS] for part in parts], ignore_index=True), catalogue
    )
    # Not by the clock: the same inputs owe the same figures, whenever they are built.
    owed = expand_expected(catalogue, pd.to_datetime(observations["period_end"]).max().date())
    tables = {
        **_catalogue_tables(catalogue, shapes),
        "observations": observations,
        "growth": official["growth"][FIGURE_COLUMNS],
        "corrections": corrections,
        "expected": owed,
        "breaks": _breaks(catalogue, panel.breaks),
        "loads": pd.DataFrame([asdict(load) for load in loads]),
        "rejects": pd.concat(rejects, ignore_index=True),
    }
    tables["population"] = _population(paths, catalogue)
    tables["neighbours"] = pd.concat([boundaries.neighbours(frame) for frame in (shapes.leagues, shapes.banners)])
    tables["region_groups"] = catalogue.groups.rename(columns={"group": "name"})[["name", "region_code", "source_id"]]
    if entries:
        stewards = pd.DataFrame([entry.source for entry in entries]).drop_duplicates("id", keep="last")
        tables["sources"] = pd.concat([tables["sources"], stewards], ignore_index=True)
    return Gathered(catalogue, shapes, tables)


def _published(paths: Paths, name: str, catalogue: Catalogue, growth: bool) -> tuple[Load, pd.DataFrame, list[Finding]]:
    """One table of official figures: how it went, its observations (with dataset, revision, load_id), its findings."""
    started, path = now(), paths.published / name
    parts = [
        validate(table, catalogue, dataset="published", status="published", growth=growth)
        for table in read_tables(path)
    ]
    digest = sha256(path)
    rejected = sum(part.rows_rejected for part in parts)
    load = Load(
        load_id=f"published-{path.stem}-{digest[:8]}",
        started_at=started,
        finished_at=now(),
        input=f"published/{name}",
        sha256=digest,
        dataset="published",
        rows_in=sum(part.rows_in for part in parts),
        rows_loaded=sum(part.rows_loaded for part in parts),
        rows_rejected=rejected,
        status="partial" if rejected else "loaded",
    )
    observations = pd.concat([part.observations for part in parts], ignore_index=True)
    findings = [finding for part in parts for finding in part.findings]
    return load, observations.assign(dataset="published", revision=1, load_id=load.load_id), findings


def _rejects(findings: list[Finding], load: Load) -> pd.DataFrame:
    columns = [*Finding.__dataclass_fields__, "load_id"]
    return pd.DataFrame([finding.record() | {"load_id": load.load_id} for finding in findings], columns=columns)


def _corrected(figures: pd.DataFrame, catalogue: Catalogue) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Appends the corrections of corrections.csv with status `applied` as revisions, in their order.

    Gives the figures with them, and table `corrections`, of every status. Raises UserError that lists every correction
    that cannot be understood, or whose old value is not what the newest revision says: the source may have been
    mended, then the entry has to go.
    """
    made: list[dict[str, object]] = []
    faults: list[str] = []
    keys = ["region_code", "indicator_id", "breakdown", "period", "source_id"]
    for line, row in zip(catalogue.corrections.index + 2, catalogue.corrections.to_dict("records"), strict=True):
        try:
            old, new = float(row["old_value"]), float(row["new_value"])
            corrected_on = date.fromisoformat(row["corrected_on"])
        except ValueError as error:
            faults.append(f"corrections.csv 第{line}行：原值、新值须为数，更正日期须写成2025-03-31（{error}）")
            continue
        if row["status"] not in CORRECTION_STATUSES or not row["reason"]:
            allowed = "、".join(CORRECTION_STATUSES)
            faults.append(f"corrections.csv 第{line}行：须写明理由；状态“{row['status']}”须为{allowed}之一")
            continue
        same = (figures[keys] == pd.Series({key: row[key] for key in keys})).all(axis=1)
        hit = figures[same].nlargest(1, "revision")
        if hit.empty or hit["value"].iloc[0] != old:
            faults.append(
                f"corrections.csv 第{line}行：没有这条数据（{row['region_code']} {row['indicator_id']} "
                f"{row['period']} 原值{row['old_value']}），请核对或删去该更正"
            )
            continue
        known = {"old_value": old, "new_value": new, "corrected_on": corrected_on, "revision": None}
        if row["status"] == "applied":
            note = "；".join(part for part in (hit["note"].iloc[0], f"更正：{row['reason']}") if part)
            corrected = hit.assign(value=new, revision=hit["revision"] + 1, note=note)
            figures = pd.concat([figures, corrected], ignore_index=True)
            known["revision"] = int(corrected["revision"].iloc[0])
        named = {key: row[key] for key in (*keys, "reason", "status")}
        made.append({"dataset": hit["dataset"].iloc[0], "unit": hit["unit"].iloc[0]} | named | known)
    if faults:
        raise UserError("更正有误，未生成新版本：\n" + "\n".join(f"  · {fault}" for fault in faults))
    return figures, pd.DataFrame(made).astype({"revision": "Int64"}) if made else pd.DataFrame()


def _catalogue_tables(catalogue: Catalogue, shapes: boundaries.Boundaries) -> dict[str, pd.DataFrame]:
    """The tables that describe figures: chapters, regions, indicators, indicator_units, sources, targets."""
    points = pd.concat([shapes.leagues, shapes.banners])[["lon", "lat"]]
    regions = pd.DataFrame(
        {
            "code": r.code,
            "name": r.name,
            "short_name": r.short_name,
            "name_en": r.name_en,
            "level": r.level,
            "type": r.type,
            "parent": r.parent or None,
            "seat": r.seat or None,
            "pinyin": r.pinyin,
            "aliases": list(r.aliases),
            "area_km2": r.area_km2,
            "search": r.search,
        }
        for r in catalogue.regions.values()
    ).merge(points, how="left", left_on="code", right_index=True)
    indicators = pd.DataFrame(
        {
            "id": i.id,
            "position": i.position,
            "name": i.name,
            "name_en": i.name_en,
            "aliases": list(i.aliases),
            "chapter": i.chapter,
            "unit": i.unit,
            "kind": i.kind,
            "direction": i.direction,
            "decimals": i.decimals,
            "numerator": i.numerator,
            "denominator": i.denominator,
            "aggregation": i.aggregation,
            "near": i.near,
            "headline": i.headline,
            "definition": i.definition,
            "caveats": i.caveats,
            "search": i.search,
        }
        for i in catalogue.indicators.values()
    ).astype({"headline": "Int64"})
    units = pd.DataFrame(
        [(i.id, b, u) for i in catalogue.indicators.values() for b, u in i.breakdown_units.items()],
        columns=["indicator_id", "breakdown", "unit"],
    )
    sources = catalogue.sources.assign(
        published_on=catalogue.sources["published_on"].replace("", None),
        url=catalogue.sources["url"].replace("", None),
        region_code=catalogue.sources["region_code"].replace("", None),
        sha256=None,
    )[["id", "title", "publisher", "kind", "region_code", "published_on", "url", "confidence", "sha256", "note"]]
    return {
        "chapters": catalogue.chapters.astype({"number": "int64"})[["number", "short_name", "name"]],
        "regions": regions,
        "indicators": indicators,
        "indicator_units": units,
        "sources": sources,
        "targets": catalogue.targets,
    }


def _population(paths: Paths, catalogue: Catalogue) -> pd.DataFrame:
    """Table `population`. Raises UserError for a region, a source or a number that does not fit."""
    name = "population_2020.csv"
    frame = read_csv_text(paths.published / name, ["region_code", "population", "as_of", "source_id"])
    known = frame["region_code"].isin(catalogue.regions) & frame["source_id"].isin(catalogue.sources["id"])
    numbers = pd.to_numeric(frame["population"], errors="coerce")
    wrong = frame.index[~known | ~(numbers > 0)]
    if len(wrong):
        raise UserError(f"published/{name} 第{'、'.join(str(i + 2) for i in wrong)}行的区划代码、人口数或来源有误")
    return frame.assign(population=numbers.astype("int64"))[["region_code", "population", "as_of", "source_id"]]


def _breaks(catalogue: Catalogue, simulated: pd.DataFrame) -> pd.DataFrame:
    """Table `breaks`: those of the catalogue hold for published figures, those of the panel for the demo."""
    columns = ["indicator_id", "from", "reason", "dataset"]
    return pd.concat(
        [catalogue.breaks.assign(dataset="published")[columns], simulated.assign(dataset="demo")[columns]],
        ignore_index=True,
    )
