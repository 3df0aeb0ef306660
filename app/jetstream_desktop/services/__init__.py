"""The work behind the window: connection, polling, the node process, sharing. No widgets."""
