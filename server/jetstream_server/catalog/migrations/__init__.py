"""Migrations of the catalog; see :mod:`jetstream_server.catalog.upgrade`, which runs them.

A released migration is never edited. To change the schema: change the records (or ``schema.py``), add
``versions/rev_NNNN_what.py``, raise ``schema.HEAD``; the tests compare the two.
"""
