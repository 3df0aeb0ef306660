"""A quiet table of text, for lists of values."""

from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from jetstream_desktop.models.lists import ValueTableModel


def plain_table(model: ValueTableModel[object], name: str, stretch: int) -> QTableView:
    """A quiet table of text for lists of values."""
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(28)
    table.horizontalHeader().setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setHighlightSections(False)
    table.setStyleSheet("QTableView::item { padding: 0 5px; }")
    return table
