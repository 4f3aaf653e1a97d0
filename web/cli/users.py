"""`kb user`: manage accounts."""

from __future__ import annotations

import getpass
import sys

import click

from kb.accounts.users import UserStore
from kb.errors import AccountError
from kb.model.permissions import User, parse_roles
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import current_actor, print_json


@click.group()
def user() -> None:
    """Manage the accounts of the content team.

    \b
    Examples:
      kb user add anna --role administrator
      kb user roles ben author reviewer
    """


@user.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="Role; repeat for several.")
@click.option("--shown", default="", help="Display name.")
@click.option("--email", default="", help="Address for review reminders.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(name: str, roles: tuple[str, ...], shown: str, email: str, password_stdin: bool) -> None:
    """Create an account and ask for its password."""
    name = name.strip().lower()
    parsed = parse_roles(list(roles))
    account = User(name=name, display_name=shown or name, roles=parsed, email=email)
    _accounts().add(account, _password(password_stdin), actor=current_actor())
    click.echo(f"Created the account {name} with the roles: {', '.join(sorted(parsed))}.")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per account.")
def list_users(as_json: bool) -> None:
    """List the accounts."""
    users = _accounts().list_users()
    for account in users:
        roles = sorted(account.roles)
        if as_json:
            print_json(
                {
                    "name": account.name,
                    "shown": account.display_name,
                    "email": account.email,
                    "roles": roles,
                    "disabled": account.disabled,
                }
            )
        else:
            state = "  disabled" if account.disabled else ""
            click.echo(f"{account.name}  {account.display_name}  {', '.join(roles)}{state}")
    if not users and not as_json:
        click.echo("There are no accounts. Run `kb user add NAME --role administrator`.")


@user.command()
@click.argument("name")
@click.argument("roles", nargs=-1, required=True)
def roles(name: str, roles: tuple[str, ...]) -> None:
    """Replace the roles of an account and end its sessions."""
    parsed = parse_roles(list(roles))
    _accounts().set_roles(name, parsed, actor=current_actor())
    click.echo(f"{name} now has the roles: {', '.join(sorted(parsed))}.")


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(name: str, password_stdin: bool) -> None:
    """Set a new password for an account and end its sessions."""
    accounts = _accounts()
    accounts.get_user(name)  # raises before asking for a password
    accounts.set_password(name, _password(password_stdin), actor=current_actor())
    click.echo(f"The password of {name} is changed.")


@user.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Enable the account again.")
def disable(name: str, undo: bool) -> None:
    """Disable an account. Its entries stay in the audit log."""
    _accounts().set_disabled(name, not undo, actor=current_actor())
    click.echo(f"{name} is {'enabled' if undo else 'disabled'}.")


def _accounts() -> UserStore:
    return UserStore(open_base(load_settings()).store.database)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise AccountError("There is no terminal to enter the password. Use --password-stdin.")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Repeat the password: "):
        raise AccountError("The passwords do not match, so nothing was changed. Try again.")
    return first
