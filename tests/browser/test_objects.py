"""The editor's list of objects and what lies over the image, in JupyterLab by real mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from playwright.sync_api import expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

from .conftest import Lab, Watch
from .hands import bring
from .test_tools import Desk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "objects.ipynb"
PLACES = ((50, 50, 26), (130, 60, 20), (200, 60, 32), (60, 140, 18), (150, 140, 24))
"""Middle and radius of each spheroid, px, in an image of 256 x 192."""
X, Y, RADIUS = PLACES[2]


@pytest.fixture(scope="module")
def desk(lab: Lab, chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An editor on five spheroids that were outlined by the classical method, then by the network."""
    folder = tmp_path_factory.mktemp("objects")
    spheroids = tuple(Spheroid(x, y, r, shape_seed=r, depth=0.6) for x, y, r in PLACES)
    scene = render(SceneSpec(192, 256, spheroids, debris=0), np.random.default_rng(1))
    (folder / "raw").mkdir()
    for name in ("five_0h.tif", "five_24h.tif"):
        tifffile.imwrite(
            folder / "raw" / name, scene.pixels, imagej=True, resolution=(0.5, 0.5), metadata={"unit": "um"}
        )
    project = sw.open_project(folder / "plate", create=True)
    project.add(folder / "raw")
    project.segment(model="threshold", workers=1).wait()
    project.segment(workers=1).wait()
    count = len(project.outlines(1)[0])
    project.close()
    assert count == len(PLACES)
    sources = [
        f"import spheroseg_widgets as sw\nproject = sw.open_project({str(project.folder)!r})",
        "editor = sw.Editor(project, image=1, classes=['core'])\neditor",
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(240_000)
    page = context.new_page()
    watch = Watch(page)
    page.goto(lab.address(NOTEBOOK, "objects"))
    run_all(page)
    editor = bring(page, ".sw-editor")
    expect(editor.locator(".sw-editor-name")).to_contain_text("five_0h")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    yield Desk(page, editor, lab)
    assert watch.errors == []
    context.close()


def grab(hand: Desk) -> Desk:
    """Give the picture the keys, show it whole, and look again where it lies: a panel may stand beside it."""
    hand.editor.locator(".sw-editor-stage").focus()
    hand.keys("v", "Escape", "f")
    hand.page.wait_for_timeout(200)
    return Desk(hand.page, hand.editor, hand.lab)


def column(hand: Desk, name: str) -> list[str]:
    """Return the cells of a column from top to bottom."""
    return hand.editor.locator(f".sw-editor-list-space .sw-editor-cell-{name}").all_inner_texts()


def colour(hand: Desk, x: float, y: float) -> np.ndarray:
    """Return red, green, blue of a place of the image on the screen."""
    left, top = hand.at((x, y))
    shot = hand.page.screenshot(clip={"x": left - 1, "y": top - 1, "width": 3, "height": 3})
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), float).mean(axis=(0, 1))


def test_the_list_sorts_filters_and_leads_to_an_object(desk: Desk) -> None:
    hand = grab(desk)
    hand.keys("q")
    rows = hand.editor.locator(".sw-editor-list-space .sw-editor-row")
    expect(rows).to_have_count(len(PLACES))
    hand.editor.get_by_role("button", name=re.compile("Area µm²")).click()
    areas = [float(re.sub(r"\s", "", area)) for area in column(hand, "area")]
    assert areas == sorted(areas)
    measured = sorted(hand.read("editor.outlines['area_um2'].tolist()"))
    np.testing.assert_allclose(areas, measured, rtol=6e-3)  # three digits
    smallest = column(hand, "number")[0]
    field = hand.editor.get_by_role("searchbox")
    field.fill(smallest)
    expect(rows).to_have_count(1)
    zoom = hand.editor.locator(".sw-editor-zoom")
    before = zoom.inner_text()
    rows.first.click()
    expect(zoom).not_to_have_text(before)
    assert hand.wait("len(editor.selected_ids)", lambda found: found == 1)
    assert hand.read("editor.selected['area_um2'].iloc[0]") == pytest.approx(measured[0])
    field.fill("")
    expect(rows).to_have_count(len(PLACES))
    rows.nth(1).click()
    rows.nth(3).click(modifiers=["Shift"])
    assert hand.wait("len(editor.selected_ids)", lambda found: found == 3)
    hand.keys("Home", "Shift+ArrowDown")
    assert hand.wait("len(editor.selected_ids)", lambda found: found == 2)


