"""Every call of the API that can change something, with a body that names all that it takes."""

from dataclasses import dataclass, field

from tests.factories.accounts import PASSWORD


@dataclass(frozen=True)
class Call:
    """`body` names all that the call takes; `also` what it takes too and the body cannot have beside
    the rest; `free` objects whose names are the asker's own. `{…}` is filled in from the school."""

    path: str
    body: dict = field(default_factory=dict)
    by: str = "manager"
    also: tuple = ()
    free: tuple = ()


DETAILS = {
    "title": "T",
    "summary": "S",
    "level": "advanced",
    "language": "de",
    "description": "D",
    "outcomes": ["O"],
    "requirements": ["R"],
}
COURSE = DETAILS | {"is_free": True, "topics": ["t"], "instructors": ["i"]}
ITEM = {"module": "m", "title": "T", "summary": "S", "is_open": False, "position": 7, "source": "x"}
LESSON = ITEM | {"minutes": 3}
EXERCISE = LESSON | {"lesson_key": "read"}
PROJECT = ITEM | {"hours": 4, "rubric": [{"criterion": "C", "points": 5}]}
OPTION = {"key": "a", "text": "A", "is_right": True, "why": "W", "match": ""}
QUESTION = {
    "key": "new",
    "kind": "single",
    "prompt": "P",
    "explanation": "E",
    "answer": {},
    "position": 4,
    "options": [OPTION, OPTION | {"key": "b", "is_right": False}],
}
TOPIC = {"title": "T", "summary": "S", "introduction": "I", "is_published": True, "position": 5}
ANSWER = {"question": "Q", "answer": "A", "position": 3}
INSTRUCTOR = {"name": "N", "bio": "B", "person": "{learner_id}"}
SECTION = {"key": "s", "title": "T", "position": 3, "source": "x"}
C, X, T, E = "courses/c", "courses/c/exercises/quiz", "topics/t", "enrollments/{place}"
ME = {"name": "N", "locale": "de", "time_zone": "Europe/Berlin"}
OFFERS = ("offers", "email")
SUB = "subscriptions/{subscription}"
TEAM, SEATS, ROLE = "teams/{team}", "teams/{team}/seats/{pool}", {"role": "manager"}
COHORT = {
    "title": "T",
    "starts_on": "2031-01-01",
    "ends_on": "2031-02-01",
    "sells_until": "2030-12-01T00:00:00Z",
    "capacity": 9,
    "is_open": False,
}
GIFT = {
    "email": "a@example.com",
    "name": "N",
    "sender": "S",
    "note": "N",
    "deliver_on": "{soon}",
}
ADDRESS = ("company", "name", "street", "postal_code", "city", "region")
BUYER = {
    "email": "g@example.com",
    "billing": {
        **{"name": "N", "company": "C", "street": "S", "postal_code": "1", "city": "C"},
        "region": "R",
    },
    "country": "DE",
    "vat_id": "",
    "in_instalments": False,
}
# Amounts are chosen where the price is open, which is another test's matter.
CHOSEN = ("amount_minor",)
WINDOW = {"starts_at": "2031-01-01T00:00:00Z", "ends_at": "2032-01-01T00:00:00Z"}
OFFER = {
    **{"title": "T", "amount_minor": 5000, "currency": "EUR", "pricing": "open"},
    "items": [{"kind": "dummy", "key": "x", "weight": 2}],
    **{"list_minor": 6000, "suggested_minor": 5500, "period": "", "trial_days": 0},
    **{"instalments": 2, "most_sold": 9, "most_per_person": 2, "is_giftable": False},
    **{"tax_class": "reduced", "is_active": False},
    **WINDOW,
}
OFF = {
    **{"title": "T", "kind": "fixed", "percent": None, "amount_minor": 500, "currency": "EUR"},
    **{"duration": "always", "offers": ["{offer}"]},
    **WINDOW,
}
COUPON = OFF | {"is_active": False, "most_uses": 5, "most_per_person": 2}
DRAFT = {
    "email": "a@example.com",
    "name": "N",
    "lines": [{"offer": "{offer}", "quantity": 2, "unit_minor": 500}],
    "due_on": "{soon}",
    "team": "{team}",
    "billing": dict.fromkeys(ADDRESS, "B"),
    "country": "DE",
    "vat_id": "DE136695976",
}

