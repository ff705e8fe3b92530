"""The door over real HTTP: who gets in, what strangers are told, and that no other site can send our forms."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.accounts.accounts import Accounts
from assistant.accounts.schema import User
from assistant.accounts.tables import metadata, users
from tests.doors import OTHER, PASSWORD, Browser, Clock, accounts_in, application, door_over, served
from ui.access.account_view import browser_words
from ui.access.style import style
from ui.access.visit import own_page


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Accounts]:
    opened = accounts_in(tmp_path_factory.mktemp("accounts"), clock)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def removed() -> list[User]:
    """Whose things were to be deleted."""
    return []


@pytest.fixture(scope="module")
def site(accounts: Accounts, removed: list[User]) -> Iterator[str]:
    with served(application(door_over(accounts, forget=removed.append))) as address:
        yield address


@pytest.fixture
def people(accounts: Accounts) -> Accounts:
    """Ada, an administrator, and Eve, a member; those of the last test are gone."""
    with accounts.engine.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name != "facts":
                connection.execute(table.delete())
    accounts.add("Ada", PASSWORD, admin=True)
    accounts.add("Eve", PASSWORD)
    return accounts


@pytest.fixture
def browser(site: str) -> Iterator[Browser]:
    with Browser(site) as opened:
        yield opened


@pytest.fixture
def ada(browser: Browser, people: Accounts) -> Browser:
    """A browser that Ada is signed in with."""
    assert browser.sign_in("Ada").status_code == 303
    return browser


@pytest.fixture
def eve(site: str, people: Accounts) -> Iterator[Browser]:
    with Browser(site) as opened:
        assert opened.sign_in("Eve").status_code == 303
        yield opened


def sign_in_once(site: str, name: str, password: str = PASSWORD) -> httpx.Response:
    """What comes of signing in with a browser of its own."""
    with Browser(site) as browser:
        return browser.sign_in(name, password)


def said(answer: httpx.Response) -> str:
    """What a page tells at its top, if anything."""
    found = re.findall(r'<(?:p|div) class="told[^"]*"[^>]*>(.*?)</(?:p|div)>', answer.text, re.DOTALL)
    return " ".join(found)


# ---- Strangers


def test_a_strangers_browser_is_sent_to_sign_in_and_then_to_where_it_was_going(
    browser: Browser, people: Accounts
) -> None:
    sent = browser.get("/library?view=add&paper=a%2Fb")
    assert sent.status_code == 303
    assert sent.headers["location"] == "/login?next=/library%3Fview%3Dadd%26paper%3Da%252Fb"
    page = browser.get(sent.headers["location"])
    back = browser.fill(page, name="Ada", password=PASSWORD)
    assert (back.status_code, back.headers["location"]) == (303, "/library?view=add&paper=a%2Fb")
    assert browser.get("/").text == "'Ada' administrator"
    again = browser.get("/login?next=/library")
    assert (again.status_code, again.headers["location"]) == (303, "/library"), "one is signed in"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/models", {}),
        ("GET", "/v1/models", {"accept": "text/html,*/*"}),
        ("GET", "/", {"accept": "application/json"}),
        ("GET", "/", {"accept": "text/html", "sec-fetch-mode": "cors"}),
        ("POST", "/", {"accept": "text/html"}),
        ("GET", "/gradio_api/info", {}),
        ("GET", "/", {"cookie": "ibid_session=guessed"}),
        ("GET", "/", {"authorization": "Bearer ibid_guessed"}),
        ("GET", "/", {"authorization": "Basic YWRhOmFkYQ=="}),
        ("DELETE", "/anything", {}),
    ],
)
def test_a_strangers_program_is_told_how_to_sign_in(
    site: str, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = httpx.request(method, site + path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("Sign in first: a browser at /login, a program with")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_without_accounts_everybody_is_the_one_local_user() -> None:
    with served(application(None)) as address:
        assert httpx.get(address).text == "'' administrator"
        assert httpx.get(address, headers={"authorization": "Bearer anything"}).text == "'' administrator"
        assert httpx.get(f"{address}/login").status_code == 404


@given(st.text(max_size=60) | st.from_regex(r"/[/\\a-z.:@%?#\x00-\x20]{0,12}", fullmatch=True))
def test_one_is_only_ever_sent_on_to_a_page_of_this_server(wanted: str) -> None:
    page = own_page(wanted)
    there = urlsplit(urljoin("http://papers.example/login", page))
    assert (there.scheme, there.netloc) == ("http", "papers.example")
    assert "\\" not in page
    assert page.isprintable()


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "javascript:alert(1)", "/%0d%0aSet-Cookie: a=b\r\n", "evil.example", "", "http:evil.example"],
)  # fmt: skip
def test_another_sites_page_is_no_place_to_be_sent_to(
    browser: Browser, people: Accounts, wanted: str
) -> None:
    page = browser.get("/login", params={"next": wanted})
    back = browser.fill(page, name="Ada", password=PASSWORD, next=wanted)
    assert (back.status_code, back.headers["location"]) == (303, "./")


# ---- Cookies


def test_no_script_reads_the_cookies_and_no_other_site_sends_them(ada: Browser, site: str) -> None:
    given = sign_in_once(site, "Ada").headers.get_list("set-cookie")
    kept = {each.partition("=")[0]: each for each in given}
    assert set(kept) == {"ibid_session", "ibid_device", "ibid_form"}
    assert all("HttpOnly" in each and "SameSite=lax" in each and "Path=/" in each for each in given)
    assert not any("Secure" in each for each in given), "this came by http"
    assert "Max-Age=43200" in kept["ibid_session"]


def test_cookies_are_secure_where_a_trusted_proxy_says_that_one_came_by_https(
    site: str, people: Accounts
) -> None:
    with Browser(site, x_forwarded_proto="https") as browser:
        page = browser.get("/login")
        assert "Secure" in page.headers["set-cookie"]


def test_a_session_is_a_new_one_at_each_sign_in(ada: Browser, people: Accounts) -> None:
    before = ada.cookies["ibid_session"]
    link = people.links.for_password(people.people.named("Ada"))
    ada.send_form(f"/welcome?token={link}", password=OTHER, again=OTHER)
    assert ada.cookies["ibid_session"] != before
    assert people.of_session(before) is None


def test_signing_out_ends_the_session_everywhere(ada: Browser, people: Accounts) -> None:
    secret = ada.cookies["ibid_session"]
    assert ada.send_form("/logout").headers["location"] == "login"
    assert "ibid_session" not in ada.cookies
    assert people.of_session(secret) is None
    assert ada.get("/").status_code == 303


def test_an_expired_session_is_a_strangers(ada: Browser, clock: Clock) -> None:
    clock.pass_(hours=12)
    assert ada.get("/").headers["location"] == "/login?next=/"


# ---- Signing in


def test_a_wrong_password_and_an_unknown_name_are_told_alike(browser: Browser, people: Accounts) -> None:
    wrong, unknown = browser.sign_in("Ada", OTHER), browser.sign_in("Nobody", OTHER)
    assert wrong.status_code == unknown.status_code == 400
    assert said(wrong) == said(unknown) == "The name or the password is wrong."
    assert 'value="Ada"' in wrong.text
    assert OTHER not in wrong.text


def test_who_guesses_is_told_how_long_to_wait(browser: Browser, people: Accounts) -> None:
    for _ in range(5):
        assert browser.sign_in("Eve", OTHER).status_code == 400
    refused = browser.sign_in("Eve", PASSWORD)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "15")
    assert said(refused) == "Too many attempts. Try again in 15 seconds."


def test_guesses_are_told_apart_by_the_address_a_trusted_proxy_names(site: str, people: Accounts) -> None:
    def guess(address: str, name: str) -> int:
        with Browser(site, x_forwarded_for=address) as browser:
            return browser.sign_in(name, OTHER).status_code

    assert [guess("192.0.2.66", f"Name {number}") for number in range(31)] == [400] * 30 + [429]
    assert guess("192.0.2.1", "Somebody") == 400


# ---- Forms of other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://[evil"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_form_that_another_origin_sent_is_refused(
    ada: Browser, people: Accounts, headers: dict[str, str]
) -> None:
    proof = re.findall(r'name="proof" value="([^"]*)"', ada.get("/account").text)[0]
    told = {"proof": proof, "do": "new-token", "name": "evil"}
    refused = ada.post("/account", data=told, headers=headers)
    assert refused.status_code == 403
    assert "This form was not sent from this page" in refused.text
    assert people.tokens.list(people.people.named("Ada").id) == []


def test_a_form_behind_a_proxy_states_the_proxys_name(ada: Browser, people: Accounts) -> None:
    made = ada.send_form("/account", "new-token", origin="https://papers.example", name="laptop")
    assert made.status_code == 200


@pytest.mark.parametrize("proof", ["", "0" * 64, None])
def test_a_form_without_its_proof_is_refused(ada: Browser, people: Accounts, proof: str | None) -> None:
    told = {"do": "new-token", "name": "evil"} | ({} if proof is None else {"proof": proof})
    assert ada.post("/account", data=told).status_code == 403
    assert people.tokens.list(people.people.named("Ada").id) == []


def test_a_form_shown_to_one_user_does_nothing_for_another(
    ada: Browser, eve: Browser, people: Accounts
) -> None:
    proof = re.findall(r'name="proof" value="([^"]*)"', eve.get("/account").text)[0]
    assert ada.post("/account", data={"proof": proof, "do": "new-token", "name": "evil"}).status_code == 403


def test_a_sign_in_form_is_bound_to_the_browser_it_was_shown_in(site: str, people: Accounts) -> None:
    with Browser(site) as one, Browser(site) as other:
        page = one.get("/login")
        other.get("/login")
        assert other.fill(page, name="Ada", password=PASSWORD).status_code == 403
        assert one.fill(page, name="Ada", password=PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"name=" + b"x" * 20_000, "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(99)), "application/x-www-form-urlencoded"),
        (b'{"name": "Ada"}', "application/json"),
        (b"", "multipart/form-data; boundary=x"),
    ],
    ids=["large", "no text", "many fields", "JSON", "multipart"],
)
def test_what_is_no_form_of_ours_is_not_read(site: str, content: bytes, kind: str) -> None:
    answer = httpx.post(f"{site}/login", content=content, headers={"content-type": kind})
    assert answer.status_code == 403


# ---- Links


def test_the_first_administrator_is_welcomed_once(site: str, accounts: Accounts, people: Accounts) -> None:
    with accounts.engine.begin() as connection:
        connection.execute(users.delete())
    link = accounts.links.first()
    with Browser(site) as first, Browser(site) as second:
        late = second.get(f"/welcome?token={link}")
        differing = first.send_form(f"/welcome?token={link}", name="Grace", password=PASSWORD, again=OTHER)
        assert (differing.status_code, said(differing)) == (
            400,
            "The two passwords differ. Write the same one twice.",
        )
        joined = first.fill(differing, name="Grace", password=PASSWORD, again=PASSWORD)
        assert joined.status_code == 303
        assert first.get("/").text == "'Grace' administrator"
        refused = second.fill(late, name="Eve", password=PASSWORD, again=PASSWORD)
        assert refused.status_code == 410
        assert "has been used or has expired" in refused.text
        assert second.get(f"/welcome?token={link}").status_code == 410
        assert second.get("/welcome").status_code == 410
    assert [person.name for person in accounts.people.list()] == ["Grace"]


def test_an_administrator_invites_and_the_invited_joins(ada: Browser, site: str, people: Accounts) -> None:
    made = ada.send_form("/people", "invite", admin="yes")
    (address,) = re.findall(r'<code class="secret">([^<]*)</code>', made.text)
    assert address.startswith(f"{site}/welcome?token=")
    with Browser(site) as guest:
        path = address.removeprefix(site)
        assert guest.send_form(path, name="Grace", password=PASSWORD, again=PASSWORD).status_code == 303
        assert guest.get("/").text == "'Grace' administrator"
    listed = ada.get("/people").text
    assert "Grace" in listed
    assert parse_qs(urlsplit(address).query)["token"][0] not in listed, "it is shown once"


# ---- The account


def test_a_token_is_shown_once_and_lets_a_program_in_until_revoked(ada: Browser, site: str) -> None:
    made = ada.send_form("/account", "new-token", name="a <b>laptop</b>")
    (secret,) = re.findall(r'<code class="secret">(ibid_[^<]*)</code>', made.text)
    bearer = {"authorization": f"Bearer {secret}"}
    assert httpx.get(f"{site}/v1/models", headers=bearer).json() == {"name": "Ada"}
    page = ada.get("/account")
    assert secret not in page.text
    assert "a &lt;b&gt;laptop&lt;/b&gt;" in page.text
    (token,) = re.findall(r'name="id" value="([^"]*)"><button[^>]*value="token"', page.text)
    revoked = ada.fill(page, "token", id=token)
    assert revoked.headers["location"] == "account?done=token"
    assert "The token is revoked" in said(ada.get("/account?done=token"))
    assert httpx.get(f"{site}/v1/models", headers=bearer).status_code == 401


@pytest.mark.parametrize("path", ["/account", "/people", "/logout"])
def test_a_token_does_not_open_the_pages_of_an_account(people: Accounts, site: str, path: str) -> None:
    bearer = {"authorization": f"Bearer {people.tokens.create(people.people.named('Ada').id, 'laptop')}"}
    assert httpx.get(site + path, headers=bearer).status_code == 403
    assert httpx.post(site + path, headers=bearer, data={"do": "new-token"}).status_code == 403


def test_a_user_changes_the_password_and_is_signed_out_elsewhere(ada: Browser, site: str) -> None:
    with Browser(site) as elsewhere:
        elsewhere.sign_in("Ada")
        wrong = ada.send_form("/account", "password", old=OTHER, password=OTHER, again=OTHER)
        assert said(wrong) == "The present password is wrong."
        short = ada.send_form("/account", "password", old=PASSWORD, password="short", again="short")
        assert said(short) == "The password has 5 characters and needs 12 or more."
        changed = ada.send_form("/account", "password", old=PASSWORD, password=OTHER, again=OTHER)
        assert changed.headers["location"] == "account?done=password"
        assert ada.get("/").status_code == 200
        assert elsewhere.get("/").status_code == 303
    assert sign_in_once(site, "Ada", OTHER).status_code == 303


def test_a_user_ends_one_session_or_all_others(ada: Browser, site: str) -> None:
    with Browser(site, user_agent="One") as one, Browser(site, user_agent="Two") as two:
        one.sign_in("Ada")
        two.sign_in("Ada")
        page = ada.get("/account")
        assert page.text.count(">End<") == 2
        entry = next(each for each in re.findall(r"<li>.*?</li>", page.text) if ">One<" in each)
        (session,) = re.findall(r'name="id" value="([^"]*)"', entry)
        ada.fill(page, "session", id=session)
        assert [each.get("/").status_code for each in (ada, one, two)] == [200, 303, 200]
        ada.send_form("/account", "sessions")
        assert [each.get("/").status_code for each in (ada, one, two)] == [200, 303, 303]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "curl/8.5"),
        ("", "A browser that says nothing of itself"),
    ],
)
def test_a_browser_is_named_in_few_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words


# ---- People


def test_a_member_is_not_let_into_the_administrators_page(eve: Browser, people: Accounts) -> None:
    assert eve.get("/people").status_code == 403
    proof = re.findall(r'name="proof" value="([^"]*)"', eve.get("/account").text)[0]
    person = people.people.named("Ada").id
    for do in ("invite", "disable", "demote", "link", "remove-now"):
        answer = eve.post("/people", data={"proof": proof, "do": do, "id": person})
        assert answer.status_code == 403
    assert len(people.people.list()) == 2
    assert people.links.invitations() == []


def test_an_administrator_disables_promotes_and_helps(ada: Browser, eve: Browser, people: Accounts) -> None:
    person = people.people.named("Eve").id
    assert ada.send_form("/people", "disable", id=person).headers["location"] == "people?done=disable"
    assert eve.get("/").status_code == 303
    ada.send_form("/people", "enable", id=person)
    assert eve.sign_in("Eve").status_code == 303
    ada.send_form("/people", "promote", id=person)
    assert eve.get("/").text == "'Eve' administrator"
    ada.send_form("/people", "demote", id=person)
    assert eve.get("/").text == "'Eve' member"
    helped = ada.send_form("/people", "link", id=person)
    (address,) = re.findall(r'<code class="secret">([^<]*)</code>', helped.text)
    path = address.removeprefix(str(ada.base_url).rstrip("/"))
    assert eve.send_form(path, password=OTHER, again=OTHER).status_code == 303


def test_a_removal_is_asked_about_and_deletes_what_was_theirs(
    ada: Browser, eve: Browser, people: Accounts, removed: list[User]
) -> None:
    person = people.people.named("Eve")
    asked = ada.send_form("/people", "remove", id=person.id)
    assert "Remove Eve?" in asked.text
    assert removed == []
    assert ada.fill(asked, "remove-now", id=person.id).headers["location"] == "people?done=remove"
    assert removed == [person]
    assert eve.get("/").status_code == 303
    gone = ada.get("/people")
    assert "Eve" not in gone.text


def test_the_only_administrator_stays_one(ada: Browser, people: Accounts) -> None:
    person = people.people.named("Ada").id
    refused = ada.send_form("/people", "demote", id=person)
    assert refused.status_code == 400
    assert "only administrator who may sign in" in said(refused)
    proof = re.findall(r'name="proof" value="([^"]*)"', refused.text)[0]
    for do in ("disable", "remove-now"):
        answer = ada.post("/people", data={"proof": proof, "do": do, "id": person})
        assert "Another administrator has to do that" in said(answer)


# ---- The pages


PAGES = ["/login", "/account", "/people", "/logout"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_but_its_style_and_is_kept_nowhere(
    ada: Browser, site: str, people: Accounts, path: str
) -> None:
    page = httpx.get(site + path) if path == "/login" else ada.get(path)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', page.text)) <= {
        *("access.css", "./", "library", "digest", "account", "people", "logout"),
    }
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label_and_every_button_a_name_of_its_own(
    ada: Browser, site: str, people: Accounts, path: str
) -> None:
    people.tokens.create(people.people.named("Ada").id, "laptop")
    people.links.invite()
    page = (httpx.get(site + path) if path == "/login" else ada.get(path)).text
    fields = re.findall(r'<input type="(?!hidden)[^>]*>', page)
    labelled = re.findall(r"<label.*?</label>", page, re.DOTALL)
    assert len(fields) == sum(label.count('<input type="') for label in labelled)
    named = [
        (re.findall(r'aria-label="([^"]*)"', each) or re.findall(r">([^<]*)<", each))[0]
        for each in re.findall(r"<button.*?</button>", page)
    ]
    assert len(named) == len(set(named)), "told apart without seeing where they stand"
    assert page.count("<h1>") == 1
    assert '<html lang="en">' in page


def test_names_cannot_carry_markup(ada: Browser, people: Accounts) -> None:
    people.add("<img src=x onerror=alert(1)>", PASSWORD)
    page = ada.get("/people").text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_the_style_has_the_applications_colours_in_light_and_dark(site: str) -> None:
    sheet = httpx.get(f"{site}/access.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert sheet.text == style()
    assert sheet.text.count("--accent:") == 2
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text


# ---- Several servers


def test_a_session_holds_on_every_server_over_the_same_accounts(tmp_path: Path) -> None:
    """Two processes, as replicas are: what one begins the other knows, and what one ends the other does not."""
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.doors import accounts_in, application, door_over, served\n"
        "with served(application(door_over(accounts_in(Path(sys.argv[1]))))) as address:\n"
        "    print(address, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    accounts = accounts_in(tmp_path)
    accounts.add("Ada", PASSWORD, admin=True)
    replicas = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        one, other = (str(replica.stdout and replica.stdout.readline().strip()) for replica in replicas)
        with Browser(one) as browser:
            page = browser.get("/login")
            browser.base_url = httpx.URL(other)
            assert browser.fill(page, name="Ada", password=PASSWORD).status_code == 303
            for address in (one, other):
                browser.base_url = httpx.URL(address)
                assert browser.get("/").text == "'Ada' administrator"
            browser.base_url = httpx.URL(one)
            browser.send_form("/logout")
            secret = accounts.sign_in("Ada", PASSWORD).secret
            assert httpx.get(other, cookies={"ibid_session": secret}).status_code == 200
            accounts.sessions.end(secret)
            assert httpx.get(other, cookies={"ibid_session": secret}).status_code == 401
    finally:
        for replica in replicas:
            replica.communicate(timeout=20)
        accounts.close()
