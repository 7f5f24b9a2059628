"""The page 地图: where the reader stands, which view of the map answers, and what stands beside it."""

import re
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from dashboard import compare, frame, panels, queries, selection, slices
from dashboard.charts import Chart, map_series, maps
from dashboard.charts.anatomy import Scene, change_words, place_words
from dashboard.charts.ground import ZOOMS, Sheet
from dashboard.charts.map_series import MOST_PANELS
from dashboard.charts.maps import APART
from dashboard.charts.rankings import FEWEST_RANKED
from dashboard.charts.scales import METHODS, Scale, around_target, blend, classified
from dashboard.frame import Reader, plain
from dashboard.selection import REGION_ROOT
from dashboard.statistics import SMALL_BASE, SMALL_BASE_WORDS, small_base, standings, target_for
from dashboard.theme import LATEST, LATEST_NAME, LEVEL_NAMES, format_period, format_value, in_brackets

VIEWS = {"one": "单图", "pair": "两期并排", "change": "变化图", "years": "历年小图"}
SIDES = {"list": "排名", "region": "地区"}
WIDE = ("pair", "years")  # views that need the whole width
SWITCH = ("off", "on")
CITIES = ("150781", "152501")  # 满洲里市 and 二连浩特市, which the region plans for beside their leagues
FRAME_SECONDS = 1.2  # of the animation
LIST_HEIGHT = 560
PLACE_COLUMNS = ["name", "short_name", "level", "parent", "lon", "lat"]
# What the maps need of a figure; the other half of the columns only costs time.
FIGURE_COLUMNS = ["region_code", "region", "level", "indicator_id", "breakdown", "period", "period_end"]
FIGURE_COLUMNS += ["period_months", "value", "unit", "qualifier", "numerator", "denominator", "status"]
FIGURE_COLUMNS += ["source_title", "note"]
LONGEST_LIST = 16  # rows; of longer lists both ends are shown first
GAP = ""  # stands for the places that are left out of a list
SMALL_MARK = "＊"


