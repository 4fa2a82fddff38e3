"""The audit trail of a school, a trust or the centre, in words: who did what, when, from where."""

from csv import writer
from io import StringIO

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime
from flask_babel import gettext as _

from portal.audit.actions import record
from portal.audit.rules import LABELS, AuditKind
from portal.core.i18n import N_
from portal.core.limits import ROWS_PER_PAGE
from portal.core.text import neutral_cell
from portal.identity.actions import witness
from portal.identity.permissions import Action, may
from portal.lifecycle.trail import TrailLine, readable_lines
from portal.web.door import Audience, Door
from portal.web.session import desk
from portal.web.shared.beside import is_central

pages = Door("trail", __name__, audience=Audience.SCHOOL)
_EXPORTED = 20_000
_READS = (
    AuditKind.CASE_READ,
    AuditKind.FILE_READ,
    AuditKind.MESSAGE_READ,
    AuditKind.EXPORT_MADE,
    AuditKind.CROSS_TENANT_READ,
)
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": (N_("Everything"), ()),
    "reads": (N_("Who looked"), tuple(kind.value for kind in _READS)),
    "people": (
        N_("People"),
        tuple(kind for kind in AuditKind if kind.startswith(("person", "member", "access", "sign"))),
    ),
    "notice": (N_("Our notice"), tuple(kind for kind in AuditKind if kind.startswith(("override", "notice", "fact")))),
}
ACTORS = {"system": N_("The portal itself"), "requester": N_("The requester"), "person": N_("Somebody who has left")}
SUBJECTS = {
    "case": N_("request"), "person": N_("person"), "page": N_("page"), "tenant": N_("school or trust"),
    "invitation": N_("invitation"), "fact": N_("fact"), "clause": N_("paragraph"), "letter": N_("letter"),
    "audit": N_("audit trail"), "setting": N_("setting"), "mail": N_("message"),
}  # fmt: skip


@pages.page("/audit", may=Action.READ_AUDIT, writes=True)
def trail() -> ResponseReturnValue:
    assert desk.tenant is not None
    group = request.args.get("kind", "")
    group = group if group in GROUPS else ""
    number = request.args.get("before", "")
    before = int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else None
    found = readable_lines(
        desk.session, desk.actor, desk.tenant.id, before=before, kinds=GROUPS[group][1], limit=ROWS_PER_PAGE + 1
    )
    _leave_line(AuditKind.AUDIT_READ)
    more = found[ROWS_PER_PAGE - 1].sequence if len(found) > ROWS_PER_PAGE else 0
    rows = [in_words(line) for line in found[:ROWS_PER_PAGE]]
    return render_template(
        "shared/trail/trail.html", rows=rows, more=more, kind=group, groups=GROUPS,
        is_central=is_central(), may_operate=may(desk.actor, Action.OPERATE, desk.place),
    )  # fmt: skip


@pages.page("/audit.csv", may=Action.READ_AUDIT, writes=True, sudo=True)
def export() -> ResponseReturnValue:
    assert desk.tenant is not None
    out = StringIO()
    rows = writer(out)
    rows.writerow([_("When"), _("Who"), _("What"), _("On what"), _("From where"), _("Number"), _("Hash")])
    for line in readable_lines(desk.session, desk.actor, desk.tenant.id, limit=_EXPORTED):
        rows.writerow([neutral_cell(cell) for cell in (*in_words(line), line.sequence, line.hash)])
    _leave_line(AuditKind.EXPORT_MADE)
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": 'attachment; filename="audit.csv"'}
    return "\ufeff" + out.getvalue(), 200, headers


def in_words(line: TrailLine) -> tuple[str, str, str, str, str]:
    """(when, who, what, on what, from where)."""
    labels: dict[str, str] = {kind.value: text for kind, text in LABELS.items()}
    what = _(labels.get(line.kind, line.kind))
    on_what = " ".join(part for part in (_(SUBJECTS.get(line.subject_kind, line.subject_kind)), line.subject) if part)
    return (
        format_datetime(line.at, "d MMM y, HH:mm:ss"),
        line.who or _(ACTORS.get(line.actor_kind, N_("Anybody"))),
        what,
        f"{on_what} ({line.note})" if line.note else on_what,
        line.origin,
    )


def _leave_line(kind: AuditKind) -> None:
    assert desk.tenant is not None
    record(
        desk.session,
        witness(desk.actor),
        kind,
        tenant_id=desk.tenant.id,
        subject=("audit", desk.tenant.id),
        now=desk.now,
    )
