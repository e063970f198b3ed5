"""The house rules that a program can hold: who imports whom, what never changes, who and when, safe text."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models.fields import NOT_PROVIDED
from django.db.models.fields.related import ManyToManyField
from django.test import RequestFactory

from accounts import guards
from accounts.admin import ReadOnlyAdmin
from articles.guards import NEVER_CHANGING as NEVER_CHANGING_ARTICLES
from community.guards import NEVER_CHANGING as NEVER_CHANGING_COMMUNITY
from pages.guards import NEVER_CHANGING as NEVER_CHANGING_PAGES
from reviews.guards import NEVER_CHANGING as NEVER_CHANGING_REVIEWS
from reviews.models import Reviewer

ROOT = Path(__file__).resolve().parent.parent

# config -> pages -> reviews | community -> articles -> accounts: what each may import.
FLOW = {
    "accounts": set(),
    "articles": {"accounts"},
    "reviews": {"accounts", "articles"},
    "community": {"accounts", "articles"},
    "pages": {"accounts", "articles", "reviews", "community"},
    "config": {"accounts", "articles", "reviews", "community", "pages"},
}

# Every model of ours stands in one of the two.
CHANGEABLE = {
    "accounts.User",
    "accounts.Letter",
    "accounts.Session",
    "accounts.Tally",
    "accounts.Erasure",
    "articles.Condition",
    "articles.ConditionName",
    "articles.ConditionCode",
    "articles.NameChange",
    "articles.BroaderCondition",
    "articles.SourceTerm",
    "pages.CodeMiss",
    "articles.Article",
    "reviews.Reviewer",
    "reviews.Credential",
    "reviews.ReviewRequest",
    "reviews.Feedback",
    "reviews.Reminder",
    "reviews.IndexedText",
    "community.Community",
    "community.Member",
    "community.Link",
    "community.LinkReport",
    "community.Consent",
    "community.CountrySnapshot",
    "community.YearFigure",
    "pages.Job",
}
NEVER_CHANGING = {
    "articles.ConditionSlug",
    "articles.ArticleSlug",
    "articles.Revision",
    "articles.Citation",
    "reviews.Checklist",
    "reviews.CredentialCheck",
    "reviews.Review",
    "reviews.ReviewContributor",
    "reviews.Publication",
    "reviews.Withdrawal",
    "reviews.LedgerEntry",
    "community.LinkDecision",
    "community.MemberLook",
    "community.StrikeOut",
    "pages.SiteText",
}

# Who did it, and beside it when; set together or not at all.
WHO_AND_WHEN = {
    "reviews.Checklist": {"written_by": "written_at"},
    "reviews.CredentialCheck": {"checked_by": "checked_on"},
    "reviews.ReviewRequest": {"asked_by": "asked_at", "claimed_by": "claimed_at", "closed_by": "closed_at"},
    "reviews.Feedback": {"handled_by": "handled_at"},
    "reviews.Publication": {"published_by": "published_at"},
    "reviews.Withdrawal": {"by": "at"},
    "community.Link": {"decided_by": "decided_at"},
    "community.LinkDecision": {"by": "at"},
    "community.LinkReport": {"handled_by": "handled_at"},
    "community.MemberLook": {"by": "at"},
    "community.StrikeOut": {"by": "at"},
    "pages.SiteText": {"written_by": "written_at"},
}

# Where text becomes HTML without being escaped: the file, and how often.
DOORS = {"pages/templatetags/article.py": 1, "pages/templatetags/machines.py": 1}

OUR_MODELS = [model for app in FLOW if app != "config" for model in apps.get_app_config(app).get_models()]


def python_files(*folders: str) -> list[Path]:
    """The Python files in some folders, but for migrations."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def app_files() -> list[Path]:
    """The Python files of the apps and of config/."""
    return python_files(*FLOW)


def every_file() -> list[Path]:
    """Every Python file, those of the tests and the tools too."""
    return [ROOT / "manage.py", *python_files(*FLOW, "dev", "bench", "tests")]


def templates() -> list[Path]:
    """Every template, of pages, letters and feeds."""
    found = [path for folder in ["templates", *FLOW] for path in sorted((ROOT / folder).rglob("*"))]
    return [path for path in found if path.suffix in {".html", ".txt", ".xml", ".svg"}]


def named(path: Path) -> str:
    """A file as the tables above name it."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


# The flow


def modules_named_in(tree: ast.AST, package: list[str]) -> Iterator[str]:
    """The modules that a file imports, wherever it does: at its head, in a function, under TYPE_CHECKING, by text."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (name.name for name in node.names)
            case ast.ImportFrom(level=0):
                yield node.module or ""
            case ast.ImportFrom():
                above = package[: len(package) - node.level + 1]
                base = [*above, *(node.module or "").split(".")] if node.module else above
                yield ".".join(base)
                yield from (".".join([*base, name.name]) for name in node.names)
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
                yield from _named_by_text(called, node)