@dataclass(frozen=True)
class Question:
    """What the reader asks of the map.

    `view`, `classes`, `zoom`, `side`: keys of VIEWS, METHODS, ZOOMS (or empty) and SIDES. `steady`: one scale for all
    periods. `apart`: the cities beside their leagues. `group`: the league whose banners are shown, or empty. `places`:
    rows of `queries.regions`; `figures`: `queries.figures_of_indicator`; `periods`: those of the chosen one's length
    that have figures of these places, oldest first; `period2`: the one to set beside it, or empty. `why_not`: view ->
    why it is not offered. `cuts`: what has been cut from the figures so far.
    """

    reader: Reader
    view: str
    classes: str
    zoom: str
    side: str
    steady: bool
    apart: bool
    group: str
    places: pd.DataFrame
    figures: pd.DataFrame
    periods: list[str]
    period2: str
    why_not: dict[str, str] = field(default_factory=dict)
    cuts: dict[object, pd.DataFrame] = field(default_factory=dict)

    @property
    def ends(self) -> tuple[str, str]:
        """The two periods to compare, the earlier first."""
        pair = [self.reader.selection.period, self.period2]
        first, last = sorted(pair, key=self.periods.index)
        return first, last

    @property
    def yearly(self) -> list[str]:
        """The chosen period in every year, oldest first: whole years, or one quarter each."""
        return same_season(self.periods, self.reader.selection.period)[-MOST_PANELS:]

    def of(self, period: str) -> pd.DataFrame:
        """The figures of one period; of 各地最新值 all."""
        if period not in self.cuts:
            rows = self.figures["period"] == period
            self.cuts[period] = self.figures.loc[rows if period != LATEST else slice(None), FIGURE_COLUMNS]
        return self.cuts[period]

    def frame(self, period: str) -> pd.DataFrame:
        """`slices.by_region` of the places in one period."""
        chosen = self.reader.selection
        if (period, "frame") not in self.cuts:
            cut = slices.by_region(self.of(period), self.places, chosen.level, chosen.breakdown, period)
            self.cuts[period, "frame"] = cut
        return self.cuts[period, "frame"]

    def standings(self, period: str) -> pd.DataFrame:
        """The same with what `statistics.standings` adds."""
        row = self.reader.indicator
        return standings(self.frame(period), row["direction"], row["kind"], row["aggregation"])

    def cities(self) -> pd.DataFrame | None:
        """`slices.by_region` of the cities beside their leagues, where the reader wants them."""
        chosen, regions = self.reader.selection, self.reader.choices.regions
        if not self.apart:
            return None
        cities, period = regions.loc[list(CITIES)], chosen.period
        return slices.by_region(self.of(period), cities, "banner", chosen.breakdown, period)

    def scene(self) -> Scene:
        """What the charts share with those of other pages."""
        chosen, choices, indicator = self.reader.selection, self.reader.choices, self.reader.indicator
        return Scene(
            indicator=indicator,
            dataset=chosen.dataset,
            places=compare.places_words(choices, chosen.level, self.group),
            level_name=LEVEL_NAMES[chosen.level],
            breakdown=chosen.breakdown,
            period=chosen.period,
            release_id=self.reader.release.id,
            case_unit=compare.case_unit(indicator, choices.indicators),
            highlighted=chosen.region,
            dark=self.reader.dark,
        )

    def sheet(self) -> Sheet:
        """The ground of the maps."""
        regions, level = self.reader.choices.regions, self.reader.selection.level
        return Sheet(
            shapes=self.reader.shapes,
            level=level,
            group=self.group,
            place=regions["name"][self.group] if self.group else "",
            zoom="" if self.group or level != "banner" else self.zoom,
            leagues=regions[regions["level"] == "league"],
        )

    def reference(self, period: str) -> str:
        """The figures to hold the places against, in words: of their league, and of the whole region."""
        chosen, regions = self.reader.selection, self.reader.choices.regions
        whole = slices.whole(self.of(period), chosen.breakdown, period)
        if not self.group:
            return whole
        of_league = slices.by_region(self.of(period), regions.loc[[self.group]], "league", chosen.breakdown, period)
        row = of_league.iloc[0]
        when = in_brackets(row["period_text"]) if period == LATEST else ""
        league = f"全{row['type'][-1]}{row['text']}{when}" if row["state"] == "value" else ""
        return "，".join(part for part in (league, whole) if part)

    def definition_changes(self, first: str, last: str) -> str:
        """Why figures of two periods do not compare, or nothing."""
        chosen = self.reader.selection
        breaks = queries.breaks(self.reader.release, chosen.dataset, chosen.indicator)
        ends = self.figures.drop_duplicates("period").set_index("period")["period_end"]
        return "；".join(breaks.loc[(breaks["since"] > ends[first]) & (breaks["since"] <= ends[last]), "reason"])


def question(reader: Reader) -> Question:
    """What the address asks, with a notice for what makes no sense in it."""
    chosen, regions = reader.selection, reader.choices.regions
    asked, notices = selection.current_comparison(reader.choices, chosen)
    own = {}
    for name, known in known_values(reader).items():
        own[name], notes = selection.own(name, known)
        notices += notes
    for notice in notices:
        st.warning(plain(notice), icon=":material/info:")
    places = regions.loc[regions["level"] == chosen.level, PLACE_COLUMNS]
    if asked.group:
        places = places[places["parent"] == asked.group]
    figures = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
    periods = comparable_periods(reader, figures, places)
    made = Question(
        reader=reader,
        view=own["map"],
        classes=own["classes"],
        zoom=own["zoom"],
        side=own["side"],
        steady=own["scale"] == "on",
        apart=own["cities"] == "on" and chosen.level == "league",
        group=asked.group,
        places=places,
        figures=figures,
        periods=periods,
        period2=_beside(chosen.period, asked.period2, periods),
    )
    made.why_not.update(_why_not(made))
    return made


def known_values(reader: Reader) -> dict[str, list[str]]:
    """The page's own parameters, each with its values, the default first."""
    sides = list(SIDES) if reader.selection.region == REGION_ROOT else list(SIDES)[::-1]
    return {
        "map": list(VIEWS),
        "classes": list(METHODS),
        "zoom": ["", *ZOOMS],
        "side": sides,
        "scale": list(SWITCH),
        "cities": list(SWITCH),
    }


