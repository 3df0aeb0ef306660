"""The vocabulary of the API, once: every method, its parameters, its result, and who may call it."""
