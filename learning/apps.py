from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "learning"

    def ready(self):
        from catalog.events import EditionPublished
        from engineroom import events, slots
        from learning import jobs, listeners  # noqa: F401 - importing them is what registers them
        from learning.actions import erase_person
        from learning.actions.holdings import end_holding
        from learning.actions.recounting import recount_seats
        from learning.actions.works import plant_work
        from learning.events import AttemptGraded, LessonCompleted
        from learning.queries import access, certificates, memberships, works
        from learning.queries import slots as parts
        from learning.queries.evidence import evidence
        from learning.queries.holdings import holdings
        from learning.queries.seat_counts import seats_are_counted
        from learning.sellables import (
            CohortSeatSellable,
            CourseSellable,
            MembershipSellable,
            TeamSeatsSellable,
        )
        from learning.views.cohorts import course_section
        from payments import sellables

        events.listen(EditionPublished, listeners.on_edition_published)
        events.listen(LessonCompleted, listeners.on_item_completed)
        events.listen(AttemptGraded, listeners.on_attempt_graded)
        sellables.register(CourseSellable.kind, CourseSellable())
        sellables.register(CohortSeatSellable.kind, CohortSeatSellable())
        sellables.register(MembershipSellable.kind, MembershipSellable())
        sellables.register(TeamSeatsSellable.kind, TeamSeatsSellable())
        slots.fill("catalog.may_open", access.may_open)
        slots.fill("catalog.topic_in_use", memberships.topic_in_use)
        slots.fill("catalog.my_place", parts.my_place)
        slots.fill("catalog.memberships", memberships.memberships_with)
        slots.fill("catalog.gallery", works.gallery)
        slots.fill("catalog.plant_work", plant_work)
        slots.fill("catalog.start_url", parts.start_url)
        slots.fill("catalog.course_sections", course_section)
        slots.fill("accounts.sections", parts.section)
        slots.fill("accounts.sections", parts.teams_section)
        slots.fill("accounts.erase", erase_person)
        slots.fill("accounts.export", parts.export)
        slots.fill("accounts.export", certificates.export_certificates)
        slots.fill("payments.evidence", evidence)
        slots.fill("payments.holdings", holdings)
        slots.fill("payments.end_holding", end_holding)
        slots.fill("payments.counters", seats_are_counted)
        slots.fill("payments.recount", recount_seats)
        slots.fill("admin.board", parts.board)
