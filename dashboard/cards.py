"""The cards of the first page: one headline indicator each, with period, source and how it stands to its target."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import narrative, slices
from dashboard.frame import Reader, plain
from dashboard.selection import REGION_ROOT, Choices
from dashboard.statistics import Status, status, target_for
from dashboard.theme import DEMO_MARK, NOT_PUBLISHED, cited, format_difference, quoted

MAP_PAGE = Path(__file__).resolve().parent.parent / "pages" / "map.py"
CARD_COLUMNS = 4
MARK_COLOURS: dict[Status | None, str] = {"reached": "green", "near": "orange", "below": "red", None: "gray"}
CARD_WIDTH = 158  # two beside each other on a phone


@dataclass(frozen=True)
class Card:
    """What one card says: the value, the lines under it, and what the reader sees on asking.

    `value` is 未公布 where the whole region has no figure.
    """

    indicator_id: str
    name: str
    value: str
    standing: str
    mark: Status | None
    lines: list[str]
    detail: str


def headlines(figures: pd.DataFrame, choices: Choices, dataset: str, targets: pd.DataFrame) -> list[Card]:
    """The headline cards, in the order of the catalogue. `figures`: `queries.figures_of_region` of the whole region."""
    headline = choices.indicators[choices.indicators["headline"].notna()].sort_values("headline")
    return [
        _card(indicator, slices.newest(figures[figures["indicator_id"] == indicator.name]), choices, dataset, targets)
        for _, indicator in headline.iterrows()
    ]


def _card(indicator: pd.Series, newest: pd.DataFrame, choices: Choices, dataset: str, targets: pd.DataFrame) -> Card:
    """The newest total; where only parts were published, the newest parts side by side, never their sum."""
    indicator_id = str(indicator.name)
    totals = newest[newest["breakdown"] == ""]
    if newest.empty:
        covered = choices.of(dataset, indicator_id, "").regions
        places = sum(counts.get("latest", 0) for counts in covered.values())
        elsewhere = f"{places}个地区有数，见地图" if places else "各地也未公布"
        return Card(
            indicator_id, indicator["name"], NOT_PUBLISHED, "", None, [f"全区数{NOT_PUBLISHED}；{elsewhere}"], ""
        )
    others: list[str] = []
    if totals.empty:
        order = choices.breakdowns(dataset, indicator_id)
        parts = newest[newest["period_end"] == newest["period_end"].max()]
        parts = slices.with_texts(parts.sort_values("breakdown", key=lambda names: names.map(order.index)))
        row = parts.iloc[0]
        value = row["breakdown"] + row["text"]
        others = ["、".join(parts["breakdown"] + parts["text"])] if len(parts) > 1 else []
        others += ["只公布了分项，没有总数"]
    else:
        row = slices.with_texts(totals).iloc[0]
        value = row["text"]
    target = target_for(targets, row["region_code"], indicator_id, row["period"]) if len(totals) else None
    standing = "" if target is None else narrative.target_phrase(row, target, indicator)
    mark = None if target is None else status(row["value"], target["value"], indicator["direction"], indicator["near"])
    detail = "；".join(
        part
        for part in [
            f"原文：{quoted(row['published_as'])}" if row["published_as"] else "",
            f"目标来源：{cited(target['source_title'])}{quoted(target['published_as'])}" if target is not None else "",
            f"接近：与目标相差不超过{format_difference(indicator['near'], row['unit'])}" if mark == "near" else "",
        ]
        if part
    )
    lines = [
        *others,
        f"{row['period_text']} · {cited(row['source_title'])}",
        *([f"注：{row['note']}"] if row["note"] else []),
    ]
    return Card(indicator_id, indicator["name"], value, standing, mark, lines, detail)


def show(cards: list[Card], reader: Reader) -> None:
    """Draws the cards in a grid that follows the width of the screen."""
    if reader.selection.dataset == "demo":
        st.badge(DEMO_MARK, color="orange")
    with st.grid(CARD_COLUMNS, min_column_width=CARD_WIDTH, gap="small"):
        for card in cards:
            with st.container(border=True, height="stretch", gap="xxsmall"):
                st.metric(card.name, card.value, help=plain(card.detail) or None)
                if card.standing:
                    st.markdown(f":{MARK_COLOURS[card.mark]}[**{plain(card.standing)}**]")
                for line in card.lines:
                    st.caption(plain(line))


def lead(figures: pd.DataFrame, reader: Reader, targets: pd.DataFrame) -> str:
    """The first sentence of the page (Markdown): the first headline indicator of the whole region, and what there is.

    `figures`: `queries.figures_of_region` of the whole region.
    """
    headline = reader.choices.indicators["headline"].astype("Float64")
    indicator = reader.choices.indicators.loc[headline.idxmin()]
    newest = slices.newest(figures[(figures["indicator_id"] == indicator.name) & (figures["breakdown"] == "")])
    if newest.empty:
        return ""
    row = newest.iloc[0]
    target = target_for(targets, row["region_code"], str(indicator.name), row["period"])
    return f"**{plain(narrative.figure_sentence(row, target, indicator))}。**"


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
        MAP_PAGE,
        label=f"在“地图”页{place or '看各地数据和来源'}",
        icon=":material/map:",
        query_params=st.query_params.to_dict(),
    )
