"""What import-linter cannot see of `house.md`: keys that point up, files that should not be, doors without a rule."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from django.urls import URLPattern, get_resolver
from rest_framework.permissions import AllowAny

ROOT = Path(settings.BASE_DIR)
# From the ground up; rooms on one line are siblings.
FLOORS = [
    {"base"},
    {"audit", "jobs"},
    {"territory"},
    {"accounts"},
    {"axes"},
    {"units"},
    {"monitor", "funding"},
    {"evaluation"},
    {"outreach"},
    {"lobby"},
]
HEIGHT = {label: floor for floor, labels in enumerate(FLOORS) for label in labels}
ROOMS = [config for config in apps.get_app_configs() if config.label in HEIGHT]
FURNITURE = {
    "choices",
    "rules",
    "models",
    "formulas",
    "queries",
    "actions",
    "forms",
    "serializers",
    "filters",
    "exchange",
    "tasks",
    "views",
    "api",
    "admin",
    "urls",
    "apps",
    "migrations",
    "management",
    "templatetags",
    "__init__",
}
# What a room has beside its furniture, and why.
EXTRA = {
    "base": None,  # tools: its files are its contents
    "accounts": {"adapter", "authentication", "middleware", "privacy"},  # hooks of libraries; the register of data
    "lobby": {"context"},  # the shell of every page
    "jobs": {"mail", "spreadsheet"},  # a mail backend; reading files, which the worker does for every room
    "audit": {"chain"},
    "territory": {"data"},
    "axes": {"data"},
    "units": {"data"},
}
# A file of its own, and one theme of a room that is already split by theme.
LONGEST, LONGEST_THEME = 420, 560
LIBRARIES = ("account_", "mfa_", "usersessions_", "set_language", "admin_password")


def sources(*folders: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and "node_modules" not in path.parts
    )


CODE = sources("refamp", "axes", "units", "monitor", "evaluation", "funding")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


LONGEST_LINE = 160
# Templates with an {% include %} that still needs a longer line (a tag cannot be broken): to be shortened one day.
TO_BE_REFLOWED = {
    f"templates/units/{name}.html"
    for name in (
        "bodies/composition", "bodies/council", "bodies/partner", "bodies/partners", "bodies/unit", "meetings/list",
        "meetings/meeting", "plans/action", "plans/action_form", "plans/list", "plans/plan", "votes/confirm",
        "votes/count",
    )
}  # fmt: skip


def own_models() -> list[type[models.Model]]:
    return [model for config in ROOMS for model in config.get_models()]


def test_no_key_points_up():
    """The actor of audit and jobs is the one exception."""
    wrong = []
    for model in own_models():
        for field in model._meta.get_fields():
            if not isinstance(field, (models.ForeignKey, models.ManyToManyField)) or field.auto_created:
                continue
            own, other = model._meta.app_label, field.related_model._meta.app_label
            if other not in HEIGHT or (own in {"audit", "jobs"} and field.name == "actor"):
                continue
            if own != other and HEIGHT[other] >= HEIGHT[own]:
                wrong.append(f"{model._meta.label}.{field.name} → {other}")
    assert wrong == []


def test_no_generic_keys():
    assert [
        model._meta.label
        for model in own_models()
        if any(isinstance(field, GenericForeignKey) for field in model._meta.private_fields)
    ] == []


def test_every_constraint_speaks_to_people():
    """It has a message of its own, in words."""
    wrong = [
        f"{model._meta.label}: {constraint.name}"
        for model in own_models()
        for constraint in model._meta.constraints
        if constraint.violation_error_message == constraint.default_violation_error_message
    ]
    assert wrong == []


def test_every_table_has_a_name_in_words():
    assert [model._meta.label for model in own_models() if model.__str__ is models.Model.__str__] == []


def test_no_save_override_no_signals_no_generic_keys_in_the_source():
    wrong = []
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name == "save" and path.name != "admin.py":
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} def save")
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("dispatch"):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} signals")
            if isinstance(node, ast.ImportFrom) and "contenttypes" in (node.module or ""):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} generic keys")
    assert wrong == []


def test_actions_and_models_never_see_a_request_or_a_form():
    wrong = []
    for path in CODE:
        parts = path.relative_to(ROOT).parts
        if not any(part.removesuffix(".py") in {"actions", "queries", "models", "formulas"} for part in parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if name in {"django.http", "django.forms", "django.shortcuts"} or name.startswith("rest_framework"):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert wrong == []


def test_doors_never_save():
    """Views, API and admin call actions; they write nothing themselves."""
    wrong = []
    for path in CODE:
        parts = [part.removesuffix(".py") for part in path.relative_to(ROOT).parts]
        if "base" in parts or not {"views", "api", "tasks"} & set(parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            onto = ast.unparse(node.func.value)
            if node.func.attr in {"bulk_create", "bulk_update", "get_or_create", "update_or_create"} or (
                node.func.attr in {"save", "create", "delete", "update"}
                and (".objects" in onto or node.func.attr == "save")
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {onto}.{node.func.attr}")
    assert wrong == []


def test_rooms_hold_furniture_and_nothing_else():
    wrong = []
    for config in ROOMS:
        extra = EXTRA.get(config.label, set())
        if extra is None:
            continue
        for path in Path(config.path).iterdir():
            name = path.name.removesuffix(".py")
            if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__"):
                wrong += [str(path.relative_to(ROOT))] if name not in FURNITURE | extra else []
    assert wrong == []


@pytest.mark.parametrize("name", ["utils", "helpers", "services", "signals", "common", "misc"])
def test_no_drawer_for_everything(name):
    assert [str(path) for path in CODE if path.stem == name] == []


def test_no_file_grows_past_reading():
    wrong = {}
    for path in CODE:
        lines, inside = (
            path.read_text().count("\n"),
            (path.parent / "__init__.py").exists() and path.parent.name in FURNITURE,
        )
        if lines > (LONGEST_THEME if inside else LONGEST):
            wrong[str(path.relative_to(ROOT))] = lines
    assert wrong == {}


def views(resolver, space=""):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name or ''}", pattern.callback
        elif pattern.namespace != "admin":
            yield from views(pattern, f"{pattern.namespace}:" if pattern.namespace else space)


def test_every_address_has_a_rule():
    """A page's door declares it; an API view has `read_rule`; the login library's pages guard themselves."""
    wrong = []
    for name, view in views(get_resolver()):
        if name.startswith(LIBRARIES) or hasattr(view, "rule"):
            continue
        cls = getattr(view, "cls", None)
        if cls is None or not hasattr(cls, "read_rule") or AllowAny in getattr(cls, "permission_classes", []):
            wrong.append(name)
    assert wrong == []


def test_a_line_of_a_template_can_be_read():
    """One block tag or block-level element a line. A line that is one translated string is as long as the string."""
    string = re.compile(r"""\s*{% translate (?:"[^"]*"|'[^']*')(?: as \w+)? %}""")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in TEMPLATES
        if str(path.relative_to(ROOT)) not in TO_BE_REFLOWED
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST_LINE and not string.fullmatch(line)
    ]
    assert wrong == []


