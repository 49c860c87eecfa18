"""Grain and specks: measured on the paper, filtered no more than needed."""

import cv2
import numpy as np

from ocr.clean_page import Grey

LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
SAMPLE = 600


def grain(grey: Grey) -> float:
    """The standard deviation of the grain, in grey levels.

    The median keeps print out of the measure: most of a page is paper (Immerkær, 1996, with a robust mean)."""
    top, left = (max(0, (size - SAMPLE) // 2) for size in grey.shape)
    sample = grey[top : top + SAMPLE, left : left + SAMPLE].astype(np.float32)
    if min(sample.shape) < 3:
        return 0.0
    return float(np.median(np.abs(cv2.filter2D(sample, cv2.CV_32F, LAPLACE)))) / (6 * 0.6745)


def smooth(grey: Grey) -> Grey:
    """Specks of one or two pixels taken out and the grain softened."""
    return np.asarray(cv2.medianBlur(grey, 3), np.uint8)
