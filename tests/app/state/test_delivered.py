import pytest

from app.helpers.build import incoming
from jetstream.constants import OVERWRITE_ALWAYS, OVERWRITE_IN_PLACE_NEVER, OVERWRITE_KEEP_BOTH, OVERWRITE_NEVER
from jetstream_desktop.state.delivered import not_shareable, sources


def arrived(**changes):
    return incoming(**({"status": "complete", "folder": "/in", "destination_path": "",
                        "overwrite_mode": OVERWRITE_ALWAYS} | changes))


def test_every_file_from_where_it_lies_and_no_folder():
    entries = [{"destPath": "Reel/a.exr"}, {"destPath": "Reel/empty", "isEmptyDir": True}, {"destPath": "b"}]
    assert sources(arrived(), entries) == {"Reel/a.exr": "/in/Reel/a.exr", "b": "/in/b"}
    assert sources(arrived(destination_path="/day 1/"), entries[2:]) == {"b": "/in/day 1/b"}
    assert sources(arrived(folder="/"), entries[2:]) == {"b": "/b"}


def test_what_is_complete_and_under_its_own_name():
    assert not_shareable(arrived()) is None
    assert "completely" in not_shareable(arrived(status="receiving"))


@pytest.mark.parametrize("mode", [OVERWRITE_NEVER, OVERWRITE_KEEP_BOTH, OVERWRITE_IN_PLACE_NEVER])
def test_a_name_that_may_be_an_older_files_is_not_shared(mode):
    assert "older file" in not_shareable(arrived(overwrite_mode=mode))
