"""The desk inside the admin: question pages for authors and publishers, the queue for clinicians.

Nothing here decides who may do what: each act is a form that ends in a verb, and the verb refuses.
"""

from . import articles, feedback, queue, today

__all__ = ["articles", "feedback", "queue", "today"]
