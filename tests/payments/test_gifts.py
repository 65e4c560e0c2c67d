"""Gifts: paid by one person, claimed once by another, from a chosen day on."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from accounts.actions import erase_person
from engineroom import clock, outbox
from payments import states
from payments.actions.checkouts import open_checkout
from payments.actions.gifts import claim_gift, make_gift_link, resend_gift, send_due_gifts
from payments.actions.giving import ask_to_claim, change_gift, set_gift
from payments.actions.ordering import place_order
from payments.actions.refunding import refund_lines
from payments.models import CheckoutLine, Gift, OrderLine
from payments.queries.books import audit_books
from payments.queries.gifts import export_gifts
from payments.refusals import (
    AlreadyOwned,
    GiftEnded,
    GiftGone,
    GiftNotValid,
    GiftTaken,
    NotGiftable,
)
from tests.factories import gifts
from tests.factories.accounts import make_user
from tests.factories.payments import make_offer

pytestmark = pytest.mark.django_db
LINK = re.compile(r"/gifts/(gift_[\w-]+)/")


def give(person=None, offer=None, **said):
    """A paid gift of a dummy thing."""
    return gifts.give(offer or make_offer(), person=person, **said)


def mailed_key(to="bea@example.com") -> str:
    outbox.drain()
    found = [LINK.search(message.body) for message in mail.outbox if message.to == [to]]
    return [link for link in found if link][-1][1]


def send_back(gift):
    line = gift.line
    return refund_lines(order=line.order, amounts={line.public_id: None}, reason="x", key="r")


def test_a_paid_gift_is_mailed_and_gives_nothing_until_it_is_claimed(dummy):
    gift = give()

    key = mailed_key()

    assert gift.line.order.state == states.PAID
    assert gift.line.order.attention == ""
    assert dummy.count("deliver") == 0
    assert "Ada gives you" in mail.outbox[-1].body + mail.outbox[-2].body
    assert Gift.objects.get().key_digest not in key

    bea = make_user()
    claimed = claim_gift(key=key, person=bea)

    assert claimed.claimed_by == bea
    assert dummy.count("deliver") == 1
    assert (bea.pk, gift.line.key) in dummy.owned
    assert OrderLine.objects.get().recipient == bea


def test_a_gift_is_claimed_once():
    give()
    key, bea = mailed_key(), make_user()
    claim_gift(key=key, person=bea)

    assert claim_gift(key=key, person=bea).claimed_by == bea
    with pytest.raises(GiftTaken):
        claim_gift(key=key, person=make_user())


def test_who_owns_it_already_leaves_the_gift_to_somebody_else(dummy):
    gift = give()
    key, bea, cleo = mailed_key(), make_user(), make_user()
    dummy.owned.add((bea.pk, gift.line.key))
    dummy.refusal = AlreadyOwned()

    with pytest.raises(AlreadyOwned, match="stays open"):
        claim_gift(key=key, person=bea)

    assert Gift.objects.get().claimed_at is None
    assert claim_gift(key=key, person=cleo).claimed_by == cleo


def test_a_gift_leaves_in_the_morning_of_its_day_where_the_recipient_is():
    make_user(email="bea@example.com", time_zone="Asia/Tokyo")
    day = (clock.now() + timedelta(days=3)).date()
    gift = give(deliver_on=day.isoformat())

    before = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=1)
    assert gift.deliver_at == before
    with clock.stopped_at(before - timedelta(minutes=1)):
        assert send_due_gifts() == 0
    with clock.stopped_at(before):
        assert send_due_gifts() == 1
        assert send_due_gifts() == 0
        key = mailed_key()
    assert claim_gift(key=key, person=make_user())


def test_a_gift_without_an_address_goes_to_its_buyer_to_pass_on():
    ada = make_user(email="ada@example.com")
    give(person=ada, email="")

    assert claim_gift(key=mailed_key("ada@example.com"), person=make_user())


def test_a_refund_before_the_claim_ends_the_gift(dummy):
    gift = give()
    key = mailed_key()

    send_back(gift)

    with pytest.raises(GiftEnded):
        claim_gift(key=key, person=make_user())
    assert dummy.count("deliver") == dummy.count("withdraw") == 0
    assert dummy.count("release") == 1
    assert audit_books()["ok"]


def test_a_refund_after_the_claim_takes_back_what_the_gift_gave(dummy):
    gift = give()
    bea = make_user()
    claim_gift(key=mailed_key(), person=bea)

    send_back(gift)

    assert dummy.count("withdraw") == 1
    assert (bea.pk, gift.line.key) not in dummy.owned
    assert Gift.objects.get().ended_at
    assert audit_books()["ok"]


def test_a_new_address_gets_a_link_of_its_own_and_the_old_one_ends():
    gift = give()
    old = mailed_key()

    change_gift(gift=gift, said={"email": "cleo@example.com"})

    with pytest.raises(GiftGone):
        claim_gift(key=old, person=make_user())
    assert claim_gift(key=mailed_key("cleo@example.com"), person=make_user())
    with pytest.raises(GiftGone):
        change_gift(gift=gift, said={"name": "Late"})
    with pytest.raises(GiftGone):
        resend_gift(gift=gift)


def test_a_link_sent_again_and_a_link_made_by_hand_each_end_the_one_before():
    gift = give()
    first = mailed_key()
    resend_gift(gift=gift)
    second = mailed_key()
    third = LINK.search(make_gift_link(gift=gift))[1]

    for dead in (first, second):
        with pytest.raises(GiftGone):
            claim_gift(key=dead, person=make_user())
    assert claim_gift(key=third, person=make_user())


def test_a_stranger_gets_an_account_by_mail_and_comes_back_to_the_gift():
    give()
    key = mailed_key()

    ask_to_claim(key=key, email="New@Example.com")

    outbox.drain()
    assert mail.outbox[-1].to == ["new@example.com"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example\0"}, "email"),
        ({"name": "x" * 121}, "name"),
        ({"sender": 5}, "sender"),
        ({"note": "x" * 501}, "note"),
        ({"note": "\0"}, "note"),
        ({"deliver_on": "soon"}, "deliver_on"),
        ({"deliver_on": "1999-01-01"}, "deliver_on"),
        ({"deliver_on": "9999-12-31"}, "deliver_on"),
    ],
)
def test_what_cannot_be_sent_is_refused_beside_its_field(said, field):
    checkout = open_checkout(offer=make_offer(), person=make_user())

    with pytest.raises(GiftNotValid) as caught:
        set_gift(checkout=checkout, line_id=checkout.lines.get().public_id, gift=said)

    assert caught.value.field == field
    assert CheckoutLine.objects.get().gift is None


def test_what_may_not_be_given_is_refused():
    checkout = open_checkout(offer=make_offer(is_giftable=False), person=make_user())

    with pytest.raises(NotGiftable):
        set_gift(checkout=checkout, line_id=checkout.lines.get().public_id, gift={})


def test_making_it_a_gift_drops_the_order_placed_before():
    checkout = open_checkout(offer=make_offer(), person=make_user())
    order = place_order(checkout=checkout, has_consented=True)

    set_gift(checkout=checkout, line_id=checkout.lines.get().public_id, gift={"name": "Bea"})

    order.refresh_from_db()
    assert order.state == states.CANCELED


def test_names_and_addresses_stand_in_the_gift_alone_and_go_with_their_people():
    ada, bea = make_user(email="ada@example.com"), make_user(email="bea@example.com")
    give(person=ada)
    assert OrderLine.objects.get().gift == CheckoutLine.objects.get().gift
    assert "bea@example.com" not in str(OrderLine.objects.get().gift)
    claim_gift(key=mailed_key(), person=bea)
    assert [row["note"] for row in export_gifts(ada)] == ["Enjoy!"]
    assert [row["is_given"] for row in export_gifts(bea)] == [False]

    erase_person(person=bea, actor=bea)
    gift = Gift.objects.get()
    assert (gift.email, gift.name, gift.claimed_by) == ("", "", None)
    assert gift.claimed_at

    erase_person(person=ada, actor=ada)
    gift.refresh_from_db()
    assert (gift.sender, gift.note) == ("", "")


def test_an_erased_giver_leaves_the_recipient_their_gift():
    ada = make_user()
    give(person=ada)
    key = mailed_key()

    erase_person(person=ada, actor=ada)

    assert claim_gift(key=key, person=make_user())
