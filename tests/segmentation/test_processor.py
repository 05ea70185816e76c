"""What a processor is taken for, by what Linux says of it."""

from pathlib import Path

import pytest

from spheroseg_widgets.segmentation import processor

INTEL = """processor	: 0
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R) Processor @ 2.70GHz
flags		: fpu sse avx2 fma avx512f avx512_bf16{more}

processor	: 1
vendor_id	: GenuineIntel
model name	: another
flags		: fpu amx_bf16
"""
AMD = """processor	: 0
vendor_id	: AuthenticAMD
model name	: AMD EPYC
flags		: fpu sse avx2 fma{more}
"""
ARM = """processor	: 0
BogoMIPS	: 243.75
Features	: fp asimd sve{more}
"""


@pytest.mark.parametrize(
    ("said", "flags", "multiplies"),
    [
        (INTEL.format(more=""), {"avx2", "fma", "avx512f", "avx512_bf16"}, False),
        (
            INTEL.format(more=" amx_bf16 amx_tile"),
            {"avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile"},
            True,
        ),
        (AMD.format(more=""), {"avx2", "fma"}, False),
        (AMD.format(more=" avx512_bf16"), {"avx2", "fma", "avx512_bf16"}, True),
        (ARM.format(more=""), {"asimd", "sve"}, False),
        (ARM.format(more=" bf16"), {"asimd", "sve", "bf16"}, True),
        ("", set(), False),
    ],
    ids=["intel", "intel with tiles", "amd", "amd with bfloat16", "arm", "arm with bfloat16", "empty"],
)
def test_flags_of_the_first_core_decide_whether_bfloat16_is_multiplied(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, flags: set[str], *, multiplies: bool
) -> None:
    (tmp_path / "cpuinfo").write_text(said)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    assert processor.processor_flags() == flags
    assert processor.multiplies_bfloat16() is multiplies


def test_it_is_called_what_it_calls_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(AMD.format(more=""))
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    assert processor.processor_name() == "AMD EPYC"
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "missing")  # not Linux
    assert processor.processor_name()
    assert processor.processor_flags() == frozenset()
