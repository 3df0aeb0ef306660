"""Entities and rows with sensible values, for tests."""

from jetstream.entities import ReceiveTransfer, Transfer
from jetstream_desktop.state.rows import Names, RowMaker

NOW = 1_700_000_000_000_000


def transfer(number=1, **changes):
    values = {"transfer_id": str(number), "manifest_id": "m", "destination_id": "d", "status": "sending",
              "processing": True, "phase": "sending", "label": f"Reel {number}", "total_bytes": 1000, "total_files": 4,
              "bytes_acked": 100, "request_time": NOW - number * 1_000_000, "start_time": NOW - 60_000_000}
    return Transfer(**(values | changes))


def incoming(number=1, **changes):
    values = {"transfer_id": str(number), "status": "receiving", "processing": True, "phase": "sending",
              "label": f"Plates {number}", "total_size": 1000, "total_files": 4, "bytes_recv": 250,
              "source_ip": "10.0.0.7", "request_time": NOW - number * 1_000_000, "folder": "/home/me/JetStream"}
    return ReceiveTransfer(**(values | changes))


NAMES = Names(destinations={"d": "Studio B"})


def row(number=1, *, now=NOW, **changes):
    return RowMaker().make(transfer(number, **changes), NAMES, now)


def incoming_row(number=1, *, now=NOW, **changes):
    return RowMaker().make(incoming(number, **changes), NAMES, now)
