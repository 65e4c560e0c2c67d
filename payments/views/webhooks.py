"""Where gateways tell us what happened: raw bytes in, an inbox row, 200."""

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from engineroom.budgets import budget
from engineroom.problems import CONTENT_TYPE, problem
from payments import gateways
from payments.actions.webhooks import MOST_BYTES, ForgedWebhook, process_event, receive_event

HEADERS = ("Lectern-Signature", "Stripe-Signature")


def _no(request, status: int, code: str, detail: str) -> JsonResponse:
    body = problem(status, code, detail, request)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


@budget(100)
@csrf_exempt  # the signature over the raw bytes stands in its place
@require_POST
def door(request, gateway):
    """Verify, keep, answer 200, also to a duplicate; then act at once. What fails is tried again
    by the worker."""
    known = gateways.by_name(gateway)
    if known is None:
        return _no(request, 404, "not_found", "No such gateway is used here.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MOST_BYTES:
        return _no(request, 413, "too_large", "An event has at most 256 KB.")
    signature = next((request.headers[name] for name in HEADERS if name in request.headers), "")
    try:
        event, is_new = receive_event(gateway=known, body=request.body, signature=signature)
    except ForgedWebhook as refusal:
        return _no(request, refusal.status, refusal.code, refusal.message)
    if is_new:
        process_event(event)
    return JsonResponse({"received": True, "duplicate": not is_new})