def test_an_outline_pointed_at_lights_up_its_row_and_a_dragged_vertex_its_area(desk: Desk) -> None:
    hand = grab(desk)
    hand.page.mouse.move(*hand.at((X, Y)))
    lit = hand.editor.locator(".sw-editor-row[data-hovered]")
    expect(lit).to_have_count(1)
    number = lit.locator(".sw-editor-cell-number").inner_text()
    hand.click(X, Y)
    row = hand.editor.locator(".sw-editor-row[aria-selected=true]")
    expect(row.locator(".sw-editor-cell-number")).to_have_text(number)
    area = row.locator(".sw-editor-cell-area")
    before = area.inner_text()
    coordinates = "[list(max(shape.exterior.coords)) for shape in editor.selected['geometry']]"
    [(x, y)] = hand.wait(coordinates, lambda found: len(found) == 1)
    hand.page.mouse.move(*hand.at((x, y)))
    hand.page.mouse.down()
    hand.page.mouse.move(*hand.at((x + 15, y)), steps=5)
    expect(area).not_to_have_text(before)
    hand.page.mouse.up()
    expect(area).not_to_have_attribute("data-pending", re.compile(".*"))
    kernel = hand.read("editor.selected['area_um2'].iloc[0]")
    assert float(re.sub(r"\s", "", area.inner_text())) == pytest.approx(kernel, rel=6e-3)
    hand.keys("Control+z")
    expect(area).to_have_text(before)


def test_the_ruler_tells_micrometres_and_stays_until_esc(desk: Desk) -> None:
    hand = grab(desk)
    hand.keys("u")
    hand.drag((20, 100), (70, 100))
    words = hand.editor.locator(".sw-editor-words")
    um, px = (float(number) for number in re.findall(r"[\d.]+", words.inner_text()))
    assert px == pytest.approx(50, abs=1)
    assert um == pytest.approx(2 * px, rel=0.01)
    line = colour(hand, 45, 100)
    hand.keys("v")
    np.testing.assert_allclose(colour(hand, 45, 100), line, atol=3)
    hand.keys("Escape")
    hand.page.wait_for_timeout(200)
    assert np.abs(colour(hand, 45, 100) - line).max() > 20


def test_the_probability_map_lies_over_what_the_network_found(desk: Desk) -> None:
    hand = grab(desk)
    inside, outside = colour(hand, X, Y), colour(hand, 10, 185)
    hand.keys("Shift+P")
    hand.page.mouse.move(*hand.at((X, Y)))
    expect(hand.editor.locator(".sw-editor-readout")).to_contain_text(re.compile("probability (1.00|0.9)"))
    hand.page.mouse.move(*hand.at((10, 100)))
    seen = colour(hand, X, Y)
    assert seen[0] - seen[2] > inside[0] - inside[2] + 60  # the yellow end of viridis
    np.testing.assert_allclose(colour(hand, 10, 185), outside, atol=12)
    hand.keys("Shift+P")
    hand.page.wait_for_timeout(200)
    np.testing.assert_allclose(colour(hand, X, Y), inside, atol=3)


def test_another_run_is_shown_as_a_ghost_and_stays_in_the_next_image(desk: Desk) -> None:
    hand = grab(desk)
    hand.keys("Shift+Q")
    offers = hand.editor.locator(".sw-editor-ghost-choice")
    expect(offers).to_have_count(3)  # none, the previous one, and that of the first run
    expect(offers.nth(2)).to_contain_text("threshold")
    offers.nth(2).click()
    ghost = hand.editor.locator(".sw-editor-ghost")
    painted = (
        "canvas => new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)"
        ".some(value => value > 0)"
    )
    expect(ghost).to_be_visible()
    assert ghost.evaluate(painted)
    scale = hand.editor.locator(".sw-editor-zoom").inner_text()
    grab(hand).keys("e", ".")
    expect(hand.editor.locator(".sw-editor-name")).to_contain_text("five_24h")
    expect(ghost).to_be_visible()
    expect(hand.editor.locator("[data-action='tool.vertices']").first).to_have_attribute("aria-pressed", "true")
    expect(hand.editor.locator(".sw-editor-zoom")).to_have_text(scale)
    grab(hand).keys(",", "Shift+G")
    expect(hand.editor.locator(".sw-editor-name")).to_contain_text("five_0h")
    expect(ghost).to_be_hidden()


def test_the_most_uncertain_object_is_one_key_away(desk: Desk) -> None:
    hand = grab(desk)
    hand.keys("]")
    least = hand.wait("editor.selected['confidence'].tolist()", lambda found: len(found) == 1)
    assert least == hand.read("[editor.outlines['confidence'].min()]")