CALLS = {
    ("me", "patch"): Call("me", ME, "learner"),
    ("me", "delete"): Call("me", {"password": PASSWORD}, "learner"),
    ("device-detail", "delete"): Call("devices/{device}", by="learner"),
    ("session-list", "delete"): Call("sessions", by="learner"),
    ("token-refresh", "post"): Call("auth/token/refresh", {"refresh_token": "{refresh}"}, "nobody"),
    ("token-revoke", "post"): Call("auth/token/revoke", by="learner"),
    ("course-list", "post"): Call("courses", COURSE | {"slug": "new"}),
    ("course-detail", "patch"): Call(C, COURSE | {"slug": "new"}),
    ("course-detail", "delete"): Call("courses/d"),
    ("course-publication", "post"): Call(f"{C}/publication", {"is_correction": False}),
    ("course-withdrawal", "post"): Call(f"{C}/withdrawal", {"edition": "{edition}", "reason": "R"}),
    ("course-order", "post"): Call(f"{C}/order", {"keys": ["n", "m"]}),
    ("module-list", "post"): Call(
        f"{C}/modules", {"key": "o", "title": "T", "summary": "S", "position": 9}
    ),
    ("module-detail", "delete"): Call(f"{C}/modules/n"),
    ("module-order", "post"): Call(f"{C}/modules/n/order", {"keys": ["even", "odd"]}),
    ("cover-detail", "patch"): Call(f"{C}/cover", {"palette": 2, "motif": 3}),
    ("cover-picture", "delete"): Call(f"{C}/cover/picture"),
    ("course-lesson-list", "post"): Call(f"{C}/lessons", LESSON | {"key": "new"}),
    ("course-exercise-list", "post"): Call(f"{C}/exercises", EXERCISE | {"key": "new"}),
    ("course-project-list", "post"): Call(f"{C}/projects", PROJECT | {"key": "new"}),
    ("lesson-detail", "patch"): Call(f"{C}/lessons/read", LESSON | {"key": "new"}),
    ("lesson-detail", "delete"): Call(f"{C}/lessons/read"),
    ("exercise-detail", "patch"): Call(X, EXERCISE | {"key": "new"}),
    ("exercise-detail", "delete"): Call(X),
    ("project-detail", "patch"): Call(f"{C}/projects/make", PROJECT | {"key": "new"}),
    ("project-detail", "delete"): Call(f"{C}/projects/make"),
    ("question-list", "post"): Call(f"{X}/questions", QUESTION, free=("answer",)),
    ("question-detail", "delete"): Call(f"{X}/questions/q"),
    ("solution-list", "post"): Call(f"{X}/solutions", {"position": 1, "title": "T", "source": "x"}),
    ("solution-detail", "delete"): Call(f"{X}/solutions/1"),
    ("topic-list", "post"): Call("topics", TOPIC | {"slug": "new"}),
    ("topic-detail", "patch"): Call(T, TOPIC | {"slug": "new"}),
    ("topic-detail", "delete"): Call(T),
    ("topic-section-list", "post"): Call(f"{T}/sections", SECTION),
    ("topic-section-detail", "delete"): Call(f"{T}/sections/section-1"),
    ("topic-recommendations", "put"): Call(
        f"{T}/recommendations",
        {"recommendations": [{"kind": "lesson", "course": "c", "key": "read"}]},
    ),
    ("topic-resources", "put"): Call(
        f"{T}/resources", {"resources": [{"title": "T", "url": "https://a.example", "note": "N"}]}
    ),
    ("instructor-list", "post"): Call("instructors", INSTRUCTOR | {"slug": "new"}),
    ("instructor-detail", "patch"): Call("instructors/i", INSTRUCTOR | {"slug": "new"}),
    ("instructor-detail", "delete"): Call("instructors/i"),
    ("faq-list", "post"): Call("faqs", ANSWER | {"topic": "t"}, also=("course",)),
    ("faq-detail", "patch"): Call("faqs/faq_x", ANSWER),
    ("faq-detail", "delete"): Call("faqs/faq_x"),
    ("offer-list", "post"): Call("offers", OFFER),
    ("offer-detail", "patch"): Call("offers/{offer}", OFFER),
    ("coupon-list", "post"): Call("coupons", COUPON | {"code": "NEW"}),
    ("coupon-detail", "patch"): Call("coupons/{coupon}", COUPON),
    ("coupon-batch-list", "post"): Call("coupon-batches", OFF | {"count": 2}),
    ("coupon-batch-ending", "post"): Call("coupon-batches/{batch}/ending"),
    ("checkout-list", "post"): Call("checkouts", {"offer": "{offer}"}, "learner", OFFERS),
    ("checkout-detail", "patch"): Call("checkouts/{guest}", BUYER, "nobody", ("coupon",)),
    ("checkout-line-list", "post"): Call(
        "checkouts/{checkout}/lines",
        {"offer": "{offer}", "quantity": 1, "gift": GIFT},
        "learner",
        CHOSEN,
    ),
    ("checkout-line-detail", "patch"): Call(
        "checkouts/{checkout}/lines/{line}", {"quantity": 1, "gift": GIFT}, "learner", CHOSEN
    ),
    ("price-preview-list", "post"): Call(
        "price-previews",
        {"lines": [{"offer": "{offer}", "quantity": 1}], "country": "DE", "in_instalments": False},
        "nobody",
        ("coupon", "vat_id", "amount_minor"),
    ),
    ("checkout-line-detail", "delete"): Call("checkouts/{checkout}/lines/{line}", by="learner"),
    ("checkout-payment-list", "post"): Call(
        "checkouts/{checkout}/payments",
        {"consent": True, "expected_minor": 4900},
        "learner",
        ("email", "gateway"),
    ),
    ("subscription-cancel", "post"): Call(
        f"{SUB}/cancel", {"at_period_end": True, "reason": "R"}, "learner"
    ),
    ("subscription-keep", "post"): Call(f"{SUB}/keep", by="learner"),
    ("subscription-card", "post"): Call(f"{SUB}/card", by="learner"),
    ("subscription-change", "post"): Call(
        f"{SUB}/change", {"offer": "{plan}", "expected_minor": 0}, "learner"
    ),
    ("subscription-change-preview", "post"): Call(
        f"{SUB}/change-preview", {"offer": "{plan}"}, "learner"
    ),
    ("order-refund-list", "post"): Call(
        "orders/{order}/refunds",
        {"lines": [{"line": "{order_line}", "amount_minor": 100}], "reason": "R"},
    ),
    ("simulator-payment", "post"): Call(
        "simulator/payments/{payment}", {"outcome": "decline"}, "nobody", ("fault",)
    ),
    ("transfer-receipt", "post"): Call(
        "orders/{transfer}/transfer-receipt",
        {"amount_minor": 4900, "received_on": "{today}", "confirmed": True},
    ),
    ("refund-sent", "post"): Call(
        "orders/{sent_back}/refunds/{refund}/sent", {"sent_on": "{today}", "confirmed": True}
    ),
    ("dispute-answer", "post"): Call(
        "disputes/{dispute}/answer",
        {"confirmed": True, "evidence": {"product": "P"}},
        free=("evidence",),
    ),
    ("clock", "post"): Call("clock", {"by_seconds": 60, "confirmed": True}, also=("to",)),
    ("enrollment-list", "post"): Call("enrollments", {"course": "c"}, "newcomer"),
    ("enrollment-completions", "post"): Call(f"{E}/completions", {"key": "read"}, "learner"),
    ("enrollment-completion", "delete"): Call(f"{E}/completions/read", by="learner"),
    ("enrollment-edition-moves", "post"): Call(f"{E}/edition-moves", {"edition": 1}, "learner"),
    ("attempt-list", "post"): Call(
        "attempts", {"enrollment": "{place}", "exercise": "quiz2"}, "learner"
    ),
    ("attempt-answers", "put"): Call(
        "attempts/{attempt}/answers", {"answers": {"q": "o2"}}, "learner", free=("answers",)
    ),
    ("attempt-submission", "post"): Call("attempts/{attempt}/submission", by="learner"),
    ("submission-list", "post"): Call(
        "submissions",
        {
            "enrollment": "{place}",
            "project": "make",
            "title": "T",
            "text": "x",
            "link": "https://a.example",
            "is_public": False,
        },
        "learner",
    ),
    ("grant-list", "post"): Call(
        "grants",
        {
            "person": "{learner_id}",
            "scope": "course",
            "scope_key": "c",
            "starts_at": "2031-01-01T00:00:00Z",
            "ends_at": "2032-01-01T00:00:00Z",
        },
    ),
    ("grant-detail", "delete"): Call("grants/{grant}"),
    ("certificate-list", "post"): Call("certificates", {"person": "{member}", "course": "c"}),
    ("certificate-renewal", "post"): Call("certificates/{certificate}/renewal", by="learner"),
    ("certificate-revocation", "post"): Call(
        "certificates/{certificate}/revocation", {"reason": "R"}
    ),
    ("certificate-rule-list", "post"): Call(
        "certificate-rules",
        {
            "course": "c",
            "needs_completion": True,
            "min_score": 50,
            "needs_project": True,
            "months": 3,
        },
    ),
    ("certificate-rule-detail", "delete"): Call("certificate-rules/{rule}"),
    ("cohort-list", "post"): Call("cohorts", COHORT | {"course": "c"}),
    ("cohort-detail", "patch"): Call("cohorts/{cohort}", COHORT),
    ("cohort-waiting", "post"): Call("cohorts/{cohort}/waiting", by="newcomer"),
    ("cohort-waiting", "delete"): Call("cohorts/{cohort}/waiting", by="learner"),
    ("team-list", "post"): Call("teams", {"name": "T"}, "newcomer"),
    ("team-detail", "patch"): Call(TEAM, {"name": "T"}, "learner"),
    ("team-member-detail", "patch"): Call(f"{TEAM}/members/{{member}}", ROLE, "learner"),
    ("team-member-detail", "delete"): Call(f"{TEAM}/members/{{member}}", by="learner"),
    ("team-seat-list", "post"): Call(
        SEATS, {"people": [{"email": "a@example.com", "name": "A"}]}, "learner"
    ),
    ("team-seat-roster-list", "post"): Call(
        f"{SEATS}/lists", {"csv": "a@example.com,A", "dry_run": False}, "learner"
    ),
    ("team-seat-link", "post"): Call(f"{SEATS}/link", by="learner"),
    ("team-seat-link", "delete"): Call(f"{SEATS}/link", by="learner"),
    ("team-seat-detail", "delete"): Call(f"{SEATS}/claims/{{claim}}", by="learner"),
    ("team-seat-mail-list", "post"): Call(f"{SEATS}/claims/{{claim}}/mails", by="learner"),
    ("seat-claim-list", "post"): Call("seat-claims", {"key": "{seat_key}"}, "newcomer"),
    ("gift-detail", "patch"): Call("gifts/{gift}", GIFT, "learner"),
    ("gift-mail-list", "post"): Call("gifts/{gift}/mails", by="learner"),
    ("gift-link", "post"): Call("gifts/{gift}/link", by="learner"),
    ("gift-claim-list", "post"): Call("gift-claims", {"key": "{gift_key}"}, "newcomer"),
    ("invoice-order-list", "post"): Call("invoice-orders", DRAFT),
    ("invoice-order-detail", "delete"): Call("invoice-orders/{draft}"),
    ("invoice-order-sending", "post"): Call("invoice-orders/{draft}/sending"),
    ("app:account:signup", "post"): Call(
        "auth/app/v1/auth/signup",
        {"email": "new@example.com", "password": PASSWORD, "name": "N"},
        "nobody",
    ),
}
