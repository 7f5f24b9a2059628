"""Ten questions of real analysts (docs/questions.md), answered in a browser in three clicks or fewer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browsing import Visit

pytestmark = pytest.mark.browser

MOST_CLICKS = 3
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "questions.md"
HEADLINE = "行政机关负责人出庭应诉率"


class Asking:
    """A reader on the opening page who counts clicks."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.page, self.clicks = visit, visit.page, 0

    def _done(self) -> None:
        self.clicks += 1
        self.visit.page.wait_for_timeout(200)
        self.visit.rest()

    def turn_to(self, page: str) -> None:
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=page, exact=True).click()
        self.page.get_by_role("heading", name=page, exact=True).wait_for()
        self._done()

    def press(self, words: str) -> None:
        self.page.get_by_role("radio", name=words, exact=True).or_(
            self.page.get_by_role("button", name=words, exact=True)
        ).or_(self.page.get_by_role("tab", name=words)).first.click()
        self._done()

    def choose(self, control: str, words: str) -> None:
        self.page.get_by_role("combobox", name=control).fill(words)
        self.page.keyboard.press("Enter")
        self._done()

    def search(self, field: str, words: str) -> None:
        self.page.get_by_role("textbox", name=field, exact=True).fill(words)
        self.page.keyboard.press("Enter")
        self._done()


def none(asking: Asking) -> None:
    """The opening page answers by itself."""


def where_online(asking: Asking) -> None:
    asking.press("全程网办率")


def one_league(asking: Asking) -> None:
    asking.press(HEADLINE)
    asking.turn_to("地图")
    asking.choose("地区", "呼伦贝尔市")


def who_leads(asking: Asking) -> None:
    asking.turn_to("对比")


def strengths(asking: Asking) -> None:
    asking.turn_to("对比")
    asking.press("热力图")


def since_when(asking: Asking) -> None:
    asking.press(HEADLINE)
    asking.turn_to("趋势")


def one_region(asking: Asking) -> None:
    asking.turn_to("地区画像")
    asking.choose("地区", "赤峰市")


def what_it_means(asking: Asking) -> None:
    asking.search("查找指标", "行政复议直接纠错率")
    asking.turn_to("指标词典")


def all_figures(asking: Asking) -> None:
    asking.turn_to("数据")
    asking.search("查找", "调解")
    if asking.page.get_by_text("没有符合条件的数据").is_visible():  # of a large dataset one indicator is shown first
        asking.press("在全部指标中查找")


def contradictions(asking: Asking) -> None:
    asking.turn_to("数据质量")
    asking.press("核对")


# question: (way, what stands on the page with official data, with simulated data)
QUESTIONS: dict[str, tuple[Callable[[Asking], None], str, str]] = {
    "全区行政机关负责人出庭应诉率是多少，离目标还差多少？": (
        none,
        "99.74%，距2024年目标100%差0.26个百分点",
        "目标100%",
    ),
    "哪些盟市有全程网办率，各是多少？": (where_online, "呼伦贝尔市2023年（推定）97.89%", "全程网办率："),
    "呼伦贝尔市的出庭应诉率是多少，出自哪份文件？": (
        one_league,
        "呼伦贝尔市创建全区法治政府建设示范市经验做法",
        "来源：演示数据（模拟）",
    ),
    "各盟市谁高谁低，差别靠得住吗？": (who_leads, "各地最新值的期间各不相同，不排名、不比较", "区间重叠，分不出先后"),
    "各盟市在哪些指标上领先或落后？": (
        strengths,
        "同一期间有多个地区公布、可以对比的数据",
        "兴安盟进入前3名最多，有3项",
    ),
    "出庭应诉率几年来怎样变化，目标能否实现？": (
        since_when,
        "由2019年的15%升至2023年的99.74%",
        "距2024年目标100%差1.02个百分点",
    ),
    "赤峰市总体情况怎样？": (one_region, "本数据集没有这个地区的数据", "项与其他盟市难分先后"),
    "行政复议直接纠错率怎样计算，高好还是低好？": (what_it_means, "高可能说明审查严", "高可能说明审查严"),
    "与调解有关的数据有哪些，出处是什么？": (all_figures, "40条数据", "17842条数据"),
    "哪些数据对不上，差在哪里？": (contradictions, "核对37项，不一致5项", "核对3项，不一致3项"),
}


@pytest.mark.parametrize("dataset", ["published", "demo"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_in_three_clicks(visit: Callable[[str], Visit], question: str, dataset: str) -> None:
    way, official, simulated = QUESTIONS[question]
    opened = visit("/" if dataset == "published" else "/?dataset=demo")
    asking = Asking(opened)
    way(asking)
    assert asking.clicks <= MOST_CLICKS
    text = opened.page.locator('[data-testid="stMain"]').inner_text()
    assert (official if dataset == "published" else simulated) in text
    opened.clean()


def test_the_document_lists_the_questions_that_are_tested() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert [question for question in QUESTIONS if question not in document] == []
