"""Documents are opened by what reads them: python-docx, python-pptx, pypdf, LibreOffice, a browser without network."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import docx
import pptx
import pytest
from docx.oxml.ns import qn
from playwright.sync_api import Browser
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pypdf import PdfReader

from dashboard import briefs, compare, course, frame, mapping, operator, queries, selection, snapshot
from dashboard.briefs import bulletin, commands, compose, model, pictures, profiles, slides
from dashboard.briefs.model import Brief, Item
from dashboard.charts import Chart, rankings
from dashboard.charts.anatomy import HARD_TO_TELL, places_in_words
from dashboard.theme import DEMO_MARK
from etl.paths import Paths

DAY = date(2025, 7, 15)


def reader_of(**parameters: str) -> frame.Reader:
    with selection.reading(parameters):
        return frame.reader_at(queries.current_release())


def a_map(**parameters: str) -> Chart:
    with selection.reading(parameters):
        return mapping.chart(mapping.question(frame.reader_at(queries.current_release())))


def a_ranking(**parameters: str) -> Chart:
    with selection.reading(parameters):
        asked = compare.question(frame.reader_at(queries.current_release()))
    stood = asked.standings(asked.reader.selection.period)
    return rankings.ranking(stood, asked.scene(), whole=None, target=None)


@pytest.fixture(scope="module")
def brief(built: Paths) -> Brief:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASHBOARD_DATA_DIR", str(built.data))
        demo = {"dataset": "demo", "period": "2025Q2"}
        return Brief(
            title="2025年第二季度行政应诉与复议情况",
            items=[
                Item(a_map(indicator="court_appearance_rate", **demo), "出庭应诉率地图", "<请核对>&", "演示 · 盟市"),
                Item(a_ranking(indicator="reconsideration_cases", **demo), ""),
            ],
            office="某某司法局",
            release_id=queries.current_release().id,
            made_on=DAY,
        )


@pytest.fixture(scope="module")
def word(brief: Brief) -> bytes:
    return briefs.to_docx(brief)


@pytest.fixture(scope="module")
def deck(brief: Brief) -> bytes:
    return briefs.to_pptx(brief)


# ---- DOCX ----


def test_word_has_headings_pictures_with_words_and_tables(word: bytes, brief: Brief) -> None:
    document = docx.Document(io.BytesIO(word))
    styles = [(line.style.name, line.text) for line in document.paragraphs]
    assert [text for style, text in styles if style == "Title"] == [brief.title]
    assert [text for style, text in styles if style == "Heading 1"] == [
        "一、出庭应诉率地图",
        "二、2025年第二季度各盟市行政复议案件办理数排名",
        "附录　数据表",
    ]
    properties = [shape._inline.docPr for shape in document.inline_shapes]
    assert [p.get("descr") for p in properties] == [item.chart.reading for item in brief.items]
    assert len(document.tables) == len(brief.items)
    assert document.tables[0].rows[0].cells[0].text == "地区"
    assert document.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert any(text.startswith("来源：") for style, text in styles if style == "Source")
    notes = [text for style, text in styles if style == "Note"]
    assert any(text.startswith("图1：") and "筛选条件：演示 · 盟市" in text for text in notes)
    assert "<请核对>&" in [text for _, text in styles]


def test_word_counts_its_figures_and_pages(word: bytes) -> None:
    document = docx.Document(io.BytesIO(word))
    captions = [line for line in document.paragraphs if line.style.name == "Caption" and "SEQ 图" in line._p.xml]
    assert len(captions) == 2
    section = document.sections[0]
    assert " PAGE " in section.footer._element.xml
    assert " PAGE " in section.even_page_footer._element.xml
    assert (section.left_margin.mm, section.top_margin.mm) == pytest.approx((28, 37), abs=0.1)


def test_word_names_chinese_fonts_and_what_replaces_them(word: bytes) -> None:
    document = docx.Document(io.BytesIO(word))
    fonts = {
        name: document.styles[name].element.rPr.rFonts.get(qn("w:eastAsia"))
        for name in ("Title", "Heading 1", "Heading 2", "Body Text")
    }
    assert fonts == {
        "Title": "方正小标宋简体",
        "Heading 1": "黑体",
        "Heading 2": "楷体_GB2312",
        "Body Text": "仿宋_GB2312",
    }
    with zipfile.ZipFile(io.BytesIO(word)) as archive:
        table = archive.read("word/fontTable.xml").decode()
    assert '<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋"/>' in table


def test_every_page_of_simulated_data_says_so(word: bytes) -> None:
    for section in docx.Document(io.BytesIO(word)).sections:
        assert section.header.paragraphs[0].text == DEMO_MARK
        assert section.even_page_header.paragraphs[0].text == DEMO_MARK


# ---- words that are fit for a desk ----


def test_a_statement_stands_once_and_captions_are_neutral(word: bytes, brief: Brief) -> None:
    lines = [line.text for line in docx.Document(io.BytesIO(word)).paragraphs]
    for item in brief.items:
        assert sum(item.chart.title in line for line in lines) == 1
    assert not [line for line in lines if "有数据12" in line or "两两比较" in line]
    captions = [line for line in lines if line.startswith(("图", "附表")) and "　" in line]
    assert [caption.partition("　")[2] for caption in captions] == 2 * [
        "各盟市行政机关负责人出庭应诉率（2025年第二季度）",
        "各盟市行政复议案件办理数排名（2025年第二季度）",
    ]


def test_marks_of_a_laboratory_stand_in_the_end_note_alone(word: bytes, brief: Brief) -> None:
    lines = [(line.style.name, line.text) for line in docx.Document(io.BytesIO(word)).paragraphs]
    for mark in (brief.release_id, "筛选条件", "95%区间", "口径："):
        assert {style for style, text in lines if mark in text} == {"Note"}, mark


def test_signature_and_day_are_one_paragraph_and_notes_come_after_it(word: bytes) -> None:
    lines = docx.Document(io.BytesIO(word)).paragraphs
    (signed,) = [line for line in lines if line.style.name == "Signature"]
    assert signed.text == "某某司法局\n2025年7月15日"
    assert signed.paragraph_format.keep_together
    styles = [line.style.name for line in lines]
    assert styles.index("Note Head") == styles.index("Signature") + 1
    assert styles.index("Notice") == 1, "what is simulated is said below the title"


def test_a_trend_is_told_without_its_test(built: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(built.data))
    found = course.course(reader_of(indicator="court_appearance_rate", dataset="demo", region="150000"))
    chart = found.lines(found.reader, None)
    assert any("经统计检验，总体呈上升趋势" in line for line in chart.footnotes)
    assert "总体呈上升趋势，但2024年、2025年连续两年下降" in compose.statement(chart)
    assert "检验" not in compose.statement(chart)
    assert any("经统计检验，总体呈上升趋势" in line for line in compose.technical(Item(chart)))
    assert compose.heading(Item(chart)) == "全区行政机关负责人出庭应诉率变化情况"
    assert compose.caption(chart) == "全区行政机关负责人出庭应诉率变化情况（年度）"


def test_what_nobody_published_is_said_and_not_drawn(built: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(built.data))
    chart = a_ranking(indicator="mediation_success_rate", dataset="published", period="2023", level="league")
    made = compose.document_of(Brief("空", [Item(chart)], "某某司法局", "r", DAY))
    assert [type(block) for block in made.blocks] == [model.Heading, *[model.Paragraph] * 3]
    assert "未公布：" in words_of(made)
    assert "《乌海市2023年人民调解案件创历史最高》" in words_of(made)  # 乌海 published a part
    assert made.appendix == []
    assert not [line for line in made.remarks if line.startswith("图1")]
    slide = pptx.Presentation(io.BytesIO(briefs.to_pptx(Brief("空", [Item(chart)], "某某司法局", "r", DAY)))).slides[1]
    assert not [shape for shape in slide.shapes if shape.has_chart or shape.shape_type == MSO_SHAPE_TYPE.PICTURE]


def test_a_printed_map_bears_names_in_letters_that_can_be_read(brief: Brief) -> None:
    chart = brief.items[0].chart
    drawn = pictures.for_paper(chart).figure
    labels = [trace for trace in drawn.data if trace.type == "scattergeo" and trace.mode == "text"]
    assert sorted(len(trace.text) for trace in labels) == [3, 9]
    assert not [text for trace in labels for text in trace.text if "%" in text]
    assert drawn.layout.coloraxis.colorbar.tickfont.size == pictures.MAP_LETTERS
    assert any("%" in text for trace in chart.figure.data if trace.type == "scattergeo" for text in trace.text or ())


def test_a_placeholder_never_signs(built: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "operator", lambda: operator.DEFAULTS)
    assert operator.signature() == "（发文单位）"
    assert operator.unsigned() == "发文单位未设置，落款将印“（发文单位）”，请成文后填写。"
    assert "由系统管理员设置，" in operator.how_to_sign()
    monkeypatch.setattr(operator, "operator", lambda: {**operator.DEFAULTS, "office": "某某司法局"})
    assert (operator.signature(), operator.unsigned(), operator.how_to_sign()) == ("某某司法局", "", "")


# ---- PPTX ----


def test_bars_are_a_chart_and_a_map_is_a_picture(deck: bytes, brief: Brief) -> None:
    pages = list(pptx.Presentation(io.BytesIO(deck)).slides)
    assert len(pages) == len(brief.items) + 2
    map_page, bars_page = pages[1:3]
    pictures = [shape for shape in map_page.shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]
    charts = [shape for shape in bars_page.shapes if shape.has_chart]
    assert (len(pictures), len(charts)) == (1, 1)
    assert pictures[0]._element.xpath(".//p:cNvPr")[0].get("descr") == brief.items[0].chart.reading
    assert charts[0]._element.xpath(".//p:cNvPr")[0].get("descr") == brief.items[1].chart.reading
    plot = charts[0].chart.plots[0]
    table = brief.items[1].chart.table
    assert list(plot.categories)[-1].split()[-1] in table["地区"][0]
    assert [f"{value:.0f}件" for value in plot.series[0].values][::-1] == table["数值"].tolist()
    assert "来源：" in bars_page.notes_slide.notes_text_frame.text


def test_slides_have_titles_chinese_fonts_and_the_mark(deck: bytes) -> None:
    for page in pptx.Presentation(io.BytesIO(deck)).slides:
        assert page.shapes.title.text
        assert any(shape.has_text_frame and shape.text_frame.text == DEMO_MARK for shape in page.shapes)
        runs = page.element.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}rPr")
        assert all(run.find(qn("a:ea")).get("typeface") == slides.CHINESE for run in runs)


def test_a_line_keeps_its_gaps_and_its_target() -> None:
    words = ["包头市　2022年<br>1", "", "包头市　2024年<br>3"]
    line = {"type": "scatter", "mode": "lines+markers", "line": {"width": 3}, "customdata": words}
    other = {**line, "customdata": ["全区　2023年<br>2"], "line": {"width": 1}}
    aim = {"type": "scatter", "mode": "markers", "marker": {"symbol": "star"}}
    figure = {
        "data": [
            {**other, "x": ["2023-07-02"], "y": [90.0]},
            {**line, "x": ["2022-07-02", None, "2024-07-02"], "y": [80.0, None, 95.0]},
            {**aim, "x": ["2024-07-02"], "y": [100], "hovertemplate": "全区2024年目标100%<extra></extra>"},
        ]
    }
    parts = {"name": "趋势", "title": "", "footnotes": [], "reading": "", "simulated": False}
    chart = Chart.from_json(
        json.dumps(
            {**parts, "figure": json.dumps(figure), "subtitle": "应诉率 · 单位：%", "table": '{"columns":[],"data":[]}'}
        )
    )
    made = slides.native(chart)
    assert made is not None
    assert made.categories == ["2022年", "2023年", "2024年"]
    assert list(made.series.items()) == [
        ("包头市", [80.0, None, 95.0]),
        ("全区", [None, 90.0, None]),
        ("全区2024年目标100%", [100.0] * 3),
    ]
    assert made.aims == ["全区2024年目标100%"]


# ---- PDF, ZIP, HTML ----


def test_paper_has_real_text_bookmarks_and_the_mark_on_each_page(brief: Brief) -> None:
    made = PdfReader(io.BytesIO(briefs.to_pdf(brief)))
    pages, names = made.pages, [entry.title for entry in _flat(made.outline)]
    assert names == [
        brief.title,
        "一、出庭应诉率地图",
        "二、2025年第二季度各盟市行政复议案件办理数排名",
        "附录　数据表",
    ]
    text = [re.sub(r"\s", "", page.extract_text()) for page in pages]
    assert all(DEMO_MARK in page for page in text)
    assert "—1—" in text[0]
    whole = "".join(text)
    assert "来源：演示数据（模拟）" in whole
    assert brief.release_id in whole
    assert "图1各盟市行政机关负责人出庭应诉率（2025年第二季度）" in whole


def _flat(outline: list) -> list:
    return [e for entry in outline for e in (_flat(entry) if isinstance(entry, list) else [entry])]


def test_zip_holds_images_and_what_they_show(brief: Brief) -> None:
    with zipfile.ZipFile(io.BytesIO(briefs.to_zip(brief))) as archive:
        names = archive.namelist()
        readme = archive.read("说明.txt").decode("utf-8-sig")
        assert archive.read(names[0]).startswith(b"\x89PNG")
    assert len(names) == 2 * len(brief.items) + 1
    assert all(DEMO_MARK in name and brief.release_id in name for name in names[:-1])
    assert compose.statement(brief.items[0].chart) in readme


@pytest.mark.browser
def test_the_page_to_take_along_draws_without_a_network(
    brief: Brief,
    tmp_path: Path,
    browser: Browser,
) -> None:
    path = tmp_path / "带走.html"
    path.write_bytes(briefs.to_html(brief))
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector(".choroplethlayer path", state="attached")
    page.wait_for_selector(".barlayer .point path", state="attached")
    assert page.locator(".choroplethlayer path").count() >= 12
    assert page.locator(".modebar-btn").count() == 0
    assert page.locator("p", has_text="<请核对>&").count() == 1
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert asked[0].startswith("file:")
    assert len([url for url in asked if url.startswith("file:")]) == 1
    assert errors == []
    context.close()


def test_libreoffice_opens_word_and_slides(word: bytes, deck: bytes, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed: apt-get install libreoffice-writer libreoffice-impress"
    (tmp_path / "a.docx").write_bytes(word)
    (tmp_path / "b.pptx").write_bytes(deck)
    command = [program, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "pdf"]
    ran = subprocess.run(
        [*command, "--outdir", str(tmp_path), str(tmp_path / "a.docx"), str(tmp_path / "b.pptx")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Error" not in ran.stderr
    pages = [page.extract_text() for page in PdfReader(tmp_path / "a.pdf").pages]
    assert "一、出庭应诉率地图" in pages[0]
    assert len(pages) == 3, "a page for each picture, signature and notes on the last, one for the figures"
    assert "2025 年 7 月 15 日" in pages[1] or "2025年7月15日" in pages[1]
    assert len(PdfReader(tmp_path / "b.pdf").pages) == 4


def test_without_chromium_documents_say_why_they_have_no_pictures(
    brief: Brief, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "problem", lambda: "没有Chromium，请安装：apt-get install chromium")
    document = docx.Document(io.BytesIO(briefs.to_docx(brief)))
    text = "\n".join(line.text for line in document.paragraphs)
    assert len(document.inline_shapes) == 0
    assert text.count("apt-get install chromium") == 1
    assert text.count("图略") == len(brief.items)
    with zipfile.ZipFile(io.BytesIO(briefs.to_zip(brief))) as archive:
        assert archive.namelist() == ["说明.txt"]
    assert len(pptx.Presentation(io.BytesIO(briefs.to_pptx(brief))).slides) == 4
    assert "图略" in PdfReader(io.BytesIO(briefs.to_pdf(brief))).pages[0].extract_text()


def test_one_picture_that_fails_does_not_take_the_document_with_it(
    brief: Brief, monkeypatch: pytest.MonkeyPatch
) -> None:
    def image(chart: Chart, *_: object, **__: object) -> bytes:
        raise snapshot.SnapshotError("生成图片超时。")

    monkeypatch.setattr(snapshot, "image", image)
    document = docx.Document(io.BytesIO(briefs.to_docx(brief)))
    assert "部分或全部图未能生成：生成图片超时。" in "\n".join(line.text for line in document.paragraphs)


# ---- the bulletin ----


def words_of(document: model.Document) -> str:
    return "\n".join(block.text for block in document.blocks if isinstance(block, model.Paragraph))


def table_of(document: model.Document) -> model.Table:
    return next(block for block in document.blocks if isinstance(block, model.Table))


def test_bulletin_of_a_quarter(warehouse: Paths) -> None:
    release = queries.current_release()
    made = bulletin.bulletin(release, "2025Q2", "demo", DAY)
    rows = table_of(made).rows.set_index("地区")
    figures = queries.figures_of_indicator(release, "demo", bulletin.INDICATOR)
    figures = figures[(figures["period"] == "2025Q2") & (figures["level"] == "league")].set_index("region")
    assert len(rows) == 13
    for name, row in figures.iterrows():
        assert rows.loc[name, "应出庭（件）"] == f"{row['denominator']:.0f}"
        assert rows.loc[name, "实际出庭（件）"] == f"{row['numerator']:.0f}"
        assert rows.loc[name, "距100%（件）"] == f"{row['denominator'] - row['numerator']:.0f}"
        assert rows.loc[name, "出庭应诉率（%）"] == f"{row['value']:.2f}"
    assert made.simulated
    assert made.name == "关于2025年第二季度全区行政机关负责人出庭应诉情况的通报"
    text = words_of(made)
    below = figures[figures["value"] < 100]
    assert f"未达到的{len(below)}个" in text
    assert all(name in text for name in below.index)
    assert "与2024年第二季度相比（同比）" in text
    assert "与2025年第一季度相比（环比）" in text
    assert not re.search("因为|由于|原因|导致", text)
    assert "12个盟市均已报送数据" in text
    assert "2025年目标未公布，仍以2024年目标100%对照" in text
    assert not re.search(r"[（差为降升]\d+\.\d(个百分点|%)", text), "one number of decimals"


def test_bulletin_ranks_in_words_and_counts_no_pairs(warehouse: Paths) -> None:
    made = bulletin.bulletin(queries.current_release(), "2025Q2", "demo", DAY)
    table = table_of(made)
    rows = table.rows.set_index("地区").drop(index="全区")
    assert rows["出庭应诉率（%）"].astype(float).is_monotonic_decreasing
    # No place but those that the page 对比 gives.
    facts = bulletin.facts_of(queries.current_release(), "2025Q2", "demo")
    compared = dict(zip(facts.leagues["name"], places_in_words(facts.leagues, neutral=False), strict=True))
    assert rows["名次"].to_dict() == compared
    assert HARD_TO_TELL in set(rows["名次"])
    assert "名次区间" not in rows
    said = "\n".join([words_of(made), *table.notes])
    assert "“难分先后”：95%区间与半数以上地区重叠" in said
    assert not re.search("两两|66对|Wilson", said)
    assert not [line for line in made.remarks if DEMO_MARK in line and "依据" in line]


def test_bulletin_leaves_small_bases_unranked_and_names_who_is_missing(
    warehouse: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = queries.current_release()
    figures = queries.figures_of_indicator(release, "demo", bulletin.INDICATOR)
    figures = figures[~((figures["region"] == "包头市") & (figures["period"] == "2024Q2"))]
    reported = (figures["region"] == "乌海市") & (figures["period"] == "2024Q2")
    figures.loc[reported, ["value", "numerator", "denominator"]] = float("nan")
    figures.loc[reported, "status"] = "not_reported"
    monkeypatch.setattr(queries, "figures_of_indicator", lambda *_: figures.copy())
    facts = bulletin.facts_of(release, "2024Q2", "demo")
    text = "\n".join(bulletin.places(facts))
    assert "12个盟市中，10个已报送数据" in text
    assert "包头市尚未公布数据；乌海市尚未报送数据，不参与排名。" in text
    assert "阿拉善盟（9/9件）应出庭案件少于10件，仅供参考" in text
    table = bulletin.table(facts)
    rows = table.rows.set_index("地区")
    assert rows.loc["阿拉善盟", "名次"] == "仅供参考"
    assert "少于10件的，仅供参考" in table.notes[-1]
    assert rows.loc["乌海市"].tolist() == ["—", "—", "—", "未填报", "—", "—", "—"]
    assert rows.loc["包头市", "出庭应诉率（%）"] == "未公布"
    assert list(rows.index[-3:]) == ["阿拉善盟", "包头市", "乌海市"]


def test_bulletin_adds_up_the_leagues_where_the_whole_has_no_figure(
    warehouse: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = queries.current_release()
    figures = queries.figures_of_indicator(release, "demo", bulletin.INDICATOR)
    leagues = figures[figures["level"] == "league"]
    monkeypatch.setattr(queries, "figures_of_indicator", lambda *_: leagues.copy())
    whole = bulletin.facts_of(release, "2025Q2", "demo").whole
    now = leagues[leagues["period"] == "2025Q2"]
    assert whole is not None
    assert whole["value"] == round(100 * now["numerator"].sum() / now["denominator"].sum(), 2)
    assert "按各盟市件数汇总计算" in whole["text"]


def test_bulletin_of_official_figures_gives_no_bands_and_no_cases(warehouse: Paths) -> None:
    made = bulletin.bulletin(queries.current_release(), "2023", "published", DAY, force=True)
    text = words_of(made)
    assert "99.74%（分子分母未公布）" in text
    assert "2023年目标未公布，暂以2024年目标100%对照。全区与该目标相差0.26个百分点。" in text
    assert "各地分子分母未公布，不列名次和相差件数" in text
    assert list(table_of(made).rows.columns) == ["地区", "出庭应诉率（%）"]
    assert not made.simulated
    assert any("推定为2023" in line for line in made.remarks)
    assert any("《内蒙古自治区人民政府关于2023年法治政府建设情况的报告》" in line for line in made.remarks)


def test_too_few_figures_make_a_bulletin_only_on_request(warehouse: Paths) -> None:
    with pytest.raises(bulletin.TooFewError, match="数据不足，不宜通报：12个盟市中仅1个公布。"):
        bulletin.bulletin(queries.current_release(), "2023", "published", DAY)
    made = bulletin.bulletin(queries.current_release(), "2023", "published", DAY, force=True)
    assert made.notices == ["〔数据不全，12个盟市中仅1个公布，仅供内部参考〕"]


@pytest.mark.parametrize(
    ("period", "before"),
    [("2025Q1", "2024Q4"), ("2025Q3", "2025Q2"), ("2025-01", "2024-12"), ("2025-11", "2025-10"), ("2025", "")],
)
def test_the_period_right_before(period: str, before: str) -> None:
    assert bulletin.period_before(period) == before


def test_no_bulletin_without_figures(warehouse: Paths) -> None:
    with pytest.raises(bulletin.BulletinError, match=r"没有“2031Q1”.*2023"):
        bulletin.bulletin(queries.current_release(), "2031Q1", "published")


# ---- profiles and command line ----


def test_a_profile_for_each_league_with_progress(warehouse: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "problem", lambda: "没有Chromium")  # pictures are tested above, and cost the time
    told: list[tuple[int, int, str]] = []
    data = profiles.profile_briefs(
        queries.current_release(), "demo", "2024", lambda *step: told.append(step), made_on=DAY
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        document = docx.Document(io.BytesIO(archive.read(names[0])))
    assert len(names) == 12
    assert all(DEMO_MARK in name for name in names)
    assert [step[0] for step in told] == list(range(13))
    assert told[0] == (0, 12, "呼和浩特市")
    assert told[-1] == (12, 12, "")
    assert document.paragraphs[0].text == "呼和浩特市2024年法治政府建设指标简报"
    heads = [[cell.text for cell in table.rows[0].cells] for table in document.tables]
    assert heads[0] == ["指标", "数值", "分子/分母", "名次", "较上年", "距目标"]
    assert "新城区" in heads[2]
    appearance = next(row for row in document.tables[0].rows if row.cells[0].text == "行政机关负责人出庭应诉率")
    made, required = map(int, re.findall(r"\d+", appearance.cells[2].text))
    assert appearance.cells[5].text.endswith(f"差{required - made}件")


def test_profiles_can_be_cancelled(warehouse: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "problem", lambda: "没有Chromium")
    done: list[int] = []
    with pytest.raises(profiles.Cancelled):
        profiles.profile_briefs(
            queries.current_release(),
            "demo",
            "2024",
            lambda at, *_: done.append(at),
            cancelled=lambda: len(done) > 1,
        )
    assert done == [0, 1]


def test_profile_of_official_figures_lists_what_there_is(warehouse: Paths) -> None:
    made = profiles.profile_brief(queries.current_release(), "published", "150100", made_on=DAY)
    assert "同级地区公布数不足，不作比较" in words_of(made)
    assert list(table_of(made).rows.columns) == profiles.LISTED_COLUMNS
    assert not made.simulated


def test_command_line_writes_the_bulletin(
    warehouse: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "problem", lambda: "没有Chromium")
    arguments = ["bulletin", "--period", "2025Q2", "--dataset", "demo", "--date", "2025-07-15", "--out", str(tmp_path)]
    assert commands.main(arguments) == 0
    release = queries.current_release().id
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"出庭应诉情况通报_2025Q2_{DEMO_MARK}_{release}.{kind}" for kind in ("docx", "pdf")]
    assert "（发文单位）\n2025年7月15日" in [line.text for line in docx.Document(str(tmp_path / names[0])).paragraphs]
    told = capsys.readouterr()
    assert "已生成：" in told.out
    assert "发文单位未设置" in told.err
    assert "operator.toml" in told.err
    few = ["bulletin", "--period", "2023", "--out", str(tmp_path)]
    assert commands.main(few) == 1
    assert "不宜通报：12个盟市中仅1个公布。确要生成内部参考件，请加--force" in capsys.readouterr().err
    assert commands.main([*few, "--force"]) == 0
    assert commands.main(["bulletin", "--period", "1999", "--out", str(tmp_path)]) == 1
    assert "错误：数据集“published”没有“1999”" in capsys.readouterr().err


# ---- tables ----


@pytest.mark.parametrize(("number", "words"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五")])
def test_numbers_in_chinese(number: int, words: str) -> None:
    assert model.counted(number) == words
