"""Every page held against the rules of axe-core, in light and dark; the script of axe comes with its package."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browsing import Visit
from tests.test_pages import PAGES

pytestmark = pytest.mark.browser

SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_a_serious_rule_in_light_or_dark(visit: Callable[[str], Visit], name: str) -> None:
    path = "/" if name == "overview" else f"/{name}"
    opened = visit(f"{path}?dataset=demo&region=150700")
    for scheme in ("light", "dark"):
        opened.page.emulate_media(color_scheme=scheme)
        opened.rest()
        assert serious(opened) == [], scheme


def test_the_popover_of_own_groups_breaks_no_serious_rule(visit: Callable[[str], Visit]) -> None:
    opened = visit("/compare?dataset=demo")
    opened.page.get_by_role("button", name="自定义对比组").click()
    opened.page.get_by_role("button", name="保存对比组").wait_for()
    assert serious(opened) == []


def serious(visit: Visit) -> list[str]:
    """The serious and critical violations: rule, element and reason."""
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in Axe().run(visit.page).response["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]
