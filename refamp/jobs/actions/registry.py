"""Which kinds of work exist, and what a handler is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from django.utils.functional import Promise

from refamp.base.errors import Refused
from refamp.jobs.rules import MAY_SEE_UPLOAD, MAY_SEND_UPLOAD

if TYPE_CHECKING:
    from refamp.jobs.models import Job, Upload

MOST_PROBLEMS = 1000


class LeaseLost(Exception):  # noqa: N818 - reads as what happened
    """Another worker holds this job now: whatever this one did is rolled back."""


class Progress(Protocol):
    """How far the work is."""

    def set(self, done: int, total: int, message: str | Promise = "") -> None:
        """Tell whoever watches: `done` of `total` (0: not known). Cheap: written at most twice a second."""

    def check(self) -> None:
        """Raise LeaseLost when the work has been given to another worker."""


class Quiet:
    """Progress that nobody watches: for commands and tests."""

    def set(self, done: int, total: int, message: str | Promise = "") -> None: ...

    def check(self) -> None: ...


QUIET = Quiet()


class Problem(TypedDict):
    """What is wrong in a file, and where: `row` as the spreadsheet numbers it, None where it concerns the whole."""

    row: int | None
    column: str | None
    code: str
    detail: str


def problem(code: str, detail: str | Promise, *, row: int | None = None, column: str | None = None) -> Problem:
    return {"row": row, "column": column, "code": code, "detail": str(detail)}


@dataclass
class Checked:
    """What the check of a file found.

    `problem_count` is exact even where `problems` holds only the first thousand. `summary` is what the import would do:
    `{"counts": [{"label", "value"}], "preview": {"columns": [...], "rows": [[...]]}}`, both optional.
    """

    rows: int
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    summary: dict[str, Any] = field(default_factory=dict)


class Unfit(Refused):
    """Raised by `apply` where what the check found right is right no longer: the file is rejected with these."""

    def __init__(self, problems: list[Problem], problem_count: int) -> None:
        super().__init__(problems[0]["detail"], code=problems[0]["code"])
        self.problems, self.problem_count = problems, problem_count


Handler = Callable[["Job", Progress], "dict[str, Any] | None"]


@dataclass(frozen=True)
class Kind:
    handler: Handler
    failed: "Callable[[Job, str], None] | None"
    label: str | Promise


@dataclass(frozen=True)
class UploadKind:
    check: "Callable[[Upload, Progress], Checked]"
    apply: "Callable[[Upload, Progress], dict[str, Any]]"
    undo: "Callable[[Upload], dict[str, Any]] | None"
    template: str
    label: str | Promise
    back: "Callable[[Upload], str] | None"


KINDS: dict[str, Kind] = {}
UPLOADS: dict[str, UploadKind] = {}


def register(
    kind: str,
    handler: Handler,
    *,
    failed: "Callable[[Job, str], None] | None" = None,
    label: str | Promise = "",
) -> None:
    """Say what does the work of this kind; called from a room's `AppConfig.ready()`.

    The handler runs inside the transaction that also marks the job done: exactly once in effect. It may raise Refused
    (the message is shown, no second try). `failed(job, message)` runs in the transaction that marks it failed for good.
    """
    KINDS[kind] = Kind(handler, failed, label or kind)


def register_upload(
    kind: str,
    *,
    check: "Callable[[Upload, Progress], Checked]",
    apply: "Callable[[Upload, Progress], dict[str, Any]]",
    undo: "Callable[[Upload], dict[str, Any]] | None",
    may_see: Callable[[Any, Any], bool] | None,
    may_send: Callable[[Any], bool] | None = None,
    template: str = "",
    label: str | Promise = "",
    back: "Callable[[Upload], str] | None" = None,
) -> None:
    """Say how files of this kind are checked, applied and undone; called from a room's `AppConfig.ready()`.

    `check` writes nothing. `apply` and `undo` run in one transaction with the change of state; who asked for it is
    `upload.job.actor`; they record it in the audit, and return what they did in the shape of `Checked.summary`.
    `may_see(user, upload)` says who beside its sender looks at one, `may_send(user)` who sends any: a sender who has
    lost that right also loses the files sent before. `template` shows the summary its own way; `back(upload)` is the
    address of what the file is imported into.
    """
    UPLOADS[kind] = UploadKind(check, apply, undo, template, label or kind, back)
    if may_see is not None:
        MAY_SEE_UPLOAD[kind] = may_see
    if may_send is not None:
        MAY_SEND_UPLOAD[kind] = may_send
