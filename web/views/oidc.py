"""OpenID Connect login: authorization code flow with PKCE.

State, nonce and code verifier are stored in the database for ten minutes, under a key that only the
browser's cookie contains, and used once. Endpoints come from the issuer's discovery document. The
ID token must have a valid signature, issuer, audience, time and nonce.
"""

from __future__ import annotations

import hmac
import re
import time
from http import HTTPStatus
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kb.accounts.sessions import ExternalIdentity, OidcState
from kb.errors import AccountError, NotFoundError, OidcError
from kb.model.permissions import User
from kb.settings import Settings
from web.context import absolute_urls, current_services
from web.middleware import auth
from web.middleware.proxy_auth import roles_of
from web.views.login import safe_redirect_path, show_page, start_session

blueprint = Blueprint("oidc", __name__)

COOKIE = "kb-directory"  # set during the redirect to the identity provider
TIMEOUT_SECONDS = 10
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
LEEWAY_SECONDS = 60  # accepted clock skew
SCOPE = "openid profile email"
INVALID_NAME_CHARACTERS = re.compile(r"[^a-z0-9._@+-]+")


@blueprint.get("/sign-in/directory")
@auth.public
def begin() -> ResponseReturnValue:
    """Redirect to the identity provider."""
    settings = _settings()
    next_path = safe_redirect_path(request.args.get("next", ""))
    try:
        metadata = _metadata(settings)
        key, state = current_services().accounts.sessions.begin_oidc(next_path)
        address, _ = _client(settings).create_authorization_url(
            metadata["authorization_endpoint"],
            state=state.state,
            nonce=state.nonce,
            code_verifier=state.verifier,
        )
    except OidcError as error:
        return show_page(next_path, "", error, HTTPStatus.BAD_GATEWAY)
    response = redirect(address, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE, key, max_age=600, secure=auth.is_secure(), httponly=True, samesite="Lax"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/sign-in/directory/back")
@auth.public
def callback() -> ResponseReturnValue:
    """Validate the response of the identity provider and start a session."""
    settings, next_path = _settings(), ""
    try:
        state = current_services().accounts.sessions.finish_oidc(request.cookies.get(COOKIE, ""))
        if state is None:
            raise OidcError(
                "the sign-in was not started in this browser, or took longer than 10 minutes.",
                code="not-begun",
            )
        next_path = state.next_url
        identity = _authenticate(settings, state)
        session = current_services().accounts.sessions.sign_in_external(
            identity, origin=auth.client_address()
        )
    except AccountError as error:
        page = show_page(next_path, "", error, HTTPStatus.FORBIDDEN)
        page.delete_cookie(COOKIE)
        return page
    response = start_session(session, next_path)
    response.delete_cookie(COOKIE)
    return response


def _settings() -> Settings:
    settings = current_services().settings
    if not settings.oidc_issuer:
        raise NotFoundError("directory", "to sign in through")
    return settings


def _client(settings: Settings) -> OAuth2Session:
    return OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        scope=SCOPE,
        redirect_uri=absolute_urls().oidc_callback(),
        code_challenge_method="S256",
        default_timeout=TIMEOUT_SECONDS,
    )


def _metadata(settings: Settings) -> dict[str, Any]:
    """Return the discovery document, whose issuer must equal the setting `oidc_issuer`."""
    metadata = _fetch_json(f"{settings.oidc_issuer}/.well-known/openid-configuration")
    if str(metadata.get("issuer", "")).rstrip("/") != settings.oidc_issuer:
        raise OidcError("its issuer differs from the setting oidc_issuer.", code="issuer-mismatch")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(metadata.get(name), str):
            raise OidcError(f"its discovery document has no {name}.", code="metadata-missing")
    return metadata


def _fetch_json(address: str) -> dict[str, Any]:
    try:
        response = requests.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        response.raise_for_status()
        document = response.json()
    except (requests.RequestException, ValueError) as error:
        raise OidcError(
            f"it cannot be reached ({type(error).__name__}).", code="unreachable"
        ) from error
    if not isinstance(document, dict):
        raise OidcError("its response is not a JSON object.", code="not-json")
    return document


def _authenticate(settings: Settings, state: OidcState) -> ExternalIdentity:
    args = request.args
    if args.get("error"):
        raise OidcError("it did not authenticate you.", code="denied")
    if not hmac.compare_digest(args.get("state", "").encode(), state.state.encode()):
        raise OidcError("the response belongs to another sign-in.", code="state-mismatch")
    metadata = _metadata(settings)
    try:
        token = _client(settings).fetch_token(
            metadata["token_endpoint"],
            code=args.get("code", ""),
            code_verifier=state.verifier,
            timeout=TIMEOUT_SECONDS,
        )
    except (AuthlibBaseError, requests.RequestException, ValueError) as error:
        raise OidcError(
            f"it rejected the authorization code ({type(error).__name__}).", code="code-rejected"
        ) from error
    claims = _claims(settings, str(token.get("id_token", "")), _fetch_json(metadata["jwks_uri"]))
    if claims.get("nonce") != state.nonce:
        raise OidcError("the ID token belongs to another sign-in.", code="nonce-mismatch")
    return _identity(settings, claims)


def _claims(settings: Settings, id_token: str, keys: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of an ID token after validating signature, issuer, audience and time."""
    rules = jwt.JWTClaimsRegistry(
        now=int(time.time()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": settings.oidc_issuer},
        aud={"essential": True, "value": settings.oidc_client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        token = jwt.decode(
            id_token, KeySet.import_key_set(cast("Any", keys)), algorithms=ALGORITHMS
        )
        claims = dict(token.claims)
        # Some providers add a trailing slash to their issuer.
        claims["iss"] = str(claims.get("iss", "")).rstrip("/")
        rules.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise OidcError(
            f"its ID token is not valid ({type(error).__name__}).", code="token-invalid"
        ) from error
    for_others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if for_others and claims.get("azp") != settings.oidc_client_id:
        raise OidcError("its ID token is for another client.", code="audience-mismatch")
    return claims


def _identity(settings: Settings, claims: dict[str, Any]) -> ExternalIdentity:
    subject = str(claims["sub"])
    called = claims.get("preferred_username") or claims.get("email") or subject
    name = INVALID_NAME_CHARACTERS.sub("-", str(called).lower()).strip("-.")[:80]
    groups = claims.get(settings.oidc_groups_claim, [])
    listed = [str(group) for group in groups] if isinstance(groups, list) else [str(groups)]
    user = User(
        name=name,
        display_name=str(claims.get("name") or called)[:120],
        roles=roles_of(listed),
        email=str(claims.get("email") or "")[:200],
    )
    return ExternalIdentity(settings.oidc_issuer, subject, user)
