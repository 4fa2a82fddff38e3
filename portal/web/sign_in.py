"""Flask-Login on top of the server's own sessions."""

from flask import Flask
from flask_login import LoginManager, UserMixin

from portal.identity.models import Person
from portal.identity.queries import person
from portal.web.session import house


class SignedIn(UserMixin):
    """The signed-in person as Flask-Login wants her."""

    def __init__(self, found: Person) -> None:
        self.person = found

    def get_id(self) -> str:
        return str(self.person.id)


def install(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # the session row itself is rotated, expired and ended

    @manager.user_loader
    def load(person_id: str) -> SignedIn | None:
        with house().database.session() as session:
            found = person(session, int(person_id))
        return SignedIn(found) if found else None
