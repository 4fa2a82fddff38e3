"""The questions a person is asked, one a page, and which of them her answers make needless. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from portal.casework.kinds import WITHOUT_SUBJECT, Goal, Relationship, ways
from portal.casework.models import CaseKind
from portal.tenancy.models import SchoolLaw

Answers = Mapping[str, str]


class Question(StrEnum):
    """A page of the form; its name is part of the page's address."""

    START = "start"
    KIND = "kind"
    WHO = "who"
    PERSON = "person"
    DETAILS = "details"
    NAME = "name"
    CONTACT = "contact"
    ANSWER = "answer"


def questions(answers: Answers, law: SchoolLaw | None) -> tuple[Question, ...]:
    """The pages in order, for what has been answered so far."""
    goal = Goal(answers["goal"]) if answers.get("goal") in set(Goal) else None
    pages = [Question.START]
    if goal is None or len(ways(goal, law)) > 1:
        pages.append(Question.KIND)
    kind = kind_of(answers, law)
    if kind not in WITHOUT_SUBJECT:
        pages.append(Question.WHO)
        if answers.get("relationship") in {Relationship.CHILD, Relationship.OTHER}:
            pages.append(Question.PERSON)
    return (*pages, Question.DETAILS, Question.NAME, Question.CONTACT, Question.ANSWER)


def kind_of(answers: Answers, law: SchoolLaw | None) -> CaseKind | None:
    """What is asked for; None while it is not clear, also when a changed goal leaves an older choice behind."""
    if answers.get("goal") not in set(Goal):
        return None
    possible = ways(Goal(answers["goal"]), law)
    if len(possible) == 1:
        return possible[0]
    return CaseKind(answers["kind"]) if answers.get("kind") in possible else None


def is_answered(question: Question, answers: Answers, law: SchoolLaw | None) -> bool:
    """Whether a page needs no second look before the answers are sent."""
    match question:
        case Question.START:
            return answers.get("goal") in set(Goal)
        case Question.KIND:
            return kind_of(answers, law) is not None
        case Question.WHO:
            return answers.get("relationship") in set(Relationship)
        case Question.PERSON:
            return bool(answers.get("subject_name")) and answers.get("seen_person") == seen(question, answers, law)
        case Question.NAME:
            return bool(answers.get("requester_name"))
        case Question.DETAILS | Question.CONTACT | Question.ANSWER:
            return answers.get(f"seen_{question}") == seen(question, answers, law)


def seen(question: Question, answers: Answers, law: SchoolLaw | None) -> str:
    """In which form a page is shown after these answers: one that was seen in another asks for other things."""
    match question:
        case Question.PERSON:
            return answers.get("relationship", "")
        case Question.DETAILS:
            return kind_of(answers, law) or ""
        case _:
            return "yes"


def first_unanswered(answers: Answers, law: SchoolLaw | None) -> Question | None:
    """The page to go on with; None when all is said."""
    return next((page for page in questions(answers, law) if not is_answered(page, answers, law)), None)


def before(question: Question, answers: Answers, law: SchoolLaw | None) -> Question | None:
    """The page that "Back" leads to."""
    pages = questions(answers, law)
    place = pages.index(question) if question in pages else 0
    return pages[place - 1] if place else None
