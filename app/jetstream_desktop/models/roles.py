"""Roles that models and delegates share."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex

SNAPSHOT: Final = int(Qt.ItemDataRole.UserRole) + 1
"""The whole row as a frozen value."""
KEY: Final = int(Qt.ItemDataRole.UserRole) + 2
"""What identifies the row across updates."""

ROOT: Final = QModelIndex()
