"""How fast the node is, beside what else moves files on the same machine. ``python -m benchmarks`` from the checkout.

Every module with a ``run`` is one row of the table; :mod:`benchmarks.common` says how things are measured and why.
"""
