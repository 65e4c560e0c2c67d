"""Why the till says no."""

from engineroom.refusals import Invalid, NotAllowed, Refusal


class AlreadyOwned(Refusal):
    code = "already_owned"
    message = "You already have this. There is nothing to pay."


class StillProcessing(Refusal):
    code = "still_processing"
    message = "A payment for this is still being confirmed. It cannot be bought twice."


class OfferClosed(Refusal):
    code = "offer_closed"
    message = "This offer is not on sale now."


class OfferNotValid(Invalid):
    code = "offer_not_valid"


class PriceNotYours(NotAllowed):
    code = "price_not_yours"
    message = "You may not set prices. Leave the price out, or ask a manager of the school."
    field = "price"


class CheckoutExpired(Refusal):
    code = "checkout_expired"
    message = "This checkout has expired. Nothing was charged. Open the course and start again."


class CheckoutFinished(Refusal):
    code = "checkout_finished"
    message = "This checkout is paid. It only shows its receipt."


class CheckoutEmpty(Refusal):
    code = "checkout_empty"
    message = "There is nothing to pay in this checkout."


class TooManyLines(Refusal):
    code = "too_many_lines"
    message = "One checkout holds up to 20 lines. Pay for these first."


class LineMissing(Refusal):
    code = "line_missing"
    message = "This line is not in the checkout."
    status = 404


class OtherCurrency(Refusal):
    code = "other_currency"
    message = "This offer is in another currency than the rest of your order. Pay for that first."


class EmailNeeded(Invalid):
    code = "email_required"
    message = "Enter the e-mail address the receipt should go to."
    field = "email"


class EmailNotValid(Invalid):
    code = "email_not_valid"
    message = "Enter an e-mail address such as name@example.com."
    field = "email"


class EmailFixed(Refusal):
    code = "email_fixed"
    message = "The receipt goes to your account's e-mail address."
    field = "email"


class ConsentNeeded(Invalid):
    code = "consent_required"
    message = "Confirm that you agree before you pay."
    field = "consent"


class PriceChanged(Refusal):
    code = "price_changed"
    message = "The price has changed since you opened this page. Check the new total, then pay."


class FormSent(Refusal):
    code = "payment_closed"
    message = "This payment attempt has ended. Check your order, then start a new one."


class OrderNotPayable(Refusal):
    code = "order_not_payable"
    message = "This order cannot be paid any more."


class LiveSchoolWithoutGateway(Refusal):
    code = "cannot_sell_yet"
    message = "This school cannot take payments yet. Please come back later."


class GatewayUnavailable(Refusal):
    code = "gateway_unavailable"
    message = "The payment provider does not answer. Nothing was charged. Try again in a minute."
    status = 503

    def __init__(self, message: str | None = None):
        super().__init__(message, retry_after=60)


class BuyerForgotten(Refusal):
    code = "buyer_forgotten"
    message = "The buyer's account was deleted before the money arrived."


class PaymentMismatch(Refusal):
    code = "payment_mismatch"
    message = "The payment does not match the order."


class NotKnownYet(Refusal):
    code = "not_known_yet"
    message = "This is not known here yet."


class DisputeTakesNoAnswer(Refusal):
    code = "dispute_closed"
    message = "This dispute takes no answer any more: it was answered, or decided."


class EvidenceNeeded(Invalid):
    code = "evidence_required"
    message = "Say something: an answer without any evidence is a lost dispute."


class DisputeNotConfirmed(Invalid):
    code = "confirmation_required"
    message = "Confirm it: a dispute is answered once, and the answer cannot be changed."
    field = "confirmed"


class OrderDisputed(Refusal):
    code = "order_disputed"
    message = "The buyer's bank holds this money. Answer the dispute; there is nothing to refund."


class GatewayNotOffered(Invalid):
    code = "gateway_not_offered"
    message = "This way to pay is not offered for this order."
    field = "gateway"


class NoSuchTransfer(Refusal):
    code = "no_such_transfer"
    message = "This order is not paid by bank transfer, or its refund has ended."


class TransferAmountDiffers(Invalid):
    code = "transfer_amount_differs"
    message = "Another amount was asked for."
    field = "amount"


class TransferDateNotValid(Invalid):
    code = "transfer_date_not_valid"
    message = "Give the day on which the money moved: today or earlier."
    field = "day"


class TransferNotConfirmed(Invalid):
    code = "confirmation_required"
    message = "Confirm it: this moves the order and cannot be taken back."
    field = "confirmed"


class SimulatorClosed(Refusal):
    code = "payment_closed"
    message = "This test payment is already finished. Nothing more will happen here."


class OutcomeNotValid(Invalid):
    code = "outcome_not_valid"
    message = "Choose one of the outcomes that the simulator knows."
    field = "outcome"


