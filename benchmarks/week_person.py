"""The person of `week.py`: adds, segments, reviews and corrects in the page of a workbench, by mouse and keys alone.

The person knows what each image shows, as anybody does who looks at it: the truth of the planted plate. Everything else
is read off the page, and from the project for where outlines lie in the picture.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from editor_place import place_on_screen
from playwright.sync_api import Locator, Page, expect
from shapely.geometry import Polygon

from spheroseg_widgets.demo.planted import AREA_OFF, EXPECTED, HEIGHT, WIDTH, PlantedPlate
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project

PATIENCE_MS = 3_600_000
SAME = 0.8
"""An outline that overlaps the true one by more (IoU) is left as it is."""
BY_CLICKS = 4
"""As many outlines are removed one by one; where there are more, all are, and the spheroid is drawn anew."""
DRAWN = 40
"""Points through which a person's hand goes around a spheroid."""
SHOWN = ".sw-review-panel .sw-review-name"
EXCLUDED_FOR = {"bubble": "2", "oversize": "5"}
"""Keys of the reasons for which images are left out."""


@dataclass(slots=True)
class Phase:
    """What a part of the week took, and by how many inputs."""

    seconds: float = 0.0
    images: int = 0
    inputs: Counter[str] = field(default_factory=Counter)
    each: list[float] = field(default_factory=list)


