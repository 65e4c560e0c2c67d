"""schema.org descriptions of pages, as plain data. Only what the page itself shows. No Django."""

LEVELS = {"beginner": "Beginner", "intermediate": "Intermediate", "advanced": "Advanced"}


def _whole(site: str, path: str) -> str:
    return f"{site}{path}"


def breadcrumbs(site: str, crumbs: list[tuple[str, str]]) -> dict:
    """`crumbs` are (name, path) from the root to the page itself."""
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": _whole(site, path)}
            for place, (name, path) in enumerate(crumbs, start=1)
        ],
    }


def course(site: str, school: str, row, instructors: list, offer: dict | None) -> dict:
    found = {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": row.title,
        "description": row.summary or row.title,
        "url": _whole(site, f"/courses/{row.slug}/"),
        "inLanguage": row.language,
        "educationalLevel": LEVELS.get(row.level, row.level),
        "isAccessibleForFree": row.is_free,
        "provider": {"@type": "Organization", "name": school, "url": site},
        "hasCourseInstance": {
            "@type": "CourseInstance",
            "courseMode": "Online",
            "courseWorkload": f"PT{max(1, row.minutes)}M",
        },
    }
    if instructors:
        found["instructor"] = [{"@type": "Person", "name": each.name} for each in instructors]
    if row.is_free:
        found["offers"] = {"@type": "Offer", "category": "Free"}
    elif offer:
        found["offers"] = {
            "@type": "Offer",
            "category": "Paid",
            "price": f"{offer['amount_minor'] / 100:.2f}",
            "priceCurrency": offer["currency"],
            "url": _whole(site, offer["url"]),
        }
    return found


def resource(site: str, course_row, item, place: str, kind: str, text: str = "") -> dict:
    """A lesson, exercise or project. `text` is given for open items only."""
    found = {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": item.title,
        "url": _whole(site, f"/courses/{course_row.slug}/{place}/{item.key}/"),
        "learningResourceType": kind,
        "inLanguage": course_row.language,
        "isAccessibleForFree": item.is_open,
        "isPartOf": {
            "@type": "Course",
            "name": course_row.title,
            "url": _whole(site, f"/courses/{course_row.slug}/"),
        },
    }
    if item.summary:
        found["description"] = item.summary
    if text:
        found["abstract"] = text[:300]
    return found


def article(site: str, school: str, topic) -> dict:
    return {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": topic.title,
        "description": topic.summary or topic.title,
        "url": _whole(site, f"/topics/{topic.slug}/"),
        "dateModified": topic.changed_at.isoformat(),
        "author": {"@type": "Organization", "name": school},
        "publisher": {"@type": "Organization", "name": school},
    }


def questions(faqs: list) -> dict | None:
    if not faqs:
        return None
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": faq.question,
                "acceptedAnswer": {"@type": "Answer", "text": faq.answer},
            }
            for faq in faqs
        ],
    }


def organization(site: str, school: str) -> dict:
    return {
        "@context": "https://schema.org",
        "@type": "EducationalOrganization",
        "name": school,
        "url": f"{site}/",
    }
