"""The first page 总览: what needs attention, the cards by chapter, the map below, and what only its printout holds."""

import html
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cards, clock, editorial, narrative, operator, quality, queries, selection, slices
from dashboard.charts import Chart, paper
from dashboard.frame import Reader, plain
from dashboard.narrative import Attention, Facts
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.server import TITLE
from dashboard.statistics import target_for
from dashboard.theme import DATASET_NAMES, DEMO_MARK, LATEST, LEVEL_NAMES, cited, format_period

PAGES = Path(__file__).resolve().parent.parent / "pages"
OWED_PERIODS = 5  # the newest year and its quarters


# ---- what needs attention ----


def facts(reader: Reader) -> Facts:
    """What the rules of attention look at."""
    release, dataset, choices = reader.release, reader.selection.dataset, reader.choices
    regions = choices.regions
    first = choices.indicators["headline"].astype("Float64").idxmin()
    of_first = queries.figures_of_indicator(release, dataset, str(first))
    publishers = of_first[(of_first["level"] == "league") & of_first["value"].notna()]["region"].unique().tolist()
    periods = queries.owed_periods(release, dataset)[:OWED_PERIODS]
    return Facts(
        indicators=choices.indicators,
        watched=[i for i in editorial.card_indicators() if i in choices.indicators.index],
        root=REGION_ROOT,
        targets=queries.targets(release),
        totals=queries.annual_totals(release, dataset),
        whole=queries.figures_of_region(release, dataset, REGION_ROOT),
        breaks=queries.breaks_of_dataset(release, dataset),
        checks=quality.ordered(queries.checks(release, dataset)),
        progress={
            period: quality.progress_of(queries.owed_figures(release, dataset, period), regions, clock.today())
            for period in periods
        },
        changes=cards.changes(cards.of_region(reader)),
        publishers=publishers,
        leagues=regions.loc[regions["level"] == "league", "name"].tolist(),
        data_until=release.data_until,
    )


def attention(reader: Reader) -> list[Attention]:
    """What needs attention in the chosen dataset, the weightiest first."""
    today = clock.today().isoformat()
    return _attention(reader.release, reader.selection.dataset, today, editorial.attention_rules(), reader)


@st.cache_data(show_spinner=False, max_entries=20)
def _attention(release: Release, dataset: str, day: str, rules: dict[str, Any], _reader: Reader) -> list[Attention]:
    return narrative.attention(facts(_reader), rules)


def show_attention(reader: Reader) -> None:
    """The sentences as links to the pages that show their figures."""
    st.header("需要关注")
    for item in attention(reader):
        st.page_link(
            PAGES / f"{item.page}.py",
            label=plain(item.text),
            icon=f":material/{item.icon}:",
            query_params=address_of(reader, item.parameters),
        )


def address_of(reader: Reader, parameters: dict[str, str]) -> dict[str, str]:
    """The address of another page: the reader's dataset and `parameters`, without what are defaults anyway."""
    own = {name: value for name, value in parameters.items() if name not in selection.PARAMETERS}
    shared = {name: value for name, value in parameters.items() if name in selection.PARAMETERS}
    wanted = {"dataset": reader.selection.dataset, **shared}
    resolved, _ = selection.resolve(wanted, reader.choices)
    return {**selection.to_parameters(resolved, reader.choices), **own}


# ---- the board: what is printed too ----


def prepare(reader: Reader) -> None:
    """Makes what the board shows of a dataset, so that no reader waits for it."""
    cards.of_region(reader)
    attention(reader)


def board(reader: Reader) -> None:
    """The lead, what needs attention, the story of the first indicator and the cards; style.css lays them out."""
    chosen, release = reader.selection, reader.release
    figures = queries.figures_of_region(release, chosen.dataset, REGION_ROOT)
    targets = queries.targets(release)
    made = cards.of_region(reader)
    sources = cited_sources(reader)
    with st.container(key="print_head"):
        st.html(head_html(reader))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("总览", width="content")
        to_screen()
    st.markdown(cards.lead(made, figures, reader, targets))
    with st.container(key="board"):
        with st.container(key="attention", gap="xxsmall"):
            show_attention(reader)
        with st.container(key="story"):
            show_story(reader, figures, targets, sources)
        with st.container(key="chapters"):
            st.html(cards.chapters_html(made, reader.choices.indicators, chosen.dataset, sources))


def to_screen() -> None:
    """The way to the big screen, with the choice that the reader has made."""

    def turn() -> None:  # a link to the page that one is on would leave the address bar as it is
        st.query_params["mode"] = selection.BIG_SCREEN

    st.button("大屏", key="to_screen", icon=":material/tv:", type="tertiary", on_click=turn)


