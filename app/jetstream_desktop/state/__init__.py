"""What the window knows, as plain Python: no Qt, no event loop, no clock."""
