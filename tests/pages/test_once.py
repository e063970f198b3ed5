"""A part of a page that is made once for the same values holds nothing else."""

from typing import Any

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils.safestring import mark_safe

from pages.templatetags import once


def shown(template: Template, **values: Any) -> str:
    return template.render(Context(values))


def test_it_is_made_once_for_the_same_values_and_anew_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    template = Template("{% load once %}{% once word=word %}{{ word }}{% now 'u' %}{% endonce %}")
    first = shown(template, word="a")
    assert first.startswith("a")
    assert shown(template, word="a") == first
    assert shown(template, word="b").startswith("b")
    monkeypatch.setattr(once, "MOST", 1)
    shown(template, word="c")
    assert shown(template, word="a") != first


def test_it_sees_no_value_but_those_it_names() -> None:
    template = Template("{% load once %}{% once word=word %}{{ word }}, {{ secret }}.{% endonce %}")
    assert shown(template, word="a", secret="of one reader") == "a, ."


def test_an_escaped_word_is_not_the_same_word_unescaped() -> None:
    template = Template("{% load once %}{% once word=word %}{{ word }}{% endonce %}")
    assert shown(template, word=mark_safe("<b>")) == "<b>"
    assert shown(template, word="<b>") == "&lt;b&gt;"
    assert shown(template, word=1) == "1"
    assert shown(template, word=True) == "True"


def test_what_is_no_name_with_a_value_is_refused() -> None:
    with pytest.raises(TemplateSyntaxError, match="takes names with their values"):
        Template("{% load once %}{% once word %}{% endonce %}")
