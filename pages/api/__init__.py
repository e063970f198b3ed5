"""The content API: what readers get, for programs of partners, with everything that an honest badge needs.

`table.py` says what there is, once: the parameters are read by it, and the descriptions for people and programs are
made from it. decisions/0025 and docs/api.md say how it is meant.
"""
