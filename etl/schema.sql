-- The warehouse: one DuckDB file a release, written once by etl/publish.py and read-only ever after.
-- Uniqueness of observations and growth is verified by a query before publishing, not by an index:
-- an index over seven columns would double the time and the memory of a large load.

CREATE TABLE release (
    id VARCHAR PRIMARY KEY,
    built_at TIMESTAMP NOT NULL,
    data_until DATE NOT NULL,
    fingerprint VARCHAR NOT NULL,
    inputs VARCHAR NOT NULL,
    boundaries VARCHAR NOT NULL,
    duckdb_version VARCHAR NOT NULL
);
COMMENT ON TABLE release IS 'One row: which release this file is.';
COMMENT ON COLUMN release.id IS 'YYYYMMDD-hash: latest period_end of the official figures, and six hex digits of the content.';
COMMENT ON COLUMN release.fingerprint IS 'SHA-256 over every input file and the ETL itself: equal fingerprint, nothing to do.';
COMMENT ON COLUMN release.inputs IS 'JSON: input file -> SHA-256.';
COMMENT ON COLUMN release.boundaries IS 'Short hash of the boundary files, used as ?v= in their addresses.';

CREATE TABLE chapters (
    number INTEGER PRIMARY KEY,
    short_name VARCHAR NOT NULL,
    name VARCHAR NOT NULL
);
COMMENT ON TABLE chapters IS 'Chapters 1-9 of the outline for building a rule-of-law government; 10 is public legal services.';

CREATE TABLE regions (
    code VARCHAR PRIMARY KEY CHECK (regexp_full_match(code, '15[0-9]{4}')),
    name VARCHAR NOT NULL UNIQUE,
    short_name VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    level VARCHAR NOT NULL CHECK (level IN ('region', 'league', 'banner')),
    type VARCHAR NOT NULL,
    parent VARCHAR,
    seat VARCHAR,
    pinyin VARCHAR NOT NULL,
    aliases VARCHAR[] NOT NULL,
    lon DOUBLE,
    lat DOUBLE,
    area_km2 DOUBLE NOT NULL,
    search VARCHAR NOT NULL,
    CHECK ((level = 'region') = (parent IS NULL))
);
COMMENT ON TABLE regions IS 'The autonomous region, its 12 leagues and cities, its 103 banners, counties, cities and districts.';
COMMENT ON COLUMN regions.code IS 'GB/T 2260 code, six digits, text.';
COMMENT ON COLUMN regions.lon IS 'Label point inside the region, WGS 84.';
COMMENT ON COLUMN regions.area_km2 IS 'Geodesic area of the drawn boundary; not an official area.';
COMMENT ON COLUMN regions.search IS 'Lower-case text to search in: names, aliases, pinyin, initials.';

CREATE TABLE indicators (
    id VARCHAR PRIMARY KEY,
    position INTEGER NOT NULL,
    name VARCHAR NOT NULL UNIQUE,
    name_en VARCHAR NOT NULL,
    aliases VARCHAR[] NOT NULL,
    chapter INTEGER NOT NULL REFERENCES chapters (number),
    unit VARCHAR NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('count', 'rate', 'ratio', 'money', 'duration')),
    direction VARCHAR NOT NULL CHECK (direction IN ('higher_better', 'lower_better', 'neutral')),
    decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 4),
    numerator VARCHAR,
    denominator VARCHAR,
    aggregation VARCHAR NOT NULL CHECK (aggregation IN ('sum', 'latest', 'weighted', 'none')),
    near DOUBLE NOT NULL,
    headline INTEGER,
    definition VARCHAR NOT NULL,
    caveats VARCHAR NOT NULL,
    search VARCHAR NOT NULL
);
COMMENT ON TABLE indicators IS 'The catalogue, from data/catalogue/indicators.toml.';
COMMENT ON COLUMN indicators.position IS 'Order in the catalogue.';
COMMENT ON COLUMN indicators.near IS 'Distance to the target, in the unit, that still reads as 接近.';
COMMENT ON COLUMN indicators.headline IS 'Order among the cards of the first page; NULL: none.';

CREATE TABLE indicator_units (
    indicator_id VARCHAR NOT NULL REFERENCES indicators (id),
    breakdown VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    PRIMARY KEY (indicator_id, breakdown)
);
COMMENT ON TABLE indicator_units IS 'Breakdowns that are counted in another unit than their indicator.';

