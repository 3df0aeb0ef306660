"""The `jetstream` command."""
