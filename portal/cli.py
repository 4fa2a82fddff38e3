"""The `portal` command, put together from one file a noun."""

import click

from portal.commands import (
    audit,
    bench_inbox,
    bring,
    cases,
    clock,
    code,
    directory,
    drill,
    init,
    library,
    lint,
    mail,
    merge,
    notice,
    person,
    release,
    school,
    schools,
    secrets,
    serve,
    settings,
)
from portal.commands.errors import PortalGroup
from portal.core import logs


@click.group(cls=PortalGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="portal")
def main() -> None:
    """A privacy portal for schools: notices that stay shared, requests with a clock that explains itself.

    Settings come from the environment; `portal settings` lists them.
    """
    logs.configure()


for command in (
    init.init,
    serve.serve,
    serve.worker,
    settings.settings,
    code.code,
    audit.audit,
    secrets.secrets,
    person.person,
    drill.drill,
    school.school,
    schools.schools,
    notice.notice,
    library.library,
    bench_inbox.bench,
    release.release,
    directory.directory,
    clock.clock,
    merge.merge,
    mail.mail,
    cases.cases,
):
    main.add_command(command)

for command in (bring.import_notice, lint.lint_notice):
    notice.notice.add_command(command)