CREATE TABLE sources (
    id VARCHAR PRIMARY KEY,
    title VARCHAR NOT NULL,
    publisher VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    region_code VARCHAR,
    published_on VARCHAR,
    url VARCHAR,
    confidence VARCHAR NOT NULL CHECK (confidence IN ('high', 'medium', 'low')),
    sha256 VARCHAR,
    note VARCHAR NOT NULL
);
COMMENT ON TABLE sources IS 'The documents and tables that figures come from.';
COMMENT ON COLUMN sources.published_on IS 'Year, month or day as far as known (text); NULL: not seen.';
COMMENT ON COLUMN sources.sha256 IS 'Of the file, for tables that a steward loaded.';

CREATE TABLE loads (
    load_id VARCHAR PRIMARY KEY,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP NOT NULL,
    input VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    rows_in INTEGER NOT NULL,
    rows_loaded INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    CHECK (rows_in = rows_loaded + rows_rejected)
);
COMMENT ON TABLE loads IS 'One run over one input; every row read is either loaded or rejected.';

CREATE TABLE rejects (
    load_id VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    sheet VARCHAR NOT NULL,
    "row" INTEGER,
    "column" VARCHAR NOT NULL,
    found VARCHAR NOT NULL,
    expected VARCHAR NOT NULL,
    message VARCHAR NOT NULL
);
COMMENT ON TABLE rejects IS 'Findings on rows that were not loaded; a row may have several.';
COMMENT ON COLUMN rejects."row" IS 'Row as the spreadsheet program counts it, from 1; NULL: the whole sheet.';

CREATE TABLE observations (
    dataset VARCHAR NOT NULL,
    region_code VARCHAR NOT NULL,
    indicator_id VARCHAR NOT NULL,
    breakdown VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    value DOUBLE,
    unit VARCHAR NOT NULL,
    qualifier VARCHAR NOT NULL,
    numerator DOUBLE,
    denominator DOUBLE,
    status VARCHAR NOT NULL
        CHECK (status IN ('published', 'reported', 'computed', 'simulated', 'not_applicable', 'not_reported')),
    source_id VARCHAR NOT NULL,
    published_as VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL CHECK (confidence IN ('high', 'medium', 'low')),
    note VARCHAR NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    load_id VARCHAR NOT NULL,
    CHECK (period_start <= period_end),
    CHECK ((value IS NULL) = (status IN ('not_applicable', 'not_reported')))
);
COMMENT ON TABLE observations IS 'One row is one figure as one source gives it. Nothing is overwritten: a correction has a higher revision.';
COMMENT ON COLUMN observations.breakdown IS 'Empty: the total. Otherwise a part, scope or channel; parts may overlap and are not added up.';
COMMENT ON COLUMN observations.period IS 'Label as a person writes it: 2023, 2021-2023, 2023Q2, 2023-06, 2021-01/2021-10.';
COMMENT ON COLUMN observations.value IS 'In the base unit (19.6万余件 is 196000). NULL only with the states not_applicable and not_reported.';
COMMENT ON COLUMN observations.qualifier IS '余, 多, 超, 近, 约 as printed: the value is rounded or a bound.';
COMMENT ON COLUMN observations.published_as IS 'The words in which it was printed.';

CREATE TABLE growth (
    dataset VARCHAR NOT NULL,
    region_code VARCHAR NOT NULL,
    indicator_id VARCHAR NOT NULL,
    breakdown VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    value DOUBLE NOT NULL,
    unit VARCHAR NOT NULL CHECK (unit = '%'),
    qualifier VARCHAR NOT NULL,
    numerator DOUBLE,
    denominator DOUBLE,
    status VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    published_as VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    load_id VARCHAR NOT NULL,
    CHECK (period_start <= period_end)
);
COMMENT ON TABLE growth IS 'Published growth over the same period of the year before (同比), in percent; indicator_id is the base indicator.';

CREATE TABLE targets (
    region_code VARCHAR NOT NULL,
    indicator_id VARCHAR NOT NULL REFERENCES indicators (id),
    period VARCHAR NOT NULL,
    value DOUBLE NOT NULL,
    source_id VARCHAR NOT NULL REFERENCES sources (id),
    published_as VARCHAR NOT NULL,
    PRIMARY KEY (region_code, indicator_id, period)
);
COMMENT ON TABLE targets IS 'Targets and bounds; the direction of the indicator says whether at least or at most.';