def comparable_periods(reader: Reader, figures: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """The periods as long as the chosen one that have figures of `places`, oldest first; none for 各地最新值."""
    chosen = reader.selection
    cut = figures[
        (figures["breakdown"] == chosen.breakdown)
        & figures["value"].notna()
        & (figures["period_months"] == reader.choices.months.get(chosen.period))
        & figures["region_code"].isin(places.index)
    ]
    return list(cut.drop_duplicates("period").sort_values("period_end")["period"])


def same_season(periods: list[str], period: str) -> list[str]:
    """Those of `periods` that differ from `period` in nothing but the year."""
    return [other for other in periods if re.sub(r"\d{4}", "", other) == re.sub(r"\d{4}", "", period)]


def _beside(period: str, wanted: str, periods: list[str]) -> str:
    """The period to set beside the chosen one: the one asked for, else the one before, else the next; empty: none."""
    if period not in periods or len(periods) < 2:
        return ""
    if wanted in periods and wanted != period:
        return wanted
    at = periods.index(period)
    return periods[at - 1] if at else periods[1]


def _why_not(asked: Question) -> dict[str, str]:
    """The views that have nothing to show, each with the reason."""
    period, period2 = asked.reader.selection.period, asked.period2
    if period == LATEST:
        return dict.fromkeys(["pair", "change", "years"], f"“{LATEST_NAME}”不是同一期间，请在左侧选一个期间")
    reasons: dict[str, str] = {}
    if not period2:
        reasons |= dict.fromkeys(["pair", "change"], "没有两个长短相同、都有数的期间")
    elif asked.definition_changes(*asked.ends):
        first, last = map(format_period, asked.ends)
        reasons["change"] = f"{first}与{last}之间口径有变，不可比"
    if len(asked.yearly) < 2:
        reasons["years"] = "只有一个年份有数" if asked.yearly else "各年都没有数"
    return reasons


# ---- where the reader stands ----


def breadcrumb(asked: Question) -> None:
    """The steps from the whole region to the chosen place, each to be clicked, and the way down into a league."""
    reader, regions = asked.reader, asked.reader.choices.regions
    league = asked.group or _league_of(reader)
    steps = [REGION_ROOT, *([league] if league else [])]
    if regions["level"][reader.selection.region] == "banner":
        steps.append(reader.selection.region)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="breadcrumb"):
        for number, code in enumerate(steps):
            if number:
                st.markdown("›", width="content")
            if code == steps[-1] and code == reader.selection.region:
                st.markdown(f"**{plain(regions['name'][code])}**", width="content")
            else:
                st.button(
                    regions["name"][code],
                    key=f"step_{number}",
                    type="tertiary",
                    on_click=_step,
                    args=(reader, code, bool(asked.group)),
                )
        if league and not asked.group:
            _way_down(asked, league)


def _league_of(reader: Reader) -> str:
    """The chosen league, or the league of the chosen banner; empty for the whole region."""
    regions, code = reader.choices.regions, reader.selection.region
    level = regions["level"][code]
    return code if level == "league" else regions["parent"][code] if level == "banner" else ""


def _step(reader: Reader, code: str, drilled: bool) -> None:
    """One step up: the whole region brings back the map of the leagues."""
    changes = {"region": code}
    if code == REGION_ROOT and drilled:
        changes["level"] = "league"
    reader.change(**changes)


def _way_down(asked: Question, league: str) -> None:
    reader, chosen = asked.reader, asked.reader.selection
    regions = reader.choices.regions
    banners = regions[regions["parent"] == league]
    cut = slices.by_region(asked.of(chosen.period), banners, "banner", chosen.breakdown, chosen.period)
    known = int(cut["value"].notna().sum())
    with_figures = "" if known == len(banners) else f"（{known}个有数）" if known else "（都没有数）"

    def drill() -> None:
        reader.change(level="banner")
        selection.change_comparison(reader.choices, group=league)

    st.button(
        f"查看{len(banners)}个旗县{with_figures}",
        key="drill",
        icon=":material/zoom_in:",
        on_click=drill,
        type="secondary",
    )


# ---- controls ----


def _write(reader: Reader, name: str, key: str) -> None:
    """Writes the widget of one of the page's own parameters into the address; an emptied widget changes nothing."""
    value = st.session_state[key]
    if value is not None:
        text = SWITCH[value] if isinstance(value, bool) else value
        selection.change_own(name, text, known_values(reader)[name])


