"""The first page 总览: what needs attention, the cards by chapter, the map below, and what only its printout holds."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import (
    cards,
    clock,
    editorial,
    kept,
    narrative,
    operator,
    plan,
    quality,
    queries,
    selection,
    slices,
    trends,
)
from dashboard.charts import Chart, paper
from dashboard.compare import case_unit
from dashboard.frame import Reader, plain
from dashboard.narrative import Attention, Facts
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.server import TITLE
from dashboard.statistics import target_for
from dashboard.theme import DATASET_NAMES, DEMO_MARK, LATEST, LEVEL_NAMES, cited, format_day, format_period

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


def address_of(reader: Reader, parameters: dict[str, str]) -> dict[str, str]:
    """The address of another page: the reader's dataset and `parameters`, without what are defaults anyway."""
    own = {name: value for name, value in parameters.items() if name not in selection.PARAMETERS}
    shared = {name: value for name, value in parameters.items() if name in selection.PARAMETERS}
    wanted = {"dataset": reader.selection.dataset, **shared}
    resolved, _ = selection.resolve(wanted, reader.choices)
    return {**selection.to_parameters(resolved, reader.choices), **own}


# ---- the board: what is printed too ----


@dataclass(frozen=True)
class Board:
    """What the board says of a dataset, whatever else the reader chooses.

    `lead`: Markdown; `links`: what needs attention; `story`, `chapters`: HTML, the story empty without a figure;
    `sources`: the documents behind the cards and the story, in the order of their numbers on paper.
    """

    lead: str
    links: tuple["Link", ...]
    story: str
    chapters: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A sentence (Markdown) that leads to its figures: to a page (pages/<page>.py) and parameters of its address."""

    text: str
    page: str
    icon: str
    parameters: tuple[tuple[str, str], ...]


def prepare(reader: Reader) -> None:
    """Makes what the page shows of a dataset, so that no reader waits for it."""
    board_of(reader)
    plan.tracker_of(reader)


def board_of(reader: Reader) -> Board:
    """The board of the reader's dataset, made once and shared by all who may see the same."""
    edition = editorial.edition(editorial.CARDS, editorial.ATTENTION)
    return _board(reader.release, reader.selection.dataset, clock.today().isoformat(), edition, reader)


@st.cache_resource(show_spinner=False, max_entries=60, hash_funcs=kept.NAMED)
def _board(release: Release, dataset: str, day: str, edition: str, _reader: Reader) -> Board:
    figures = queries.figures_of_region(release, dataset, REGION_ROOT)
    targets = queries.targets(release)
    indicators = _reader.choices.indicators
    made = cards.of_region(_reader)
    first = indicators.loc[indicators["headline"].astype("Float64").idxmin()]
    totals = figures[(figures["indicator_id"] == first.name) & (figures["breakdown"] == "")]
    of_story = [cited(title) for title in totals.loc[totals["value"].notna(), "source_title"]]
    sources = list(dict.fromkeys([*(card.source for card in made if card.source), *of_story]))
    return Board(
        lead=cards.lead(made, figures, _reader, targets),
        links=tuple(
            Link(plain(item.text), item.page, item.icon, tuple(address_of(_reader, item.parameters).items()))
            for item in attention(_reader)
        ),
        story=story_of(first, totals, targets, sources, _story_title(first, totals, release, dataset, indicators)),
        chapters=cards.chapters_html(made, indicators, dataset, sources),
        sources=tuple(sources),
    )


def _story_title(
    indicator: pd.Series, totals: pd.DataFrame, release: Release, dataset: str, indicators: pd.DataFrame
) -> str:
    """What the page 趋势 says of the same figures; the name where it has none of a year."""
    breaks = queries.breaks(release, dataset, str(indicator.name))
    points = trends.series(totals, indicator, "", "year", breaks, case_unit(indicator, indicators))
    return trends.statement(points, indicator, "", None, "") if points else f"全区{indicator['name']}"