CREATE TABLE population (
    region_code VARCHAR PRIMARY KEY REFERENCES regions (code),
    population INTEGER NOT NULL CHECK (population > 0),
    as_of DATE NOT NULL,
    source_id VARCHAR NOT NULL REFERENCES sources (id)
);
COMMENT ON TABLE population IS 'Census population of the region and its leagues, for figures per 10,000 people.';

CREATE TABLE neighbours (
    code VARCHAR NOT NULL REFERENCES regions (code),
    neighbour VARCHAR NOT NULL REFERENCES regions (code),
    PRIMARY KEY (code, neighbour)
);
COMMENT ON TABLE neighbours IS 'Regions of one level that share a border line, each pair in both directions, computed from the boundaries.';

CREATE TABLE region_groups (
    name VARCHAR NOT NULL,
    region_code VARCHAR NOT NULL REFERENCES regions (code),
    source_id VARCHAR NOT NULL REFERENCES sources (id),
    PRIMARY KEY (name, region_code)
);
COMMENT ON TABLE region_groups IS 'Comparison groups that a document names, from data/catalogue/groups.csv: no source, no group.';

CREATE TABLE breaks (
    indicator_id VARCHAR NOT NULL REFERENCES indicators (id),
    "from" DATE NOT NULL,
    reason VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL
);
COMMENT ON TABLE breaks IS 'Changes of definition (口径): figures before and after do not compare.';

CREATE TABLE expected (
    dataset VARCHAR NOT NULL,
    region_code VARCHAR NOT NULL,
    indicator_id VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    due_on DATE NOT NULL
);
COMMENT ON TABLE expected IS 'Figures that a region owes, from data/catalogue/expected.csv.';

CREATE TABLE corrections (
    dataset VARCHAR NOT NULL,
    region_code VARCHAR NOT NULL,
    indicator_id VARCHAR NOT NULL,
    breakdown VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    old_value DOUBLE NOT NULL,
    new_value DOUBLE NOT NULL,
    unit VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('applied', 'proposed', 'declined')),
    corrected_on DATE NOT NULL,
    revision INTEGER,
    CHECK ((revision IS NULL) = (status <> 'applied'))
);
COMMENT ON TABLE corrections IS 'Corrections from data/catalogue/corrections.csv, each with its reason.';
COMMENT ON COLUMN corrections.revision IS 'The revision in observations that it appended; NULL: it is not applied.';

CREATE TABLE checks (
    check_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    severity VARCHAR NOT NULL CHECK (severity IN ('ok', 'info', 'warning', 'error')),
    dataset VARCHAR NOT NULL,
    region_code VARCHAR NOT NULL,
    indicator_id VARCHAR NOT NULL,
    breakdown VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    expected DOUBLE,
    found DOUBLE,
    unit VARCHAR NOT NULL,
    message VARCHAR NOT NULL
);
COMMENT ON TABLE checks IS 'Comparisons of figures: expected is what was published, found is what was computed.';

-- Few figures are ever revised: looking for something newer is far less work than ranking them all.
CREATE VIEW latest_observations AS
SELECT o.* FROM observations AS o
ANTI JOIN (SELECT * FROM observations WHERE revision > 1) AS newer
    ON newer.dataset = o.dataset AND newer.region_code = o.region_code AND newer.indicator_id = o.indicator_id
    AND newer.breakdown = o.breakdown AND newer.period = o.period AND newer.source_id = o.source_id
    AND newer.revision > o.revision;
COMMENT ON VIEW latest_observations IS 'The newest revision of every figure of every source.';

-- Of any part of latest_observations that holds figures with all their sources.
CREATE MACRO leads_of(figures) AS TABLE
SELECT o.*,
    date_diff('month', o.period_start, o.period_end + 1) AS period_months,
    count(*) OVER same_figure AS source_count
FROM query_table(figures) AS o
LEFT JOIN sources AS s ON s.id = o.source_id
WINDOW same_figure AS (PARTITION BY o.dataset, o.region_code, o.indicator_id, o.breakdown, o.period)
QUALIFY row_number() OVER (
    PARTITION BY o.dataset, o.region_code, o.indicator_id, o.breakdown, o.period
    ORDER BY CASE o.confidence WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END,
        s.published_on DESC NULLS LAST, o.source_id
) = 1;

CREATE VIEW leading_observations AS FROM leads_of('latest_observations');
COMMENT ON VIEW leading_observations IS 'One row a figure: the newest source of the highest confidence; source_count tells whether there are others.';
