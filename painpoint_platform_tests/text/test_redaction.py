"""What is masked, what survives, and that masking is idempotent and linear.

The planted secrets are put together at run time, so that no scanner takes this file for a leak.
"""

import json
import time
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.text.redaction import REPLACEMENTS, redact, redact_json

ALNUM = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY2zA4bC6dE8fG0hJ2kL4mN6pQ8rS0tU2vW4xY6z"
LOWER = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
DIGITS = "1234567890" * 2
PEM_BODY = "\n".join(ALNUM[:64] for _ in range(6)) + "\n" + "Qx1=="


def pem(label: str, body: str = PEM_BODY) -> str:
    return f"-----BEGIN {label}PRIVATE " + f"KEY-----\n{body}\n-----END {label}PRIVATE " + "KEY-----"


# (kind, what must not survive, the text around it with {} where it stands)
PLANTED = [
    ("email", "jane.doe" + "@" + "example.com", "Write to {} please."),
    ("email", "jane+tag" + "@" + "mail.example.co.uk", "<{}>"),
    ("email", "JANE_DOE" + "@" + "Example.ORG", "cc: {}, thanks"),
    ("email", "jürgen" + "@" + "müller.de", "Mail an {}."),
    ("email", "jane" + " [at] " + "example [dot] com", "contact {} now"),
    ("email", "jane" + "(at)" + "example.com", "contact {} now"),
    ("secret", "gh" + "p_" + ALNUM[:36], "token {} leaked"),
    ("secret", "gh" + "o_" + ALNUM[:36], "GITHUB={}"),
    ("secret", "gh" + "s_" + ALNUM[:36], "'{}'"),
    ("secret", "github" + "_pat_" + ALNUM[:22] + "_" + ALNUM[:59], "use {}"),
    ("secret", "gl" + "pat-" + ALNUM[:20], "CI {} fails"),
    ("secret", "AK" + "IA" + "IOSFODNN7EXAMPLE", "id {} in the log"),
    ("secret", "AS" + "IA" + "IOSFODNN7EXAMPLE", "id {}"),
    ("secret", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY", "aws_secret_" + "access_key = {}"),
    ("secret", "sk" + "-" + ALNUM[:48], "OpenAI key {}"),
    ("secret", "sk" + "-proj-" + ALNUM[:40] + "_" + ALNUM[:20], "with {} it fails"),
    ("secret", "sk" + "-ant-api03-" + ALNUM[:60], "with {} it fails"),
    ("secret", "gs" + "k_" + ALNUM[:52], "groq {}"),
    ("secret", "h" + "f_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH", "login {}"),
    ("secret", "AI" + "za" + ALNUM[:35], "maps?k={}&x=1"),
    ("secret", "ya" + "29." + ALNUM[:60], "{}"),
    ("secret", "GOC" + "SPX-" + ALNUM[:28], "{}"),
    ("secret", "s" + "k_live_" + ALNUM[:24], "stripe {}"),
    ("secret", "r" + "k_live_" + ALNUM[:24], "stripe {}"),
    ("secret", "s" + "k_test_" + ALNUM[:24], "stripe {}"),
    ("secret", "whs" + "ec_" + ALNUM[:32], "{}"),
    ("secret", "xo" + "xb-" + "1234567890-1234567890123-" + ALNUM[:24], "slack {}"),
    ("secret", "xo" + "xp-" + "1234567890-1234567890-" + LOWER[:32], "slack {}"),
    ("secret", "xa" + "pp-1-" + "A0123456789-1234567890-" + LOWER[:40], "slack {}"),
    ("secret", "https://hooks.slack" + ".com/services/T00000000/B00000000/" + ALNUM[:24], "post to {}"),
    ("secret", "np" + "m_" + ALNUM[:36], "{}"),
    ("secret", LOWER[:36], "//registry.npmjs.org/:_auth" + "Token={}"),
    ("secret", "py" + "pi-AgEIcHlwaS5vcmc" + ALNUM[:70], "twine {}"),
    ("secret", "S" + "G." + ALNUM[:22] + "." + ALNUM[:43], "{}"),
    ("secret", "A" + "C" + LOWER[:32], "twilio {}"),
    ("secret", "S" + "K" + LOWER[:32], "twilio {}"),
    ("secret", LOWER[:32] + "-us" + "12", "mailchimp {}"),
    ("secret", "key" + "-" + LOWER[:32], "mailgun {}"),
    ("secret", "123456789" + ":" + "AA" + ALNUM[:33], "bot{}"),
    ("secret", "MTIzNDU2Nzg5MDEyMzQ1Njc4" + "." + "X1y2Z3" + "." + ALNUM[:27], "discord {}"),
    ("secret", "sq0" + "csp-" + ALNUM[:43], "square {}"),
    ("secret", ALNUM[:64] + LOWER[:22] + "==", "DefaultEndpointsProtocol=https;Account" + "Key={};"),
    ("secret", "shp" + "at_" + LOWER[:32], "{}"),
    ("secret", "dop" + "_v1_" + LOWER[:64], "{}"),
    ("secret", "da" + "pi" + LOWER[:32], "{}"),
    ("secret", "dckr" + "_pat_" + ALNUM[:27], "docker login -p {}"),
    ("secret", "hv" + "s." + ALNUM[:24], "vault {}"),
    ("secret", "gls" + "a_" + ALNUM[:32] + "_a1b2c3d4", "grafana {}"),
    ("secret", "ATA" + "TT3xFfGF0" + ALNUM[:60], "jira {}"),
    ("secret", "ey" + "JhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + ALNUM[:43], "cookie {}; path=/"),
    ("secret", ALNUM[:40], "Authorization: Bear" + "er {}"),
    ("secret", "amFuZTpodW50ZXIy" + "MTIzNDU2", "Authorization: Bas" + "ic {}"),
    ("secret", "hunter2", "pass" + "word: {}"),
    ("secret", "correct-horse", "DB_PASS" + "WORD='{}'"),
    ("secret", "s3cr3t!pw", '"pass' + 'word": "{}"'),
    ("secret", "tr0ub4dor&3", "my pass" + "word is {} and"),
    ("secret", "Zx9-qwerty", "mysql --pass" + "word {} -u root"),
    ("secret", "hunter", "Server=db;Uid=sa;Pw" + "d={};"),
    ("secret", ALNUM[:24], "api" + "_key={}"),
    ("secret", ALNUM[:24], "client" + "_secret: {}"),
    ("secret", LOWER[:40], 'to' + 'ken => "{}"'),
    ("secret", "0f8fad5b-d9cb-469f-a165-70867728950e", "api" + "-key: {}"),
    ("credentials", "admin" + ":" + "s3cret", "postgres://{}@db.example.com:5432/app"),
    ("credentials", "jane" + ":" + "p%40ss", "https://{}@example.com/x.git"),
    ("credentials", ":" + "redispass", "redis://{}@cache:6379/0"),
    ("private_key", PEM_BODY, pem("RSA ").replace(PEM_BODY, "{}")),
    ("private_key", PEM_BODY, pem("").replace(PEM_BODY, "{}")),
    ("private_key", PEM_BODY, pem("OPENSSH ").replace(PEM_BODY, "{}")),
    ("private_key", PEM_BODY.replace("\n", "\\n"), pem("EC ").replace(PEM_BODY, "{}").replace("\n", "\\n")),
    ("private_key", ALNUM[:64] + " " + ALNUM[:40], "-----BEGIN RSA PRIVATE " + "KEY----- {}"),
    ("private_key", ALNUM[:64], "PuTTY-User-Key-" + "File-2: rsa\nPrivate-Lines: 1\n{}\nPrivate-MAC: " + LOWER[:40]),
    ("ip", "203.0.113.7", "connect to {}:8080 fails"),
    ("ip", "192.168.1.10", "host {} is down"),
    ("ip", "10.0.0.5", "10 pings to {}/24"),
    ("ip", "8.8.8.8", "dns={}"),
    ("ip", "198.51.100.23", "http://{}/admin."),
    ("ip", "2001:db8:85a3::8a2e:370:7334", "peer [{}]:443"),
    ("ip", "fe80::1ff:fe23:4567:890a", "via {}"),
    ("ip", "::ffff:192.0.2.128", "from {} again"),
    ("phone", "+1 202 555 0173", "call {}"),
    ("phone", "+1-202-555-0173", "({})"),
    ("phone", "+49 30 901820", "unter {} erreichbar"),
    ("phone", "+442079460958", "on {}."),
    ("phone", "(202) 555-0173", "or {} now"),
    ("phone", "202-555-0173", "or {} now"),
    ("phone", "202.555.0173", "or {}, thanks"),
    ("phone", "030 1234567", "Telefon: {}"),
    ("phone", "07700 900123", "my phone number is {}"),
]  # fmt: skip

INNOCENT = [
    "The token is invalid and the password: required message is wrong.",
    "Unexpected token: u in JSON at position 12345",
    "max_tokens=4096 and token_count: 15000",
    "password: string, token: null, secret: undefined",
    "const token = getToken(user1); password = config.database.pass1",
    "api_key=<your-api-key> password=*** token=${TOKEN1}",
    "the secret is to cache results, the key is patience",
    "basic authentication and bearer tokens",
    "commit 8222c1cfc866126111f23bd9872998480cebf2c1 broke it",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "md5 d41d8cd98f00b204e9800998ecf8427e",
    "id 0f8fad5b-d9cb-469f-a165-70867728950e",
    "v1.2.3.4 is out", "version 10.0.1.2 works, Version: 4.8.0.76", "torch==2.1.0.1", "Chrome/112.0.5615.165",
    "Windows 10.0.19041.1", "driver 31.0.15.3623", "1.2.3-rc.1+build.5", "Linux 5.15.90.1-microsoft",
    "4.28.0-035a41c4e", "OID 1.3.6.1.4.1.311",
    "listening on 127.0.0.1:8000 and 0.0.0.0", "http://localhost:3000/", "[::1]:5432", "255.255.255.0",
    "std::vector<int>::iterator", "Foo::Bar::baz", "a::b::c", "dead::beef in Rust", "12:30:45", "10:00:00.123",
    "00:1a:2b:3c:4d:5e", "2024-01-05", "05.01.2024", "2023-08-26 06:33:37", "2024-01-01T10:00:00+02:00",
    "2024-01-01T10:00:00.000Z", "2024-01-01 10:00:00 +0200", "20240105123000", "1700000000", "1700000000123",
    "issue #12345678, PR 4411223344", "$1,234,567.89 and 1 200 300 EUR", "1.5e+10 and +15 % and -3", "#ff00aa #FFFFFF",
    "0x7fffdeadbeef", "rgb(255, 255, 255)", "lat 52.520008, lon 13.404954", "ISBN 978-3-16-148410-0",
    "/usr/lib/python3.11/site-packages/foo.py:123", "C:\\Users\\Public\\file.txt", "PWD=/home/app/project",
    "at Object.<anonymous> (/srv/app/index.js:20:28)", 'File "app.py", line 12, in main', "main.js:28710:43",
    "react@18.2.0 lodash@4.17.21-beta.next", "git@github.com:facebook/react.git", "logo@2x.png", "@app.route('/')",
    "emit@moz-extension://abc/build/main.js:27059:22", "hey @jane, look at example.com", "https://example.com/a?b=c#d",
    "https://user@example.com/x", "sk-learn-contrib-extension-package", "scikit-learn 1.9, task-based",
    "base64 image data:image/png;base64,iVBORw0KGgo", "apt-get install libfoo-dev", "192 168 1 10", "1 000 000 000",
    "100 200 3000", "5 of 10 at 3.14", "the public key ssh-ed25519", "-----BEGIN CERTIFICATE-----",
    "I pass 3 arguments; tests pass: 120, fail: 3", "Telegram: message 12", "AC/DC and SKU 1234",
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "secret", "context"), PLANTED, ids=[f"{kind}-{n}" for n, (kind, *_) in enumerate(PLANTED)]
)
def test_a_planted_secret_does_not_survive(kind, secret, context):
    redaction = redact(context.replace("{}", secret))
    assert not any(part in redaction.text for part in secret.split() if len(part) > 3)
    assert REPLACEMENTS[kind] in redaction.text
    assert redaction.counts[kind] == 1


def test_the_surroundings_of_a_secret_stay():
    password = "s3cr3t"
    text = f"It fails with postgres://jane:{password}@db.example.com:5432/app since monday."
    assert redact(text).text == "It fails with postgres://[credentials]@db.example.com:5432/app since monday."
    assert redact("mail jane@example.com, call +1 202 555 0173.").text == "mail [email], call [phone]."


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_text_survives(text):
    assert redact(text) == (text, {})


def test_counts_are_kept_per_kind():
    text = "jane@example.com and joe@example.com on 203.0.113.7"
    assert redact(text).counts == {"email": 2, "ip": 1}


def test_every_string_value_of_a_structure_is_redacted_and_nothing_else():
    value = {
        "task": "x",
        "jane@example.com": 1,
        "items": [{"title": "from jane@example.com"}, None, 2.5, True, ("10.0.0.5",)],
    }
    redacted, counts = redact_json(value)
    assert redacted == {
        "task": "x",
        "jane@example.com": 1,
        "items": [{"title": "from [email]"}, None, 2.5, True, ["[ip]"]],
    }
    assert counts == {"email": 1, "ip": 1}
    assert value["items"][0]["title"] == "from jane@example.com"
    json.dumps(redacted)


PIECES = (
    [secret for _, secret, _ in PLANTED]
    + INNOCENT
    + [" ", "\n", ".", ":", "=", '"', "://", "@", "password=", "token: ", "v"]
)


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_redacting_twice_changes_nothing(text):
    once = redact(text).text
    assert redact(once) == (once, {})


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_any_text_is_redacted_once_and_for_all(text):
    once = redact(text).text
    assert redact(once).text == once


BEGIN = "-----BEGIN PRIVATE " + "KEY-----"
ADVERSARIAL = [
    "a", "0", "1.", "a.", "a@", "@", ":", "::", "1:", "ab:", "0::", "://", "http://a:", "eyJ", "eyJa.", "sk-", "sk-1",
    "password=", 'password="', "token is ", "--password ", "bearer ", "+1 ", "+1234567", "555 ", "call me ", "phone ",
    BEGIN, BEGIN + "\nabcdabcdabcdabcdabcd\n", "-----END PRIVATE " + "KEY-----", "aws ", "AKIA", "(at)", "a (at) b",
    "1.2.3.4 ", "fe80::1 ", "-us1", "_", "-", "xoxb-", "ghp_", "AC", "SG.", ".", "\0", "\ud800", "AccountKey=", "a1b2",
    "https://hooks.slack.com/services/T", "cloudant", "softlayer ", "gl", "key-", "+1 202 555 0173",
]  # fmt: skip


def seconds(text):
    start = time.process_time()
    redact(text)
    return time.process_time() - start


@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_the_time_grows_no_faster_than_the_text(unit):
    small, large = unit * (10_000 // len(unit)), unit * (100_000 // len(unit))
    # A collection of garbage in one of three tries is not the redaction's.
    assert any(seconds(large) < 30 * seconds(small) + 0.3 for _ in range(3))


def test_recall_and_precision_are_whole_for_every_kind():
    found, planted = defaultdict(int), defaultdict(int)
    for kind, secret, context in PLANTED:
        planted[kind] += 1
        found[kind] += redact(context.replace("{}", secret)).counts.get(kind, 0)
    assert found == planted
    assert len(PLANTED) >= 60
    assert len(INNOCENT) >= 40
