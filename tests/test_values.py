from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.values import convert, missing_state, parse_number, parse_period, split_unit


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2023", "2023"),
        ("2023年", "2023"),
        ("２０２３年度", "2023"),
        ("二〇二三年", "2023"),
        ("2023年1-12月", "2023"),
        ("2021年至2023年", "2021-2023"),
        ("2021—2023年", "2021-2023"),
        ("2021-2023", "2021-2023"),
        ("2023年第二季度", "2023Q2"),
        ("2023年2季度", "2023Q2"),
        ("2023q2", "2023Q2"),
        ("2023年4-6月", "2023Q2"),
        ("2023年6月", "2023-06"),
        ("2023年十一月", "2023-11"),
        ("202306", "2023-06"),
        ("2023/6", "2023-06"),
        ("2023.06", "2023-06"),
        ("2023年1-10月", "2023-01/2023-10"),
        ("2023年1—10月", "2023-01/2023-10"),
        ("2023年1月至10月", "2023-01/2023-10"),
        ("2021年1月—2022年4月", "2021-01/2022-04"),
        ("2023年上半年", "2023-01/2023-06"),
        ("2023年前三季度", "2023-01/2023-09"),
        ("2021-01/2021-10", "2021-01/2021-10"),
        ("2020-07/2020-08", "2020-07/2020-08"),
        (" 2023 年 6 月 ", "2023-06"),
    ],
)
def test_a_period_is_read_as_people_write_it(text: str, label: str) -> None:
    assert parse_period(text).label == label


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("二季度", "四位年份"),
        ("23年", "四位年份"),
        ("2023-06-30", "某一天"),
        ("2023-06-01 00:00:00", "某一天"),
        ("2023年6月30日", "某一天"),
        ("20230630", "某一天"),
        ("45078", "Excel日期"),
        ("2023.1", "1月还是10月"),
        ("2023-13", "月份"),
        ("2023-2021", "期间倒置"),
        ("2023年6-3月", "期间倒置"),
        ("2021-01/2021", "写法不一致"),
        ("1989", "年份应在"),
        ("2101", "年份应在"),
        ("2021年以来", "看不懂"),
        ("", "没有写期间"),
        ("2023" * 1000, "看不懂"),
    ],
)
def test_an_unclear_period_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_period(text)


def test_a_period_knows_its_first_and_last_day() -> None:
    leap = parse_period("2023-12/2024-02")
    assert (leap.start, leap.end) == (date(2023, 12, 1), date(2024, 2, 29))


@settings(derandomize=True, deadline=None)
@given(st.integers(1990 * 12, 2100 * 12 + 11), st.integers(1990 * 12, 2100 * 12 + 11))
def test_the_label_of_a_period_names_the_same_period(one: int, other: int) -> None:
    (y1, m1), (y2, m2) = divmod(min(one, other), 12), divmod(max(one, other), 12)
    period = parse_period(f"{y1}年{m1 + 1}月至{y2}年{m2 + 1}月")
    assert parse_period(period.label) == period
    assert (period.start.year, period.start.month, period.end.year, period.end.month) == (y1, m1 + 1, y2, m2 + 1)


@pytest.mark.parametrize(
    ("text", "value", "qualifier", "unit"),
    [
        ("99.74%", "99.74", "", "%"),
        ("９９．７４％", "99.74", "", "%"),
        ("19.6万余件", "196000", "余", "件"),
        ("１２３", "123", "", ""),
        ("1,234", "1234", "", ""),
        ("1，234", "1234", "", ""),
        ("1,234,567.8", "1234567.8", "", ""),
        ("近3万人次", "30000", "近", "人次"),
        ("超1.4万件", "14000", "超", "件"),
        ("20多万", "200000", "多", ""),
        ("2.2亿人次", "220000000", "", "人次"),
        ("24632.97万元", "246329700", "", "元"),
        ("约5", "5", "约", ""),
        ("1.6万多次", "16000", "多", "次"),
        ("-3.63%", "-3.63", "", "%"),
        ("−3.63", "-3.63", "", ""),
        ("万分之二", "0.02", "", "%"),
        ("百分之99.74", "99.74", "", "%"),
        ("5\u200b 件", "5", "", "件"),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, value: str, qualifier: str, unit: str) -> None:
    number = parse_number(text)
    assert (number.value, number.qualifier, number.unit) == (Decimal(value), qualifier, unit)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,23,4", "千分位"),
        ("99,74%", "千分位"),
        ("1.2e3", "科学计数法"),
        ("1.20E+05", "科学计数法"),
        ("(5)", "括号"),
        ("58/61", "分子、分母"),
        ("3-5", "区间"),
        ("5以上", "以上"),
        ("不足5", "不足"),
        ("12 34", "空格"),
        ("4770件（含结转）", "备注列"),
        ("4770①", "不是数"),
        ("10²", "不是数"),
        ("三千", "阿拉伯数字"),
        ("约300余件", "约数词"),
        ("007", "多余的0"),
        ("无", "说不清"),
        ("/", "说不清"),
        ("#DIV/0!", "错误值"),
        ("=B2/C2", "公式"),
        ("9" * 16, "数过大"),
        ("1 " * 5000, "不是数"),
    ],
)
def test_an_unclear_number_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_number(text)


@settings(derandomize=True, deadline=None)
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.sampled_from(["", "件", "%", "人次"]))
def test_a_number_with_separators_and_a_unit_keeps_its_value(value: Decimal, unit: str) -> None:
    number = parse_number(f"{value:,}{unit}")
    assert (number.value, number.unit) == (value, unit)


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = parse_number(text)
    except ValueError:
        return
    assert number.value.is_finite()


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet="0123456789年月季度第一二Q-/.至上下半 ", max_size=14))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    try:
        period = parse_period(text)
    except ValueError:
        return
    assert period.start <= period.end
    assert parse_period(period.label) == period


@pytest.mark.parametrize("text", ["", " ", "—", "——", "-", "－", "…", "……", "未报", "未填报", "未上报", "NULL"])
def test_a_cell_may_say_that_nothing_was_reported(text: str) -> None:
    assert missing_state(text) == "not_reported"


@pytest.mark.parametrize("text", ["不适用", "N/A", "n/a", "不涉及"])
def test_a_cell_may_say_that_a_figure_does_not_apply(text: str) -> None:
    assert missing_state(text) == "not_applicable"


@pytest.mark.parametrize("text", ["0", "无", "/", "NA", "5"])
def test_zero_and_unclear_words_are_not_missing(text: str) -> None:
    assert missing_state(text) is None


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "result"),
    [
        ("19.6", "万件", "件", "196000"),
        ("1.5", "亿元", "元", "150000000"),
        ("24632.97", "万元", "元", "246329700"),
        ("3", "千件", "件", "3000"),
        ("5", "元", "万元", "0.0005"),
        ("12", "‰", "%", "1.2"),
    ],
)
def test_units_convert_exactly(value: str, unit: str, wanted: str, result: str) -> None:
    assert convert(Decimal(value), unit, wanted) == Decimal(result)


@pytest.mark.parametrize(
    ("unit", "wanted"), [("人", "名"), ("场", "次"), ("份", "卷"), ("个百分点", "%"), ("万", "件")]
)
def test_units_that_count_something_else_do_not_convert(unit: str, wanted: str) -> None:
    with pytest.raises(ValueError, match="不能换算"):
        convert(Decimal(1), unit, wanted)


def test_a_unit_is_a_factor_and_what_is_counted() -> None:
    assert split_unit("万人次") == (10000, "人次")
