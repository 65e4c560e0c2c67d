from django.urls import path

from payments.api.views import (
    checkouts,
    coupons,
    disputes,
    drafts,
    gifts,
    invoices,
    offers,
    orders,
    previews,
    simulator,
    subscriptions,
    transfers,
)

urlpatterns = [
    path("offers", offers.OfferList.as_view(), name="offer-list"),
    path("offers/source", offers.OfferSources.as_view(), name="offer-source-list"),
    path("offers/<str:offer_id>", offers.OfferDetail.as_view(), name="offer-detail"),
    path("coupons", coupons.CouponList.as_view(), name="coupon-list"),
    path("coupons/<str:coupon_id>", coupons.CouponDetail.as_view(), name="coupon-detail"),
    path("coupon-batches", coupons.BatchList.as_view(), name="coupon-batch-list"),
    path(
        "coupon-batches/<str:batch_id>", coupons.BatchDetail.as_view(), name="coupon-batch-detail"
    ),
    path(
        "coupon-batches/<str:batch_id>/codes",
        coupons.BatchCodes.as_view(),
        name="coupon-batch-codes",
    ),
    path(
        "coupon-batches/<str:batch_id>/ending",
        coupons.BatchEnding.as_view(),
        name="coupon-batch-ending",
    ),
    path("price-previews", previews.PricePreviews.as_view(), name="price-preview-list"),
    path("checkouts", checkouts.CheckoutList.as_view(), name="checkout-list"),
    path("checkouts/<str:checkout_id>", checkouts.CheckoutDetail.as_view(), name="checkout-detail"),
    path(
        "checkouts/<str:checkout_id>/lines",
        checkouts.CheckoutLines.as_view(),
        name="checkout-line-list",
    ),
    path(
        "checkouts/<str:checkout_id>/lines/<str:line_id>",
        checkouts.CheckoutLine.as_view(),
        name="checkout-line-detail",
    ),
    path(
        "checkouts/<str:checkout_id>/payments",
        checkouts.CheckoutPayments.as_view(),
        name="checkout-payment-list",
    ),
    path(
        "orders/<str:number>/transfer-receipt",
        transfers.TransferReceipt.as_view(),
        name="transfer-receipt",
    ),
    path(
        "orders/<str:number>/refunds/<str:refund_id>/sent",
        transfers.RefundSent.as_view(),
        name="refund-sent",
    ),
    path("disputes", disputes.DisputeList.as_view(), name="dispute-list"),
    path("disputes/<str:dispute_id>", disputes.DisputeDetail.as_view(), name="dispute-detail"),
    path(
        "disputes/<str:dispute_id>/answer", disputes.DisputeAnswer.as_view(), name="dispute-answer"
    ),
    path("invoices", invoices.InvoiceList.as_view(), name="invoice-list"),
    path("invoices/<str:invoice_id>", invoices.InvoiceDetail.as_view(), name="invoice-detail"),
    path("invoices/<str:invoice_id>/pdf", invoices.InvoicePdf.as_view(), name="invoice-pdf"),
    path("invoices/<str:invoice_id>/xml", invoices.InvoiceXml.as_view(), name="invoice-xml"),
    path("gifts", gifts.GiftList.as_view(), name="gift-list"),
    path("gifts/<str:gift_id>", gifts.GiftDetail.as_view(), name="gift-detail"),
    path("gifts/<str:gift_id>/mails", gifts.GiftMails.as_view(), name="gift-mail-list"),
    path("gifts/<str:gift_id>/link", gifts.GiftLink.as_view(), name="gift-link"),
    path("gift-claims", gifts.GiftClaims.as_view(), name="gift-claim-list"),
    path("invoice-orders", drafts.DraftList.as_view(), name="invoice-order-list"),
    path("invoice-orders/<str:number>", drafts.DraftDetail.as_view(), name="invoice-order-detail"),
    path(
        "invoice-orders/<str:number>/sending",
        drafts.DraftSending.as_view(),
        name="invoice-order-sending",
    ),
    path("orders", orders.OrderList.as_view(), name="order-list"),
    path("all-orders", orders.AllOrders.as_view(), name="all-order-list"),
    path("orders/<str:number>", orders.OrderDetail.as_view(), name="order-detail"),
    path("orders/<str:number>/refunds", orders.OrderRefunds.as_view(), name="order-refund-list"),
    path(
        "subscriptions",
        subscriptions.SubscriptionList.as_view(),
        name="subscription-list",
    ),
    path(
        "subscriptions/<str:subscription_id>",
        subscriptions.SubscriptionDetail.as_view(),
        name="subscription-detail",
    ),
    path(
        "subscriptions/<str:subscription_id>/cancel",
        subscriptions.SubscriptionCancel.as_view(),
        name="subscription-cancel",
    ),
    path(
        "subscriptions/<str:subscription_id>/keep",
        subscriptions.SubscriptionKeep.as_view(),
        name="subscription-keep",
    ),
    path(
        "subscriptions/<str:subscription_id>/change",
        subscriptions.SubscriptionChange.as_view(),
        name="subscription-change",
    ),
    path(
        "subscriptions/<str:subscription_id>/change-preview",
        subscriptions.SubscriptionChangePreview.as_view(),
        name="subscription-change-preview",
    ),
    path(
        "subscriptions/<str:subscription_id>/card",
        subscriptions.SubscriptionCard.as_view(),
        name="subscription-card",
    ),
    path(
        "simulator/payments/<str:token>",
        simulator.SimulatorPayment.as_view(),
        name="simulator-payment",
    ),
]