def controls(asked: Question) -> None:
    """Which view, on which scale, how near; what there is nothing for is not offered, with the reason."""
    reader = asked.reader
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="map_controls"):
        offered = [view for view in VIEWS if view not in asked.why_not]
        if len(offered) > 1:
            st.session_state["choose_map"] = shown_view(asked)
            st.segmented_control(
                "视图",
                offered,
                format_func=VIEWS.__getitem__,
                key="choose_map",
                on_change=_write,
                args=(reader, "map", "choose_map"),
                required=True,
            )
        _pick_classes(asked)
        if reader.selection.level == "banner" and not asked.group:
            _pick("zoom", "放大", {"": "全区", **ZOOMS}, asked.zoom, reader)
        if shown_view(asked) in ("pair", "change"):
            _pick_period2(asked)
        if shown_view(asked) == "one" and reader.selection.level == "league":
            _toggle(
                "cities", "满洲里、二连浩特单列", asked.apart, reader, "两市的数已包含在所属盟市中；单列只是另外标出。"
            )
    for reason in dict.fromkeys(asked.why_not.values()):
        names = [VIEWS[view] for view in asked.why_not if asked.why_not[view] == reason]
        st.caption(plain(f"{'、'.join(names)}：{reason}。"))
    if shown_view(asked) == "one":
        _timeline(asked)


def shown_view(asked: Question) -> str:
    """The view that is drawn: the one asked for, or one map where that has nothing to show."""
    return "one" if asked.view in asked.why_not else asked.view


def _pick(name: str, label: str, names: dict[str, str], value: str, reader: Reader, help: str | None = None) -> None:
    key = f"choose_{name}"
    st.session_state[key] = value
    st.selectbox(
        label,
        list(names),
        format_func=lambda option: names[option],
        key=key,
        on_change=_write,
        args=(reader, name, key),
        width=170,
        help=help,
    )


def _toggle(name: str, label: str, value: bool, reader: Reader, help: str) -> None:
    key = f"choose_{name}"
    st.session_state[key] = value
    st.toggle(label, key=key, on_change=_write, args=(reader, name, key), help=help)


def _pick_classes(asked: Question) -> None:
    """How values become classes; around the target where there is one; a map of changes has its own scale."""
    rows = asked.frame(asked.reader.selection.period)
    if shown_view(asked) == "change" or not slices.comparable(rows) or rows["value"].nunique() < 2:
        return
    names = {method: name for method, name in METHODS.items() if method != "target" or target_of(asked) is not None}
    chosen = asked.classes if asked.classes in names else "continuous"
    words = "等距：每级宽度相等；等量：每级地区数相近；自然断点：级内差别最小（Fisher-Jenks）"
    end = "；距目标：以目标为界。" if "target" in names else "。这项指标没有可对照的目标，不能按距目标分级。"
    _pick("classes", "分级", names, chosen, asked.reader, words + end)


def target_of(asked: Question) -> pd.Series | None:
    """The whole region's target that a rate is held against: for totals alone, and where a direction is good."""
    reader, chosen, indicator = asked.reader, asked.reader.selection, asked.reader.indicator
    if chosen.breakdown or indicator["direction"] == "neutral" or indicator["kind"] not in ("rate", "ratio"):
        return None
    return target_for(queries.targets(reader.release), REGION_ROOT, chosen.indicator, chosen.period)


def _pick_period2(asked: Question) -> None:
    reader = asked.reader
    st.session_state["choose_period2"] = asked.period2
    period = reader.selection.period

    def write() -> None:
        selection.change_comparison(reader.choices, period2=st.session_state["choose_period2"])

    st.selectbox(
        f"与{format_period(period)}相比的期间",
        [other for other in asked.periods[::-1] if other != period],
        format_func=format_period,
        key="choose_period2",
        on_change=write,
        width=190,
        help="只列出长短相同、有数的期间：长短不同的数不能相比。",
    )