def show_story(reader: Reader, figures: pd.DataFrame, targets: pd.DataFrame, sources: list[str]) -> None:
    """The first headline indicator of the whole region, year by year, and its target."""
    indicators = reader.choices.indicators
    indicator = indicators.loc[indicators["headline"].astype("Float64").idxmin()]
    totals = figures[(figures["indicator_id"] == indicator.name) & (figures["breakdown"] == "")]
    newest = slices.newest(totals)
    period = newest["period"].iloc[0] if len(newest) else str(reader.release.data_until.year)
    target = target_for(targets, REGION_ROOT, str(indicator.name), period)
    steps = cards.story(totals)
    if not steps:
        return
    known = totals[totals["value"].notna()]
    details = [f"来源：{cited(title)}" for title in known["source_title"].unique()]
    details += [f"目标：{cited(target['source_title'])}"] if target is not None else []
    details += [f"口径：{indicator['caveats']}"] if indicator["caveats"] else []
    aim = cards.aim_of(target, indicator["unit"])
    references = cards.reference([cited(title) for title in known["source_title"]], sources)
    st.html(cards.story_html(steps, f"全区{indicator['name']}", aim, details, references))


def cited_sources(reader: Reader) -> list[str]:
    """The documents behind the cards and the story, in the order of their numbers on paper."""
    figures = queries.figures_of_region(reader.release, reader.selection.dataset, REGION_ROOT)
    first = reader.choices.indicators["headline"].astype("Float64").idxmin()
    of_story = figures[(figures["indicator_id"] == first) & (figures["breakdown"] == "") & figures["value"].notna()]
    told = [made.source for made in cards.of_region(reader) if made.source]
    return list(dict.fromkeys([*told, *(cited(title) for title in of_story["source_title"])]))


def head_html(reader: Reader) -> str:
    """What stands over the printout: the system, whose it is, the data set, the day."""
    office = operator.named().get("office", "")
    parts = [
        office,
        f"数据集：{DATASET_NAMES[reader.selection.dataset]}",
        f"打印日期：{clock.today():%Y年%-m月%-d日}",
    ]
    return f'<p class="overview">{_e(TITLE)}<span>{_e(" · ".join(part for part in parts if part))}</span></p>'


def print_more(reader: Reader, frame: pd.DataFrame, chart: Chart) -> None:
    """What only the printout holds: the map, its figures as a list, the sources, and the release.

    `frame`: `slices.by_region`; `chart`: their map in light colours.
    """
    chosen = reader.selection
    own_period = chosen.period == LATEST
    sources = cited_sources(reader)
    of_places = [cited(title) for title in frame.loc[frame["value"].notna(), "source_title"]]
    sources += [title for title in dict.fromkeys(of_places) if title not in sources]
    places = "".join(
        f"<li>{_e(row.name)} <b>{_e(row.text)}</b> {_e(row.period_text if own_period else '')}"
        f"{cards.reference([cited(str(row.source_title))], sources)}</li>"
        for row in frame.sort_index().itertuples(index=False)
    )
    listed = "".join(f"<li>[{number}] {_e(title)}</li>" for number, title in enumerate(sources, 1))
    mark = f'<p class="watermark">{DEMO_MARK}</p>' if chosen.dataset == "demo" else ""
    part = f"（{chosen.breakdown}）" if chosen.breakdown else ""
    head = f"各{LEVEL_NAMES[chosen.level]}{reader.indicator['name']}{part} · {format_period(chosen.period)}"
    image = paper.map_image(chart.figure)
    sheet = (
        f'{mark}<h4>{_e(head)}</h4><div class="map"><img src="{image}" alt="{_e(chart.reading)}">'
        f'<ul class="places">{places}</ul></div>'
        f'<h4>来源</h4><ul class="sources">{listed}</ul>'
        f"<p>数据截至{reader.release.data_until:%Y年%-m月%-d日} · 版本{reader.release.id}"
        " · 示意图，不作为划界依据，斜纹处没有数</p>"
    )
    with st.container(key="print_more"):
        st.html(f'<div class="overview" style="color-scheme:light;{cards.variables()}">{sheet}</div>')


def _e(text: str) -> str:
    return html.escape(str(text), quote=True)


# ---- the map below ----


def pick_headline(reader: Reader) -> None:
    """Pills that choose the indicator of the map among the headline ones."""
    headline = reader.choices.indicators[reader.choices.indicators["headline"].notna()].sort_values("headline")
    chosen = reader.selection.indicator
    st.session_state["headline"] = chosen if chosen in headline.index else None

    def pick() -> None:
        if st.session_state["headline"] is not None:
            reader.change(indicator=st.session_state["headline"])

    st.pills(
        "地图指标",
        list(headline.index),
        format_func=lambda i: headline["name"][i],
        key="headline",
        on_change=pick,
        label_visibility="collapsed",
    )


def more_on_map(reader: Reader) -> None:
    """The way from the small map to the page 地图, where the figures of the chosen region stand beside it."""
    chosen = reader.selection.region
    place = "" if chosen == REGION_ROOT else f"看{reader.choices.regions['name'][chosen]}的各项数据"
    st.page_link(
        PAGES / "map.py",
        label=f"在“地图”页{place or '看各地数据和来源'}",
        icon=":material/map:",
        query_params=st.query_params.to_dict(),
    )
