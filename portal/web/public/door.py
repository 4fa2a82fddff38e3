"""What stands behind the public door."""

from portal.web.public import front, schools

BLUEPRINTS = (front.pages, schools.pages)