def test_templates_hold_neither_style_nor_script():
    """The content security policy would refuse them. Data for a script (`application/json`) is not a script."""
    style, handler = re.compile(r"<style|\sstyle="), re.compile(r"\son[a-z]+=[\"']")
    script = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>")
    wrong = []
    for path in TEMPLATES:
        text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
        wrong += [str(path.relative_to(ROOT)) for pattern in (style, handler, script) if pattern.search(text)]
    assert wrong == []


def test_templates_ask_nothing_of_other_servers():
    """Links lead elsewhere; nothing is loaded from there."""
    loaded = re.compile(
        r"""(?:<(?:script|img|iframe|source|audio|video)[^>]*\ssrc|<link[^>]*\shref)=["'](?:https?:)?//"""
    )
    assert [str(path.relative_to(ROOT)) for path in TEMPLATES if loaded.search(path.read_text())] == []


def test_components_are_included_with_only():
    """A component gets what it is given and sees nothing else."""
    include = re.compile(r"{%\s*include\s+[\"']components/[^%]*%}")
    wrong = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in TEMPLATES
        for found in include.findall(path.read_text())
        if not re.search(r"\bonly\s*%}", found)
    ]
    assert wrong == []


def test_no_two_libraries_of_template_tags_give_one_name():
    """A page that loads both would get whichever it loaded last."""
    places: dict[str, set[str]] = {}
    for room in ROOMS:
        for path in Path(room.path).glob("templatetags/[a-z]*.py"):
            library = import_module(f"{room.name}.templatetags.{path.stem}").register
            for name in [*library.filters, *library.tags]:
                places.setdefault(name, set()).add(f"{room.label}.{path.stem}")
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_tests_mirror_the_rooms():
    """A folder of tests per room, each with tests in it, and no test outside."""
    known = {config.label for config in ROOMS} | {"journeys"}
    folders = {path.parent.name for path in (ROOT / "tests").rglob("test_*.py") if path.parent.name != "tests"}
    assert sorted(folders - known - {"bin", "launch", "launcher", "front"}) == []


def test_no_test_is_empty():
    """An empty test is worse than none: beside its docstring it does something."""
    wrong = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                does = [line for line in node.body if not isinstance(line, ast.Pass)]
                if all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in does):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert wrong == []


def test_the_top_of_the_house_holds_what_it_should():
    known = {
        *{"manage.py", "refamp", "axes", "units", "monitor", "evaluation", "funding", "templates", "static", "tests"},
        *{"bin", "docs", "requirements.txt", "requirements.in", "pyproject.toml", "package.json", "package-lock.json"},
        *{"compose.yaml", "README.md"},
    }
    tracked = {
        path.name
        for path in ROOT.iterdir()
        if not path.name.startswith(".") and path.name not in {"node_modules", "__pycache__"}
    }
    assert sorted(tracked - known) == []