def story_of(indicator: pd.Series, totals: pd.DataFrame, targets: pd.DataFrame, sources: list[str], title: str) -> str:
    """An indicator of the whole region year by year (`totals`), and its target; empty without a figure."""
    steps = cards.story(totals)
    if not steps:
        return ""
    period = slices.newest(totals)["period"].iloc[0]
    target = target_for(targets, REGION_ROOT, str(indicator.name), period)
    known = totals[totals["value"].notna()]
    details = [f"来源：{cited(title)}" for title in known["source_title"].unique()]
    details += [f"目标：{cited(target['source_title'])}"] if target is not None else []
    details += [f"口径：{indicator['caveats']}"] if indicator["caveats"] else []
    aim = cards.aim_of(target, indicator["unit"])
    references = cards.reference([cited(title) for title in known["source_title"]], sources)
    return cards.story_html(steps, title, aim, details, references)


def show_board(reader: Reader, board: Board) -> None:
    """The lead, what needs attention, the story of the first indicator and the cards; style.css lays them out."""
    with st.container(key="print_head"):
        st.html(head_html(reader))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("总览", width="content")
        to_screen()
    st.markdown(board.lead)
    with st.container(key="board"):
        with st.container(key="attention", gap="xxsmall"):
            st.header("需要关注")
            for link in board.links:
                st.page_link(
                    PAGES / f"{link.page}.py",
                    label=link.text,
                    icon=f":material/{link.icon}:",
                    query_params=link.parameters,
                )
        with st.container(key="story"):
            if board.story:
                if reader.selection.dataset == "demo":
                    st.badge(DEMO_MARK, color="orange")
                st.html(board.story)
        with st.container(key="chapters"):
            st.html(board.chapters)


def to_screen() -> None:
    """The way to the big screen, with the choice that the reader has made."""

    def turn() -> None:  # a link to the page that one is on would leave the address bar as it is
        st.query_params["mode"] = selection.BIG_SCREEN

    st.button("大屏", key="to_screen", icon=":material/tv:", type="tertiary", on_click=turn)


def head_html(reader: Reader) -> str:
    """What stands over the printout: the system, whose it is, the data set, the day."""
    office = operator.named().get("office", "")
    parts = [
        office,
        f"数据集：{DATASET_NAMES[reader.selection.dataset]}",
        f"打印日期：{format_day(clock.today())}",
    ]
    return f'<p class="overview">{_e(TITLE)}<span>{_e(" · ".join(part for part in parts if part))}</span></p>'


def print_more(reader: Reader, sources: Sequence[str], frame: pd.DataFrame, chart: Chart) -> None:
    """What only the printout holds: the map, its figures as a list, the sources, and the release.

    `sources`: of the board; `frame`: `slices.by_region`; `chart`: their map in light colours.
    """
    chosen = reader.selection
    own_period = chosen.period == LATEST
    titles = [cited(str(title)) for title in frame["source_title"]]
    of_places = [title for title, known in zip(titles, frame["value"].notna(), strict=True) if known]
    sources = list(dict.fromkeys([*sources, *of_places]))
    places = "".join(
        f"<li>{_e(name)} <b>{_e(text)}</b> {_e(period if own_period else '')}{cards.reference([title], sources)}</li>"
        for name, text, period, title in zip(frame["name"], frame["text"], frame["period_text"], titles, strict=True)
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
        f"<p>数据截至{format_day(reader.release.data_until)} · 版本{reader.release.id}"
        " · 示意图，不作为划界依据，斜纹处没有数据</p>"
    )
    with st.container(key="print_more"):
        st.html(f'<div class="overview" style="color-scheme:light;{cards.variables()}">{sheet}</div>')


def _e(text: str) -> str:
    return html.escape(str(text), quote=True)


# ---- the map below ----


def pick_headline(reader: Reader) -> None:
    """Pills that choose the indicator of the map among the headline ones."""
    headline = reader.choices.indicators["headline"].dropna().sort_values().index.tolist()
    chosen = reader.selection.indicator
    st.session_state["headline"] = chosen if chosen in headline else None

    def pick() -> None:
        if st.session_state["headline"] is not None:
            reader.change(indicator=st.session_state["headline"])

    st.pills(
        "地图指标",
        headline,
        format_func=reader.choices.indicator_names.__getitem__,
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
