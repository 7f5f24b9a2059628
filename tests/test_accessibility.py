"""Every page held against the rules of axe-core, in light and dark; the script of axe comes with its package.

A page is opened once: asked everything in light, and what colours decide in dark. The pages of administrators are in
test_access_browser.py, behind its sign-in.
"""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browsing import Visit, at_rest
from tests.test_pages import PAGES

pytestmark = pytest.mark.browser

SERIOUS = ("serious", "critical")
HEADINGS = ("heading-order", "empty-heading", "page-has-heading-one")  # less than serious, and ours to get right
COLOURS = ["color-contrast"]


@pytest.mark.parametrize("name", [*PAGES, "briefs"])
def test_no_page_breaks_a_rule_in_light_or_dark(visit: Callable[..., Visit], name: str) -> None:
    path = "/" if name == "overview" else f"/{name}"
    opened = visit(f"{path}?dataset=demo&region=150700")
    if name == "compare":  # with what else it may show
        opened.page.get_by_role("button", name="自定义对比组").click()
        opened.page.get_by_role("button", name="保存对比组").wait_for()
    assert broken(opened.page) == []
    assert opened.page.get_by_role("heading", level=1).count() == 1
    with opened.page.expect_navigation():  # the charts are drawn anew
        opened.page.emulate_media(color_scheme="dark")
    assert broken(opened.page, COLOURS) == []


def broken(page: Page, rules: list[str] | None = None) -> list[str]:
    """What breaks a serious rule, or one of HEADINGS, on a page at rest: rule, element and reason.

    `rules`: the only ones to ask. Puts axe into a page that does not have it yet.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    options |= {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    at_rest(page)
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in page.evaluate("options => axe.run(document, options)", options)["violations"]
        if rule["impact"] in SERIOUS or rule["id"] in HEADINGS
        for node in rule["nodes"]
    ]
