"""Names from outside that look like markup stay text: in labels, tool tips, lists, buttons and the title."""

import asyncio
from dataclasses import replace

from PySide6 import QtGui
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QWidget

from app.helpers.running import running
from app.views.surfaces import furnished, surfaces, visible

EVIL = "<b>x</b><img src=x>"
OURS = "<span style='white-space:pre-wrap'>"


def spoiled():
    """A node in which every name looks like markup."""
    node = furnished()
    for key, one in node.destinations.items():
        data = {"group": EVIL, "folder": EVIL} if one.user_data else {}
        node.destinations[key] = replace(one, name=f"{EVIL}{key}", last_error=EVIL, user_data=data)
    node.manifests["m"] = replace(node.manifests["m"], label=EVIL, user_data={"mappings": {EVIL: f"/x/{EVIL}"}},
                                  skipped=1, skipped_sample=(f"/{EVIL}: {EVIL}",))
    node.tokens["T"] = replace(node.tokens["T"], description=EVIL)
    for one in list(node.transfers.values()):
        node.put(replace(one, label=EVIL, peer_name=EVIL, destination_path=EVIL, user_data={"label": EVIL},
                         error_message=one.error_message and EVIL))
    for one in list(node.incoming.values()):
        node.put(replace(one, label=EVIL, peer_name=EVIL, folder=f"/{EVIL}"))
    node.folder = f"/{EVIL}"
    return node


def rendered(text):
    """Whether Qt would read *text* as markup that is not ours."""
    if text.startswith(OURS):
        return EVIL in text
    return QtGui.Qt.mightBeRichText(text)


def cells(view):
    model, todo = view.model(), [QModelIndex()]
    while todo:
        above = todo.pop()
        for row in range(min(30, model.rowCount(above))):
            todo.append(model.index(row, 0, above))
            column = 0
            while (index := model.index(row, column, above)).isValid():
                yield index
                column += 1


def test_no_markup_is_rendered_anywhere(gui, qapp, tmp_path):
    folder = tmp_path / "<b>x<b>"
    (folder / "<i>a").mkdir(parents=True)
    (folder / "<u>b.tmp").write_bytes(b"x")
    node = spoiled()
    original = node.offer
    node.offer = lambda id: original(id, peer_name=EVIL, label=EVIL, folder=f"/{EVIL}")

    async def work():
        async with running(qapp, node.connect) as desk:
            bad, seen = set(), 0
            for page, show in surfaces(desk, node, folder):
                await show()
                await asyncio.sleep(0)
                desk.window.grab()
                for label in visible(desk.window, (QLabel,)):
                    if label.text() and label.textFormat() != Qt.TextFormat.PlainText and rendered(label.text()):
                        bad.add((page, "label", label.text()))
                for widget in visible(desk.window, (QWidget,)):
                    seen += isinstance(widget, QLabel | QAbstractButton) and EVIL in widget.text()
                    if rendered(widget.toolTip()):
                        bad.add((page, "tip", type(widget).__name__, widget.toolTip()))
                for view in visible(desk.window, (QAbstractItemView,)):
                    bad |= {(page, "cell", type(view).__name__, tip) for index in cells(view)
                            if (tip := str(index.data(Qt.ItemDataRole.ToolTipRole) or "")) and rendered(tip)}
            assert {one[1:] for one in bad} == set()
            assert seen > 10  # they are there, as text

    gui(work)
