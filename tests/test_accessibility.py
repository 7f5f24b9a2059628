"""Every page held against the rules of axe-core, in light and dark; the script of axe comes with its package."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.conftest import Server
from tests.test_browser import Visit, browser
from tests.test_pages import PAGES

__all__ = ["browser"]  # the fixture of the browser tests
pytestmark = pytest.mark.browser

SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_a_serious_rule_in_light_or_dark(browser: Browser, server: Server, name: str) -> None:
    path = "/" if name == "overview" else f"/{name}"
    visit = Visit(browser, server, f"{path}?dataset=demo&region=150700")
    for scheme in ("light", "dark"):
        visit.page.emulate_media(color_scheme=scheme)
        visit.rest()
        assert serious(visit) == [], scheme
    visit.context.close()


def test_the_popover_of_own_groups_breaks_no_serious_rule(browser: Browser, server: Server) -> None:
    visit = Visit(browser, server, "/compare?dataset=demo")
    visit.page.get_by_role("button", name="自定义对比组").click()
    visit.page.get_by_role("button", name="保存对比组").wait_for()
    assert serious(visit) == []
    visit.context.close()


def serious(visit: Visit) -> list[str]:
    """The serious and critical violations: rule, element and reason."""
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in Axe().run(visit.page).response["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]
