"""Who sees what."""

import pytest

from jetstream.constants import PERMISSION_DOWNLOAD, PERMISSION_MODIFY, PERMISSION_UPLOAD
from jetstream_server.access.principal import Kind, Principal, sees

ANN = Principal(Kind.ACCOUNT, "ann")
OWNER = Principal(Kind.OWNER, "ann")
ROOT = Principal(Kind.ACCOUNT, "bob", superuser=True)
SCRIPT = Principal(Kind.API_TOKEN, "ann", permissions=PERMISSION_DOWNLOAD, root="/data", token="T1")
FREE = Principal(Kind.API_TOKEN, "ann", permissions=PERMISSION_DOWNLOAD, token="T1")
GUEST = Principal(Kind.SHARED_TOKEN, "", permissions=PERMISSION_DOWNLOAD, token="S1")


@pytest.mark.parametrize(
    ("principal", "owner", "token", "visible"),
    [
        (ANN, "ann", None, True),
        (ANN, "ann", "S1", True),
        (ANN, "bob", None, False),
        (ANN, "", "S1", False),
        (OWNER, "ann", None, True),
        (OWNER, "bob", None, False),
        (ROOT, "ann", None, True),
        (ROOT, "", "S1", True),
        (SCRIPT, "ann", None, False),
        (SCRIPT, "ann", "T1", True),
        (SCRIPT, "ann", "T2", False),
        (SCRIPT, "bob", "T1", False),
        (FREE, "ann", None, True),
        (FREE, "ann", "T2", True),
        (FREE, "bob", None, False),
        (SCRIPT, "bob", None, False),
        (GUEST, "ann", "S1", True),
        (GUEST, "", "S1", True),
        (GUEST, "", "S2", False),
        (GUEST, "", None, False),
        (Principal(Kind.SHARED_TOKEN, ""), "", None, False),
    ],
)
def test_only_what_belongs_to_the_login_exists_for_it(
    principal: Principal, owner: str, token: str | None, visible: bool
) -> None:
    assert sees(principal, owner, token) is visible


def test_permissions_are_needed_all_together() -> None:
    assert ANN.may(PERMISSION_UPLOAD | PERMISSION_MODIFY)
    assert SCRIPT.may(PERMISSION_DOWNLOAD)
    assert not SCRIPT.may(PERMISSION_DOWNLOAD | PERMISSION_UPLOAD)


def test_its_text_holds_no_token() -> None:
    assert repr(GUEST) == "<Principal shared token ''>"
    assert repr(ROOT) == "<Principal account 'bob' superuser>"
