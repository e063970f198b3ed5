"""The forms of the desk; each ends in one verb."""

from .checklists import ChecklistForm
from .credentials import CheckForm
from .decisions import DecisionForm
from .publishing import PublishForm, WithdrawForm
from .texts import ArticleForm, AskForm

__all__ = ["ArticleForm", "AskForm", "CheckForm", "ChecklistForm", "DecisionForm", "PublishForm", "WithdrawForm"]
