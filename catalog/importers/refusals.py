"""Why a package cannot be imported. Nothing was changed."""

from engineroom.refusals import Refusal


class PackageRefused(Refusal):
    code = "package_refused"
    message = "This package cannot be imported."
    field = "package"
    status = 400
