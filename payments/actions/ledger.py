"""Writing into the books. One row is one transfer; a ref that is there already books nothing more.

Accounts, each under `live:` or `test:`:
- `gateway:<name>`: money the gateway holds for us,
- `customers`: what buyers paid and what they were given for it; zero when every order is whole,
- `revenue:<kind>`: what was sold, by kind.
"""

from payments.models import LedgerEntry, Order, OrderLine, Payment, Refund, RefundLine


def _book(order: Order, debit: str, credit: str, amount_minor: int, ref: str) -> None:
    if amount_minor:
        LedgerEntry.objects.create(
            debit=f"{order.mode}:{debit}",
            credit=f"{order.mode}:{credit}",
            amount_minor=amount_minor,
            currency=order.currency,
            ref=ref,
            order=order,
        )


def book_capture(order: Order, payment: Payment) -> None:
    ref = f"capture:{payment.public_id}"
    _book(order, f"gateway:{payment.gateway}", "customers", payment.amount_minor, ref)


def book_sale(order: Order, line: OrderLine) -> None:
    ref = f"sale:{line.public_id}"
    _book(order, "customers", f"revenue:{line.kind}", line.total_minor, ref)


def book_return(order: Order, refund: Refund, part: RefundLine) -> None:
    ref = f"return:{refund.public_id}:{part.line.public_id}"
    _book(order, f"revenue:{part.line.kind}", "customers", part.amount_minor, ref)


def book_refund(order: Order, refund: Refund) -> None:
    ref = f"refund:{refund.public_id}"
    _book(order, "customers", f"gateway:{refund.payment.gateway}", refund.amount_minor, ref)
