"""`kb user`: accounts of the content team."""

from __future__ import annotations

import getpass
import sys

import click

from kb.accounts.users import UserStore
from kb.errors import AccountError
from kb.model.permissions import User, read_roles
from kb.settings import load_settings
from kb.storage.audit_log import Actor
from web.bootstrap import open_base
from web.cli.common import print_json


@click.group()
def user() -> None:
    """Accounts of the content team: who may sign in, and as what.

    \b
    Examples:
      kb user add anna --role administrator
      kb user roles ben author reviewer
    """


@user.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="What they are; repeat it.")
@click.option("--shown", default="", help="The name that others see.")
@click.option("--email", default="", help="Where reminders of reviews go.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(name: str, roles: tuple[str, ...], shown: str, email: str, password_stdin: bool) -> None:
    """Make an account; the password is asked for, there is none to begin with."""
    name = name.strip().lower()
    found = read_roles(list(roles))
    person = User(name=name, shown=shown or name, roles=found, email=email)
    _accounts().add(person, _password(password_stdin), by=_by())
    click.echo(f"{name} may sign in, as {', '.join(sorted(found))}.")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one object for each.")
def list_people(as_json: bool) -> None:
    """List the accounts."""
    people = _accounts().people()
    for person in people:
        roles = sorted(person.roles)
        if as_json:
            print_json(
                {
                    "name": person.name,
                    "shown": person.shown,
                    "email": person.email,
                    "roles": roles,
                    "disabled": person.disabled,
                }
            )
        else:
            state = "  not in use" if person.disabled else ""
            click.echo(f"{person.name}  {person.shown}  {', '.join(roles)}{state}")
    if not people and not as_json:
        click.echo("There is no account yet. `kb user add NAME --role administrator` makes one.")


@user.command()
@click.argument("name")
@click.argument("roles", nargs=-1, required=True)
def roles(name: str, roles: tuple[str, ...]) -> None:
    """Change what somebody may do; their sessions end."""
    found = read_roles(list(roles))
    _accounts().set_roles(name, found, by=_by())
    click.echo(f"{name} is {', '.join(sorted(found))} now.")


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(name: str, password_stdin: bool) -> None:
    """Set a new password; their sessions end."""
    accounts = _accounts()
    accounts.person(name)
    accounts.set_password(name, _password(password_stdin), by=_by())
    click.echo(f"{name} has a new password.")


@user.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let them in again.")
def disable(name: str, undo: bool) -> None:
    """Let an account in no more; what it did stays in the trail."""
    _accounts().set_disabled(name, not undo, by=_by())
    click.echo(f"{name} may sign in again." if undo else f"{name} may not sign in any more.")


def _accounts() -> UserStore:
    return UserStore(open_base(load_settings()).store.database)


def _by() -> Actor:
    return Actor(getpass.getuser())


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise AccountError("There is no terminal to ask for the password on. Use --password-stdin.")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("The same again: "):
        raise AccountError("These were two different passwords. Nothing was changed.")
    return first
