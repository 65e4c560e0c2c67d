from django.urls import path

from payments.views import (
    checkout,
    gifts,
    invoiced,
    invoices,
    orders,
    simulator,
    subscriptions,
    transfers,
    webhooks,
)

app_name = "payments"
urlpatterns = [
    path("buy/<str:offer_id>/", checkout.buy, name="buy"),
    path("checkout/<str:checkout_id>/", checkout.checkout_page, name="checkout"),
    path("checkout/<str:checkout_id>/remove/", checkout.remove, name="checkout-remove"),
    path("checkout/<str:checkout_id>/go/", checkout.leave, name="checkout-leave"),
    path("checkout/<str:checkout_id>/return/", checkout.come_back, name="checkout-return"),
    path("invoices/<str:invoice_id>.pdf", invoices.pdf, name="invoice-pdf"),
    path("invoices/<str:invoice_id>.xml", invoices.xml, name="invoice-xml"),
    path("invoices/<str:invoice_id>/", invoices.page, name="invoice"),
    path("gifts/", gifts.gift_list, name="gift-list"),
    path("gifts/given/<str:gift_id>/", gifts.gift_change, name="gift-change"),
    path("gifts/<str:key>/", gifts.gift_page, name="gift"),
    path("orders/", orders.order_list, name="order-list"),
    path("orders/<str:number>/pay/", invoiced.pay, name="order-pay"),
    path("orders/<str:number>/go/", invoiced.leave, name="order-leave"),
    path("orders/<str:number>/return/", invoiced.come_back, name="order-return"),
    path("orders/<str:number>/", orders.receipt, name="order-detail"),
    path("subscriptions/", subscriptions.subscription_list, name="subscription-list"),
    path(
        "subscriptions/<str:subscription_id>/",
        subscriptions.subscription_page,
        name="subscription-detail",
    ),
    path(
        "subscriptions/<str:subscription_id>/cancel/",
        subscriptions.cancel,
        name="subscription-cancel",
    ),
    path("subscriptions/<str:subscription_id>/keep/", subscriptions.keep, name="subscription-keep"),
    path(
        "subscriptions/<str:subscription_id>/change/",
        subscriptions.change,
        name="subscription-change",
    ),
    path("subscriptions/<str:subscription_id>/card/", subscriptions.card, name="subscription-card"),
    path(
        "subscriptions/<str:subscription_id>/card/done/",
        subscriptions.card_done,
        name="subscription-card-done",
    ),
    path("orders/<str:number>/transfer/", transfers.instructions, name="transfer"),
    path("simulator/cards/<str:token>/", simulator.card_page, name="simulator-card"),
    path("simulator/<str:token>/", simulator.hosted_page, name="simulator"),
    path("webhooks/<str:gateway>/", webhooks.door, name="webhook"),
]
