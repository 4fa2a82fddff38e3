"""What every page shows around its content: whose page it is, where one can go, languages, messages."""

from typing import Any

from flask import Flask, current_app, g, get_flashed_messages, request, session, url_for
from flask_babel import format_date, format_datetime, gettext

from portal.core.errors import NotFound
from portal.core.i18n import N_
from portal.identity.permissions import Action, may
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import service
from portal.web.assets import use_components
from portal.web.languages import LANGUAGES, current_language
from portal.web.session import Desk

OUR_SCHOOL, OUR_TRUST = N_("Our school"), N_("Our trust")
SCHOOL_PAGES = (
    (Action.SEE_TODAY, "school_today.today", "Today"),
    (Action.LIST_CASES, "school_inbox.inbox", "Requests"),
    (Action.READ_NOTICE, "school_notice.notice", "Our notice"),
    (Action.SEE_PEOPLE, "school_school.school", OUR_SCHOOL),
)
CENTRAL_PAGES = (
    (Action.SEE_TODAY, "central_today.today", "Today"),
    (Action.LIST_CASES, "central_inbox.inbox", "Requests"),
    (Action.LIST_TENANTS, "central_schools.schools", "Schools"),
    (Action.READ_NOTICE, "central_library.library", "Shared wording"),
    (Action.READ_DIRECTORY, "central_directory.directory", "Councils"),
    (Action.OPERATE, "central_operations.operations", "Operations"),
)
SECTION_OF = {
    "school_asking": "school_inbox",
    "school_case": "school_inbox",
    "school_bring": "school_notice",
    "school_check": "school_notice",
    "school_people": "school_school",
    "school_poster": "school_school",
    "school_trail": "school_school",
    "central_case": "central_inbox",
    "central_holidays": "central_inbox",
    "central_onboarding": "central_schools",
    "central_register": "central_schools",
    "central_bring": "central_library",
    "central_check": "central_library",
    "central_reviews": "central_library",
    "central_successions": "central_directory",
    "central_people": "central_operations",
    "central_trail": "central_operations",
    "central_trails": "central_operations",
}
"""Under which entry of the navigation a page stands that has none of its own."""


def install(app: Flask) -> None:
    use_components(app)
    app.jinja_env.filters["day"] = lambda value: format_date(value, "EEEE d MMMM y") if value else ""
    app.jinja_env.filters["short_day"] = lambda value: format_date(value, "EEE d MMM y") if value else ""
    app.jinja_env.filters["moment"] = lambda value: format_datetime(value, "d MMM y, HH:mm") if value else ""
    app.context_processor(page_chrome)


def page_chrome() -> dict[str, Any]:
    """The variables that `layout.html` reads."""
    desk: Desk | None = g.get("desk")
    language = current_language()
    tenant = desk.tenant if desk else None
    public_school = g.get("public_school")
    centre = _service(desk)
    name_of_service = centre.name if centre else str(gettext("School privacy notices"))
    owner = public_school or (tenant if tenant is not None and tenant.kind != TenantKind.SERVICE else None)
    shown = owner or centre
    in_demonstration = bool(centre and centre.is_demonstration)
    return {
        "page_lang": language.code,
        "page_dir": language.direction,
        "language_is_checked": language.is_checked,
        "owner_name": owner.name if owner else name_of_service,
        "owner_href": _home(desk, owner),
        "service_name": name_of_service,
        "colour_href": url_for("public_schools.colour", slug=owner.slug) if owner is not None and owner.colour else "",
        "navigation": _navigation(desk),
        "languages": _languages(desk),
        "messages": get_flashed_messages(with_categories=True) if session.accessed else [],
        "demonstration": bool((shown and shown.is_demonstration) or in_demonstration),
        "real_school": bool(in_demonstration and public_school and not public_school.is_demonstration),
        "signed_in_name": desk.actor.name if desk and desk.actor.person_id else "",
        "sign_out_form": bool(desk and desk.actor.person_id),
    }


def _service(desk: Desk | None) -> Tenant | None:
    """The service as set up; None on error pages and before the set-up."""
    try:
        return service(desk.session) if desk else None
    except NotFound:
        return None


def _home(desk: Desk | None, owner: Tenant | None) -> str:
    if desk is not None and desk.actor.person_id:
        return url_for("shared.home")
    if owner is not None and owner.kind == TenantKind.SCHOOL:
        return url_for("public_schools.school", slug=owner.slug)
    return url_for("public_front.front")


def _languages(desk: Desk | None) -> list[tuple[str, str, str, str]]:
    if desk is None or desk.policy.audience != "public" or request.method != "GET" or request.endpoint is None:
        return []
    kept = {key: value for key, value in request.args.items() if key != "lang"}
    values: dict[str, Any] = {**kept, **(request.view_args or {})}
    return [
        (code, language.name, url_for(request.endpoint, **{**values, "lang": code}), language.direction)
        for code, language in LANGUAGES.items()
    ]


def _navigation(desk: Desk | None) -> list[tuple[str, str, str]]:
    """(text, address, what `aria-current` says of it: "page", "true" for a page below it, or nothing)."""
    if (
        desk is None
        or desk.tenant is None
        or not desk.actor.person_id
        or desk.policy.audience not in {"school", "central"}
    ):
        return []
    central = desk.policy.audience == "central"
    place = desk.place
    values: dict[str, Any] = {} if central else {"slug": desk.tenant.slug}
    return [
        (gettext(_of_trust(text, desk.tenant)), url_for(endpoint, **values), _current(endpoint))
        for action, endpoint, text in (CENTRAL_PAGES if central else SCHOOL_PAGES)
        if may(desk.actor, action, place) and endpoint in current_app.view_functions
    ]


def _current(endpoint: str) -> str:
    here = str(request.endpoint)
    if here == endpoint:
        return "page"
    section = here.rpartition(".")[0]
    return "true" if SECTION_OF.get(section, section) == endpoint.rpartition(".")[0] else ""


def _of_trust(text: str, tenant: Tenant) -> str:
    """A trust reads its own name where a school reads "school"."""
    return OUR_TRUST if text == OUR_SCHOOL and tenant.kind is TenantKind.TRUST else text
