"""Item models: rows and trees that the views show. They hold values and know no widgets and no network."""
