"""What waits for the DPO team about schools' wording: drafts to review, merges to agree to, questions, late answers."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Conflict, Invalid, NotFound
from portal.identity.permissions import Action, may
from portal.identity.queries import names
from portal.notices import actions, decisions
from portal.notices.models import Decision
from portal.notices.overview import draft_in_review, review_queue, titles
from portal.notices.wording import notice_desk
from portal.tenancy.models import Tenant
from portal.tenancy.queries import tenant_by_slug
from portal.web.door import Audience, Door
from portal.web.forms.notices import CommentForm
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk
from portal.web.shared.differences import pieces, three_sides

pages = Door("reviews", __name__, audience=Audience.CENTRAL)
REASON = "reviewing schools' wording"


@pages.page("/reviews", may=Action.READ_NOTICE, cross_tenant=REASON)
def reviews() -> ResponseReturnValue:
    return render_template(
        "central/reviews/reviews.html", lines=review_queue(desk.session, now=desk.now), titles=_titles()
    )


@pages.page("/reviews/<school>/drafts/<key>", may=Action.READ_NOTICE, methods=("GET", "POST"), cross_tenant=REASON)
def draft(school: str, key: str) -> ResponseReturnValue:
    tenant = tenant_by_slug(desk.session, school)
    desk.in_turn(f"school {tenant.id}")
    row = draft_in_review(desk.session, tenant, key)
    if row is None:
        raise NotFound("Nothing waits for review here.")
    board = notice_desk(desk.session, tenant, now=desk.now, shelf=page_cache().shelf(desk.session).of(row.kind))
    form = CommentForm(data={"seen": str(row.version)})
    seen = form.seen_version
    if form.validate_on_submit():
        try:
            if request.form.get("do") == "approve":
                actions.approve(
                    desk.session, desk.actor, tenant, board, key, seen=seen, comment=form.comment.data or "",
                    now=desk.now,
                )  # fmt: skip
                page_cache().forget()
                flash(_("Approved and published."), "success")
            else:
                actions.send_back(
                    desk.session, desk.actor, tenant, key, seen=seen, comment=form.comment.data or "", now=desk.now
                )
                flash(_("Sent back to the school with your comment."), "success")
            return redirect(url_for(".reviews"))
        except (Invalid, Conflict) as error:
            _refuse(form, error)
    wording = board.clause(key)
    talk = decisions.comments(desk.session, tenant, key)
    return render_template(
        "central/reviews/draft.html", school=tenant, row=row, wording=wording, form=form, talk=talk,
        changed=pieces(wording.parent, row.text), present=pieces(wording.text, row.text),
        people=names(desk.session, {one.written_by for one in talk if one.written_by}), may_review=_may_review(tenant),
    ), 409 if form.form_errors else 422 if form.errors else 200  # fmt: skip


@pages.page(
    "/reviews/<school>/questions/<int:decision_id>", may=Action.READ_NOTICE, methods=("GET", "POST"),
    cross_tenant=REASON,
)  # fmt: skip
def question(school: str, decision_id: int) -> ResponseReturnValue:
    """Agree to a merge, or answer a school that asked: the choice itself stays the school's."""
    tenant = tenant_by_slug(desk.session, school)
    desk.in_turn(f"school {tenant.id}")
    row = decisions.decision(desk.session, tenant, decision_id, lock=request.method == "POST")
    form = CommentForm()
    if form.validate_on_submit():
        try:
            _answer(tenant, row, form.comment.data or "")
            return redirect(url_for(".reviews"))
        except (Invalid, Conflict) as error:
            _refuse(form, error)
    merged = decisions.merge_of(desk.session, row)
    base, shared, local = decisions.three_texts(desk.session, row)
    talk = decisions.comments(desk.session, tenant, row.key)
    return render_template(
        "central/reviews/question.html", school=tenant, row=row, form=form, talk=talk, merged=merged,
        sides=three_sides(merged, base, shared, local), changed=pieces(base, shared),
        result=pieces(local, merged.text), may_review=_may_review(tenant), titles=_titles(),
        people=names(desk.session, {one.written_by for one in talk if one.written_by}),
    ), 409 if form.form_errors else 422 if form.errors else 200  # fmt: skip


def _refuse(form: CommentForm, error: Invalid | Conflict) -> None:
    """The page again with the reason: at the comment, or above all where somebody else was first."""
    g.must_roll_back = True
    if isinstance(error, Invalid):
        form.comment.errors = [error.message]
    else:
        form.form_errors = [error.args[0]]


def _answer(tenant: Tenant, row: Decision, comment: str) -> None:
    """Agree, where that was pressed, with what was written beside it; else only what was written."""
    if request.form.get("do") == "agree":
        decisions.agree(desk.session, desk.actor, tenant, row, now=desk.now)
        decisions.comment(desk.session, desk.actor, tenant, row.key, comment, now=desk.now)
        page_cache().forget()
        flash(_("Agreed: the merged words are published."), "success")
    else:
        decisions.advise(desk.session, desk.actor, tenant, row, comment, now=desk.now)
        flash(_("Your answer stands beside the school’s question."), "success")


def _titles() -> dict[str, str]:
    return titles(page_cache().shelf(desk.session))


def _may_review(tenant: Tenant) -> bool:
    return may(desk.actor, Action.REVIEW_OVERRIDE, desk.place_of(tenant))
