"""An open editor shortens the interval at which threads take turns, and the last one that closes restores it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets import editor as editor_module
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.handing_over import SOON, hand_over_as_before, hand_over_soon

from .editor_page import _wires, project  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.004)
    yield
    sys.setswitchinterval(before)


def test_the_last_one_restores_it() -> None:
    one, other = object(), object()
    hand_over_soon(one)
    hand_over_soon(one)
    hand_over_soon(other)
    assert sys.getswitchinterval() == pytest.approx(SOON)
    hand_over_as_before(one)
    assert sys.getswitchinterval() == pytest.approx(SOON)
    hand_over_as_before(other)
    hand_over_as_before(other)
    assert sys.getswitchinterval() == pytest.approx(0.004)


def test_what_somebody_else_sets_stays() -> None:
    one = object()
    sys.setswitchinterval(SOON / 5)
    hand_over_soon(one)
    assert sys.getswitchinterval() == pytest.approx(SOON / 5, rel=0.02)
    hand_over_as_before(one)
    hand_over_soon(one)
    sys.setswitchinterval(0.02)
    hand_over_as_before(one)
    assert sys.getswitchinterval() == pytest.approx(0.02)


@pytest.mark.parametrize("kernel", [True, False])
def test_an_editor_shortens_it_in_a_kernel_while_it_is_open(
    project: Project,  # noqa: F811 - a fixture
    monkeypatch: pytest.MonkeyPatch,
    kernel: bool,
) -> None:
    monkeypatch.setattr(editor_module, "is_kernel", lambda: kernel)
    editor = Editor(project, "a.tif")
    assert sys.getswitchinterval() == pytest.approx(SOON if kernel else 0.004)
    editor.close()
    assert sys.getswitchinterval() == pytest.approx(0.004)
