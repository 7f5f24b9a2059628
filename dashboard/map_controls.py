"""Above the map: where the reader stands, which view on which scale, the slider through the periods."""

import streamlit as st

from dashboard import selection, slices
from dashboard.charts.ground import ZOOMS
from dashboard.charts.scales import METHODS
from dashboard.frame import Reader, plain
from dashboard.mapping import SWITCH, VIEWS, Question, known_values, may_be_per_people
from dashboard.selection import REGION_ROOT
from dashboard.statistics import PER_PEOPLE
from dashboard.theme import LATEST, format_period

FRAME_SECONDS = 1.2  # of the animation
PLAYING = "map_playing"  # in the session: the period that the animation has reached
WAITING = "map_waiting"  # in the session: the page has just drawn it
APART_HELP = "两市的数已包含在所属盟市中；单列只是另外标出，不加也不减。"
GROUP_HELP = "周边指边界与所选地区相接的同级地区；自定义的对比组在“对比”页新建。"
PEOPLE_HELP = "数量除以2020年普查人口，规模不同的盟市才好比。"
STEADY_HELP = "颜色的刻度按全部期间统一，不同期间的颜色才能相比。"


def playing(page: str, period: str) -> bool:
    """Whether the reader sees a period of the animation pass by. `page`: the path of the opened page."""
    return page == "map" and st.session_state.get(PLAYING) == period


def breadcrumb(asked: Question) -> None:
    """The steps from the whole region to the chosen place, each to be clicked, and the way down into a league."""
    reader, regions = asked.reader, asked.reader.choices.regions
    chosen = reader.selection.region
    league = asked.league or _league_of(reader)
    steps = [REGION_ROOT, *([league] if league else []), *([chosen] if regions["parent"][chosen] == league else [])]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="breadcrumb"):
        for number, code in enumerate(steps):
            if number:
                st.markdown("›", width="content")
            if code == steps[-1] == chosen:
                st.markdown(f"**{plain(regions['name'][code])}**", width="content")
            else:
                st.button(
                    regions["name"][code],
                    key=f"step_{number}",
                    type="tertiary",
                    on_click=_step,
                    args=(reader, code, bool(asked.league)),
                )
        if league and not asked.league:
            _way_down(asked, league)


def _league_of(reader: Reader) -> str:
    """The chosen league, or the league of the chosen banner; empty for the whole region."""
    regions, code = reader.choices.regions, reader.selection.region
    level = regions["level"][code]
    return code if level == "league" else regions["parent"][code] if level == "banner" else ""


def _step(reader: Reader, code: str, drilled: bool) -> None:
    """One step up: the whole region brings back the map of the leagues."""
    if code == REGION_ROOT and drilled:
        reader.change(region=code, level="league")
    else:
        reader.change(region=code)


def _way_down(asked: Question, league: str) -> None:
    """A button to the banners of a league, which says how many of them have a figure."""
    reader, chosen = asked.reader, asked.reader.selection
    regions = reader.choices.regions
    banners, figures = regions.index[regions["parent"] == league], asked.published
    rows = (figures["breakdown"] == chosen.breakdown) & figures["value"].notna()
    rows &= (chosen.period == LATEST) | (figures["period"] == chosen.period)
    known = len(set(banners) & set(figures["region_code"][rows]))
    with_figures = "" if known == len(banners) else f"（{known}个有数据）" if known else "（均无数据）"

    def drill() -> None:
        reader.change(level="banner")
        selection.change_comparison(reader.choices, group=league)

    st.button(f"查看{len(banners)}个旗县{with_figures}", key="drill", icon=":material/zoom_in:", on_click=drill)


def write(reader: Reader, name: str, key: str) -> None:
    """Writes the widget `key` of one of the page's own parameters into the address; for callbacks.

    An emptied widget changes nothing; a switch writes the first or the second value of its parameter.
    """
    value, known = st.session_state[key], known_values(reader)[name]
    if value is not None:
        selection.change_own(name, known[value] if isinstance(value, bool) else value, known)


def controls(asked: Question) -> None:
    """Which view, on which scale, how near; what there is nothing for is not offered, with the reason."""
    reader, level = asked.reader, asked.reader.selection.level
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="map_controls"):
        _pick_view(asked)
        _pick_classes(asked)
        _pick_group(asked)
        if level == "banner" and not asked.league:
            _pick("zoom", "放大", {"": "全区", **ZOOMS}, asked.zoom, reader)
        if asked.view in ("pair", "change"):
            _pick_period2(asked)
        if may_be_per_people(reader):
            _switch("per", PER_PEOPLE, asked.people is not None, reader, PEOPLE_HELP)
        if asked.view == "one" and level == "league" and asked.people is None:
            _switch("cities", "满洲里、二连浩特单列", asked.apart, reader, APART_HELP)
    if asked.why_not:
        st.caption(plain(f"{_reasons(asked.why_not)}。"))
    if asked.view == "one":
        _timeline(asked)