def _timeline(asked: Question) -> None:
    """A slider over the periods of one length, and a button that walks along it on one scale."""
    reader, periods = asked.reader, asked.periods
    if len(periods) < 2 or reader.selection.period not in periods:
        return
    playing = st.session_state.get("map_playing") == reader.selection.period
    st.session_state["choose_year"] = reader.selection.period

    def choose() -> None:
        reader.change(period=st.session_state["choose_year"])

    def play() -> None:
        st.session_state["map_playing"] = None
        if not playing:
            if reader.selection.period == periods[-1]:
                reader.change(period=periods[0])
            st.session_state["map_playing"] = selection.current(reader.choices)[0].period
            selection.change_own("scale", "on", SWITCH)

    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="map_timeline"):
        st.button(
            "停止" if playing else "播放",
            icon=":material/stop:" if playing else ":material/play_arrow:",
            key="play",
            on_click=play,
        )
        st.select_slider(
            "期间",
            periods,
            format_func=format_period,
            key="choose_year",
            on_change=choose,
            label_visibility="collapsed",
        )
        _toggle("scale", "各期同一色阶", asked.steady, reader, "颜色的刻度按全部期间统一，不同期间的颜色才能相比。")
    if playing:
        st.session_state["map_waiting"] = True
        _next_period(reader, periods)


@st.fragment(run_every=FRAME_SECONDS)
def _next_period(reader: Reader, periods: list[str]) -> None:
    """Moves on by one period each time that the clock calls it, and stops at the last one."""
    if st.session_state.pop("map_waiting", False):  # the page itself has just drawn this period
        return
    following = periods[periods.index(reader.selection.period) + 1 :]
    st.session_state["map_playing"] = following[0] if len(following) > 1 else None
    if following:
        reader.change(period=following[0])
    st.rerun()


# ---- the map ----


def chart(asked: Question) -> Chart:
    """The map that answers."""
    return BUILDERS[shown_view(asked)](asked)


def _one(asked: Question) -> Chart:
    period = asked.reader.selection.period
    rows = asked.frame(period)
    scale = None
    if slices.comparable(rows) and rows["value"].notna().any():
        scale = _scale(asked, asked.periods if asked.steady and period != LATEST else [period])
    note = "各期同一色阶。" if asked.steady and scale is not None and period != LATEST else ""
    return maps.one_map(
        rows,
        asked.scene(),
        asked.sheet(),
        whole=asked.reference(period),
        scale=scale,
        apart=asked.cities(),
        note=note + _target_words(asked),
    )


def _pair(asked: Question) -> Chart:
    first, last = asked.ends
    changes = asked.definition_changes(first, last)
    return map_series.two_maps(
        asked.frame(first),
        asked.frame(last),
        asked.scene(),
        asked.sheet(),
        periods=(first, last),
        headings=(asked.reference(first), asked.reference(last)),
        scale=_scale(asked, [first, last]),
        compare=not changes,
        note=f"口径变化：{changes}" if changes else _target_words(asked),
    )


def _change(asked: Question) -> Chart:
    first, last = asked.ends
    figures, chosen, unit = asked.figures, asked.reader.selection, asked.reader.indicator["unit"]
    whole = ""
    ends = [compare.whole_of(figures, chosen.breakdown, period) for period in (first, last)]
    if ends[0] is not None and ends[1] is not None:
        whose = slices.OWN_LEVEL if "本级" in ends[1]["note"] else "全区"
        whole = f"{whose}{change_words(ends[1]['value'] - ends[0]['value'], unit)}"
    return map_series.change_map(
        asked.standings(first), asked.standings(last), asked.scene(), asked.sheet(), periods=(first, last), whole=whole
    )


def _years(asked: Question) -> Chart:
    periods = asked.yearly
    changes = asked.definition_changes(periods[0], periods[-1])
    return map_series.yearly_maps(
        {period: asked.frame(period) for period in periods},
        asked.scene(),
        asked.sheet(),
        headings={period: asked.reference(period) for period in periods},
        scale=_scale(asked, periods),
        compare=not changes,
        note=f"口径变化：{changes}" if changes else _target_words(asked),
    )


BUILDERS = {"one": _one, "pair": _pair, "change": _change, "years": _years}


def _scale(asked: Question, periods: list[str]) -> Scale:
    """The scale that the reader asks for, over the places in `periods`; rates on a small base do not count."""
    reader, chosen, indicator = asked.reader, asked.reader.selection, asked.reader.indicator
    colours, direction = asked.scene().colours, indicator["direction"]
    cut = asked.figures[
        (asked.figures["breakdown"] == chosen.breakdown)
        & asked.figures["region_code"].isin(asked.places.index)
        & asked.figures["value"].notna()
    ]
    cut = slices.newest(cut) if periods == [LATEST] else cut[cut["period"].isin(periods)]
    if asked.scene().rate:
        cut = cut[~small_base(cut["denominator"])]
    unit = str(cut["unit"].iloc[0]) if len(cut) else indicator["unit"]
    target = target_of(asked)
    if asked.classes == "target" and target is not None and len(cut):
        return around_target(cut["value"], target["value"], direction, indicator["near"], unit, reader.dark)
    if asked.classes in ("continuous", "target"):
        return blend(cut["value"], direction, unit, colours)
    return classified(cut["value"], asked.classes, direction, unit, colours)


