"""The report in a browser, from the disk: it draws, it follows light and dark, it asks nobody for anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import spheroseg_widgets as sw
from spheroseg_widgets.reports.figures import growth_figure
from spheroseg_widgets.reports.template import later_figure_html, later_plotly_script

from .conftest import Watch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]


@pytest.fixture(scope="module")
def report(segmented: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = sw.open_project(segmented)
    path = project.report(tmp_path_factory.mktemp("report") / "plate 7.html")
    project.close()
    return Path(path)


@pytest.mark.parametrize(("scheme", "text"), [("light", "rgb(28, 28, 28)"), ("dark", "rgb(230, 230, 230)")])
def test_it_opens_from_the_disk(report: Path, new_page: NewPage, scheme: str, text: str) -> None:
    page, watch = new_page(scheme=scheme)
    page.goto(report.as_uri())
    expect(page.locator(".js-plotly-plot .main-svg .trace")).not_to_have_count(0)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    expect(page.locator(".sw-card img")).to_have_count(8)
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    expect(page.locator(".legendtext").first).to_have_css("fill", text)
    expect(page.locator("body")).to_have_css("color", text)
    assert {url for url in watch.requests if not url.startswith("data:")} == {report.as_uri()}
    assert watch.errors == []


def test_on_a_narrow_screen_only_tables_scroll_sideways(report: Path, new_page: NewPage) -> None:
    page, _ = new_page(width=400)
    page.goto(report.as_uri())
    expect(page.locator(".js-plotly-plot .main-svg .trace")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_page_without_a_server_of_its_own_draws_once_its_gallery_has_a_picture(
    segmented: Path, new_page: NewPage, tmp_path: Path
) -> None:
    project = sw.open_project(segmented)
    drawn = later_figure_html(growth_figure(project.wells()), "growth")
    project.close()
    path = tmp_path / "page.html"
    path.write_text(f"{later_plotly_script()}{drawn}<div class='sw-gallery'></div>", encoding="utf-8")
    page, watch = new_page()
    page.goto(path.as_uri())
    page.wait_for_timeout(1500)
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
    dot = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    page.evaluate(
        "dot => { document.querySelector('.sw-gallery').innerHTML = `<img class='sw-picture' src='${dot}'>`; }", dot
    )
    expect(page.locator(".js-plotly-plot .main-svg .trace")).not_to_have_count(0)
    assert watch.foreign() == []
