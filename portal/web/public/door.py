"""What stands behind the public door."""

from portal.web.public import cases, front, requests, schools

BLUEPRINTS = (front.pages, schools.pages, requests.pages, cases.pages)
