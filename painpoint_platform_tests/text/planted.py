"""Secrets and addresses planted in ordinary sentences, and innocent text that looks like them: what redaction is
measured with.

Belongs here: making them, from a fixed seed, so that no scanner takes this file for a leak. Does not belong here: what
must come of it (``test_redaction_measured``, ``benchmarks.trust``).
"""

import base64
import json
import string
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from painpoint_platform.text.redaction import redact

VARIANTS = 12
UPPER, LOWER, DIGITS, HEX = string.ascii_uppercase, string.ascii_lowercase, string.digits, "0123456789abcdef"
ALNUM = string.ascii_letters + DIGITS
CONTEXTS = (
    "It fails with {} since monday.",
    "```\n{}\n```",
    "Here is what I use: {}",
    "log: auth rejected for '{}' (401)",
    '["value", "{}"]',
    "see <{}> please",
    "a,b,{},c",
    "\n{}\n",
    "({})",
    "Ich nutze {}, danach bricht es ab.",
    "export VALUE={}",
    "curl -H 'X-Auth: {}' localhost",
)


@dataclass(frozen=True)
class Planted:
    """A text with something in it that must not leave: its name, the kind it is counted under, and itself."""

    name: str
    kind: str
    secret: str
    text: str


@dataclass(frozen=True)
class Measured:
    """How redaction did on one kind: planted, found, and how many innocent texts were masked as it."""

    kind: str
    planted: int
    found: int
    wrong: int

    @property
    def recall(self) -> float:
        """Share of the planted ones that do not survive."""
        return self.found / self.planted

    @property
    def precision(self) -> float:
        """Share of what was masked as this kind that was one."""
        return self.found / (self.found + self.wrong) if self.found else 0.0


def _of(rng: Random, alphabet: str, count: int) -> str:
    return "".join(rng.choices(alphabet, k=count))


def _mixed(rng: Random, count: int) -> str:
    """Letters and digits, both for certain."""
    return _of(rng, ALNUM, count - 3) + rng.choice(DIGITS) + rng.choice(LOWER) + rng.choice(UPPER)


def _name(rng: Random) -> str:
    return rng.choice(("jane", "li.wei", "o.brien", "m_rossi", "anna-maria", "k.schmidt", "pat99"))


def _host(rng: Random) -> str:
    return rng.choice(("example.com", "mail.example.org", "acme-corp.example.net", "uni.example.ac.uk", "corp.io"))


def _jwt(rng: Random) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part({'sub': _of(rng, DIGITS, 8)})}.{_mixed(rng, 43)}"


def _pem(rng: Random, label: str) -> str:
    body = "\n".join(_mixed(rng, 64) for _ in range(5))
    return f"-----BEGIN {label}PRIVATE " + f"KEY-----\n{body}\n-----END {label}PRIVATE " + "KEY-----"


