"""The node looks at itself and at the system that it runs on."""
