"""The condition of wells, said from their images: told, audited, and taken back by what it returns."""

from __future__ import annotations

import pandas as pd
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.errors import StoreError

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_condition_is_the_wells_and_changes_back(project: sw.Project) -> None:
    one, two, three = (int(one) for one in project.images()["image_id"])
    told: list[tuple[str, list[int]]] = []
    project.set_map([{"well": "A01", "condition": "control"}, {"well": "A02", "cell_line": "line 7"}])
    project.on_change(lambda kind, images: told.append((kind, images)))
    first = project.map()
    before = project.set_condition([one, two], "drug")
    assert project.map()["condition"].tolist()[:2] == ["drug", "drug"]
    assert project.map()["cell_line"].tolist()[1] == "line 7"
    assert before["condition"].tolist() == ["control", None]
    line = project.audit().iloc[-1]
    assert (line["action"], line["row_table"], line["author"]) == ("set_condition", "well", project.author)
    assert line["detail"] == {"before": None, "after": "drug"}
    assert project.set_condition([one], "drug").empty
    again = project.set_condition(before)
    pd.testing.assert_frame_equal(project.map(), first)
    assert again["condition"].tolist() == ["drug", "drug"]
    assert told == [("map", [one, two]), ("map", [one, two])]
    project.set_condition([one], None)
    assert project.map()["condition"].isna().all()
    project.set_metadata([three], well=None)
    lines = len(project.audit())
    with pytest.raises(StoreError, match="in no well, and a condition is a well's"):
        project.set_condition([one, three], "drug")
    with pytest.raises(StoreError, match="well_id and condition"):
        project.set_condition(pd.DataFrame({"image_id": [one]}))
    assert len(project.audit()) == lines
