"""Asks one page on the web whether it is there, as if everybody on the way were hostile.

It runs in a child process with limits (`child.py`) that knows neither Django nor the database, the settings or the
environment; `asking.py` starts it. Which addresses may be asked is said in `addresses.py`, what is read of an answer
in `answers.py`, how one redirect leads to the next in `following.py`. Never used while somebody waits for a page.
"""
