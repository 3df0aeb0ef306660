import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop import settings
from jetstream_desktop.settings import Settings
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.state.week import WeekLimits


def test_round_trip(tmp_path):
    wanted = Settings(appearance="dark", on_close="tray", tab=2, week=WeekLimits(slow_kbps=5, enabled=True),
                      nodes=(OpenNode("b.example", 9, "ann", "B", "ab" * 32),))
    settings.save(tmp_path / "new", wanted)
    assert settings.load(tmp_path / "new") == (wanted, None)


def test_no_file(tmp_path):
    assert settings.load(tmp_path) == (Settings(), None)


@pytest.mark.parametrize("content", ["", "[1]", "{", "\x00"])
def test_a_broken_file_is_put_aside(tmp_path, content):
    (tmp_path / settings.FILE_NAME).write_text(content)
    found, problem = settings.load(tmp_path)
    assert found == Settings()
    assert "desktop.broken" in problem
    assert settings.load(tmp_path) == (Settings(), None)


@given(st.dictionaries(st.sampled_from(["appearance", "on_close", "tab", "week", "nodes", "geometry", "notify",
                                        "more"]),
                       st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())))
def test_wrong_values_fall_back_one_by_one(value):
    import json

    found = settings.parse(json.dumps(value))
    assert found.appearance in ("system", "light", "dark")
    assert type(found.tab) is int
    assert type(found.notify) is bool
