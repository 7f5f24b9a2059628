"""For newcomers: three sentences at the first visit, and the page 使用说明."""

from pathlib import Path

import streamlit as st

from dashboard import access
from dashboard.explanations import CHARTS, TERMS
from dashboard.frame import Reader, named, operator, plain
from dashboard.imports import program_version
from dashboard.operator import how_to_sign
from dashboard.theme import format_day

PAGES = Path(__file__).resolve().parent.parent / "pages"
COOKIE = "welcome"  # set by dashboard/static/page.js when the button is pressed
SEEN = "seen"

WELCOME = (
    "这里汇集全区、12个盟市和103个旗县（市、区）的法治政府建设指标，按《法治政府建设实施纲要（2021—2025年）》的章节排列。",
    "官方数据逐条录自公开的报告、年鉴和新闻，每个数都注明来源；“演示数据（模拟）”只用来展示功能，不是真实情况。",
    "公开数据很少：多数盟市、旗县的多数指标没有公布，页面一律写“未公布”，不补零、不估算。",
)

TASKS = (
    ("看总体", "打开“总览”：先看开头和“需要关注”，再看各章指标，最后看地图和计划。"),
    ("看一个地方", "在地图上点这个地方，或打开“地区画像”，在左侧选地区。"),
    ("找一个指标", "在左侧“查找指标”输入名称、拼音首字母或英文，例如“出庭”“ctys”。按键盘上的“/”可以直接跳到这里。"),
    ("比较各地", "打开“对比”，选排名、两期对比、热力图、散点或漏斗图。"),
    ("看历年变化", "打开“趋势”。目标以横线画出，长短不同的期间不连线。"),
    ("查出处", "卡片上的“来源”、图下的脚注和“数据”页都注明文件和原文。"),
    ("把页面发给同事", "复制地址栏的网址即可，对方打开看到的是同样的内容。"),
    (
        "上大屏",
        "在“总览”页点“大屏”，或在网址后加 ?mode=screen：深色全屏，各屏轮流显示，数据更新后自动换上。"
        "空格暂停，←→切换，F全屏，Esc退出；加 &pace=30 改为每30秒换一屏。",
    ),
    ("打印总览", "在“总览”页用浏览器打印，A4纸两页，已去掉菜单。"),
)


def welcome() -> None:
    """Three sentences at the first visit, folded to one line, until the reader puts them away; a cookie remembers."""
    if st.context.cookies.get(COOKIE) == SEEN or st.session_state.get(COOKIE) == SEEN:
        return
    with st.container(key="welcome", horizontal=True, gap="small"):
        with st.expander("第一次来？三句话了解这里"):
            st.markdown("\n".join(f"{number}. {plain(sentence)}" for number, sentence in enumerate(WELCOME, 1)))
            st.page_link(PAGES / "help.py", label="使用说明", icon=":material/help:")
        st.button("知道了", key="welcome_close", on_click=_seen)


def _seen() -> None:
    st.session_state[COOKIE] = SEEN


def show(reader: Reader) -> None:
    """The page 使用说明."""
    st.header("系统简介")
    for sentence in WELCOME:
        st.markdown(plain(sentence))
    st.header("使用方法")
    st.markdown("\n".join(f"- **{plain(task)}**：{plain(how)}" for task, how in TASKS))
    st.header("名词和符号")
    st.markdown("\n".join(f"- **{plain(term)}**：{plain(meaning)}" for term, meaning in TERMS.items()))
    st.header("图表说明")
    st.caption("每张图标题旁的“?”也能打开这些说明。")
    st.markdown("\n".join(f"- **{plain(name)}**：{plain(text)}" for name, text in CHARTS.items()))
    st.header("联系方式")
    if "office" in named():
        st.markdown(plain(f"责任单位：{operator()['office']}。"))
    st.markdown(plain(f"报告错误：{operator()['contact']}。"))
    if (hint := how_to_sign()) and access.viewer().may_open("import"):  # while access is off, this is where it stands
        st.markdown(plain(hint))
    st.markdown(plain(f"当前数据版本{reader.release.id}，数据截至{format_day(reader.release.data_until)}。"))
    if program := program_version():
        st.markdown(plain(f"程序版本{program}。"))