def _target_words(asked: Question) -> str:
    """Whose target the classes are about, of which year."""
    target = target_of(asked)
    if asked.classes != "target" or target is None:
        return ""
    aim = format_value(target["value"], asked.reader.indicator["unit"])
    return f"按距全区{format_period(target['period'])}目标{aim}分级。"


def show(asked: Question) -> None:
    """The map, with the list or the chosen place beside it; several maps take the whole width."""
    view = shown_view(asked)
    height = map_series.panels_height(len(asked.yearly)) if view == "years" else None
    wide = view in WIDE
    if wide:  # style.css leaves the labels out on a phone
        map_column, side_column = st.container(key="wide_map"), st.container()
    else:
        map_column, side_column = st.columns([2, 1], gap="medium")
    with map_column:
        frame.show(chart(asked), key="map", on_select=lambda: frame.choose_clicked(asked.reader, "map"), height=height)
        chosen = asked.reader.selection
        when = f"{format_period(chosen.period)}，" if view != "one" else ""
        tally = slices.tally(asked.frame(chosen.period), LEVEL_NAMES[chosen.level])
        st.markdown(f"**{plain(when + tally)}**")
        panels.who_published(asked.figures, asked.reader)
    with side_column:
        if wide:
            list_column, region_column = st.columns(2, gap="medium")
            with list_column:
                places(asked)
            with region_column:
                place(asked)
        else:
            beside(asked)


# ---- beside the map ----


def beside(asked: Question) -> None:
    """The list of all places, or the figures of the chosen one."""
    reader = asked.reader
    st.session_state["choose_side"] = asked.side
    names = {"list": list_name(asked), "region": reader.choices.regions["name"][reader.selection.region]}
    st.segmented_control(
        "旁边看什么",
        list(SIDES),
        format_func=names.__getitem__,
        key="choose_side",
        on_change=_write,
        args=(reader, "side", "choose_side"),
        required=True,
        label_visibility="collapsed",
    )
    (place if asked.side == "region" else places)(asked)


def place(asked: Question) -> None:
    """The figures of the chosen place."""
    reader, chosen = asked.reader, asked.reader.selection
    panels.region(reader, queries.figures_of_region(reader.release, chosen.dataset, chosen.region))


def places(asked: Question) -> None:
    """The list of the places; a click on a row chooses the place. A long one shows its ends, the rest on asking."""
    table, note = places_list(asked)
    short = shortened(table, asked.reader.selection.region)
    st.caption(plain(f"{note}点一行，在地图上标出该地区。"))
    _rows(asked, short, "places_list")
    if len(short) < len(table) and (fold := frame.folded(f"全部{len(table)}个", "all_places")):
        with fold:
            _rows(asked, table, "all_places_list")


def shortened(table: pd.DataFrame, chosen: str) -> pd.DataFrame:
    """The rows at both ends of a long list, and the chosen one, with …… where others are left out between them.

    `table`: as `places_list` gives it; what has no value, or one on a small base, is left out first.
    """
    if len(table) <= LONGEST_LIST:
        return table
    sound = list(table.index[table["sound"]])
    half = LONGEST_LIST // 2
    kept = sound if len(sound) <= LONGEST_LIST else sound[:half] + sound[-half:]
    short = table[table.index.isin([*kept, chosen])]
    if len(sound) <= LONGEST_LIST:
        return short
    gap = pd.DataFrame({name: ["……" if name == "地区" else ""] for name in table.columns}, index=[GAP])
    at = list(short.index).index(sound[half - 1]) + 1
    return pd.concat([short.iloc[:at], gap, short.iloc[at:]])


