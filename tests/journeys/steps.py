"""What journeys do again and again, by pages and by API."""

import re
from html import unescape

from django.core import mail

from catalog.models import Exercise
from engineroom import outbox
from tests.factories.accounts import PASSWORD
from tests.journeys.visitor import Page, Visitor

LINK = re.compile(r"https?://\S+")


def mail_to(address: str, subject: str = "") -> list:
    """The worker's round, then the mails to the address whose subject holds the words."""
    outbox.drain()
    return [
        one for one in mail.outbox if address in one.to and subject.lower() in one.subject.lower()
    ]


def link_in(message, part: str) -> str:
    """The link in the mail's text that contains `part`."""
    links = [link.rstrip(".>,)") for link in LINK.findall(message.body) if part in link]
    assert links, f"no link with {part} in {message.body}"
    return links[0]


def sign_up(visitor: Visitor, email: str, name: str = "Ada Tester") -> Page:
    """From the home page to a confirmed account, signed in."""
    page = visitor.open("/").follow("Create account")
    page = page.press("Create account", email=email, password1=PASSWORD, name=name)
    assert page.status == 200, page.text
    return visitor.open(link_in(mail_to(email)[-1], "confirm-email")).press("Confirm")


def sign_in(visitor: Visitor, email: str, password: str = PASSWORD) -> Page:
    return visitor.open("/accounts/login/").press("Sign in", login=email, password=password)


def buy(visitor: Visitor, slug: str, answer: str = "Succeed", **fields) -> Page:
    """From the course page through the checkout and the simulator back to the school."""
    page = visitor.open(f"/courses/{slug}/").follow("Buy for")
    return page.press("Pay", consent="on", **fields).press(answer)


def published_exercise(slug: str, key: str) -> Exercise:
    return Exercise.objects.prefetch_related("questions__options").get(
        edition__course__slug=slug, edition__state="published", key=key
    )


def shown_questions(page: Page, exercise: Exercise) -> list[dict]:
    """What an exercise's page offers, in the shape of the API: choices by their tokens."""
    shown = []
    for number, row in enumerate(exercise.questions.all(), 1):
        name = f"q{number}"
        box = rf'<input type="(?:radio|checkbox)"[^>]* name="{name}" value="(o\d+)"[^>]*>'
        choices = re.findall(rf"{box}<span>(.*?)</span></label>", page.html, re.S)
        lines = re.findall(
            rf'</b><span>((?:(?!</b><span>).)*?)</span><input type="hidden" name="{name}" value="(o\d+)">',
            page.html,
            re.S,
        )
        pairs = re.findall(
            rf'<label for="{name}-\d+">((?:(?!<label).)*?)</label><select[^>]* name="{name}\.(o\d+)">',
            page.html,
            re.S,
        )
        box = re.search(rf'<select[^>]* name="{name}\.o\d+">(.*?)</select>', page.html, re.S)
        partners = re.findall(r'<option value="(p\d+)"[^>]*>(.*?)</option>', box[1]) if box else []
        options = choices + [(token, html) for html, token in lines + pairs]
        shown.append(
            {
                "key": row.key,
                "options": [{"id": token, "html": html} for token, html in options],
                "partners": [{"id": token, "html": unescape(text)} for token, text in partners],
            }
        )
    return shown


def as_fields(exercise: Exercise, answers: dict) -> dict:
    """Answers as the page's form names them."""
    fields = {}
    for number, row in enumerate(exercise.questions.all(), 1):
        given = answers[row.key]
        if isinstance(given, dict):
            fields |= {f"q{number}.{left}": right for left, right in given.items()}
        else:
            fields[f"q{number}"] = given
    return fields


def right_answers(exercise: Exercise, questions: list[dict]) -> dict:
    """What to answer, by question key. `questions` are as the API shows them: choices with `id` and
    `html`, partners with `id` and `html`; what is right is known from the course's rows alone."""
    rows = {row.key: row for row in exercise.questions.all()}
    answers = {}
    for shown in questions:
        row = rows[shown["key"]]
        options = list(row.options.all())
        place = {choice["html"]: choice["id"] for choice in shown["options"]}
        partner = {choice["html"]: choice["id"] for choice in shown["partners"]}
        right = [place[option.text_html] for option in options if option.is_right]
        if row.kind == "single":
            answers[row.key] = right[0]
        elif row.kind == "multiple":
            answers[row.key] = right
        elif row.kind == "text":
            answers[row.key] = row.answer["answers"][0]
        elif row.kind == "numeric":
            answers[row.key] = row.answer["answer"]
        elif row.kind == "ordering":
            answers[row.key] = [place[option.text_html] for option in options]
        else:
            answers[row.key] = {
                place[option.text_html]: partner[option.match] for option in options
            }
    return answers
