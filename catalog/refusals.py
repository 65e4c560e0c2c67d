"""Why the catalog says no."""

from engineroom.refusals import Invalid, Refusal


class BadPicture(Invalid):
    code = "bad_picture"
    message = "This file is not a picture that the school can show."
    field = "file"


class TooLarge(Invalid):
    code = "too_large"
    message = "This file is too large."
    field = "file"
    status = 413


class NothingToPublish(Refusal):
    code = "nothing_to_publish"
    message = "The draft has no lesson, exercise or project that can be published."


class NothingChanged(Refusal):
    code = "nothing_changed"
    message = "The draft is the same as the published edition."


class NotPublishable(Refusal):
    code = "not_publishable"
    message = "The draft cannot be published yet."


class NotACorrection(Refusal):
    code = "not_a_correction"
    message = "A correction keeps every item. Publish a new edition instead."


class NotPublished(Refusal):
    code = "not_published"
    message = "Only a published edition can be withdrawn."


class EditionClosed(Refusal):
    code = "edition_closed"
    message = "Published editions cannot be changed. Change the draft and publish it."


class NoDraft(Refusal):
    code = "no_draft"
    message = "The course has no draft."


class KeyTaken(Invalid):
    code = "key_taken"
    message = "Another item of the course has this key."
    field = "key"


class BadKey(Invalid):
    code = "bad_key"
    message = "A key has letters, digits, hyphens and underscores, at most 160."
    field = "key"


class SlugTaken(Invalid):
    code = "slug_taken"
    message = "This address is in use."
    field = "slug"


class BadSlug(Invalid):
    code = "bad_slug"
    message = "An address has letters, digits and hyphens, at most 160."
    field = "slug"


class StillUsed(Refusal):
    code = "still_used"
    message = "It has been published and cannot be deleted."


class BadOrder(Invalid):
    code = "bad_order"
    message = "The order must name every row exactly once."
    field = "order"


class BadFilter(Invalid):
    code = "bad_filter"
    message = "This filter is not known."
