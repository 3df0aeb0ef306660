"""Transfers: their states, the queue, and the two jobs that move them."""
