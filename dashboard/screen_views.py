"""What the big screen shows: its views, each with a statement, one picture and its sources. Nothing here draws.

Everything is laid out on a ground of 1080 lines, which the browser scales to the wall (static/page.js): sizes below
are hundredths of its height rather than pixels of a desk. Texts get the largest size at which they fit the narrowest
panel, so that nothing is ever cut.
"""

import html
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from dashboard import cards, compare, mapping, narrative, overview, quality, queries, selection, slices
from dashboard.charts import Chart, rankings
from dashboard.charts.coverage import GRID_STATES, held_words
from dashboard.charts.labels import width_of
from dashboard.frame import Reader
from dashboard.selection import REGION_ROOT
from dashboard.statistics import target_for
from dashboard.theme import DATASET_NAMES, LATEST, NOT_PUBLISHED, cited, format_day, ink_on, palette

PANEL_WIDTH = 1840  # of the narrowest panel, inside its margins
LINE_HEIGHT = 1.3
TITLE_SIZES, TITLE_LINES = (44, 40, 36, 32), 2
SENTENCE_SIZES, SENTENCES_HEIGHT, SENTENCE_INDENT = (44, 40, 37, 34, 31, 28), 640, 90
FOOT_SIZE, FOOT_LINES = 22, 3
CARDS_IN_A_VIEW = 8
LISTED_PLACES = 14  # rows beside the map
COLUMNS_OF_LEAGUES = 4
FEWEST_RANKED = 3
MIXED = "—"  # in a chapter without figures, some of which were not published and others not reported
BREAKS = ("；", "；，", "；，：", "；，：、")  # after what a title may break, the best first


@dataclass(frozen=True)
class View:
    """One view. `name`: in the row at the foot of the wall; `body`: HTML, beside or instead of the `chart`."""

    key: str
    name: str
    title: str
    subtitle: str
    body: str
    foot: list[str]
    chart: Chart | None = None


def views(reader: Reader) -> list[View]:
    """The views in their order, for a reader with dark colours. Raises queries.WarehouseError."""
    return [view for build in BUILDERS for view in build(reader)]


# ---- headline numbers ----


def _headline(reader: Reader) -> list[View]:
    """The headline indicators of the whole region, the first one first, as cards."""
    chosen, indicators = reader.selection, reader.choices.indicators
    rank = indicators["headline"]
    headline = sorted(
        (made for made in cards.of_region(reader) if pd.notna(rank[made.indicator_id])),
        key=lambda made: rank[made.indicator_id],
    )
    figures = slices.newest(queries.figures_of_region(reader.release, chosen.dataset, REGION_ROOT))
    parts = [headline[at : at + CARDS_IN_A_VIEW] for at in range(0, len(headline), CARDS_IN_A_VIEW)]
    made = []
    for number, part in enumerate(parts, 1):
        ids = [card.indicator_id for card in part if card.value != NOT_PUBLISHED]
        body = "".join(cards.card_html(card, chosen.dataset) for card in part)
        made.append(
            View(
                key=f"headline{number}",
                name="重点指标" + ("" if len(parts) == 1 else f"（{number}）"),
                title=_standing(headline),
                subtitle=_subtitle(reader, "全区重点指标", "各取最近一期，期间见各项", f"{number}/{len(parts)}"),
                body=f'<ul class="cards" style="--columns:{math.ceil(len(part) / 2)}">{body}</ul>',
                foot=[sources_line(figures.loc[figures["indicator_id"].isin(ids), "source_title"])],
            )
        )
    return made


def _standing(headline: list[cards.Card]) -> str:
    """How many headline indicators have a figure, meet their target, got better."""
    known = [card for card in headline if card.value != NOT_PUBLISHED]
    whole = len(known) == len(headline)
    words = [f"全区{len(headline)}项重点指标{'均有数据' if whole else f'，{len(known)}项有数据'}"]
    aimed = [card.mark for card in known if card.mark]
    if aimed:
        reached = aimed.count("reached")
        words.append(f"有目标的{len(aimed)}项" + (f"中，{reached}项达标" if reached else "尚未达标"))
    tones = [card.tone for card in known if card.tone]
    if tones:
        counts = [(tones.count("good"), "向好"), (tones.count("bad"), "变差")]
        words.append("与上年相比，" + "、".join(f"{n}项{w}" for n, w in counts if n))
    return "；".join(words)


