"""What is written, and about what? Conditions, the questions about them, and every version of every text."""

from .articles import RESERVED_SLUGS, Article, ArticleSlug, StaleText
from .catalogue import BroaderCondition, SourceTerm
from .conditions import Condition, ConditionCode, ConditionName, ConditionSlug, NameChange, preferred_name
from .revisions import Citation, Revision, SourceLink, compose, tidy_note, tidy_source
from .vocabulary import Language, Origin, Topic

__all__ = [
    "RESERVED_SLUGS",
    "Article",
    "ArticleSlug",
    "BroaderCondition",
    "Citation",
    "Condition",
    "ConditionCode",
    "ConditionName",
    "ConditionSlug",
    "Language",
    "NameChange",
    "Origin",
    "Revision",
    "SourceLink",
    "SourceTerm",
    "StaleText",
    "Topic",
    "compose",
    "preferred_name",
    "tidy_note",
    "tidy_source",
]
