"""A week's work on a plate, driven in the browser from the empty project to the table of wells, against the known truth.

A synthetic plate of 96 wells x 12 times, named as an Incucyte names its files and with planted errors
(`spheroseg_widgets/demo/planted.py`), lies on a mount with 10 ms latency (`slow_mount.py`). A notebook in JupyterLab shows
a workbench of an empty project. By mouse and keys alone (`week_person.py`) the images are added by the path of their
folder, with the plate map; segmented; what is flagged is reviewed by one key each; 40 images are opened and corrected (the
second spheroid or debris removed, or the outline drawn anew), six are excluded with a reason; then a cell asks for
`project.wells()`, which is matched with what the images show:

- *outcomes*: out of focus and broken files unusable, no spheroid absent, excluded ones excluded, one that fills the frame
  censored, all others measured (or censored, where the spheroid meets the edge; or not found, where the person passed over);
- *counts*: one outline in everything measured; what is wrong beyond the 40 that are corrected is passed over and told
  apart;
- *area*: of the spheroid, over the true one, of the corrected images and of all.

The person here needs no time to look and to think, and draws along the truth as the mouse and the screen's pixels allow:
seconds are the product's and of a hand without hesitation, and the area of what is drawn anew tells what the tools add.
Prints what every part took and by how many inputs, and writes `results/week.json`; `--wells 8 --times 3` is a quick run,
which writes nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from figures import Metric, keep, machine, metric, tell
from playwright.sync_api import Page, expect, sync_playwright
from servers import (
    PATIENCE_S,
    free_port,
    lab_address,
    lab_command,
    own_folders,
    run_all,
    serving,
    start_chromium,
    write_notebook,
)
from slow_mount import SlowMount
from week_person import Person

import spheroseg_widgets as sw
from spheroseg_widgets.analysis.outcomes import ABSENT, CENSORED, MEASURED, NOT_FOUND, UNUSABLE
from spheroseg_widgets.demo.planted import PlantedPlate, make_planted_plate
from spheroseg_widgets.project.opening import open_project

RESULTS = Path(__file__).parent / "results" / "week.json"
MODEL = "resunet-spheroid-fast"
WHOLE = 96 * 12
BENCH = """import spheroseg_widgets as sw

project = sw.open_project("week", create=True)
sw.Workbench(project, height=600)"""
WELLS = """wells = project.wells()
wells.to_csv("wells.csv", index=False)
wells[["well", "time_h", "outcome", "n_objects", "area_um2"]]"""
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"


@contextmanager
def notebook(work: Path, mount: SlowMount | None) -> Iterator[tuple[Page, Path]]:
    """Open JupyterLab on a notebook whose cells have run but for the last; gives the page and the notebook's folder."""
    root, home, port = work / "root", work / "home", free_port()
    write_notebook(root / "week.ipynb", [BENCH])
    environment = {
        **own_folders(home),
        "PYTHONPATH": str(Path(sw.__file__).parents[1]),
    }  # the kernel's code is this one
    environment |= mount.environment if mount else {}
    with ExitStack() as stack:
        stack.enter_context(serving(lab_command(root, port), environment, home, f"http://127.0.0.1:{port}/api"))
        browser = start_chromium(stack.enter_context(sync_playwright()))
        context = browser.new_context(viewport={"width": 1600, "height": 1100})
        context.set_default_timeout(PATIENCE_S * 1000)
        expect.set_options(timeout=PATIENCE_S * 1000)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(lab_address(port, "week.ipynb", "week"))
        run_all(page)
        page.wait_for_selector(".sw-workbench .sw-gallery")
        page.keyboard.press("Control+b")  # the file browser takes room
        yield page, root
        browser.close()
        if errors:
            raise RuntimeError(f"errors in the page: {errors}")


def work_through(plate: PlantedPlate, work: Path, mount: SlowMount | None, fixes: int, exclusions: int) -> Person:
    """Do the week's work; the table of wells lies in `wells.csv` beside the notebook."""
    plate.plate_map.to_csv(work / "map.csv", index=False)
    with notebook(work, mount) as (page, root):
        person = Person(page, plate, fixes=fixes, exclusions=exclusions)
        added = person.add(plate.images, work / "map.csv")
        print(f"{added} images added", flush=True)
        person.segment(MODEL)
        if mount is not None:
            print("processes of Python below the server with the latency: {} of {}".format(*mount.holds()), flush=True)
        project = open_project(root / "week")
        person.go_through(project)
        person.fix_more(project)
        project.close()
        with person.hands.phase("wells()") as phase:
            ask_for_wells(page, person, root)
            phase.images = added
        return person


def ask_for_wells(page: Page, person: Person, root: Path) -> None:
    """Write a new cell below, and run it."""
    hands = person.hands
    hands.click(page.get_by_role("button", name="Click to add a cell."))
    hands.click(page.locator(".jp-Notebook .jp-CodeCell .cm-content").last)
    page.keyboard.insert_text(WELLS)
    hands.count("keys", len("project.wells()"))
    hands.press("Control+Enter")
    until = time.monotonic() + PATIENCE_S
    while not (root / "wells.csv").exists():
        if time.monotonic() > until:
            raise RuntimeError("the cell that asks for the wells did not run")
        page.wait_for_timeout(50)
    page.wait_for_selector(IDLE)


