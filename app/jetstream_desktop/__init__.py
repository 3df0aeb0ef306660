"""The desktop application: a window on a JetStream node."""
