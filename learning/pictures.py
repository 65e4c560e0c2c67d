"""The square code on a certificate that a phone reads."""

from functools import lru_cache

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET = 2  # modules of white around the code, on top of the frame that it stands in


@lru_cache(maxsize=256)
def qr_svg(text: str) -> str:
    """The text as QR code: one path on a grid of modules, black on white."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    drawn = []
    for y, row in enumerate(rows):
        start = None
        for x, is_dark in enumerate([*row, False]):
            if is_dark and start is None:
                start = x
            elif not is_dark and start is not None:
                drawn.append(f"M{start} {y}h{x - start}v1h{start - x}z")
                start = None
    size = len(rows) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-QUIET} {-QUIET} {size} {size}"'
        ' role="img" aria-label="Code that opens the public page of this certificate">'
        f'<path fill="#fff" d="M{-QUIET} {-QUIET}h{size}v{size}h{-size}z"/>'
        f'<path fill="#000" d="{"".join(drawn)}"/></svg>'
    )
