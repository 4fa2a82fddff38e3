"""What stands behind the public door."""

from portal.web.public import breaches, cases, councils, front, notice, requests, schools

BLUEPRINTS = (front.pages, schools.pages, councils.pages, notice.pages, requests.pages, cases.pages, breaches.pages)
