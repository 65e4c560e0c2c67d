"""Why learning says no."""

from engineroom.refusals import Invalid, Refusal


class NoGrant(Refusal):
    """`buy_url` in the details is where the course is offered."""

    code = "no_grant"
    message = "You have no place in this course. Its page says how to get one."
    status = 403


class AccessEnded(NoGrant):
    code = "access_ended"
    message = "Your access to this course has ended. What you did is kept."


class NotPublished(Refusal):
    code = "not_published"
    message = "This course is not published yet."


class Withdrawn(Refusal):
    code = "withdrawn"
    message = "This edition of the course has been taken down."


class NoSuchCourse(Refusal):
    code = "no_such_course"
    message = "There is no such course."
    status = 404


class NoSuchItem(Refusal):
    code = "no_such_item"
    message = "This edition of the course has no such part."
    status = 404


class NotByHand(Refusal):
    code = "not_by_hand"
    message = "Exercises are finished by answering them, projects by handing in work."


class AttemptClosed(Refusal):
    code = "attempt_closed"
    message = "This attempt is over. What you answered is kept."


class BadAnswers(Invalid):
    """`errors` in the details is a list of {"field": question key, "code", "detail"}."""

    code = "bad_answers"
    message = "Some answers could not be read. Nothing was graded."


class Unanswered(BadAnswers):
    code = "unanswered"
    message = "Some questions have no answer yet. The other answers are saved."
    status = 409


class EmptyWork(Invalid):
    code = "empty_work"
    message = "Hand in a link or some words about your work."
    field = "text"


class BadWork(Invalid):
    code = "bad_work"


class BadScope(Invalid):
    code = "bad_scope"
    message = "There is nothing in the school with this key."
    field = "scope_key"


class BadPeriod(Invalid):
    code = "bad_period"
    message = "The end must come after the start."
    field = "ends_at"


class GrantTaken(Refusal):
    code = "grant_taken"
    message = "This source has given somebody else this grant."


class AlreadyOwned(Refusal):
    code = "already_owned"
    message = "You already have this course."


class OnePlaceEach(Invalid):
    code = "one_place_each"
    message = "A course is bought once, for one person."
    field = "quantity"


class CourseIsFree(Refusal):
    code = "course_is_free"
    message = "This course is free. Start it from its page."


class NoSuchPerson(Invalid):
    code = "no_such_person"
    message = "Nobody in the school has this address."
    field = "person"


class NoSuchCohort(Refusal):
    code = "no_such_cohort"
    message = "There is no such cohort."
    status = 404


class BadCohort(Invalid):
    code = "bad_cohort"
    message = "This cohort cannot be planned so."


class CohortClosed(Refusal):
    code = "cohort_closed"
    message = "Seats of this cohort are not on sale now."


class SeatsGone(Refusal):
    code = "seats_gone"
    message = "The last seat is gone. You can join the waiting list."


class SeatsFree(Refusal):
    code = "seats_free"
    message = "There are free seats: you need not wait."


class SeatHeld(Refusal):
    code = "seat_held"
    message = "You already hold a seat in this cohort. Pay for it, or wait until it runs out."


class AlreadySeated(Refusal):
    code = "already_owned"
    message = "You already have a seat in this cohort."


class NotWaiting(Refusal):
    code = "not_waiting"
    message = "You are not on this waiting list any more."


class NoSeatsLeft(Refusal):
    code = "no_seats_left"
    message = "Every seat of the team is taken. Ask the team for another one."


class SeatsOverdrawn(Refusal):
    code = "seats_overdrawn"
    message = "More seats are given than there are."


class InvitationGone(Refusal):
    code = "invitation_gone"
    message = "This link gives no seat any more. Ask the team for a new one."
    status = 410


class SeatBack(Refusal):
    code = "seat_taken_back"
    message = "This seat was taken back already."


class BadInvitation(Invalid):
    code = "bad_invitation"
    message = "Write e-mail addresses such as name@example.com."
    field = "people"


class BadRoster(Invalid):
    """`errors` in the details is a list of {"field": line, "code", "detail"}."""

    code = "bad_roster"
    message = "The list has problems. Nobody was invited."


class BadSeatNumber(Invalid):
    code = "bad_seat_number"
    message = "Buy 1 to 1,000 seats."
    field = "quantity"


class NoSuchMembership(Refusal):
    code = "no_such_membership"
    message = "There is no such membership."
    status = 404


class NothingNewer(Refusal):
    code = "nothing_newer"
    message = "There is no newer edition of this course to move to."


class OtherEdition(Refusal):
    """`edition` in the details is the number of the one on offer."""

    code = "other_edition"
    message = "Another edition is on offer by now. Look at what it changes first."


class BadRule(Invalid):
    code = "bad_rule"
    message = "Ask for something that a learner of this course can do."


class NoRule(Refusal):
    code = "no_certificate_rule"
    message = "This course gives no certificates. Say first what it asks for one."


class AlreadyCertified(Refusal):
    code = "already_certified"
    message = "This person has the certificate already."


class NotRenewable(Refusal):
    code = "not_renewable"
    message = "This certificate cannot be renewed."


class RuleNotMet(Refusal):
    code = "rule_not_met"
    message = "What the course asks for its certificate is not done."


class AlreadyRevoked(Refusal):
    code = "already_revoked"
    message = "This certificate was revoked already."


class BadReason(Invalid):
    code = "bad_reason"
    message = "Say why, in at most 300 characters: the learner and whoever checks it read this."
    field = "reason"


class RevokedCertificate(Refusal):
    code = "certificate_revoked"
    message = "This certificate was revoked. There is nothing to print or to show."
    status = 410