# name -> (kind, what makes one)
MAKERS: dict[str, tuple[str, Callable[[Random], str]]] = {
    "github token": ("secret", lambda r: "gh" + r.choice("posu") + "_" + _mixed(r, 36)),
    "github fine-grained": ("secret", lambda r: "github" + "_pat_" + _mixed(r, 22) + "_" + _mixed(r, 59)),
    "gitlab token": ("secret", lambda r: "gl" + "pat-" + _mixed(r, 20)),
    "aws access key": ("secret", lambda r: r.choice(("AK" + "IA", "AS" + "IA")) + _of(r, UPPER + "234567", 16)),
    "openai key": ("secret", lambda r: "sk" + r.choice(("-", "-proj-")) + _mixed(r, 48)),
    "anthropic key": ("secret", lambda r: "sk" + "-ant-api03-" + _mixed(r, 80)),
    "google api key": ("secret", lambda r: "AI" + "za" + _mixed(r, 35)),
    "google oauth": ("secret", lambda r: "ya" + "29." + _mixed(r, 60)),
    "stripe key": ("secret", lambda r: r.choice(("s", "r")) + "k_" + r.choice(("live", "test")) + "_" + _mixed(r, 24)),
    "slack token": ("secret", lambda r: "xo" + "xb-" + _of(r, DIGITS, 12) + "-" + _mixed(r, 24)),
    "slack webhook": ("secret", lambda r: "https://hooks.slack" + ".com/services/T" + _of(r, UPPER + DIGITS, 8) + "/B"
                      + _of(r, UPPER + DIGITS, 8) + "/" + _mixed(r, 24)),
    "npm token": ("secret", lambda r: "np" + "m_" + _mixed(r, 36)),
    "pypi token": ("secret", lambda r: "py" + "pi-AgEIcHlwaS5vcmc" + _mixed(r, 70)),
    "sendgrid key": ("secret", lambda r: "S" + "G." + _mixed(r, 22) + "." + _mixed(r, 43)),
    "hugging face token": ("secret", lambda r: "h" + "f_" + _of(r, string.ascii_letters, 34)),
    "digitalocean token": ("secret", lambda r: "dop" + "_v1_" + _of(r, HEX, 64)),
    "shopify token": ("secret", lambda r: "shp" + "at_" + _of(r, HEX, 32)),
    "telegram bot token": ("secret", lambda r: _of(r, "123456789", 9) + ":" + "AA" + _mixed(r, 33)),
    "json web token": ("secret", _jwt),
    "bearer header": ("secret", lambda r: "Authorization: Bear" + "er " + _mixed(r, 40)),
    "basic header": ("secret", lambda r: "Authorization: Bas" + "ic "
                     + base64.b64encode(f"{_name(r)}:{_mixed(r, 12)}".encode()).decode()),
    "password assigned": ("secret", lambda r: r.choice(("pass" + "word", "DB_PASS" + "WORD", "pw" + "d", "pass" + "wd"))
                          + r.choice(("=", ": ", " = ")) + _mixed(r, 10) + r.choice("!$#%")),
    "key assigned": ("secret", lambda r: r.choice(("api" + "_key", "apiKey", "secret" + "_key", "access" + "_key"))
                     + r.choice(("=", ": ", " := ")) + _mixed(r, 28)),
    "token assigned": ("secret", lambda r: r.choice(("to" + "ken", "auth_to" + "ken", "client_sec" + "ret"))
                       + r.choice(("=", ": ")) + _mixed(r, 30)),
    "credentials in a url": ("credentials", lambda r: r.choice(("postgres", "https", "amqp", "mongodb+srv", "redis"))
                             + f"://{_name(r)}:{_mixed(r, 12)}@{_host(r)}/app"),
    "private key": ("private_key", lambda r: _pem(r, r.choice(("RSA ", "", "EC ", "OPENSSH ", "ENCRYPTED ")))),
    "e-mail": ("email", lambda r: f"{_name(r)}@{_host(r)}"),
    "spelt e-mail": ("email", lambda r: f"{_name(r)} {r.choice(('[at]', '(at)', '{at}'))} example "
                     + r.choice(("[dot]", "(dot)")) + " com"),
    "ipv4": ("ip", lambda r: ".".join(map(str, (r.choice((8, 52, 91, 203)), *r.sample(range(1, 255), 3))))),
    "ipv6": ("ip", lambda r: "2001:db8:" + ":".join(_of(r, HEX, 4) for _ in range(6))),
    "international phone": ("phone", lambda r: r.choice(("+1 202 555 01{}", "+44 20 7946 09{}", "+49 30 9018 20{}",
                            "+33 1 99 00 12 {}", "+1-202-555-01{}")).format(_of(r, DIGITS, 2))),
    "american phone": ("phone", lambda r: r.choice(("(202) 555-01", "202-555-01", "202.555.01")) + _of(r, DIGITS, 2)),
}  # fmt: skip
# What looks like one and is none.
NEGATIVES: dict[str, Callable[[Random], str]] = {
    "uuid": lambda r: "-".join(_of(r, HEX, n) for n in (8, 4, 4, 4, 12)),
    "commit": lambda r: f"commit {_of(r, HEX, 40)} broke it",
    "short commit": lambda r: f"since {_of(r, HEX, 7)}1a2",
    "sha-256": lambda r: f"sha256:{_of(r, HEX, 64)}",
    "md5": lambda r: f"md5 {_of(r, HEX, 32)}",
    "version": lambda r: f"v{r.randrange(30)}.{r.randrange(99)}.{r.randrange(99)}.{r.randrange(99)} is out",
    "pinned version": lambda r: f"torch=={r.randrange(3)}.{r.randrange(99)}.{r.randrange(9)}.{r.randrange(9)}",
    "loopback": lambda r: f"http://127.0.0.{r.randrange(1, 255)}:{r.randrange(1024, 65535)}/x",
    "isbn": lambda r: f"ISBN 978-{r.randrange(10)}-16-148410-{r.randrange(10)}",
    "timestamp": lambda r: f"2025-0{r.randrange(1, 9)}-1{r.randrange(9)}T1{r.randrange(9)}:00:00.{_of(r, DIGITS, 3)}Z",
    "epoch": lambda r: f"17{_of(r, DIGITS, 8)} and 17{_of(r, DIGITS, 11)}",
    "issue number": lambda r: f"issue #{_of(r, '123456789', 6)}, PR {_of(r, '123456789', 5)}",
    "money": lambda r: f"${r.randrange(1, 9)},{_of(r, DIGITS, 3)},{_of(r, DIGITS, 3)}.{_of(r, DIGITS, 2)}",
    "package": lambda r: f"lodash@{r.randrange(9)}.{r.randrange(30)}.{r.randrange(30)} react@18.2.0",
    "placeholder key": lambda r: r.choice(("api_key=<your-key>", "password=***", "token=${TOKEN}", "pwd=$DB_PASSWORD")),
    "type": lambda r: r.choice(("password: string", "token: null", "secret?: undefined", "apiKey: Option<String>")),
    "code": lambda r: r.choice(("const token = getToken(user1)", "password = config.db.pass1", "self.key = key2")),
    "size": lambda r: f"max_tokens={_of(r, '123456789', 4)}, token_count: {_of(r, '123456789', 5)}",
    "path": lambda r: f"/usr/lib/python3.11/site-packages/{_of(r, LOWER, 8)}.py:{r.randrange(999)}",
    "colour": lambda r: f"#{_of(r, HEX, 6)} and rgb({r.randrange(256)}, {r.randrange(256)}, 0)",
    "mac address": lambda r: ":".join(_of(r, HEX, 2) for _ in range(6)),
    "coordinates": lambda r: f"lat 5{r.randrange(10)}.{_of(r, DIGITS, 6)}, lon 13.{_of(r, DIGITS, 6)}",
    "decorator": lambda r: f"@app.route('/{_of(r, LOWER, 5)}') and @{_of(r, LOWER, 6)}",
    "git remote": lambda r: f"git@github.com:acme/{_of(r, LOWER, 6)}.git",
    "container digest": lambda r: f"registry/app@sha256:{_of(r, HEX, 64)}",
}  # fmt: skip


