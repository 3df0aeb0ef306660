"""The context menu of rows."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.views.actions import Actions


def row_menu(parent: QWidget, actions: Actions) -> QMenu:
    """The context menu of rows: the same order everywhere."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addActions([actions.pause, actions.resume, actions.retry])
    menu.addSeparator()
    limit = menu.addMenu(tr("Limit speed"))
    limit.addActions(actions.limits)
    limit.setEnabled(actions.limits[0].isEnabled())
    priority = menu.addMenu(tr("Priority"))
    priority.addActions(actions.priorities)
    priority.setEnabled(actions.priorities[0].isEnabled())
    policy = menu.addMenu(tr("When others use the line"))
    policy.addActions(actions.policies)
    policy.setEnabled(actions.policies[0].isEnabled())
    menu.addSeparator()
    menu.addActions([actions.show_in_folder, actions.share_row, actions.verify])
    copy = menu.addMenu(tr("Copy"))
    copy.addActions([actions.copy_name, actions.copy_path, actions.copy_error, actions.copy_python,
                     actions.copy_command])
    menu.addSeparator()
    menu.addActions([actions.cancel, actions.remove])
    return menu