def _reasons(why_not: dict[str, str]) -> str:
    """The views that are not offered, those of one reason together."""
    names = {reason: [VIEWS[view] for view in why_not if why_not[view] == reason] for reason in why_not.values()}
    return "；".join(f"{'、'.join(views)}：{reason}" for reason, views in names.items())


def _pick(name: str, label: str, names: dict[str, str], value: str, reader: Reader, help: str | None = None) -> None:
    key = f"choose_{name}"
    st.session_state[key] = value
    st.selectbox(
        label,
        list(names),
        format_func=names.__getitem__,
        key=key,
        on_change=write,
        args=(reader, name, key),
        width=170,
        help=help,
    )


def _switch(name: str, label: str, value: bool, reader: Reader, help: str) -> None:
    key = f"choose_{name}"
    st.session_state[key] = value
    st.toggle(label, key=key, on_change=write, args=(reader, name, key), help=help)


def _pick_view(asked: Question) -> None:
    """The views that have something to show."""
    offered = [view for view in VIEWS if view not in asked.why_not]
    if len(offered) < 2:
        return
    st.session_state["choose_map"] = asked.view
    st.segmented_control(
        "视图",
        offered,
        format_func=VIEWS.__getitem__,
        key="choose_map",
        on_change=write,
        args=(asked.reader, "map", "choose_map"),
        required=True,
    )


def _pick_group(asked: Question) -> None:
    """Which places the map shows and the list ranks; the same parameter as on the page 对比."""

    def choose() -> None:
        selection.change_comparison(asked.reader.choices, group=st.session_state["choose_group"])

    if len(asked.offered) < 2:
        return
    st.session_state["choose_group"] = asked.group.key
    st.selectbox(
        "范围",
        list(asked.offered),
        format_func=lambda key: asked.offered[key].words,
        key="choose_group",
        on_change=choose,
        width=300,  # 呼伦贝尔市14个旗县（市、区） stands whole
        help=GROUP_HELP,
    )


def _pick_classes(asked: Question) -> None:
    """How values become classes; around the target where there is one; a map of changes has its own scale."""
    rows = asked.frame(asked.period)
    if asked.view == "change" or not slices.comparable(rows) or rows["value"].nunique() < 2:
        return
    aimed = asked.target is not None
    names = {method: name for method, name in METHODS.items() if aimed or method != "target"}
    chosen = asked.classes if asked.classes in names else "continuous"
    words = "等距：每级宽度相等；等量：每级地区数相近；自然断点：级内差别最小（Jenks）"
    end = "；距目标：以目标为界。" if aimed else "。这项指标没有可对照的目标，不能按距目标分级。"
    _pick("classes", "分级", names, chosen, asked.reader, words + end)


def _pick_period2(asked: Question) -> None:
    """The period to set beside the chosen one."""
    st.session_state["choose_period2"] = asked.period2

    def choose() -> None:
        selection.change_comparison(asked.reader.choices, period2=st.session_state["choose_period2"])

    st.selectbox(
        f"与{format_period(asked.period)}相比的期间",
        [other for other in asked.periods[::-1] if other != asked.period],
        format_func=format_period,
        key="choose_period2",
        on_change=choose,
        width=190,
        help="只列出长度相同、有数据的期间：长度不同的期间不能相比。",
    )


def _timeline(asked: Question) -> None:
    """A slider over the periods of one length, and a button that walks along it on one scale."""
    reader, periods = asked.reader, asked.periods
    if len(periods) < 2 or asked.period not in periods:
        return
    moving = playing("map", asked.period)
    st.session_state["choose_year"] = asked.period

    def choose() -> None:
        reader.change(period=st.session_state["choose_year"])

    def play() -> None:
        first = periods[0] if asked.period == periods[-1] else asked.period
        st.session_state[PLAYING] = None if moving else first
        if not moving:
            reader.change(period=first)
            selection.change_own("scale", SWITCH[1], SWITCH)

    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="map_timeline"):
        st.button(
            "停止" if moving else "播放",
            icon=":material/stop:" if moving else ":material/play_arrow:",
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
        _switch("scale", "各期同一色阶", asked.steady, reader, STEADY_HELP)
    if moving:
        st.session_state[WAITING] = True
        _next_period(reader, periods)


@st.fragment(run_every=FRAME_SECONDS)
def _next_period(reader: Reader, periods: list[str]) -> None:
    """Moves on by one period each time that the clock calls it, and stops at the last one.

    The page runs it too, once a period: then it only takes the clock from there.
    """
    if st.session_state.pop(WAITING, False):
        return
    following = periods[periods.index(reader.selection.period) + 1 :]
    st.session_state[PLAYING] = following[0] if len(following) > 1 else None
    if following:
        reader.change(period=following[0])
    st.rerun()