# ---- map ----


def _map(reader: Reader) -> list[View]:
    """The map of the chosen indicator, with the places and their figures beside it."""
    # What else stands in the address, the kind of map for example, belongs to pages.
    with selection.reading(selection.to_parameters(reader.selection, reader.choices)):
        asked = mapping.question(reader)
        chart = mapping.chart(asked)
    # The values stand in the list beside the map, where they are large enough.
    for labels in chart.figure.select_traces({"type": "scattergeo"}):
        labels.text = [text.partition("<br>")[0] for text in labels.text or ()]
    rows, period = asked.frame(asked.period), asked.period
    return [
        View(
            key="map",
            name="地图",
            title=chart.title,
            subtitle=chart.subtitle,
            body=_places(rows, own_periods=period == LATEST),
            foot=_chart_foot(chart),
            chart=chart,
        )
    ]


def _places(rows: pd.DataFrame, own_periods: bool) -> str:
    """The places of a map as a list: by value where they are of one period, else in their usual order.

    Of many, those with a figure; of still too many the first and the last.
    """
    known = rows[rows["value"].notna()]
    listed = rows.sort_values("value", ascending=False, kind="stable", na_position="last")
    listed = rows if own_periods else listed
    gap = ""
    if len(listed) > LISTED_PLACES:
        listed = known if own_periods else known.sort_values("value", ascending=False, kind="stable")
    if len(listed) > LISTED_PLACES:
        half = LISTED_PLACES // 2
        gap = f'<tr class="gap"><td colspan="2">其余{len(listed) - 2 * half}个略</td></tr>'
        listed = pd.concat([listed.head(half), listed.tail(half)])
    lines = [
        f'<tr class="{"" if row.state == "value" else "none"}"><td>{_e(row.short_name)}</td><td>{_e(row.text)}'
        + (f"<small>{_e(row.period_text)}</small>" if own_periods and row.period_text else "")
        + "</td></tr>"
        for row in listed.itertuples(index=False)
    ]
    if gap:
        lines.insert(LISTED_PLACES // 2, gap)
    return f'<table class="places">{"".join(lines)}</table>'


# ---- leagues ----


def _leagues(reader: Reader) -> list[View]:
    """The leagues ranked by the chosen indicator; where too few have a figure of one period, what each published."""
    choices, chosen = reader.choices, replace(reader.selection, level="league", region=REGION_ROOT)
    if reader.selection.level != "league":
        period = choices.default_period(chosen.dataset, chosen.indicator, chosen.breakdown, "league")
        chosen = replace(chosen, period=period)
    of_leagues = replace(reader, selection=chosen)
    with selection.reading(selection.to_parameters(chosen, choices)):
        asked = compare.question(of_leagues)
    stood = asked.standings(chosen.period)
    if chosen.period == LATEST or (stood["state"] == "value").sum() < FEWEST_RANKED:
        return [_newest_of_leagues(of_leagues)]
    target = None
    if not chosen.breakdown:
        target = target_for(queries.targets(reader.release), REGION_ROOT, chosen.indicator, chosen.period)
    whole = compare.whole_of(asked.figures, chosen.breakdown, chosen.period)
    chart = rankings.ranking(stood, replace(asked.scene(), wall=True), whole=whole, target=target)
    chart.figure.layout.height = None  # the rows share the height that the wall has
    return [View("leagues", "盟市排名", chart.title, chart.subtitle, "", _chart_foot(chart), chart)]


def _newest_of_leagues(reader: Reader) -> View:
    """The newest figures of the leagues, of the indicators that most of them published. No order, no comparison."""
    release, chosen, choices = reader.release, reader.selection, reader.choices
    regions = choices.regions[choices.regions["level"] == "league"]
    counts = {
        indicator: choices.of(dataset, indicator, "").regions.get("league", {}).get(LATEST, 0)
        for dataset, indicator in choices.covered
        if dataset == chosen.dataset
    }
    order = [name for name in choices.indicators.index if counts.get(name)]
    wanted = sorted(order, key=lambda name: -counts[name])[:COLUMNS_OF_LEAGUES]
    cut = {
        name: slices.by_region(
            queries.figures_of_indicator(release, chosen.dataset, name), regions, "league", "", LATEST
        )
        for name in wanted
    }
    head = "".join(f"<th>{_e(choices.indicators['name'][name])}</th>" for name in wanted)
    lines = []
    for code, place in regions["short_name"].items():
        cells = [
            f"<td>{_e(row['text'])}<small>{_e(row['period_text'])}</small></td>"
            if row["state"] == "value"
            else f'<td class="none">{_e(row["text"])}</td>'
            for row in (cut[name].loc[code] for name in wanted)
        ]
        lines.append(f"<tr><th>{_e(place)}</th>{''.join(cells)}</tr>")
    most = f"，最多的是{choices.indicators['name'][wanted[0]]}，{counts[wanted[0]]}个盟市有数据" if wanted else ""
    shown = [rows.loc[rows["state"] == "value", "source_title"] for rows in cut.values()]
    return View(
        key="leagues",
        name="盟市数据",
        title=f"{len(regions)}个盟市没有同一期间、可以排名的数据{most}",
        subtitle=_subtitle(reader, "公布盟市最多的指标", "各取最近一期，按区划顺序排列，不是名次"),
        body=f'<table class="grid leagues"><tr><th></th>{head}</tr>{"".join(lines)}</table>',
        foot=[sources_line(title for titles in shown for title in titles)],
    )


# ---- what needs attention ----


def _attention(reader: Reader) -> list[View]:
    """The sentences of the first page."""
    found = overview.attention(reader)
    sentences = [item.text for item in found]
    size = fitting(sentences, SENTENCE_SIZES, SENTENCES_HEIGHT, PANEL_WIDTH - SENTENCE_INDENT, gap=0.45)
    body = "".join(f"<li>{_e(sentence)}</li>" for sentence in sentences)
    return [
        View(
            key="attention",
            name="需要关注",
            title=_most_urgent(found, reader.choices.indicators["name"]),
            subtitle=_subtitle(reader, "按轻重排列", f"数据截至{format_day(reader.release.data_until)}"),
            body=f'<ol class="sentences" style="font-size:{size}px">{body}</ol>',
            foot=[f"来源：{_of_dataset(reader)}，逐条出处见“总览”页“需要关注”。"],
        )
    ]


def _most_urgent(found: list[narrative.Attention], names: pd.Series) -> str:
    """What the heaviest sentence of an indicator is about, and how many sentences there are. `names`: by id."""
    if not found:
        return "没有需要特别关注的情况"
    about = next((names[item.parameters["indicator"]] for item in found if "indicator" in item.parameters), "")
    rest = f"{len(found)}项情况" if not about else f"等{len(found)}项情况" if len(found) > 1 else ""
    return f"{about}{rest}需要关注"


# ---- one indicator through the years ----


def _story(reader: Reader) -> list[View]:
    """The first headline indicator of the whole region, year by year, up to its target."""
    release, dataset, indicators = reader.release, reader.selection.dataset, reader.choices.indicators
    indicator = indicators.loc[indicators["headline"].astype("Float64").idxmin()]
    name = f"全区{indicator['name']}"
    figures = queries.figures_of_region(release, dataset, REGION_ROOT)
    totals = figures[(figures["indicator_id"] == indicator.name) & (figures["breakdown"] == "")]
    newest = slices.newest(totals)
    if newest.empty:
        foot = [f"来源：{_of_dataset(reader)}"]
        return [View("story", "历年走势", f"{name}{NOT_PUBLISHED}", _subtitle(reader, name), "", foot)]
    row = newest.iloc[0]
    target = target_for(queries.targets(release), REGION_ROOT, str(indicator.name), row["period"])
    card = next(made for made in cards.of_region(reader) if made.indicator_id == indicator.name)
    drawn = cards.story_html(cards.story(totals), name, cards.aim_of(target, row["unit"]), [])
    titles = [*totals.loc[totals["value"].notna(), "source_title"]]
    return [
        View(
            key="story",
            name="历年走势",
            title=narrative.figure_sentence(row, target, indicator),
            subtitle=_subtitle(reader, name, f"单位：{row['unit']}", "全年数与不足一年的数不相比较"),
            body=f'<div class="big">{cards.card_html(card, dataset)}</div>{drawn}',
            foot=[
                sources_line([*titles, *([] if target is None else [target["source_title"]])]),
                f"口径：{indicator['caveats']}" if indicator["caveats"] else "",
            ],
        )
    ]


# ---- what there is ----


def _coverage(reader: Reader) -> list[View]:
    """How many indicators of each chapter have a figure in each league."""
    release, dataset, choices = reader.release, reader.selection.dataset, reader.choices
    regions, indicators = choices.regions, choices.indicators
    codes = list(regions.index[regions["level"] != "banner"])
    known = queries.coverage_by_year(release, dataset, codes, quality.today())
    concerned = {name for of, name in choices.covered if of == dataset} | set(known["indicator_id"])
    indicators = indicators[indicators.index.isin(concerned)]
    year = LATEST if dataset == "published" or known.empty else str(known["year"].max())
    states, _ = quality.grid(quality.of_year(known, year), list(indicators.index), list(codes), "region_code")
    names = indicators.drop_duplicates("chapter").set_index("chapter")["chapter_short"]
    heads = ["全区" if code == REGION_ROOT else regions["short_name"][code] for code in codes]
    lines = []
    for chapter, of in states.groupby(indicators["chapter"]):
        cells = "".join(_share(of[code]) for code in codes)
        lines.append(f"<tr><th>{chapter} {_e(names[chapter])}<small>{len(of)}项</small></th>{cells}</tr>")
    when = "历年" if year == LATEST else f"{year}年"
    mixed = f"{MIXED}为各项情况不一。" if any(f">{MIXED}<" in line for line in lines) else ""
    account = queries.account(release, dataset)
    checks = f"核对{account['checks']}项，不一致{account['failed']}项"
    return [
        View(
            key="coverage",
            name="数据覆盖",
            title=f"{when}{len(codes)}个地区{len(indicators)}项指标{held_words(states.stack().value_counts())}",
            subtitle=_subtitle(
                reader, "各章有数据的指标项数", f"{account['figures']}条数据，{account['sources']}份来源，{checks}"
            ),
            body=f'<table class="grid coverage"><tr><th></th>{"".join(f"<th>{_e(name)}</th>" for name in heads)}</tr>'
            f"{''.join(lines)}</table>",
            foot=[
                f"来源：{_of_dataset(reader)}的全部数据与报送要求清单。任一分项有数据即计入；没有数据的不是零。",
                f"颜色越亮，有数据的占比越高；不适用的指标不计入。{mixed}",
            ],
        )
    ]


def _share(states: pd.Series) -> str:
    """A cell of the table, darker to lighter with the share that has figures, of those that can; where none has, why.

    `states`: of its indicators, keys of `coverage.GRID_STATES`.
    """
    colours, filled = palette(dark=True), int((states == "value").sum())
    able = states[states != "not_applicable"]
    if not filled:
        reasons = able.unique() if len(able) else ["not_applicable"]
        words = GRID_STATES[reasons[0]] if len(reasons) == 1 else MIXED
        return f'<td class="none" style="background:{colours.missing}">{words}</td>'
    steps = (colours.missing, *colours.sequential[:-1])
    fill = steps[math.ceil(filled / len(able) * (len(steps) - 1))]
    return f'<td style="background:{fill};color:{ink_on(fill)}">{filled}</td>'


# ---- words ----


def fitting(
    texts: Iterable[str], sizes: tuple[int, ...], height: float, width: float = PANEL_WIDTH, gap: float = 0.0
) -> int:
    """The largest of `sizes` at which `texts`, one below the other, are no higher than `height`; else the smallest.

    `gap`: between two of them, in letters.
    """
    texts = list(texts)
    for size in sizes:
        lines = sum(_lines(text, size, width) for text in texts)
        if size * (lines * LINE_HEIGHT + gap * len(texts)) <= height:
            return size
    return sizes[-1]


def title_lines(title: str) -> tuple[int, list[str]]:
    """The largest size at which a title has no more than two lines, and the phrases between which alone it is broken:
    of the ways to part it the one with the longest; none where one is longer than a line.
    """
    for size in TITLE_SIZES:
        for marks in BREAKS:
            phrases = re.findall(f"[^{marks}]+[{marks}]*|[{marks}]+", title)
            whole = all(width_of(phrase) <= _letters(size) for phrase in phrases)
            if (whole or marks == BREAKS[-1]) and _phrased_lines(phrases, size) <= TITLE_LINES:
                return size, phrases if whole else []
    return TITLE_SIZES[-1], []


def _phrased_lines(phrases: list[str], size: int) -> int:
    """The lines of a text that is broken between its phrases, and within one only where that is too long."""
    most, lines, used = _letters(size), 1, 0
    for phrase in phrases:
        if used + width_of(phrase) > most:
            lines, used = lines + bool(used), 0
        used += width_of(phrase)
        lines, used = lines + max(0, used - 1) // most, used if used <= most else used % most
    return lines


def _letters(size: int, width: float = PANEL_WIDTH) -> int:
    """How many half-width signs a line surely holds: its last letter may not fit and stay out."""
    return 2 * (int(width) // size - 1)


def _lines(text: str, size: int, width: float = PANEL_WIDTH) -> int:
    return max(1, math.ceil(width_of(text) / _letters(size, width)))


def sources_line(titles: Iterable[str], most: int = FOOT_LINES) -> str:
    """Where figures come from, in at most `most` lines at the foot of a view; the rest as a number."""
    named = list(dict.fromkeys(cited(title) for title in titles))
    for count in range(len(named), 0, -1):
        rest = "" if count == len(named) else f"等{len(named)}份，全部出处见“数据”页"
        line = f"来源：{'；'.join(named[:count])}{rest}"
        if _lines(line, FOOT_SIZE) <= most:
            return line
    return f"来源：{len(named)}份文件，见“数据”页" if named else f"来源：没有{NOT_PUBLISHED}以外的数据"


def _chart_foot(chart: Chart) -> list[str]:
    """The source, what a map must say, and of the other words under a chart those that fit."""
    *lines, release = chart.footnotes
    source = [line for line in lines if line.startswith("来源：")]
    others = [line for line in lines if not line.startswith("来源：")]
    wanted = [_shortened(source[0]) if source else f"来源：没有{NOT_PUBLISHED}以外的数据"]
    wanted += [note] if (note := release.partition("版本")[0].removesuffix(" · ")) else []
    for line in others:
        if sum(_lines(words, FOOT_SIZE) for words in [*wanted, line]) <= FOOT_LINES:
            wanted.append(line)
    return wanted


def _shortened(line: str) -> str:
    return sources_line((title.strip("《》") for title in line.removeprefix("来源：").split("》；《")), FOOT_LINES - 1)


def _subtitle(reader: Reader, *parts: str) -> str:
    return " · ".join([*parts, DATASET_NAMES.get(reader.selection.dataset, reader.selection.dataset)])


def _of_dataset(reader: Reader) -> str:
    name = DATASET_NAMES.get(reader.selection.dataset, reader.selection.dataset)
    return f"版本{reader.release.id}的{name}"


def _e(text: object) -> str:
    return html.escape(str(text), quote=True)


BUILDERS: tuple[Callable[[Reader], list[View]], ...] = (_headline, _map, _leagues, _attention, _story, _coverage)