def _rows(asked: Question, table: pd.DataFrame, key: str) -> None:
    shown = table.drop(columns="sound")

    def choose() -> None:
        cells = st.session_state[key]["selection"]["cells"]
        if cells and table.index[cells[0][0]] != GAP:
            selection.change_own("side", "list", ["region", "list"])
            asked.reader.change(region=table.index[cells[0][0]])

    st.dataframe(
        shown.loc[:, shown.astype(bool).any()].reset_index(drop=True),
        hide_index=True,
        height="content" if len(table) <= LONGEST_LIST + 2 else LIST_HEIGHT,
        key=key,
        on_select=choose,
        selection_mode="single-cell",
        alt=f"{list_name(asked)}：{asked.scene().places}的{asked.scene().subject}",
    )


def list_name(asked: Question) -> str:
    """What the list is: a ranking only where values compare."""
    if shown_view(asked) == "change":
        return "变化"
    period = asked.reader.selection.period
    return "各地" if period == LATEST else "由高到低" if asked.scene().neutral else "排名"


def places_list(asked: Question) -> tuple[pd.DataFrame, str]:
    """All places, index code, with Chinese headers and sound (bool: a value that counts), and what to know of them.

    Of one period in the order of the ranking, ties sharing a place; small bases after the others and without one, then
    what is missing, then the cities beside their leagues. Of 各地最新值 in the order of the catalogue, with periods.
    """
    reader, scene = asked.reader, asked.scene()
    period = reader.selection.period
    if shown_view(asked) == "change":
        return _list_of_changes(asked)
    rows = asked.standings(period).assign(place="")
    cities = asked.cities()
    note = "各取最近一期，期间不同，不排名。"
    if period != LATEST:
        if rows["rank"].notna().sum() >= FEWEST_RANKED:
            rows["place"] = [place_words(row) for _, row in rows.iterrows()]
        rows.loc[rows["small"].astype(bool), "place"] = "基数过小"
        rows = rows.sort_values(["rank", "value"], ascending=[True, False], kind="stable", na_position="last")
        notes = [
            "中性指标：高低不表示好坏。" if scene.neutral else "",
            f"分母不足{SMALL_BASE}件的{SMALL_BASE_WORDS}。" if rows["small"].any() else "",
            "95%区间重叠的并在同一名次范围。" if rows["place"].str.contains("—").any() else "",
        ]
        note = "".join(notes)
    if cities is not None:
        rows = pd.concat([rows, cities.assign(place=APART, small=False)])
        note += "单列的市已包含在所属盟市中，不参与排名。"
    marked = _marked(rows, reader)
    periods = rows["period_text"].map(in_brackets).where((rows["state"] == "value") & (period == LATEST), "")
    cases = slices.cases(rows, scene.case_unit) if scene.rate else [""] * len(rows)
    table = pd.DataFrame({"名次": rows["place"], "地区": marked, "数值": rows["text"] + periods, "案件": cases})
    return table.assign(sound=(rows["state"] == "value") & ~rows["small"].astype(bool)), note


def _marked(rows: pd.DataFrame, reader: Reader) -> list[str]:
    """The names of places, the chosen one marked; of banners the short ones, some of which are long enough."""
    names = rows["short_name"] if reader.selection.level == "banner" else rows["name"]
    return [f"▸ {name}" if code == reader.selection.region else name for code, name in names.items()]


def _list_of_changes(asked: Question) -> tuple[pd.DataFrame, str]:
    """As `places_list`, from the greatest rise to the greatest fall, small bases and what is missing last."""
    first, last = asked.ends
    rows = map_series.changes(asked.frame(first), asked.frame(last), asked.scene())
    rows = rows.sort_values(["small", "value"], ascending=[True, False], kind="stable", na_position="last")
    marked = _marked(rows, asked.reader)
    units = rows["unit"].dropna()
    unit = map_series.change_unit(units.iloc[0] if len(units) else asked.reader.indicator["unit"])
    marks = rows["small"].map({True: SMALL_MARK, False: ""})
    values = rows["label"].where(rows["state"] == "value", rows["text"]) + marks
    both = (rows["early_text"] + " → " + rows["late_text"]).where(rows["state"] == "value", "")
    table = pd.DataFrame({"地区": marked, "变化": values, "增速": rows["grown"], "两期": both})
    note = f"变化以{unit}计。" + (f"标{SMALL_MARK}的{SMALL_BASE_WORDS}。" if rows["small"].any() else "")
    return table.assign(sound=(rows["state"] == "value") & ~rows["small"].astype(bool)), note
