"""The changes to what is to be done. Rooms use these names."""

from refamp.jobs.actions.bell import cancel_job, enqueue_job, ring, ring_again
from refamp.jobs.actions.outbox import send_email, send_waiting_mail
from refamp.jobs.actions.registry import (
    QUIET,
    Checked,
    LeaseLost,
    Problem,
    Progress,
    Unfit,
    problem,
    register,
    register_upload,
)
from refamp.jobs.actions.retention import erase_expired
from refamp.jobs.actions.uploads import (
    apply_upload,
    check_upload,
    confirm_upload,
    create_upload,
    import_now,
    reject_upload,
    undo_upload,
)
from refamp.jobs.actions.work import execute_job, see_canary

__all__ = [
    "QUIET",
    "Checked",
    "LeaseLost",
    "Problem",
    "Progress",
    "Unfit",
    "apply_upload",
    "cancel_job",
    "check_upload",
    "confirm_upload",
    "create_upload",
    "enqueue_job",
    "erase_expired",
    "execute_job",
    "import_now",
    "problem",
    "register",
    "register_upload",
    "reject_upload",
    "ring",
    "ring_again",
    "see_canary",
    "send_email",
    "send_waiting_mail",
    "undo_upload",
]
