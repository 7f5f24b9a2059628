"""Gathers everything a release consists of: catalogue, boundaries, published tables, accepted loads, demo panel."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from etl import boundaries, simulate
from etl.catalogue import Catalogue
from etl.checks import expand_expected
from etl.errors import Finding
from etl.paths import Paths
from etl.readers import read_tables
from etl.validate import validate

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

Say = Callable[[str], None]


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
class Gathered:
    """What goes into one release, read and validated but not yet written.

    `tables` maps a table of schema.sql to the DataFrame that fills it (columns as there);
    `checks` and `release` are made later, from the written tables.
    """

    catalogue: Catalogue
    boundaries: boundaries.Boundaries
    tables: dict[str, pd.DataFrame]
    loads: list[Load]
    findings: list[Finding]


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
    """Reads and validates all tables. Faulty rows become findings; the rest is loaded."""
    frames: dict[str, list[pd.DataFrame]] = {"observations": [], "growth": []}
    loads: list[Load] = []
    findings: list[Finding] = []
    rejects: list[pd.DataFrame] = []
    for name, table in PUBLISHED_TABLES.items():
        say(f"读取 published/{name} …")
        started, path = now(), paths.published / name
        checked = [
            validate(raw, catalogue, dataset="published", status="published", growth=table == "growth")
            for raw in read_tables(path)
        ]
        digest = sha256(path)
        load_id = f"published-{path.stem}-{digest[:8]}"
        for part in checked:
            frames[table].append(part.observations.assign(dataset="published", revision=1, load_id=load_id))
            findings += part.findings
            rejects.append(pd.DataFrame([f.record() for f in part.findings]).assign(load_id=load_id))
        rejected = sum(part.rows_rejected for part in checked)
        loads.append(
            Load(
                load_id=load_id,
                started_at=started,
                finished_at=now(),
                input=f"published/{name}",
                sha256=digest,
                dataset="published",
                rows_in=sum(part.rows_in for part in checked),
                rows_loaded=sum(part.rows_loaded for part in checked),
                rows_rejected=rejected,
                status="partial" if rejected else "loaded",
            )
        )
    say("生成演示数据（模拟） …")
    started = now()
    panel = simulate.panel(catalogue, frames["observations"][0])
    demo_id = "demo-panel"
    frames["observations"].append(panel.observations.assign(dataset="demo", revision=1, load_id=demo_id))
    rows = len(panel.observations)
    loads.append(
        Load(demo_id, started, now(), "etl/simulate.py", "", "demo", rows, rows, 0, "loaded"),
    )
    observations = pd.concat(frames["observations"], ignore_index=True)[FIGURE_COLUMNS]
    # Not by the clock: the same inputs owe the same figures, whenever they are built.
    owed = expand_expected(catalogue, pd.to_datetime(observations["period_end"]).max().date())
    tables = {
        **_catalogue_tables(catalogue, shapes),
        "observations": observations,
        "growth": pd.concat(frames["growth"], ignore_index=True)[FIGURE_COLUMNS],
        "expected": owed,
        "breaks": _breaks(catalogue, panel.breaks),
        "loads": pd.DataFrame([load.__dict__ for load in loads]),
        "rejects": pd.concat(rejects, ignore_index=True),
    }
    return Gathered(catalogue, shapes, tables, loads, findings)


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


def _breaks(catalogue: Catalogue, simulated: pd.DataFrame) -> pd.DataFrame:
    """Table `breaks`: those of the catalogue hold for published figures, those of the panel for the demo."""
    columns = ["indicator_id", "from", "reason", "dataset"]
    return pd.concat(
        [catalogue.breaks.assign(dataset="published")[columns], simulated.assign(dataset="demo")[columns]],
        ignore_index=True,
    )
