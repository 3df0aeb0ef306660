"""What the methods of the API do: one thin module per group."""
