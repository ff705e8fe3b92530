"""Signing in with an organisation, against a provider on this machine: whom it lets in, and which of its words hold."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from assistant.accounts.accounts import Accounts
from assistant.accounts.settings import AccessSettings
from assistant.accounts.tables import metadata
from tests.doors import PASSWORD, Browser, Clock, accounts_in, application, door_over, served
from tests.openid_provider import CLIENT, SECRET, Provider
from ui.access.door import Door


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    provider = Provider()
    with served(provider.application()) as address:
        provider.issuer = address
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.reset()
    return running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    opened = accounts_in(tmp_path_factory.mktemp("accounts"), Clock())
    yield opened
    opened.close()


@pytest.fixture
def accounts(shared: Accounts) -> Accounts:
    """The accounts with Grace, an administrator, alone in them."""
    with shared.engine.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name != "facts":
                connection.execute(table.delete())
    shared.add("Grace", PASSWORD, admin=True)
    return shared


def settings(provider: Provider, **more: Any) -> AccessSettings:
    named = {"oidc_issuer": provider.issuer, "oidc_client": CLIENT, "oidc_secret": SecretStr(SECRET)}
    return AccessSettings(login=True, **(named | more))


@pytest.fixture
def door(accounts: Accounts, provider: Provider) -> Door:
    return door_over(accounts, settings(provider))


@pytest.fixture
def site(door: Door) -> Iterator[str]:
    with served(application(door)) as address:
        yield address


def go(browser: httpx.Client, path: str = "/openid") -> httpx.Response:
    """Follow a browser to the provider and back, to the answer to its return."""
    answer = browser.get(path)
    while answer.status_code == 303 and answer.request.url.path != "/openid-return":
        answer = browser.get(answer.headers["location"])
    return answer


def come_once(site: str) -> httpx.Response:
    """The same with a browser of its own."""
    with Browser(site) as browser:
        return go(browser)


def names(accounts: Accounts) -> list[str]:
    return [person.name for person in accounts.people.list()]


def test_somebody_signs_in_and_joins(site: str, provider: Provider, accounts: Accounts) -> None:
    with Browser(site) as browser:
        page = browser.get("/login?next=/library").text
        assert 'href="openid?next=/library">Sign in with your organisation</a>' in page
        back = go(browser, "/openid?next=/library")
        assert (back.status_code, back.headers["location"]) == (303, "/library")
        assert browser.get("/").text == "'ada' member"
        go(browser)
    assert names(accounts) == ["ada", "Grace"]
    asked = provider.asked[-1]
    assert asked["scope"] == "openid profile email"
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{site}/openid-return"
    assert len({each["nonce"] for each in provider.asked}) == len(provider.asked)


@pytest.mark.parametrize(
    ("lies", "reason"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another client"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "azp"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, "exp"),
        ({"iat": int(time.time()) + 3600}, "iat|future|issued"),
        ({"nbf": int(time.time()) + 3600}, "nbf|valid yet|not.*yet"),
        ({"sub": None}, "sub"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
    ],
    ids=lambda given: (
        ""
        if isinstance(given, str)
        else ",".join(map(str, given)) + ("" if all(given.values()) else " absent")
    ),
)
def test_an_id_token_that_says_the_wrong_thing_lets_nobody_in(
    site: str, provider: Provider, accounts: Accounts, lies: dict[str, Any], reason: str
) -> None:
    provider.lies = lies
    refused_because(site, accounts, reason)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_id_token_that_anybody_could_have_signed_lets_nobody_in(
    site: str, provider: Provider, accounts: Accounts, algorithm: str
) -> None:
    provider.algorithm = algorithm
    refused_because(site, accounts, "lgorithm")


def test_an_id_token_that_another_key_signed_lets_nobody_in(
    site: str, provider: Provider, accounts: Accounts
) -> None:
    provider.stolen = True
    refused_because(site, accounts, "BadSignature")


def refused_because(site: str, accounts: Accounts, reason: str) -> None:
    with Browser(site) as browser:
        refused = go(browser)
        assert refused.status_code == 403
        assert re.search(reason, refused.text), refused.text
        assert browser.get("/").status_code == 303
    assert names(accounts) == ["Grace"]


def test_a_provider_may_sign_with_another_key(site: str, provider: Provider, accounts: Accounts) -> None:
    with Browser(site) as browser:
        assert go(browser).status_code == 303
        provider.rotate()
        assert go(browser).status_code == 303


def test_what_the_provider_says_no_to_is_told(site: str, provider: Provider, accounts: Accounts) -> None:
    provider.denies = True
    refused_because(site, accounts, "did not sign you in: You said no.")


def test_a_return_holds_once_and_for_the_browser_that_left(
    site: str, provider: Provider, accounts: Accounts
) -> None:
    with Browser(site) as one, Browser(site) as other:
        to_provider = one.get("/openid").headers["location"]
        back = httpx.get(to_provider).headers["location"]
        assert other.get(back).status_code == 403, "it never left"
        other.get("/openid")
        assert other.get(back).status_code == 403, "it left with something else"
        kept = one.cookies["ibid_leaving"]
        assert one.get(back).status_code == 303
        one.cookies.set("ibid_leaving", kept)
        assert one.get(back).status_code == 403, "it came back already"
        assert one.get("/openid-return").status_code == 403
    assert names(accounts) == ["ada", "Grace"]


def test_a_return_that_takes_too_long_does_not_hold(site: str, door: Door, accounts: Accounts) -> None:
    with Browser(site) as browser:
        back = httpx.get(browser.get("/openid").headers["location"]).headers["location"]
        clock = accounts.clock
        assert isinstance(clock, Clock)
        clock.pass_(minutes=10)
        refused = browser.get(back)
        assert refused.status_code == 403
        assert "took too long" in refused.text


def test_one_leaves_from_one_replica_and_comes_back_to_another(
    provider: Provider, accounts: Accounts
) -> None:
    public = settings(provider, address="https://papers.example")
    with (
        served(application(door_over(accounts, public))) as one,
        served(application(door_over(accounts, public))) as other,
        Browser(one) as browser,
    ):
        back = httpx.get(browser.get("/openid").headers["location"]).headers["location"]
        assert back.startswith("https://papers.example/openid-return?")
        assert browser.get(back.replace("https://papers.example", other)).status_code == 303
        assert browser.get(other).text == "'ada' member"


@pytest.mark.parametrize(
    ("rules", "claims", "allowed"),
    [
        ({"oidc_domains": "example.org"}, {}, True),
        ({"oidc_domains": "Other.example, @Example.ORG"}, {}, True),
        ({"oidc_domains": "other.example"}, {}, False),
        ({"oidc_domains": "example.org"}, {"email": "ada@example.org.evil"}, False),
        ({"oidc_domains": "example.org"}, {"email_verified": False}, False),
        ({"oidc_domains": "example.org"}, {"email": "ada"}, False),
        ({"oidc_groups": "staff"}, {}, True),
        ({"oidc_groups": "other, staff"}, {}, True),
        ({"oidc_groups": "other"}, {}, False),
        ({"oidc_groups": "staff"}, {"groups": "staff"}, True),
        ({"oidc_groups": "staff"}, {"groups": None}, False),
        ({"oidc_groups": "staff", "oidc_domains": "other.example"}, {}, False),
        ({"oidc_join": False}, {}, False),
    ],
    ids=str,
)
def test_who_is_let_in_follows_the_settings(
    provider: Provider, accounts: Accounts, rules: dict[str, Any], claims: dict[str, Any], allowed: bool
) -> None:
    provider.claims |= claims
    with (
        served(application(door_over(accounts, settings(provider, **rules)))) as site,
        Browser(site) as browser,
    ):
        assert (go(browser).status_code == 303) == allowed
    assert ("ada" in names(accounts)) == allowed


def test_who_left_the_group_is_not_let_in_again(provider: Provider, accounts: Accounts) -> None:
    with served(application(door_over(accounts, settings(provider, oidc_groups="staff")))) as site:
        assert come_once(site).status_code == 303
        provider.claims["groups"] = ["alumni"]
        assert "in none of the groups" in come_once(site).text


def test_what_the_token_leaves_out_is_asked_for_and_held_to_the_same_user(
    provider: Provider, accounts: Accounts
) -> None:
    told = {name: provider.claims.pop(name) for name in ("email", "email_verified", "groups")}
    rules = {"oidc_groups": "staff", "oidc_domains": "example.org"}
    for subject, status in (("eve-1", 403), ("ada-1", 303)):
        provider.userinfo = told | {"sub": subject}
        with served(application(door_over(accounts, settings(provider, **rules)))) as site:
            assert come_once(site).status_code == status


def test_an_invited_person_joins_by_their_organisation(provider: Provider, accounts: Accounts) -> None:
    link = accounts.links.invite(admin=True)
    closed = application(door_over(accounts, settings(provider, oidc_join=False)))
    with served(closed) as site, Browser(site) as browser:
        assert f'href="openid?token={link}"' in browser.get(f"/welcome?token={link}").text
        assert go(browser, f"/openid?token={link}").status_code == 303
        assert browser.get("/").text == "'ada' administrator"
    assert accounts.links.look(link) is None


def test_who_is_disabled_is_not_let_in_by_their_organisation(
    site: str, provider: Provider, accounts: Accounts
) -> None:
    assert come_once(site).status_code == 303
    accounts.people.set_disabled(accounts.people.named("ada").id, True)
    refused = come_once(site)
    assert refused.status_code == 403
    assert "This account is disabled" in refused.text


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"issuer": "https://evil.example"}, "calls itself &#x27;https://evil.example&#x27;"),
        ({"token_endpoint": "http://evil.example/token"}, "is not an https address"),
        ({"jwks_uri": None}, "is not an https address"),
    ],
    ids=str,
)
def test_a_provider_that_is_not_the_one_named_is_refused(
    provider: Provider, accounts: Accounts, told: dict[str, Any], reason: str
) -> None:
    provider.metadata = told
    with served(application(door_over(accounts, settings(provider)))) as site, Browser(site) as browser:
        refused = browser.get("/openid")
        assert refused.status_code == 502
        assert reason in refused.text


def test_a_provider_that_does_not_answer_is_named(
    provider: Provider, accounts: Accounts, free_port: int
) -> None:
    absent = settings(provider, oidc_issuer=f"http://127.0.0.1:{free_port}")
    with served(application(door_over(accounts, absent))) as site, Browser(site) as browser:
        refused = browser.get("/openid")
        assert refused.status_code == 502
        assert f"http://127.0.0.1:{free_port} cannot be reached" in refused.text
        assert browser.sign_in("Grace").status_code == 303, "passwords work on"


def test_without_a_provider_there_is_no_such_way(accounts: Accounts) -> None:
    with served(application(door_over(accounts))) as site:
        assert "openid" not in httpx.get(f"{site}/login").text
        assert httpx.get(f"{site}/openid").status_code == 404
        assert httpx.get(f"{site}/openid-return?state=a&code=b").status_code == 404
