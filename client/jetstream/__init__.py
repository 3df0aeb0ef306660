"""JetStream."""
