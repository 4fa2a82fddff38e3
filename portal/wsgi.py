"""What gunicorn serves."""

import os

from portal import tables  # noqa: F401 - makes every table known
from portal.app import create_app
from portal.settings import load

application = create_app(load(os.environ))
