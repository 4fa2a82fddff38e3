"""Who has access: inviting, changing a role, ending access, the yearly review. For a school, a trust or the centre."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Invalid, NotFound
from portal.core.text import clean
from portal.identity.actions import change_role, confirm_access, end_access
from portal.identity.invitations import Guest, invite, withdraw_invitation
from portal.identity.models import Membership, Person
from portal.identity.permissions import Action, Role, may
from portal.identity.queries import invitations_of, last_review, membership_in, names, people_in
from portal.identity.rules import ROLE_NAMES, is_review_due, roles_for
from portal.tenancy.models import Tenant
from portal.web.door import Audience, Door
from portal.web.forms.fields import number
from portal.web.forms.people import InvitationForm, RoleForm
from portal.web.forms.sign_in import NothingForm
from portal.web.session import desk
from portal.web.shared.beside import is_central

pages = Door("people", __name__, audience=Audience.SCHOOL)


@pages.page("/people", may=Action.SEE_PEOPLE)
def people() -> ResponseReturnValue:
    tenant = _tenant()
    review = last_review(desk.session, tenant.id)
    reviewer = names(desk.session, {review.reviewed_by}) if review else {}
    return render_template(
        "shared/people/people.html",
        people=people_in(desk.session, [tenant.id]),
        invitations=invitations_of(desk.session, tenant.id, now=desk.now),
        role_names=ROLE_NAMES,
        is_central=is_central(),
        may_operate=may(desk.actor, Action.OPERATE, desk.place),
        review=review,
        reviewer=reviewer.get(review.reviewed_by, "") if review else "",
        is_due=is_review_due(review.reviewed_at if review else None, since=tenant.created_at, now=desk.now),
        may_manage=may(desk.actor, Action.MANAGE_PEOPLE, desk.place),
        may_review=may(desk.actor, Action.REVIEW_ACCESS, desk.place),
        nothing=NothingForm(formdata=None),
    )


@pages.page("/people/invitations/new", may=Action.MANAGE_PEOPLE, methods=("GET", "POST"), sudo=True)
def invitation() -> ResponseReturnValue:
    tenant, form = _tenant(), InvitationForm()
    form.role.choices = _choices(tenant)
    if not form.validate_on_submit():
        return render_template("shared/people/invitation.html", form=form), 422 if form.errors else 200
    guest = Guest(form.name.data or "", form.email.data or "", Role(form.role.data))
    base_url = desk.settings.base_url
    invite(desk.session, desk.actor, tenant, guest, place=desk.place, base_url=base_url, now=desk.now)
    flash(_("An invitation is on its way to %(email)s.", email=form.email.data), "success")
    return redirect(url_for(".people"))


@pages.page(
    "/people/invitations/<int:invitation_id>/withdrawal", may=Action.MANAGE_PEOPLE, methods=("POST",), sudo=True
)
def withdrawal(invitation_id: int) -> ResponseReturnValue:
    withdraw_invitation(desk.session, desk.actor, _tenant(), invitation_id, place=desk.place, now=desk.now)
    flash(_("The invitation no longer works."), "success")
    return redirect(url_for(".people"))


@pages.page("/people/<int:membership_id>/role", may=Action.MANAGE_PEOPLE, methods=("GET", "POST"), sudo=True)
def role(membership_id: int) -> ResponseReturnValue:
    tenant = _tenant()
    desk.in_turn(f"people {tenant.id}")
    found, membership = _found(tenant, membership_id)
    form = RoleForm(role=membership.role.value)
    form.role.choices = _choices(tenant)
    if form.validate_on_submit():
        try:
            new = Role(form.role.data)
            change_role(desk.session, desk.actor, tenant, membership.id, new, place=desk.place, now=desk.now)
        except Invalid as error:
            form.role.errors = [_(error.message)]
        else:
            flash(_("%(name)s has the new role from now on.", name=found.name), "success")
            return redirect(url_for(".people"))
    action = url_for(".role", membership_id=membership.id)
    page = render_template("shared/people/role.html", form=form, person=found, action=action)
    return page, form.status


@pages.page("/people/<int:membership_id>/end", may=Action.MANAGE_PEOPLE, methods=("GET", "POST"), sudo=True)
def end(membership_id: int) -> ResponseReturnValue:
    tenant, form = _tenant(), NothingForm()
    found, _membership = _found(tenant, membership_id)
    if form.validate_on_submit():
        try:
            end_access(desk.session, desk.actor, tenant, membership_id, place=desk.place, now=desk.now)
        except Invalid as error:
            form.form_errors = [_(error.message)]
        else:
            flash(_("%(name)s has no access here any more.", name=found.name), "success")
            return redirect(url_for(".people"))
    return render_template("shared/people/end.html", form=form, person=found), 422 if form.form_errors else 200


@pages.page("/people/review", may=Action.REVIEW_ACCESS, methods=("POST",), sudo=True)
def review() -> ResponseReturnValue:
    named = map(number, clean(request.form.get("memberships", "")).split(","))
    seen = [membership_id for membership_id in named if membership_id is not None]
    confirm_access(desk.session, desk.actor, _tenant(), seen, place=desk.place, now=desk.now)
    flash(_("Thank you. We ask again in a year."), "success")
    return redirect(url_for(".people"))


def _tenant() -> Tenant:
    assert desk.tenant is not None
    return desk.tenant


def _choices(tenant: Tenant) -> list[tuple[str, str]]:
    return [(one.value, _(ROLE_NAMES[one])) for one in roles_for(tenant.kind)]


def _found(tenant: Tenant, membership_id: int) -> tuple[Person, Membership]:
    """A role that was changed since the page was opened is found as the one that took its place."""
    row = membership_in(desk.session, tenant.id, membership_id)
    if row is None:
        raise NotFound("There is no such role.")
    return row
