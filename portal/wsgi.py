"""What gunicorn serves."""

import os

from portal import tables
from portal.app import create_app
from portal.settings import load

assert tables.ALL
application = create_app(load(os.environ))
