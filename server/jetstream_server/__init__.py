"""The node: sends, receives, and answers the API."""