def _named_by_text(called: str, call: ast.Call) -> Iterator[str]:
    """The modules that a call names in a text: a foreign key, a model looked up, a module imported."""
    if called in {"ForeignKey", "OneToOneField", "ManyToManyField", "get_model", "get_app_config"} | {
        "import_module",
        "import_string",
        "__import__",
    }:
        words = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in {"to", "through", "name"})]
        for word in words[:3]:
            if isinstance(word, ast.Constant) and isinstance(word.value, str):
                yield word.value


def wrong_ways(tree: ast.AST, app: str, package: list[str]) -> set[str]:
    """The apps of ours that a file of this app names and may not."""
    tops = {module.split(".")[0] for module in modules_named_in(tree, package)}
    return (tops & set(FLOW)) - FLOW[app] - {app}


def test_an_app_imports_only_from_apps_to_the_right_of_it() -> None:
    found = {}
    for path in app_files():
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        package = parts[:-1]
        if wrong := wrong_ways(parsed(path), parts[0], package):
            found[named(path)] = wrong
    assert not found


def test_no_app_imports_the_tests_or_the_tools() -> None:
    found = {}
    for path in app_files():
        package = list(path.relative_to(ROOT).parts[:-1])
        tops = {module.split(".")[0] for module in modules_named_in(parsed(path), package)}
        if wrong := tops & {"tests", "dev", "bench"}:
            found[named(path)] = wrong
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "import reviews",
        "import reviews.models as people",
        "from reviews.models import Review",
        "from reviews import models",
        "from ..reviews import models",
        "from .. import reviews",
        "def late():\n    from reviews.models import Review",
        "if TYPE_CHECKING:\n    from reviews.models import Review",
        "try:\n    import reviews\nexcept ImportError:\n    pass",
        "x = models.ForeignKey('reviews.Review', on_delete=models.PROTECT)",
        "x = models.OneToOneField(to='reviews.Review', on_delete=models.PROTECT)",
        "x = models.ManyToManyField(Other, through='reviews.Review')",
        "x = ForeignKey('reviews.Review', on_delete=PROTECT)",
        "x = apps.get_model('reviews', 'Review')",
        "x = apps.get_model('reviews.Review')",
        "x = importlib.import_module('reviews.models')",
        "x = import_string('reviews.models.Review')",
        "x = __import__('reviews')",
    ],
)
def test_the_test_of_the_flow_sees_each_way_to_import(line: str) -> None:
    for app in ("community", "articles", "accounts"):
        assert wrong_ways(ast.parse(line), app, [app]) == {"reviews"}
    assert wrong_ways(ast.parse(line), "pages", ["pages"]) == set()
    assert wrong_ways(ast.parse(line), "reviews", ["reviews"]) == set()


Relation: TypeAlias = "models.ForeignKey[Any, Any] | ManyToManyField[Any, Any]"


def relations() -> Iterator[tuple[type[models.Model], Relation]]:
    """Every foreign key, one-to-one and many-to-many field of our models, with its model."""
    for model in OUR_MODELS:
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            if isinstance(field, models.ForeignKey | ManyToManyField):
                yield model, field


def test_a_foreign_key_points_to_the_right_and_leaves_no_way_back() -> None:
    wrong = []
    for model, field in relations():
        here, there = model._meta.app_label, field.related_model._meta.app_label
        if here == there or there not in FLOW:
            continue
        if there not in FLOW[here]:
            wrong.append(f"{field} points to {there}")
        if field.remote_field.related_name != "+":
            wrong.append(f"{field} can be reached from {there}")
    assert not wrong


# What never changes


def test_every_model_is_listed_as_changeable_or_never_changing() -> None:
    assert not CHANGEABLE & NEVER_CHANGING
    assert {model._meta.label for model in OUR_MODELS} == CHANGEABLE | NEVER_CHANGING


def test_the_guards_are_told_the_same_list() -> None:
    told = [*NEVER_CHANGING_ARTICLES, *NEVER_CHANGING_REVIEWS, *NEVER_CHANGING_COMMUNITY, *NEVER_CHANGING_PAGES]
    assert {model._meta.label for model in told} == NEVER_CHANGING
    assert len(told) == len(NEVER_CHANGING)


