"""Would someone pay, and how bad is it: judged by words that posts use independently of each other.

Belongs here: the patterns and how many posts must agree. Does not belong here: the wording of a label.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from painpoint_platform.llm.embedded.posts import Post
from painpoint_platform.llm.embedded.words import any_of

Impact = Literal["low", "medium", "high"]

# One voice in five is an opinion, or an injection; two are a signal.
AGREEING_SHARE = 0.4

WOULD_PAY = any_of(
    r"""
    (?:would|will|happy to|willing to|gladly|ready to|glad to) (?:\w+ )?(?:pay|sponsor|buy|donate)
    \w+'d (?:\w+ )?pay
    take my money
    worth paying
    bount(?:y|ies)
    paid (?:plan|tier|version|support|alternative|tool|service|subscription|add-?on)
    (?:we|i) (?:already )?(?:pay|paid|are paying) (?:\S+ ){0,3}for
    paying (?:customers?|users?|for|[$€£\d]\S*)
    (?:pay|spend|spent|spending|costs?|costing) (?:us |me )?[$€£] ?\d\S*
    cost(?:s|ing)? (?:us|me)
    (?:switch|switched|switching|moved?|moving|migrat\w+) (?:away|to (?:another|a different|a competitor))
    looking for (?:an? |any )?(?:\w+ )?(?:alternative|replacement|tool|service|solution)s?
    (?:any|an|better) (?:alternative|tool|service)s? (?:to|for|that)
    cancel(?:l?ed|l?ing)? (?:my|our|the) (?:subscription|plan|contract|account)
    los(?:e|es|ing|t) (?:\w+ ){0,2}(?:money|revenue|sales|customers?|clients?|orders|business|hours|days)
    (?:hours?|days?) (?:\w+ )?(?:per|a|every|each) (?:day|week|month|sprint|release)
    (?:our|my) (?:\w+ )?(?:customers|clients|business|company|revenue|sales)
    (?:hire|hired|hiring) (?:someone|a \w+)
    enterprise (?:plan|customer|licen[cs]e|support)
    budget for
    """
)
BUSINESS = any_of(
    r"""
    our (?:\w+ )?(?:team|company|shop|store|clinic|practice|warehouse|drivers?|auditors?|accountant|staff)
    customers?|clients?|patients?|merchants?|subscribers?|tenants?|suppliers?|invoices?|revenue|sales|payroll
    (?:[$€£] ?\d\S*|\d[\d,.]* ?(?:dollars|euros?|pounds|usd|eur|gbp|k))
    (?:an?|one|two|three|four|five|six|\d+|half a) (?:hours?|days?|weeks?)
    in production|at work|deadlines?|contract|procurement|enterprise
    """
)
CRITICAL = any_of(
    r"""
    crash(?:es|ed|ing)?
    seg(?:mentation )?fault\w*
    kernel panic
    core dump\w*
    data loss
    los(?:t|es|e|ing) (?:\w+ ){0,3}(?:data|work|files?|money|funds|coins|orders?|records?|progress|access)
    corrupt(?:s|ed|ion|ing)?
    vulnerabilit(?:y|ies)
    cve-\d+\S*
    exploit\w*
    security (?:hole|issue|risk|flaw|bug)s?
    leak(?:s|ed|ing)? (?:\w+ )?(?:passwords?|tokens?|keys?|secrets?|personal|customer|data)
    hacked|breach\w*|compromised|stolen|fraud\w*|scam\w*|unauthori[sz]ed
    outages?
    (?:is|are|was|were|went) down
    deadlock\w*
    out of memory|oom
    (?:charged|billed|paid|booked|sold|sent) (?:\w+ ){0,3}(?:twice|double|(?:multiple|several) times)
    (?:double|duplicate) (?:charge|payment|order|record|booking)\w*
    silently (?:\w+ )?(?:drop|los|fail|skip|delet|overwrit|discard|remov|expir|chang)\w*
    (?:another|other|wrong) (?:customer|tenant|patient|user|person|company)(?:'s|s)?
    personal data|patient safety
    (?:fine|fined|penalt(?:y|ies)|lawsuit|illegal)
    locked out
    wiped|bricked|unusable|emergency
    deleted (?:all|my|our|the wrong)
    """
)
BROKEN = any_of(
    r"""
    (?:do|does|did|is|are|was|has|have|will|would|can|could) ?n[o']?t
    cannot|can't|cant|won't|unable
    fail(?:s|ed|ing|ures?)?
    broke(?:n|s)?
    errors?|exceptions?
    wrong(?:ly)?|incorrect(?:ly)?|inconsistent|invalid
    missing|disappear\w*|lost
    stuck|pending|declined|rejected|reverted|blocked
    slow(?:ly|er|ness)?|freez\w+|hang(?:s|ing)?|timeouts?|times? out|late|delayed
    regression|never|nan|leak\w*
    not (?:work\w*|found|show\w*|updat\w*|load\w*|recogni[sz]ed|received|arrived)
    """
)
MILD = any_of(
    r"""
    how (?:do|to|can|many|much|long|should)
    (?:is|are) (?:it|there)
    what (?:is|are|does)|which|where (?:is|can)
    can (?:i|you|we)
    feature request
    support for|add (?:support|option|ability)|allow|would (?:be|like|love)
    typo|cosmetic|documentation|docs?|polish\w*|wording|icon|colou?r|tooltip
    suggestion|proposal|nit
    """
)
SYMPTOMS: Mapping[str, re.Pattern[str]] = {
    "crashes": any_of(r"crash\w*|seg(?:mentation )?fault\w*|core dump\w*"),
    "lost data": any_of(r"data loss|los[te]\w* (?:\w+ ){0,3}(?:data|work|files?|records?)|corrupt\w*"),
    "lost money": any_of(r"charged (?:me )?twice|double charge\w*|los[te]\w* (?:\w+ )?(?:money|funds|revenue|sales)"),
    "security risks": any_of(r"vulnerabilit\w+|security (?:hole|issue|risk)|hacked|breach|stolen|fraud\w*|compromised"),
    "outages": any_of(r"outages?|(?:is|was|went) down"),
    "error messages": any_of(r"errors?|exceptions?|tracebacks?"),
    "slowness": any_of(r"slow\w*|freez\w+|hangs?|time-?outs?|times out|laggy?"),
    "regressions after an update": any_of(
        r"(?:after|since) (?:\w+ ){0,3}(?:upgrad|updat)\w*|regression|used to work|worked (?:before|fine)"
    ),
    "wrong results": any_of(r"(?:wrong|incorrect|inconsistent|inaccurate)\w*"),
}


def agreeing(posts: Sequence[Post], pattern: re.Pattern[str]) -> int:
    """How many posts match, each once."""
    return sum(pattern.search(post.text) is not None for post in posts)


def is_shared(posts: Sequence[Post], pattern: re.Pattern[str], share: float = AGREEING_SHARE) -> bool:
    """Whether enough posts match: the share, and two at least where there are two."""
    return agreeing(posts, pattern) >= max(min(2, len(posts)), math.ceil(share * len(posts) - 1e-9))


def would_pay(posts: Sequence[Post]) -> bool:
    """Whether posts tell independently of money, work or customers that depend on a fix.

    One post that says so is believed when others show that the problem arises in a business.
    """
    said = agreeing(posts, WOULD_PAY)
    in_business = sum(bool(WOULD_PAY.search(post.text) or BUSINESS.search(post.text)) for post in posts)
    least = max(2, math.ceil(AGREEING_SHARE * len(posts) - 1e-9))
    return said >= min(least, max(len(posts), 1)) or (said >= 1 and in_business > least)


def impact_level(posts: Sequence[Post], *, cluster_size: int, source_count: int) -> Impact:
    """Weigh what the posts describe; how many there are and at how many places moves it by one step at most."""
    if not posts:
        return "low"
    reach = 0.5 * (cluster_size >= 30) + 0.5 * (cluster_size >= 100) + 0.5 * (source_count >= 3)
    points = _severity(posts) + reach
    return "high" if points >= 3 else "medium" if points >= 1.5 else "low"


def _severity(posts: Sequence[Post]) -> int:
    """From 0 (questions and wishes) to 3 (loss, crash, outage)."""
    if is_shared(posts, CRITICAL):
        return 3
    return int(is_shared(posts, BROKEN)) + int(not is_shared(posts, MILD, share=0.6))


def symptoms(posts: Sequence[Post]) -> list[str]:
    """What at least two posts describe, in a few fixed words, the most frequent first."""
    counts = {name: agreeing(posts, pattern) for name, pattern in SYMPTOMS.items()}
    return sorted((name for name, count in counts.items() if count >= 2), key=lambda name: -counts[name])