def wanted(person: Person) -> pd.DataFrame:
    """Return what the wells must say, by file: the outcomes that are right, excluded, and the true area."""
    truth = person.truth
    verdicts = pd.Series(person.verdicts).reindex(truth.index)
    measured = {MEASURED, CENSORED}
    outcomes = [
        {UNUSABLE} if kind in {"defocus", "broken"}
        else {ABSENT} if count == 0
        else {*measured, UNUSABLE, NOT_FOUND} if verdict == "exclude"  # whatever was found in it counts nowhere
        else {CENSORED, UNUSABLE} if kind == "oversize"
        else {*measured, NOT_FOUND} if verdict == "skip"  # which says that it awaits review
        else measured
        for kind, count, verdict in zip(truth["planted"], truth["n_spheroids"], verdicts, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(
        {
            "outcomes": outcomes,
            "excluded": verdicts == "exclude",
            "fixed": verdicts == "fix",
            "skipped": verdicts == "skip",
            "area": truth["area_px2"],
        },
        index=truth.index,
    )


def matched(person: Person, wells: pd.DataFrame) -> list[Metric]:
    """Compare the wells with the truth; prints what differs, returns the figures."""
    told = wells.set_index("name")[["outcome", "excluded", "n_objects", "area_px2"]]
    table = wanted(person).join(told.rename(columns={"excluded": "excluded_told"}))
    right = np.array([told in outcomes for told, outcomes in zip(table["outcome"], table["outcomes"], strict=True)])
    left_out = table["excluded"] == table["excluded_told"].astype(bool)
    sized = table[(table["outcome"] == MEASURED) & ~table["excluded"]]
    counted = sized["n_objects"] == 1
    seen_to = counted[~sized["skipped"]]
    off = sized["area_px2"] / sized["area"] - 1
    fixed = off[sized["fixed"]]
    print(f"{len(table)} wells and times; the person said {pd.Series(person.verdicts).value_counts().to_dict()}")
    for name, row in table[~right | ~left_out].iterrows():
        planted, verdict = person.truth.loc[name, "planted"] or "nothing", person.verdicts.get(name, "nothing")
        print(f"  {name}: {row['outcome']}, planted {planted}, the person said {verdict}")
    for name, count in sized.loc[~counted, "n_objects"].items():
        print(f"  {name}: {count:.0f} objects")
    return [
        metric("rows of wells()", len(wells), "", len(table), "higher"),
        metric("outcomes that are right", float(right.mean()), "", 1.0, "higher"),
        metric("exclusions that hold", float(left_out.mean()), "", 1.0, "higher"),
        metric("counts that are right, of what is measured", float(counted.mean()), "", None, "higher"),
        metric("counts that are right, without images passed over", float(seen_to.mean()), "", 0.99, "higher"),
        metric("images passed over, for they are more than are corrected", int(table["skipped"].sum()), "", None),
        metric("images corrected", int(table["fixed"].sum()), "", person.fixes, "higher"),
        metric("images excluded", int(table["excluded_told"].sum()), "", person.exclusions, "higher"),
        metric("area of corrected images, median bias", 100 * abs(float(fixed.median())), "%", 2.0),
        metric("area of corrected images, largest error", 100 * float(fixed.abs().max()), "%", 20.0),
        metric("area of all measured, median bias", 100 * abs(float(off.median())), "%", 2.0),
    ]


def timed(person: Person) -> list[Metric]:
    """Return what the parts took, and print them with their inputs."""
    metrics = []
    print(f"{'part':24} {'seconds':>9} {'images':>7} {'s an image':>11}  inputs")
    for name, phase in person.hands.phases.items():
        each = phase.seconds / phase.images if phase.images else float("nan")
        inputs = ", ".join(f"{count} {what}" for what, count in phase.inputs.items())
        print(f"{name:24} {phase.seconds:9.1f} {phase.images:7} {each:11.3f}  {inputs}")
        metrics.append(metric(name, phase.seconds, "s", None))
        metrics.append(metric(f"{name}, inputs", sum(phase.inputs.values()), "", None))
    return metrics


def main() -> None:
    """Do the week, print the tables and write `results/week.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wells", type=int, default=96)
    parser.add_argument("--times", type=int, default=12)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--fix", type=int, help="images to correct; 40 of a whole plate")
    parser.add_argument("--exclude", type=int, help="images to exclude; 6 of a whole plate")
    parser.add_argument("--latency", type=int, default=10, help="of the originals' folder, ms; 0 needs no C compiler")
    options = parser.parse_args()
    images = options.wells * options.times
    fixes = options.fix or max(2, round(40 * images / WHOLE))
    exclusions = options.exclude or max(1, round(6 * images / WHOLE))
    print(f"{machine()}; seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="week-") as place:
        work = Path(place).resolve()
        plate = make_planted_plate(work / "plate", options.seed, wells=options.wells, times=options.times)
        mount = None
        if options.latency:
            mount = SlowMount(plate.images, work, options.latency)
            print(f"latency of {options.latency} ms: {mount.check()}", flush=True)
        person = work_through(plate, work, mount, fixes, exclusions)
        metrics = [*timed(person), *matched(person, pd.read_csv(work / "root" / "wells.csv"))]
    tell("week", metrics)
    if images == WHOLE:
        keep(RESULTS, metrics)
    missed = [one["name"] for one in metrics if one["target"] is not None and misses(one)]
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def misses(one: Metric) -> bool:
    """Whether a figure does not reach its target."""
    return bool(one["value"] < one["target"] if one["better"] == "higher" else one["value"] > one["target"])


if __name__ == "__main__":
    main()
