"""What stands behind the public door."""

from portal.web.public import breaches, cases, councils, feeds, front, intake, notice, schools, subscriptions

BLUEPRINTS = (
    front.pages,
    schools.pages,
    councils.pages,
    notice.pages,
    subscriptions.pages,
    intake.pages,
    cases.pages,
    breaches.pages,
    feeds.pages,
)
