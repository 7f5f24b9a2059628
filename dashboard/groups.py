"""Comparison groups: which regions of one level are held against each other.

All of the level, the banners of one league, a region with its geographic neighbours, groups that a document names
(data/catalogue/groups.csv), and groups that readers made and share. One parameter of the address, `group`, says which.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard.theme import LEVEL_NAMES

EVERY = ""  # all of the level: the usual case stays out of the address
ALL = "all"  # the same, said aloud where a page has another usual case
NEAR = "near"
LISTED = "listed-"
OWN = "own-"
FEWEST = 2  # regions, below which there is nothing to compare
NEAR_WORDS = "及周边"


@dataclass(frozen=True)
class Group:
    """Regions to compare: `key` in the address, `codes` of one `level`, `source` of a group that a document names.

    `place`: what stands before their number in a sentence (包头市, “甲”组); empty for all regions of the level.
    """

    key: str
    place: str
    level: str
    codes: tuple[str, ...]
    source: str = ""

    @property
    def words(self) -> str:
        """Who is compared: 12个盟市, 呼和浩特市9个旗县（市、区）, 赤峰市及周边共3个盟市."""
        together = "共" if self.key == NEAR else ""
        return f"{self.place}{together}{len(self.codes)}个{LEVEL_NAMES[self.level]}"

    @property
    def among(self) -> str:
        """The same before the name of an indicator, 包头市各旗县; empty for all regions of the level."""
        return f"{self.place}各{LEVEL_NAMES[self.level].partition('（')[0]}" if self.place else ""


def region_words(regions: pd.DataFrame) -> dict[str, str]:
    """Each region (code -> words) as it stands in a list of all: a banner with its league before it.

    `regions`: `queries.regions`.
    """
    leagues = regions["parent"].map(regions["short_name"]) + " · "
    return (leagues.where(regions["level"] == "banner", "") + regions["name"]).to_dict()


def offered(
    regions: pd.DataFrame,
    level: str,
    region: str,
    *,
    neighbours: Mapping[str, tuple[str, ...]],
    listed: Mapping[str, tuple[str, tuple[str, ...]]],
    own: Mapping[str, Iterable[str]],
) -> dict[str, Group]:
    """The groups of at least FEWEST regions of `level`, by key: all, around `region`, by league, listed, own.

    `regions`: `queries.regions`. `neighbours`: code -> codes of the same level. `listed`: name -> (source, codes).
    `own`: name -> codes. Of listed and own groups those of the level count.
    """
    names, parents = regions["name"], regions["parent"].to_dict()
    of_level = regions.index[regions["level"] == level].tolist()
    found = [Group(EVERY, "", level, tuple(of_level))]
    centre = _at_level(regions, level, region)
    if centre:
        around = {centre, *neighbours.get(centre, ())}
        found.append(Group(NEAR, names[centre] + NEAR_WORDS, level, _of(of_level, around)))
    if level == "banner":
        leagues: dict[str, list[str]] = {}
        for code in of_level:
            leagues.setdefault(parents[code], []).append(code)
        found += [Group(league, names[league], level, tuple(banners)) for league, banners in leagues.items()]
    for name, (source, codes) in listed.items():
        found.append(Group(LISTED + name, f"“{name}”", level, _of(of_level, codes), source))
    for name, members in own.items():
        found.append(Group(OWN + name, f"“{name}”组", level, _of(of_level, members)))
    return {group.key: group for group in found if len(group.codes) >= FEWEST}


def _of(places: list[str], codes: Iterable[str]) -> tuple[str, ...]:
    """Those of `codes` that are among the places, in their order."""
    wanted = set(codes)
    return tuple(code for code in places if code in wanted)


def _at_level(regions: pd.DataFrame, level: str, region: str) -> str:
    """The region itself, or the league that a banner lies in; empty where it has nothing at this level."""
    if regions["level"][region] == level:
        return region
    parent = regions["parent"][region]
    return str(parent) if level == "league" and regions["level"][region] == "banner" else ""
