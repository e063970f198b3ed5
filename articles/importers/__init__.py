"""Readers of outside sources, one module each: `read(file)` gives dataclasses, `load()` writes them, repeatably."""