class Hands:
    """Mouse and keys, counted by phase."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.phases: dict[str, Phase] = {}
        self._now = Phase()

    @contextmanager
    def phase(self, name: str) -> Iterator[Phase]:
        """Count inputs and time under a name; phases may lie in each other, the inner one counts then."""
        outer, self._now = self._now, self.phases.setdefault(name, Phase())
        began = time.perf_counter()
        try:
            yield self._now
        finally:
            took = time.perf_counter() - began
            self._now.seconds += took
            self._now.each.append(took)
            outer.seconds -= took
            self._now = outer

    def count(self, what: str, times: int) -> None:
        """Count inputs that were made by other ways than those of this class."""
        self._now.inputs[what] += times

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self._now.inputs["keys"] += 1

    def type(self, words: str) -> None:
        """Type words."""
        self.page.keyboard.type(words)
        self._now.inputs["keys"] += len(words)

    def click(self, on: Locator) -> None:
        """Click on something of the page."""
        on.click()
        self._now.inputs["clicks"] += 1

    def click_at(self, x: float, y: float) -> None:
        """Click at a place of the page."""
        self.page.mouse.click(x, y)
        self._now.inputs["clicks"] += 1

    def choose(self, select: Locator, value: str) -> None:
        """Choose from a list."""
        select.select_option(value)
        self._now.inputs["clicks"] += 2

    def drag(self, way: list[tuple[float, float]]) -> None:
        """Go along a way with the button pressed."""
        self.page.mouse.move(*way[0])
        self.page.mouse.down()
        for point in way[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()
        self._now.inputs["drags"] += 1


class Person:
    """Works in a workbench.

    Parameters
    ----------
    page : Page
        Of a notebook in which a workbench is shown.
    plate : PlantedPlate
        What the images show.
    fixes, exclusions : int
        How many images are corrected, and left out, at most.
    """

    def __init__(self, page: Page, plate: PlantedPlate, *, fixes: int, exclusions: int) -> None:
        self.page, self.plate = page, plate
        self.hands = Hands(page)
        self.bench = page.locator(".sw-workbench")
        self.gallery = self.bench.locator(".sw-gallery")
        self.editor = self.bench.locator(".sw-editor")
        self.review = self.gallery.locator(".sw-review")
        self.truth = plate.table.set_index("file")
        self.fixes, self.exclusions = fixes, exclusions
        self.verdicts: dict[str, str] = {}
        self._ids: dict[str, int] = {}

    # Adding and segmenting

    def add(self, folder: Path, plate_map: Path) -> int:
        """Add the images of a folder and the plate map; returns how many were added."""
        panel, hands = self.gallery.locator(".sw-adding"), self.hands
        with hands.phase("preview of the folder"):
            hands.click(panel.get_by_label("A folder that the kernel reads"))
            hands.type(str(folder))
            hands.press("Enter")
            expect(panel.locator(".sw-add-headline")).to_contain_text("images", timeout=PATIENCE_MS)
            panel.locator(".sw-add-stage input[type=file]").set_input_files(plate_map)
            hands.count("clicks", 2)  # its button, and the file in the system's dialog
            expect(panel.locator(".sw-add-sheet")).to_contain_text("wells", timeout=PATIENCE_MS)
        with hands.phase("add") as phase:
            hands.click(panel.get_by_role("button", name=re.compile(r"^Add .*image")))
            done = panel.locator(".sw-add-done")
            expect(done).to_contain_text(re.compile(r"images? added"), timeout=PATIENCE_MS)
            told = re.search(r"([\d\s]+) images? added", done.inner_text())
            phase.images = int(re.sub(r"\D", "", told[1])) if told else 0
            hands.click(done.get_by_role("button", name="Close"))
        return phase.images

    def segment(self, model: str) -> None:
        """Segment all images by the workbench's form, and wait for the run."""
        bench, hands = self.bench, self.hands
        with hands.phase("segment") as phase:
            hands.click(bench.locator(".sw-bench-bar").get_by_role("button", name="Segment", exact=True))
            form = bench.locator(".sw-bench-form")
            hands.choose(form.locator("select"), model)
            hands.click(form.get_by_role("button", name=re.compile(r"^Segment .*images?$")))
            expect(bench.locator(".sw-monitor .sw-line[data-status=done]")).to_be_visible(timeout=PATIENCE_MS)
            phase.images = len(self.plate.table)

    # Reviewing

    def go_through(self, project: Project) -> None:
        """Review what is flagged, by one key each; what an editor can mend is opened and mended."""
        hands, gallery = self.hands, self.gallery
        with hands.phase("review"):
            start = gallery.get_by_role("button", name=re.compile(r"^Review .*flagged$"))
            expect(start).to_be_visible(timeout=PATIENCE_MS)
            hands.click(start)
            name = self.review.locator(SHOWN)
            expect(name).to_be_visible()
            while name.is_visible():
                self._judge(name.inner_text(), project)
            hands.press("Escape")
            expect(gallery.locator(".sw-body")).to_be_visible()
        hands.phases["review"].images = len(self.verdicts)

    def _judge(self, file: str, project: Project) -> None:
        """Say of an image what there is to say, and wait until the next one is shown."""
        hands = self.hands
        expect(
            self.review.locator("[data-action=approve]")
        ).to_be_enabled()  # its picture is there, or the reason why not
        verdict = self.verdict(file, project)
        if verdict == "fix":
            self._fix_from_review(file, project)
        elif verdict == "exclude":
            with hands.phase("exclude") as phase:
                hands.press("x", EXCLUDED_FOR[self.truth.loc[file, "planted"]], "Enter")
                self._gone_on(file)
            phase.images += 1
        else:
            hands.press({"approve": "a", "absent": "n", "unusable": "u", "skip": "s"}[verdict])
            self._gone_on(file)
        self.verdicts[file] = verdict

    def _gone_on(self, file: str) -> None:
        end = self.review.locator(".sw-review-end:visible")
        other = self.review.locator(f"{SHOWN}:visible").filter(has_not_text=file)
        expect(end.or_(other).first).to_be_visible()

    def verdict(self, file: str, project: Project) -> str:
        """Return what is to be said of an image: approve, absent, unusable, exclude, fix, or skip."""
        row = self.truth.loc[file]
        if row["planted"] in {"broken", "defocus"}:
            return "unusable"
        if row["n_spheroids"] == 0:
            return "absent"
        found = self._outlines(file, project)
        if row["planted"] in EXCLUDED_FOR and self._count("exclude") < self.exclusions:
            return "exclude"
        if row["planted"] == "oversize":
            return "approve" if len(found) == 1 else "unusable"
        if self._right(file, found):
            return "approve"
        return "fix" if self._count("fix") < self.fixes else "skip"

    def _outlines(self, file: str, project: Project) -> Outlines:
        if not self._ids:
            self._ids = project.images().set_index("name")["image_id"].to_dict()
        return project.outlines(int(self._ids[file]))[0]

    def _count(self, verdict: str) -> int:
        return list(self.verdicts.values()).count(verdict)

    def _right(self, file: str, found: Outlines) -> bool:
        area = self.truth.loc[file, "area_px2"]
        return len(found) == EXPECTED and abs(_polygon(found, 0).area - area) <= AREA_OFF * area

    # Correcting

    def _fix_from_review(self, file: str, project: Project) -> None:
        with self.hands.phase("fix") as phase:
            self.hands.press("Enter")
            self._mend(file, project)
            self._gone_on(file)
            self._back_to_review()
        phase.images += 1

    def _back_to_review(self) -> None:
        """Go back by Esc, one step at a time: what was drawn is selected still, and is let go first."""
        for _ in range(3):
            self.hands.press("Escape")
            if self.review.evaluate("(review) => review === document.activeElement"):
                return
        raise RuntimeError("Esc does not lead from the editor back to the review")

    def fix_more(self, project: Project) -> None:
        """Open images that nothing flags, found by their names, and draw their outlines anew, up to the number wanted."""
        hands, gallery = self.hands, self.gallery
        table = project.wells()
        table = table[(table["outcome"] == "measured") & ~table["name"].isin(list(self.verdicts))]
        off = (table["area_px2"] / self.truth.loc[table["name"], "area_px2"].to_numpy() - 1).abs()
        for file in table.loc[off.sort_values(ascending=False).index, "name"]:
            if self._count("fix") >= self.fixes:
                break
            with hands.phase("fix, found by search") as phase:
                search = gallery.locator(".sw-search")
                hands.click(search)
                hands.press("Control+a")
                hands.type(Path(file).stem)
                card = gallery.locator(".sw-cell:visible")
                expect(card).to_have_count(1)
                hands.press("Enter")
                card.dblclick()
                hands.count("clicks", 2)
                self._mend(file, project, anew=True)
            phase.images += 1
            self.verdicts[file] = "fix"
        gallery.locator(".sw-search").fill("")

    def _mend(self, file: str, project: Project, *, anew: bool = False) -> None:
        """Leave the image that is opened with the outline of its spheroid alone, and save."""
        hands, editor = self.hands, self.editor
        expect(editor.locator(".sw-editor-name")).to_contain_text(file)
        expect(editor.locator(".sw-editor-wait")).to_be_hidden()
        at, _ = place_on_screen(editor, WIDTH, HEIGHT)
        found, true = self._outlines(file, project), self.plate.outlines[file]
        target = _polygon(true, 0)
        shapes = [_polygon(found, place) for place in range(len(found))]
        overlaps = [shape.intersection(target).area / shape.union(target).area for shape in shapes]
        best = int(np.argmax(overlaps)) if overlaps else -1
        others = [place for place in range(len(found)) if place != best]
        expect(editor.locator(".sw-editor-stage")).to_be_focused()
        hands.press("v")
        storing = editor.locator(".sw-editor-storing")
        before = storing.inner_text()
        if not anew and best >= 0 and overlaps[best] > SAME and 0 < len(others) <= BY_CLICKS:
            for place in others:
                point = shapes[place].representative_point()
                hands.click_at(*at((point.x, point.y)))
                hands.press("Delete")
        else:
            if len(found):
                hands.press("Control+a", "Delete")
            hands.press("d")
            ring = true.rings(0)[0]
            around = ring[np.linspace(0, len(ring), DRAWN, endpoint=False).astype(int)]
            inside = np.clip(around, 0.5, (WIDTH - 0.5, HEIGHT - 0.5))
            hands.drag([at(point) for point in [*inside, inside[0]]])
            hands.press("v")
        expect(editor.locator(".sw-editor-count")).to_have_text("1 object")
        hands.press("Control+s")
        expect(storing).not_to_have_text(before)  # which names the revision that was opened
        expect(storing).to_contain_text("Saved as revision")


def _polygon(outlines: Outlines, place: int) -> Polygon:
    rings = outlines.rings(place)
    return Polygon(rings[0], rings[1:]).buffer(0)
