"""The answers of the request form: as rows to check, and as the request they make."""

from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from portal.casework.intake import NewRequest
from portal.casework.kinds import GOALS, RELATIONSHIPS, WAY_LABELS, Goal, Relationship, ways
from portal.casework.models import CaseKind
from portal.casework.questions import Question, kind_of, questions
from portal.tenancy.models import Tenant

_EXTRA = ("answer_form", "answer_language", "help_needed")
_OF_PERSON = {
    Relationship.CHILD: ("known_by", "connection", "responsibility", "own_view"),
    Relationship.OTHER: ("known_by", "connection", "authority"),
}
"""What is asked about somebody else, by who that is."""


def as_request(answers: dict[str, str], school: Tenant, *, now: datetime, language: str) -> NewRequest:
    """The request that complete answers make. Answers of pages that no longer apply are left out."""
    pages = questions(answers, school.law)
    kind = kind_of(answers, school.law) or CaseKind.QUESTION
    relationship = Relationship(answers["relationship"]) if Question.WHO in pages else Relationship.SELF
    has_person = Question.PERSON in pages
    asked = (*_OF_PERSON[relationship], *_EXTRA) if has_person else _EXTRA
    extra = {name: answers[name] for name in asked if answers.get(name)}
    return NewRequest(
        kind=kind,
        received_at=now,
        requester_name=answers["requester_name"],
        relationship=relationship,
        subject_name=answers["subject_name"] if has_person else answers["requester_name"],
        email=answers.get("email", ""),
        telephone=answers.get("telephone", ""),
        address=answers.get("address", ""),
        contact_notes=answers.get("contact_notes", ""),
        details=answers.get("details", ""),
        language=language,
        is_confidential=is_confidential(answers, school),
        is_about_head=is_about_head(answers, school),
        extra=extra,
    )


def is_about_head(answers: dict[str, str], school: Tenant) -> bool:
    """Whether it goes to the governors or the trust instead: a complaint that was said to be about the head."""
    return kind_of(answers, school.law) is CaseKind.COMPLAINT and answers.get("about_head") == "yes"


def is_confidential(answers: dict[str, str], school: Tenant) -> bool:
    """Whether only the DPO team may see this: a question that was said to be for it alone."""
    return kind_of(answers, school.law) is CaseKind.QUESTION and answers.get("is_confidential") == "yes"


def summary(school: Tenant, answers: dict[str, str], files: list[str]) -> list[dict[str, str]]:
    """The answers as rows of a summary list, each with the way back to its page. `files` are names."""
    goal, kind = Goal(answers["goal"]), kind_of(answers, school.law)
    choices = {"yes": _("Yes"), "no": _("No"), "unsure": _("I am not sure")}
    asked = _OF_PERSON.get(Relationship(answers.get("relationship", "self")), ())
    told = {name: answers.get(name, "") for name in asked}
    ways_of_answer = {"any": _("Any way"), "online": _("On this website or by e-mail"), "paper": _("On paper")}
    rows: dict[Question, list[tuple[str, str]]] = {
        Question.START: [(_("What you want"), _(GOALS[goal]))],
        Question.KIND: [(_("In particular"), _(WAY_LABELS[kind]) if kind and len(ways(goal, school.law)) > 1 else "")],
        Question.WHO: [(_("About"), _(RELATIONSHIPS[Relationship(answers.get("relationship", "self"))]))],
        Question.PERSON: [
            (_("Their name"), answers.get("subject_name", "")),
            (_("Date of birth, class or year"), told.get("known_by", "")),
            (_("How you are related"), told.get("connection", "")),
            (_("Parental responsibility"), choices.get(told.get("responsibility", ""), "")),
            (_("Your child’s own view"), told.get("own_view", "")),
            (_("What shows that you may act"), told.get("authority", "")),
        ],
        Question.DETAILS: [
            (_("Details"), answers.get("details") or _("Nothing added")),
            (_("About the head teacher"), _("Yes") if answers.get("about_head") == "yes" else ""),
            (_("Only for the data protection officer"), _("Yes") if is_confidential(answers, school) else ""),
            (_("Files"), ", ".join(files)),
        ],
        Question.NAME: [(_("Your name"), answers.get("requester_name", ""))],
        Question.CONTACT: [
            (_("E-mail address"), answers.get("email", "")),
            (_("Telephone number"), answers.get("telephone", "")),
            (_("Postal address"), answers.get("address", "")),
            (_("What we should not do"), answers.get("contact_notes", "")),
        ],
        Question.ANSWER: [
            (_("How you get the answer"), ways_of_answer.get(answers.get("answer_form", ""), "")),
            (_("Language"), answers.get("answer_language", "")),
            (_("What would make it easier"), answers.get("help_needed", "")),
        ],
    }
    return [
        {"key": key, "value": value, "href": _address(school, page)}
        for page in questions(answers, school.law)
        for key, value in rows[page]
        if value
    ]


def _address(school: Tenant, page: Question) -> str:
    if page is Question.START:
        return url_for("public_requests.start", slug=school.slug, check=1)
    return url_for("public_requests.question", slug=school.slug, step=page.value, check=1)
