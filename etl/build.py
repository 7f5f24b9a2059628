"""Gathers what every release consists of, whatever was loaded: catalogue, boundaries, published tables, demo panel."""

from dataclasses import asdict

import pandas as pd

from etl import boundaries, progress, simulate
from etl.accepted import FIGURE_COLUMNS, Load, rejects_of
from etl.catalogue import Catalogue, read_csv_text
from etl.checks import expand_expected
from etl.errors import Finding, UserError
from etl.inputs import now, sha256
from etl.paths import Paths
from etl.progress import Say
from etl.readers import read_tables
from etl.validate import validate

DEMO_INPUT = "演示数据（模拟）"
PUBLISHED_TABLES = {"figures.csv": "observations", "growth.csv": "growth"}


def gather(paths: Paths, catalogue: Catalogue, shapes: boundaries.Boundaries, say: Say) -> dict[str, pd.DataFrame]:
    """Everything but accepted loads and corrections, read and validated: table of schema.sql -> DataFrame to fill it.

    Faulty rows become rejects; the rest is loaded. `checks` and `release` are made later, from the written tables.
    """
    loads: list[Load] = []
    rejects: list[pd.DataFrame] = []
    official: dict[str, pd.DataFrame] = {}
    for name, table in PUBLISHED_TABLES.items():
        say(f"读取 published/{name} …")
        load, observations, findings = _published(paths, name, catalogue, growth=table == "growth")
        official[table] = observations
        loads.append(load)
        rejects.append(rejects_of(findings, load))
    say("生成演示数据（模拟） …")
    progress.advance(0.5)
    started = now()
    panel = simulate.panel(catalogue, official["observations"])
    rows = len(panel.observations)
    loads.append(Load("demo-panel", started, now(), DEMO_INPUT, "", "demo", rows, rows, 0, "loaded"))
    demo = panel.observations.assign(dataset="demo", revision=1, load_id="demo-panel")
    figures = pd.concat([part[FIGURE_COLUMNS] for part in (official["observations"], demo)], ignore_index=True)
    return {
        **_catalogue_tables(catalogue, shapes),
        "observations": figures,
        "growth": official["growth"][FIGURE_COLUMNS],
        # Not by the clock: the same inputs owe the same figures, whenever they are built.
        "expected": expand_expected(catalogue, figures["period_end"].max().date()),
        "breaks": _breaks(catalogue, panel.breaks),
        "loads": pd.DataFrame([asdict(load) for load in loads]),
        "rejects": pd.concat(rejects, ignore_index=True),
        "population": _population(paths, catalogue),
        "neighbours": pd.concat([boundaries.neighbours(frame) for frame in (shapes.leagues, shapes.banners)]),
        "region_groups": catalogue.groups.rename(columns={"group": "name"})[["name", "region_code", "source_id"]],
    }


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
