from app.helpers.build import transfer
from jetstream.entities import Destination
from jetstream_desktop.state.code import as_python


def test_the_script_is_python():
    where = Destination(destination_id="d", destination_address="studio-b", destination_port=9000)
    full = as_python(transfer(destination_path="in'coming"), where, {"a": "/a"})
    bare = as_python(transfer(), None, None)
    for text in (full, bare):
        compile(text, "copied", "exec")
    assert "'studio-b', 9000" in full
    assert "{'a': '/a'}" in full
    assert "ADDRESS" in bare
