from jetstream.constants import OVERWRITE_KEEP_BOTH, SYMLINK_IGNORE
from jetstream_desktop.state.options import Options, overwrite_names, summary, symlink_names


def test_summary():
    assert summary(Options()) == "Same names: replaced · no limit"
    shown = summary(Options(OVERWRITE_KEEP_BOTH, 100_000, 7, SYMLINK_IGNORE))
    assert shown == "Same names: both kept · max 12.5 MB/s · priority 7 · links left out"
    assert summary(Options(overwrite=1)).startswith("1 · ")
    assert summary(Options(label="Dailies")).endswith("called “Dailies”")
    assert summary(Options(policy="background")).endswith("no limit · in the background")


def test_every_choice_has_a_name():
    assert len(set(overwrite_names().values())) == 4
    assert len(set(symlink_names().values())) == 3