@pytest.mark.parametrize("label", sorted(NEVER_CHANGING))
@pytest.mark.parametrize("event", ["update", "delete", "truncate", "replace"])
def test_what_never_changes_is_guarded_against_every_way_to_change_it(label: str, event: str) -> None:
    # way 10
    table = apps.get_model(label)._meta.db_table
    guard = next(guard for guard in guards.registered() if guard.name == f"{table}_refuses_{event}")
    assert guard.table == table
    assert guard.on == {"replace": "INSERT"}.get(event, event.upper())
    assert not guard.then
    assert (event == "replace") == bool(guard.when), "a guard with a condition lets something through"


@pytest.mark.django_db
def test_every_guard_stands_in_the_database() -> None:
    assert guards.missing() == []


def test_every_guard_is_on_a_table_that_is_there() -> None:
    ours, there = ({model._meta.db_table for model in models} for models in (OUR_MODELS, apps.get_models()))
    for guard in guards.registered():
        assert guard.table in ours, guard.name
        assert set(guard.reads) <= there, guard.name


def test_every_table_that_a_guard_looks_at_is_named_by_it() -> None:
    # a guard is put in place only when each table it reads is there
    tables = {model._meta.db_table for model in OUR_MODELS}
    wrong = []
    for guard in guards.registered():
        looked_at = {table for table in tables if re.search(rf"\b{table}\b", f"{guard.when} {guard.then}")}
        if missing := looked_at - {guard.table, *guard.reads}:
            wrong.append(f"{guard.name} reads {missing}")
    assert not wrong


def test_the_admin_only_shows_what_never_changes_and_has_no_bulk_action_for_any_row_of_ours_but_tallies() -> None:
    superuser = RequestFactory().get("/admin/")
    superuser.user = get_user_model()(is_active=True, is_staff=True, is_superuser=True)
    found = set()
    for model, shown in admin.site._registry.items():
        assert not {inline.model._meta.label for inline in shown.inlines} & NEVER_CHANGING, shown
        if model._meta.label in NEVER_CHANGING:
            found.add(model._meta.label)
            assert isinstance(shown, ReadOnlyAdmin), shown
            assert not shown.has_change_permission(superuser), shown
            assert not shown.has_delete_permission(superuser), shown
        if model in OUR_MODELS:
            assert shown.actions is None or model._meta.label == "pages.CodeMiss", shown
            assert not shown.list_editable, shown
    assert len(found) >= 5


# Who and when


def test_every_by_has_its_when() -> None:
    found: dict[str, dict[str, str]] = {}
    for model in OUR_MODELS:
        names = {field.name for field in model._meta.local_fields}
        for name in names:
            if name == "by" or name.endswith("_by"):
                stem = name.removesuffix("by")
                found.setdefault(model._meta.label, {})[name] = next(
                    (when for when in (f"{stem}at", f"{stem}on") if when in names), "nothing"
                )
    assert found == WHO_AND_WHEN


def test_who_and_when_are_set_together_or_not_at_all() -> None:
    wrong = []
    for label, pairs in WHO_AND_WHEN.items():
        model = apps.get_model(label)
        for who, when in pairs.items():
            empty = [model._meta.get_field(name).null for name in (who, when)]
            checked = [
                constraint.name
                for constraint in model._meta.constraints
                if isinstance(constraint, models.CheckConstraint)
                and {f"{who}__isnull", f"{when}__isnull"} <= _names_in(constraint.condition)
            ]
            if any(empty) and not (all(empty) and checked):
                wrong.append(f"{label}.{who}")
    assert not wrong


def _names_in(condition: object) -> set[str]:
    """The look-ups that a condition is made of."""
    if isinstance(condition, models.Q):
        return set().union(*(_names_in(child) for child in condition.children))
    return {condition[0]} if isinstance(condition, tuple) else set()


def test_no_row_of_the_record_can_lose_the_person_in_it() -> None:
    # way 24
    people = {get_user_model(), Reviewer}
    found, wrong = 0, []
    for model, field in relations():
        if model._meta.app_label in {"articles", "reviews"} and field.related_model in people:
            found += 1
            if getattr(field.remote_field, "on_delete", None) is not models.PROTECT:
                wrong.append(str(field))
    assert not wrong
    assert found >= 10


def test_no_default_hides_a_null() -> None:
    # A field that may be null and has a default has two ways to say nothing, and so does a text that may be null.
    # Only a unique text may be: empty texts would collide there.
    wrong = []
    for model in OUR_MODELS:
        for field in model._meta.local_fields:
            if field.null and (field.default is not NOT_PROVIDED or field.db_default is not NOT_PROVIDED):
                wrong.append(f"{field} has a default")
            if field.null and isinstance(field, models.CharField | models.TextField) and not field.unique:
                wrong.append(f"{field} is a text and may be null")
    assert not wrong


# Names and lengths