class FaultNotValid(Invalid):
    code = "fault_not_valid"
    message = "Choose one of the faults that the simulator knows, or none."
    field = "fault"


class RefundNotPossible(Refusal):
    code = "refund_not_possible"
    message = "This order has no payment that could be refunded."


class RefundTooLarge(Refusal):
    code = "refund_too_large"
    message = "This is more than what is left to refund on the line."
    field = "amount"


class RefundNotValid(Invalid):
    code = "refund_not_valid"
    message = "Name the lines to refund, each once, with amounts above zero."


class GiftNotValid(Invalid):
    code = "gift_not_valid"
    message = "This gift cannot be sent so."


class NotGiftable(Refusal):
    code = "not_giftable"
    message = "This offer cannot be given as a gift."


class GiftGone(Refusal):
    code = "gift_gone"
    message = "This link opens no gift any more. Ask the giver for a new one."
    status = 410


class GiftTaken(Refusal):
    code = "gift_taken"
    message = "This gift was claimed already."


class GiftEnded(Refusal):
    code = "gift_ended"
    message = "This gift has ended: it was refunded to the giver."


class CountryNotValid(Invalid):
    code = "country_not_valid"
    message = "Choose a country."
    field = "country"


class VatIdNotValid(Invalid):
    code = "vat_id_not_valid"
    message = "This is not a valid VAT id of this country. Check it, or leave the field empty."
    field = "vat_id"


class InvoiceHasNoAddress(Refusal):
    code = "invoice_has_no_address"
    message = "The buyer's account was deleted: there is no address to send it to."


class StandsAlone(Refusal):
    code = "stands_alone"
    message = "What is paid in periods is bought alone. Pay for the rest of your order first."


class CouponNotForTrial(Refusal):
    code = "coupon_not_for_trial"
    message = "This code lowers the first payment only, and your first period is free already."
    field = "coupon"


class NoGiftInPeriods(Refusal):
    code = "no_gift_in_periods"
    message = "A gift is paid at once. Choose to pay it in one sum."


class SubscriptionOver(Refusal):
    code = "subscription_over"
    message = "This subscription has ended. Nothing more is charged for it."


class SubscriptionNotReady(Refusal):
    code = "subscription_not_ready"
    message = "The payment provider is still setting this subscription up. Try again in a minute."


class InstalmentsOwed(Refusal):
    code = "instalments_owed"
    message = "Instalments cannot be canceled here. Write to us if something is wrong."


class PlanNotOffered(Refusal):
    code = "plan_not_offered"
    message = "You cannot change to this plan."
    field = "offer"


class ChangeNotNow(Refusal):
    code = "change_not_now"
    message = "The plan cannot be changed now."


class CardDeclined(Refusal):
    code = "card_declined"
    message = "Your card did not pay for the change. Nothing has changed."


class ChargeUnknown(Refusal):
    code = "charge_unknown"
    message = "The payment provider made no such charge, or it is booked already."
    status = 404


class DraftNotValid(Invalid):
    code = "draft_not_valid"
    message = "This order cannot be written so."


class OrderNotDraft(Refusal):
    code = "order_not_draft"
    message = "This order has been sent or has moved on already."


class OfferSoldOut(Refusal):
    code = "sold_out"
    message = "This offer is sold out."


class TooManyForOne(Refusal):
    code = "limit_per_person"
    message = "You have as many of this as one person can buy."


class QuantityNotValid(Invalid):
    code = "quantity_not_valid"
    message = "Choose a number from 1 to 1,000."
    field = "quantity"


class AmountNotValid(Invalid):
    code = "amount_not_valid"
    message = "Choose an amount."
    field = "amount"


class BillingNotValid(Invalid):
    code = "billing_not_valid"
    message = "This address cannot be read."


class CountryNeeded(Invalid):
    code = "country_required"
    message = "Choose your country: the tax depends on it."
    field = "country"


class InstalmentsNotOffered(Refusal):
    code = "instalments_not_offered"
    message = "This cannot be paid in instalments."
    field = "in_instalments"


class CouponUnknown(Invalid):
    code = "coupon_unknown"
    message = "There is no such code. Check how it is written."
    field = "coupon"


class CouponClosed(Refusal):
    code = "coupon_closed"
    message = "This code is not valid now."
    field = "coupon"


class CouponUsedUp(Refusal):
    code = "coupon_used_up"
    message = "This code has been used as often as it can be."
    field = "coupon"


class CouponNotForThis(Refusal):
    code = "coupon_not_for_this"
    message = "This code is for something else than what is in your order."
    field = "coupon"


class CouponNotValid(Invalid):
    code = "coupon_not_valid"
    message = "This coupon cannot be made so."


class AmountNotCharged(Invalid):
    code = "amount_not_charged"
    message = "The payment provider cannot charge this amount in this currency."
