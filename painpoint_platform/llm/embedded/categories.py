"""The field in which a cluster's problem arises.

Belongs here: what each category means, as sentences to compare with and as words to look for, and the vote.
Does not belong here: the list of allowed categories of a request; that comes with it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.llm.embedded.posts import Post

OTHER = "other"
SHARPNESS = 14.0  # of the vote: a lead of 0.1 in similarity counts four times as much
WORD_BONUS = 0.1
MOST_WORDS = 3
# Below this similarity to everything, or with no more than this share of the votes, no field is claimed.
LEAST_SIMILARITY = 0.17
LEAST_SHARE = 0.26

PROTOTYPES: Mapping[str, tuple[str, ...]] = {
    "ai": (
        "Training a neural network fails or gives wrong results",
        "The language model hallucinates, ignores the prompt or is too expensive",
        "GPU out of memory while fine-tuning a deep learning model",
        "Machine learning inference is slow, wrong tensor shapes, loss is NaN",
        "Chatbot answers are wrong, embeddings and retrieval return irrelevant passages",
        "Computer vision model, object detection, converting a model, layers and gradients",
        "Annotators label training images in a labelling tool, speech recognition transcripts are wrong",
        "The bill for tokens of an LLM API cannot be attributed, a model update changes the answers",
    ),
    "finance": (
        "My card payment was declined and I was charged a fee",
        "A bank transfer is pending and the balance was not updated",
        "Invoices, accounting, bookkeeping, payroll and taxes are calculated wrongly",
        "Cryptocurrency wallet, bitcoin transaction fee, exchange rate, signing a transaction",
        "Topping up my account, cash withdrawal from an ATM, refund of money",
        "Verify my identity to open a bank account, change the PIN of my card",
        "Stock trading, portfolio, broker, loan and credit score",
        "Payroll computes overtime, night shifts and holiday pay wrong",
        "Subscription billing charges customers twice, chargebacks and payouts do not match",
    ),
    "compliance": (
        "GDPR requests, deletion of personal data, consent banners and privacy regulation",
        "Audit evidence for SOC 2 or ISO 27001 takes weeks",
        "Licence obligations, legal requirements, regulators and fines",
        "Data residency, retention policy, records for the auditor",
        "Accessibility law, KYC, anti-money-laundering rules and sanctions screening with false matches",
        "Mandatory policy training, access reviews and security questionnaires of customers",
        "Open-source licences of dependencies are reported as forbidden",
    ),
    "logistics": (
        "My parcel is late and the tracking does not update",
        "Warehouse inventory, picking and stock levels do not match",
        "Route planning for delivery drivers, fleet of trucks and fuel",
        "Customs clearance, freight, containers and carriers are delayed",
        "Shipping labels and courier pickups fail",
    ),
    "healthtech": (
        "Patients cannot book an appointment with a doctor or a clinic",
        "Electronic health records, medical devices, lab results and prescriptions",
        "Health insurance claims are denied",
        "Fitness tracker, glucose monitor or sleep data is wrong",
        "Therapy, telehealth, nurses and hospital software",
        "Radiology images, HL7 and FHIR messages, duplicate patient records",
    ),
    "devtools": (
        "The build fails with a compiler error after upgrading a dependency",
        "The editor or its terminal freezes, an extension does not work",
        "A JavaScript framework component renders wrongly, hooks and state",
        "Docker container does not start, Kubernetes deployment and continuous integration pipeline fail",
        "The library crashes with a segmentation fault, the API documentation is missing",
        "Git merge, code review, package manager, unit tests and debugging",
        "Database query is slow, connection pool and migrations",
        "Command line tool, operating system, network configuration and server logs",
        "Infrastructure as code, remote state lock, observability and the cost of log volume",
    ),
    "ecommerce": (
        "The checkout of my online shop loses the cart",
        "Product listing and catalogue of my store are wrong on the marketplace",
        "Customers return an order, discount codes and coupons do not apply",
        "Shopify or WooCommerce plugin breaks the storefront theme",
        "Seller account on Amazon, Etsy or eBay was suspended, reviews and ratings",
        "Returns portal, stock sync between sales channels, abandoned carts and shop search",
    ),
    OTHER: (
        "Smart home devices, thermostats and cameras at home stop working",
        "Parking, public transport, electric car charging and travel apps",
        "School, parents, teachers, clubs, volunteers and associations",
        "Landlords, tenants, housing and maintenance requests",
        "Notes, calendar, photos and personal productivity apps lose or shift entries",
        "Newsletters and e-mails land in the spam folder",
        "Games, music, streaming, sports and hobbies",
    ),
}

EVIDENCE: Mapping[str, str] = {
    "ai": (
        r"llms?|gpt\S*|chatgpt|claude|gemini|copilot|prompts?|hallucinat\w+|fine-?tun\w+|neural|tensors?"
        r"|tensorflow|keras|pytorch|tflite|onnx|transformers?|embeddings?|cuda|inference|gradients?|epochs?"
        r"|dnn|machine learning|deep learning|rag|ollama|hugging ?face|chatbots?|language models?|diffusion"
        r"|openai|anthropic"
    ),
    "finance": (
        r"banks?|payments?|invoic\w+|tax(?:es)?|payroll|bitcoin|crypto\w*|wallets?|atm|iban|swift|direct debit"
        r"|refunds?|credit card|debit card|card|top[- ]?up|exchange rate|currenc(?:y|ies)|withdraw\w*|cash|pin"
        r"|passcode|stripe|paypal|bookkeeping|accounting|ledger|brokers?|stocks?|portfolio|loans?|mortgage"
        r"|transaction|transfer|money|transferred|balance|beneficiary|contactless|direct debits?|apple pay"
        r"|google pay|visa|mastercard"
    ),
    "compliance": (
        r"gdpr|ccpa|hipaa|soc ?2|iso ?27001|audit\w*|complian\w+|regulat\w+|privacy|consent|legal|lawyers?"
        r"|fines?|licen[cs]e (?:terms|obligation|compliance)|data protection|retention|kyc|aml|dpo|dpa"
    ),
    "logistics": (
        r"parcels?|shipments?|shipping|courier|carriers?|warehouses?|freight|customs|fleet"
        r"|deliver(?:y|ies) (?:driver|route|window|slot)s?|drivers?|trucks?|pallets?|supply chain"
        r"|tracking number|dispatch\w*|fedex|dhl|usps"
    ),
    "healthtech": (
        r"patients?|clinic\w*|hospitals?|doctors?|ehr|emr|prescriptions?|medical|telehealth|nurses?|glucose"
        r"|insulin|therap\w+|fhir|hl7|medication|diagnos[ei]s|health insurance|wearables?|heart rate"
    ),
    "devtools": (
        r"compil\w+|builds?|npm|yarn|webpack|vite|typescript|javascript|react|vue|angular|vs ?code|vscode"
        r"|editor|extensions?|terminal|docker\w*|kubernetes|k8s|helm|ci|pipelines?|git\w*|cmake|linker|sdk|api"
        r"|cli|ide|debugg?\w*|tests?|postgres\w*|sql|database|kafka|terraform|python|rust|golang|java"
        r"|node(?:\.?js)?|opencv|devtools|eslint|rpc|repo|notebooks?|segmentation fault|stack trace"
        r"|dependenc(?:y|ies)|package|library|libraries|refactor\w*|deploy\w*"
    ),
    OTHER: (
        r"thermostat|smart home|parking|parents?|teachers?|school|tenants?|landlord|volunteers?|calendar|newsletters?"
    ),
    "ecommerce": (
        r"checkout|carts?|storefront|shopify|woocommerce|magento|etsy|ebay|marketplace|sellers?|listings?"
        r"|coupons?|discount codes?|product pages?|catalogu?e|merchants?|online (?:shop|store)|sku|abandoned"
    ),
}


def prototype_texts() -> list[str]:
    """The sentences to embed once, in a fixed order."""
    return [text for texts in PROTOTYPES.values() for text in texts]


def choose_category(
    posts: Sequence[Post],
    vectors: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    allowed: Sequence[str],
) -> str:
    """Let every post vote with the same weight, and return the category with most of the votes.

    Args:
        posts: n posts.
        vectors: (n, d) unit rows, one a post.
        prototypes: (p, d) unit rows of ``prototype_texts``.
        allowed: categories of the request; ``other`` is chosen when nothing fits, if it is allowed.
    """
    names = [name for name in PROTOTYPES if name in allowed]
    if not names or not posts:
        return OTHER if OTHER in allowed or not allowed else allowed[0]
    similarity = _similarity(vectors @ prototypes.T, names)
    words = np.array([[_word_share(post.text, name) for name in names] for post in posts])
    evidence = similarity + WORD_BONUS * words
    votes = np.exp(SHARPNESS * (evidence - evidence.max(axis=1, keepdims=True)))
    shares = (votes / votes.sum(axis=1, keepdims=True)).mean(axis=0)
    best = int(shares.argmax())
    is_claim = float(evidence[:, best].mean()) >= LEAST_SIMILARITY and shares[best] >= LEAST_SHARE
    return names[best] if is_claim or OTHER not in allowed else OTHER


def _similarity(to_prototypes: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float32]:
    """(n, categories): mean of a post's two nearest sentences of each category."""
    columns, at = [], 0
    for name, texts in PROTOTYPES.items():
        if name in names:
            nearest = np.sort(to_prototypes[:, at : at + len(texts)], axis=1)[:, -2:]
            columns.append(nearest.mean(axis=1))
        at += len(texts)
    return np.stack(columns, axis=1)


def _word_share(text: str, category: str) -> float:
    """Distinct telling words of a category in a post, from 0 to ``MOST_WORDS``, with less said by each further one."""
    found = {match.lower() for match in _pattern(category).findall(text)}
    return math.log2(1 + min(len(found), MOST_WORDS))


@cache
def _pattern(category: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)\b(?:{EVIDENCE[category]})\b")
