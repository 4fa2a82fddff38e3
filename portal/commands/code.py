"""`portal code`: what an authenticator app would show for a member of the cast; development only."""

import click
from pyotp import TOTP

from portal.commands.house import current_settings
from portal.core.errors import PortalError, SettingsError
from portal.core.secrets import Keys
from portal.lifecycle.demo import read_cast


@click.command()
@click.argument("email")
def code(email: str) -> None:
    """Print the sign-in code of a member of the demonstration's cast, by e-mail address or first name."""
    settings = current_settings()
    if settings.is_production:
        raise SettingsError("PORTAL_ENV: codes of the demonstration do not exist in production.")
    wanted = email.lower()
    for member in read_cast(settings.tenants_dir, Keys(settings.secret_keys)):
        if wanted in {member.email, member.name.split()[0].lower()}:
            click.echo(TOTP(member.totp_secret).now())
            return
    raise PortalError(f"Nobody in the cast is called {email}.")
