"""Every table of the house, so that migrations and the scope know them all."""

from portal.audit import models as audit
from portal.casework import models as casework
from portal.core import work
from portal.directory import models as directory
from portal.identity import models as identity
from portal.notices import models as notices
from portal.outbox import models as outbox
from portal.tenancy import models as tenancy

ALL = (work, tenancy, audit, outbox, identity, directory, notices, casework)
