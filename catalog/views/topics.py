"""Topic pages."""

from django.conf import settings
from django.shortcuts import render

from catalog import structured
from catalog.queries.courses import topic_counts
from catalog.queries.topics import topic_page
from catalog.views.addresses import moved
from engineroom.pages import public_page


@public_page()
def topic_list(request):
    crumbs = [("Home", "/"), ("Topics", "/topics/")]
    context = {
        "topics": topic_counts(),
        "structured": [structured.breadcrumbs(settings.SITE_URL, crumbs)],
    }
    return render(request, "catalog/topic_list.html", context)


@public_page()
def topic_detail(request, slug):
    page = topic_page(slug)
    if page is None:
        return moved("topic", slug, request)
    topic, site = page.topic, settings.SITE_URL
    crumbs = [("Home", "/"), ("Topics", "/topics/"), (topic.title, topic.get_absolute_url())]
    context = {
        "page": page,
        "topic": topic,
        "structured": [
            structured.article(site, settings.SCHOOL_NAME, topic),
            structured.breadcrumbs(site, crumbs),
            structured.questions(page.faqs),
        ],
    }
    return render(request, "catalog/topic.html", context)