def planted(seed: int = 5) -> list[Planted]:
    """Return ``VARIANTS`` texts of each name, each in another context."""
    rng = Random(seed)
    return [
        Planted(name, kind, secret, CONTEXTS[number % len(CONTEXTS)].replace("{}", secret))
        for name, (kind, make) in MAKERS.items()
        for number in range(VARIANTS)
        for secret in [make(rng)]
    ]  # fmt: skip


def innocent(seed: int = 6) -> list[tuple[str, str]]:
    """Return (name, text) of as many texts that must stay as they are."""
    rng = Random(seed)
    return [(name, make(rng)) for name, make in NEGATIVES.items() for _ in range(VARIANTS)]


def survives(secret: str, text: str) -> bool:
    """Tell whether a telling part of a planted secret can still be read."""
    if "://" in secret and "@" in secret:
        secret = secret.partition("://")[2].partition("@")[0]  # host and path of an address are no secret
    material = secret.replace("@", " ").replace("://", " ").replace(":", " ").replace("=", " ").split()
    longest = max(material, key=lambda part: (any(map(str.isdigit, part)), len(part)))
    is_made_up = len(longest) > 5 and any(map(str.isdigit, longest))
    return (longest if is_made_up else secret) in text


def measured(found: Sequence[Planted], untouched: Sequence[tuple[str, str]]) -> Iterator[Measured]:
    """Yield recall and precision for each kind."""
    wrong: Counter[str] = Counter()
    for _, text in untouched:
        wrong.update(redact(text).counts)
    for kind in dict.fromkeys(each.kind for each in found):
        of_kind = [each for each in found if each.kind == kind]
        hits = sum(not survives(each.secret, redact(each.text).text) for each in of_kind)
        yield Measured(kind, len(of_kind), hits, wrong[kind])
