"""The blueprint of pages that belong to no single door."""

from portal.web.door import Audience, Door

pages = Door("shared", __name__, audience=Audience.SIGNED_IN)
