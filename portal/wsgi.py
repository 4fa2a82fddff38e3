"""What gunicorn serves."""

import os
import sys

from portal import tables  # noqa: F401 - makes every table known
from portal.app import create_app
from portal.core.errors import PortalError
from portal.settings import load

_NOT_TO_BE_TRIED_AGAIN = 4
"""With this exit status of a worker gunicorn stops instead of starting the next one."""


try:
    application = create_app(load(os.environ))
except PortalError as error:
    sys.stderr.write(f"portal: {error}\n")
    sys.exit(_NOT_TO_BE_TRIED_AGAIN)
