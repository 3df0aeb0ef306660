"""The style sheet that the theme gives to the application: shapes and states of the standard controls.

Tables, trees and the sidebar are painted by delegates; here are only frames, buttons, fields, tabs and scroll bars.
Controls opt in to a role through the dynamic property ``role`` (``primary``, ``flat``, ``chip``, ``link``, ``card``).
"""

from jetstream_desktop import assets
from jetstream_desktop.assets import Colours, Tokens

_TEMPLATE = """
* {{ outline: 0; }}
QMainWindow, QDialog {{ background: {window}; }}
QToolTip {{ background: {pane}; color: {text}; border: 1px solid {hairline}; padding: 4px 6px; }}
QWidget[role="pane"] {{ background: {pane}; }}
QWidget[role="ground"] {{ background: {window}; }}
QWidget[role="sidebar"], QWidget[role="statusline"] {{ background: {sidebar}; }}
QWidget[role="statusline"] {{ border-top: 1px solid {hairline}; }}
QWidget[role="bar"] {{ background: {pane}; border-bottom: 1px solid {hairline}; }}
QFrame[role="card"] {{ background: {pane}; border: 1px solid {hairline}; border-radius: {radius2}px; }}
QFrame[role="inset"] {{ background: {window}; border: 1px solid {hairline}; border-radius: {radius}px; }}
QFrame[role="line"] {{ background: {hairline}; border: 0; }}
QLabel {{ background: transparent; }}
QLabel[role="dim"] {{ color: {dim}; font-size: {small}px; }}
QLabel[role="field"] {{ color: {dim}; }}
QLabel[role="title"] {{ font-size: {title}px; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: {heading}px; font-weight: 600; }}
QLabel[role="section"] {{ font-weight: 600; }}
QLabel[role="text"] {{ color: {text}; }}
QLabel[role="strong"] {{ color: {text}; font-weight: 600; }}
QLabel[role="accent_ink"] {{ color: {accent_ink}; }}
QLabel[role="good-small"] {{ color: {good}; font-size: {small}px; }}
QLabel[role="bad-small"] {{ color: {bad}; font-size: {small}px; }}
QLabel[role="caution-small"] {{ color: {caution}; font-size: {small}px; }}
QLabel[role="text-small"] {{ color: {text}; font-size: {small}px; }}
QLabel[role="dim-small"] {{ color: {dim}; font-size: {small}px; }}
QLabel[role="good"] {{ color: {good}; }}
QLabel[role="caution"] {{ color: {caution}; }}
QLabel[role="bad"] {{ color: {bad}; }}
QLabel[role="token"] {{ font-size: {token}px; font-weight: 600; }}
QPushButton, QToolButton {{ background: {pane}; color: {text}; border: 1px solid {hairline};
  border-radius: {radius}px; padding: 6px 11px; }}
QToolButton {{ padding: 5px 7px; }}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {track}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faint}; }}
QPushButton[role="primary"], QToolButton[role="primary"] {{ background: {accent}; color: {accent_text};
  border-color: {accent}; font-weight: 600; }}
QPushButton[role="primary"]:hover, QToolButton[role="primary"]:hover {{ background: {accent_hover}; }}
QPushButton[role="primary"]:focus, QToolButton[role="primary"]:focus {{ border-color: {text}; }}
QPushButton[role="primary"]:disabled {{ background: {track}; color: {dim}; border-color: {track}; }}
QPushButton[role="flat"], QToolButton[role="flat"] {{ background: transparent; border-color: transparent; }}
QPushButton[role="flat"]:hover, QToolButton[role="flat"]:hover {{ background: {hover}; }}
QPushButton[role="flat"]:focus, QToolButton[role="flat"]:focus {{ border-color: {accent}; }}
QPushButton[role="link"] {{ background: transparent; border: 1px solid transparent; color: {accent_ink};
  padding: 2px 3px; }}
QPushButton[role="link"]:hover {{ text-decoration: underline; }}
QPushButton[role="link"]:focus {{ border-color: {accent}; }}
QPushButton[role="danger"] {{ color: {bad}; }}
QPushButton[role="danger"]:disabled {{ color: {faint}; }}
QPushButton[role="chip"] {{ border-radius: 11px; padding: 3px 8px; min-height: 15px; font-size: {small}px; }}
QPushButton[role="chip"]:checked {{ background: {wash}; border-color: {accent}; color: {accent_ink};
  font-weight: 600; }}
QPushButton[role="choice"] {{ text-align: left; padding: 16px; border-radius: {radius2}px; }}
QToolButton::menu-indicator, QPushButton::menu-indicator {{ image: none; width: 0; }}
QLineEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit {{ background: {pane}; color: {text};
  border: 1px solid {hairline}; border-radius: {radius}px; padding: 5px 8px; selection-background-color: {accent};
  selection-color: {accent_text}; }}
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus,
QDateTimeEdit:focus {{ border-color: {accent}; }}
QLineEdit[role="search"] {{ padding: 5px 3px; }}
QLineEdit[bad="true"] {{ border-color: {bad}; }}
QLineEdit:disabled {{ color: {faint}; background: {window}; }}
QComboBox::drop-down, QDateTimeEdit::drop-down {{ border: 0; width: 22px; }}
QComboBox::down-arrow, QDateTimeEdit::down-arrow {{ image: url("{drop}"); width: 12px; height: 12px; }}
QSpinBox::up-button, QSpinBox::down-button,
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: 0; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: 0; padding: 0 5px; background: transparent; }}
QComboBox {{ combobox-popup: 0; }}
QComboBoxPrivateContainer {{ background: {pane}; border: 0; }}
QComboBox QAbstractItemView {{ background: {pane}; border: 1px solid {hairline}; padding: 3px;
  selection-background-color: {wash}; selection-color: {text}; }}
QComboBox QAbstractItemView::item {{ min-height: 26px; padding: 0 8px; border-radius: 4px; }}
QComboBox QAbstractItemView::item:selected {{ background: {wash}; color: {text}; }}
QCheckBox, QRadioButton {{ background: transparent; spacing: 8px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {dim}; border-radius: 4px; background: {pane}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent}; image: url("{tick}"); }}
QCheckBox::indicator:focus {{ border: 2px solid {accent}; width: 12px; height: 12px; }}
QMenu {{ background: {pane}; border: 1px solid {hairline}; padding: 4px; }}
QMenu::item {{ padding: 6px 22px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {wash}; color: {text}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::separator {{ height: 1px; background: {hairline}; margin: 4px 8px; }}
QAbstractItemView {{ background: {pane}; border: 0; selection-background-color: {wash}; selection-color: {text}; }}
QHeaderView {{ background: {pane}; border: 0; border-bottom: 1px solid {hairline}; }}
QHeaderView::section {{ background: {pane}; color: {dim}; border: 0; padding: 0 8px;
  font-size: {header}px; font-weight: 600; }}
QTableView[role="transfers"] QHeaderView::section:{last},
QTableView[role="list"] QHeaderView::section:{last} {{ padding-{end}: 16px; }}
QTableView[role="list"] QHeaderView::section:{first}, QTreeView[role="book"] QHeaderView::section:{first} {{
  padding-{begin}: 16px; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {dim}; padding: 10px 1px 9px 1px; margin-right: 16px;
  border: 0; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom-color: {accent}; font-weight: 600; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:focus {{ color: {accent_ink}; }}
QSplitter::handle {{ background: {hairline}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {faint}; border-radius: 3px; margin: 2px; min-height: 28px; min-width: 28px; }}
QScrollBar[role="quiet"]::handle {{ background: {hairline}; }}
QScrollBar::handle:hover, QScrollBar[role="quiet"]::handle:hover {{ background: {dim}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {track}; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QScrollArea {{ border: 0; background: transparent; }}
QAbstractScrollArea::corner {{ border: 0; background: transparent; }}
"""


def stylesheet(colours: Colours, tokens: Tokens, scale: float, *, backward: bool = False) -> str:
    """The style sheet for one appearance and text scale; *backward* says that people read from right to left."""
    values: dict[str, object] = {name: getattr(colours, name) for name in Colours.__slots__}
    values |= {name: round(size * scale) for name, size in tokens.type.items()}
    values["drop"] = (assets.folder() / "controls" / "drop.svg").as_posix()
    tick = "tick-light.svg" if colours is tokens.light else "tick-dark.svg"
    values["tick"] = (assets.folder() / "controls" / tick).as_posix()
    ends = ("last", "right", "first", "left")
    values |= dict(zip(("first", "begin", "last", "end") if backward else ("last", "end", "first", "begin"), ends,
                       strict=True))  # Qt calls the section at the right the last one in both directions
    values |= {"radius": tokens.radius, "radius2": tokens.radius + 2}
    return _TEMPLATE.format(**values)
