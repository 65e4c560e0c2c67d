"""The action by which staff say that they have seen to rows that ask for attention."""

from engineroom.asking import asks
from payments.actions.attending import look_after


def looks_after(*, these: str, named: str, permission: str):
    """An admin action for rows with `attention`; `named` is the field that a row is called by."""

    @asks(
        f"Take {these} off the list of what needs attention? The reasons stay in the audit trail.",
        description="Mark as looked after",
        permissions=[permission],
        shown=lambda row: f"{getattr(row, named)}: {row.attention or 'needs no attention'}",
    )
    def act(self, request, queryset):
        count = sum(look_after(row=row, actor=request.user) for row in queryset)
        self.message_user(request, f"{count} looked after.")

    return act
