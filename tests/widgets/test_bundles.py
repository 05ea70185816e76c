"""The bundles in the package are what the sources give, small, and ask nobody for anything."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from spheroseg_widgets.widgets.strings import FOLDER, interface_strings

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "spheroseg_widgets" / "widgets" / "static"
LARGEST = 200 * 1024
LARGEST_WITH_LATER = 240 * 1024
"""Bytes of a script and of what comes after it, once a page, together."""
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
WIDGETS = sorted(entry.parent.name for entry in FRONTEND.glob("*/index.ts"))
BUNDLES = sorted(STATIC.glob("*.js")) + sorted(STATIC.glob("*.css"))
IN_TWO_PARTS = [name for name in WIDGETS if (FRONTEND / name / "later.ts").is_file()]


def tool() -> ModuleType:
    """Load frontend/tool.py, which is no package."""
    spec = importlib.util.spec_from_file_location("frontend_tool", FRONTEND / "tool.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_rebuild_gives_the_committed_bundles(tmp_path: Path) -> None:
    frontend = tool()
    frontend.ensure_modules()
    frontend.npm("run", "build", "--", "--out", str(tmp_path))
    rebuilt = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_bytes() for file in STATIC.iterdir()}
    assert set(rebuilt) == set(committed)
    differing = [name for name, content in rebuilt.items() if committed[name] != content]
    assert differing == [], "run `make frontend` and commit what it makes"


def test_every_widget_has_a_script_and_a_style_sheet() -> None:
    assert "monitor" in WIDGETS
    for name in WIDGETS:
        assert (STATIC / f"{name}.js").is_file()
        assert (STATIC / f"{name}.css").is_file()


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_a_bundle_is_small_as_every_instance_carries_it(bundle: Path) -> None:
    assert 0 < bundle.stat().st_size <= LARGEST


@pytest.mark.parametrize("name", IN_TWO_PARTS)
def test_a_script_is_small_with_its_later_part_as_well(name: str) -> None:
    first, later = (STATIC / f"{name}.js").stat().st_size, (STATIC / f"{name}_later.js").stat().st_size
    print(f"\n{name}: first part {first / 1024:.1f} KB, all {(first + later) / 1024:.1f} KB")
    assert later > 0
    assert first + later <= LARGEST_WITH_LATER


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_a_bundle_names_no_address(bundle: Path) -> None:
    text = bundle.read_text("utf-8").replace(SVG_NAMESPACE, "")
    assert re.findall(r"(?:https?|wss?):/+[^\s\"'`]*|(?<=[\"'`(])//[\w.-]+\.\w+", text) == []
    assert "@import" not in text
    assert "sourceMappingURL" not in text


@pytest.mark.parametrize("bundle", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_a_bundle_runs_no_text_and_parses_no_html(bundle: Path) -> None:
    text = bundle.read_text("utf-8")
    if bundle.stem in IN_TWO_PARTS:  # it imports what its kernel sent, as the host imports the widget itself
        text, count = re.subn(
            r"(=URL\.createObjectURL\(new Blob\([^;]*;try\{return\(await )import(?=\(\w+\)\))", r"\1", text
        )
        assert count == 1
    unwanted = r"\beval\s*\(|\bnew Function\b|\bimport\s*\(|\.innerHTML\s*=|\.outerHTML\s*=|insertAdjacentHTML|document\.write\b"
    assert re.findall(unwanted, text) == []
    asking = r"\bfetch\s*\(|XMLHttpRequest|\bWebSocket\b|EventSource|sendBeacon|importScripts"
    assert re.findall(asking, text) == []


@pytest.mark.parametrize("bundle", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_a_bundle_works_over_plain_http(bundle: Path) -> None:
    """A Jupyter server in the lab's network has no certificate: browsers keep these for secure pages."""
    only_secure = r"randomUUID|crypto\.subtle|navigator\.(?:clipboard|storage|serviceWorker|gpu)|showOpenFilePicker"
    assert re.findall(only_secure, bundle.read_text("utf-8")) == []


def test_the_lockfile_names_no_registry() -> None:
    packages = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))["packages"]
    assert len(packages) > 10
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


def test_versions_of_node_packages_are_exact() -> None:
    package = json.loads((FRONTEND / "package.json").read_text("utf-8"))
    for version in {**package["devDependencies"], **package["dependencies"]}.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_every_text_that_the_browser_asks_for_is_in_the_dictionary() -> None:
    """Keys written out in full; those that are put together are covered by each widget's own test."""
    known = interface_strings(*WIDGETS)
    families = {key.removesuffix(".one").removesuffix(".other") for key in known}
    asked = set()
    for source in FRONTEND.glob("*/**/*.ts"):
        if "node_modules" not in source.parts and not source.name.endswith(".test.ts"):
            asked |= set(
                re.findall(r"\bt\(\s*\"((?:common|" + "|".join(WIDGETS) + r")\.\w+)\"", source.read_text("utf-8"))
            )
    assert "monitor.details" in asked
    assert sorted(asked - families) == []


def test_the_dictionary_has_no_empty_text_and_both_plural_forms() -> None:
    for file in FOLDER.glob("*.json"):
        for section, texts in json.loads(file.read_text("utf-8")).items():
            for key, text in texts.items():
                assert text.strip(), f"{section}.{key}"
                if key.endswith(".one") and not key.startswith("action."):  # an action's name is no plural form
                    assert f"{key.removesuffix('.one')}.other" in texts
                if key.endswith(".other"):
                    assert f"{key.removesuffix('.other')}.one" in texts
