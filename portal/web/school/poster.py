"""A poster for the school's door: its name, the short address of its public page, and the same address as a picture."""

from urllib.parse import urlsplit

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from portal.core.errors import NotFound
from portal.identity.permissions import Action
from portal.lifecycle.school_setup import crest_of
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES
from portal.web.door import Audience, Door
from portal.web.pictures import qr_picture
from portal.web.session import desk

pages = Door("poster", __name__, audience=Audience.SCHOOL)


@pages.page("/poster", may=Action.SEE_PEOPLE)
def poster() -> ResponseReturnValue:
    """Raises `NotFound` for a trust, which has no page of its own for families."""
    tenant = desk.tenant
    if tenant is None or tenant.kind is not TenantKind.SCHOOL:
        raise NotFound("Only a school has a poster.")
    address = _address(tenant)
    crest = crest_of(desk.session, tenant)
    return render_template(
        "school/poster/poster.html",
        school=tenant,
        address=address,
        short_address=address.split("://", 1)[-1].rstrip("/"),
        picture=qr_picture(address, fills=True),
        is_public=tenant.status in PUBLIC_STATUSES,
        crest=crest.digest[:12] if crest else "",
    )


def _address(school: Tenant) -> str:
    """The shortest address that leads to the school's public page."""
    if school.host:
        return f"{urlsplit(desk.settings.base_url).scheme}://{school.host}/"
    return desk.settings.address(url_for("public_schools.school", slug=school.slug))
