"""The print as dark dots on a small copy: what the lines of a page are measured by."""

import cv2
import numpy as np
import numpy.typing as npt

from ocr.clean_page import Grey

SIDE = 1100  # pixels of the copy's longer side: an x is 5 to 8 high on it
NEIGHBOURHOOD = 31
DARKER = 25  # grey levels below the neighbourhood
GROUND = 60  # a neighbourhood darker than this is a scanner's black ground or a photograph, which outweighs all print


def dots(grey: Grey, side: int = SIDE) -> Grey:
    """1 where there is print, 0 elsewhere, (h, w) with the longer side at most `side`."""
    factor = min(1.0, side / max(grey.shape))
    small = np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    local = cv2.blur(small, (NEIGHBOURHOOD, NEIGHBOURHOOD))
    print_ = small.astype(np.int16) < local.astype(np.int16) - DARKER
    return np.asarray(print_ & (local > GROUND), np.uint8)


def profiles(marked: Grey, strips: int) -> npt.NDArray[np.float32]:
    """Dots in each row (h, strips) of as many upright strips of the page, so that skew and curl hardly smear them."""
    width = marked.shape[1] // strips
    parts = marked[:, : width * strips].reshape(marked.shape[0], strips, width)
    return np.asarray(parts.sum(axis=2), np.float32)