def test_nothing_is_named_after_nothing() -> None:
    empty = {"service", "services", "util", "utils", "utility", "utilities", "helper", "helpers", "misc", "common"}
    wrong = []
    for path in every_file():
        wrong += [named(path) for part in path.relative_to(ROOT).with_suffix("").parts if part.lower() in empty]
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                words = re.findall(r"[A-Z]?[a-z]+", node.name)
                if empty & {word.lower() for word in words}:
                    wrong.append(f"{named(path)}: {node.name}")
    assert not wrong


def test_no_module_of_the_site_is_longer_than_500_lines() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in every_file()}
    lengths = {name: length for name, length in lengths.items() if not name.startswith("tests/")}
    assert not {name: length for name, length in lengths.items() if length > 500}


def test_every_file_says_what_it_is() -> None:
    silent = [
        named(path)
        for path in every_file()
        if path.read_text(encoding="utf-8").strip() and ast.get_docstring(parsed(path)) is None
    ]
    assert not silent


# Text that becomes HTML


def test_unescaped_html_comes_through_the_listed_doors_alone() -> None:
    # way 17, way 29
    doors: dict[str, int] = {}
    for path in app_files():
        for node in ast.walk(parsed(path)):
            # `mark_safe` wherever it is named but imported; the class it makes only where it is called.
            called = isinstance(node, ast.Call) and _last_name(node.func) in {"SafeString", "SafeText"}
            if called or (isinstance(node, ast.Name | ast.Attribute) and _last_name(node) == "mark_safe"):
                doors[named(path)] = doors.get(named(path), 0) + 1
    assert doors == DOORS


def test_what_makes_html_unescaped_keeps_its_name() -> None:
    renamed = [
        f"{named(path)}: {name.asname}"
        for path in app_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.asname and name.name in {"mark_safe", "SafeString", "SafeText", "format_html"}
    ]
    assert not renamed


def test_no_other_way_marks_a_text_as_safe() -> None:
    wrong = []
    for path in app_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef) and node.name == "__html__":
                wrong.append(f"{named(path)}: __html__")
            if isinstance(node, ast.keyword) and node.arg == "is_safe":
                wrong.append(f"{named(path)}: is_safe")
            if isinstance(node, ast.ImportFrom | ast.Import) and "html_safe" in {name.name for name in node.names}:
                wrong.append(f"{named(path)}: html_safe")
            # A format that is put together when the program runs may hold what somebody typed.
            if isinstance(node, ast.Call) and _last_name(node.func) in {"format_html", "format_html_join"}:
                fixed = node.args[1:2] if _last_name(node.func) == "format_html_join" else node.args[:1]
                if not all(isinstance(part, ast.Constant) for part in fixed):
                    wrong.append(f"{named(path)}: line {node.lineno}")
    assert not wrong


def _last_name(function: ast.expr) -> str:
    """`c` of `a.b.c`."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_no_template_marks_a_text_as_safe() -> None:
    found = [
        f"{named(path)}: {match[0]}"
        for path in templates()
        for match in re.finditer(r"\|\s*safe(seq)?\b|autoescape\s+off", path.read_text(encoding="utf-8"))
    ]
    assert templates()
    assert not found


# Nothing happens behind the back of a verb


def test_no_signal_is_used_but_before_and_after_migrate() -> None:
    wrong = []
    for path in app_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and re.search(r"(^|\.)(signals|dispatch)(\.|$)", node.module or ""):
                names = {name.name for name in node.names} - {"pre_migrate", "post_migrate"}
                wrong += [f"{named(path)}: {name}" for name in names]
            if isinstance(node, ast.ImportFrom) and "signals" in {name.name for name in node.names}:
                wrong.append(f"{named(path)}: signals")
            if isinstance(node, ast.Import):
                wrong += [f"{named(path)}: {name.name}" for name in node.names if "signals" in name.name.split(".")]
    assert not wrong


# Settings


def variables() -> set[str]:
    """The environment variables that config/settings.py reads."""
    read = set()
    for node in ast.walk(parsed(ROOT / "config" / "settings.py")):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            of_env = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "env"
            if of_env or _last_name(node.func) == "required":
                read.add(str(node.args[0].value))
    return read


def test_every_variable_that_the_settings_read_is_explained_to_operators() -> None:
    assert {"SECRET_KEY", "SECOND_FACTOR_KEYS", "DATABASE_URL", "ALLOWED_HOSTS", "SITE_URL"} <= variables()
    explained = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")))
    assert not variables() - explained


def test_only_the_settings_read_the_environment() -> None:
    found = [
        f"{named(path)}: line {node.lineno}"
        for path in app_files()
        if named(path) not in {"config/settings.py", "config/wsgi.py"}
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert not found
