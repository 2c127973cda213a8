"""What an answer is worth where its HTTP status says it, and how long it asks us to wait."""

from email.utils import parsedate_to_datetime

from collectors.source import OK, Capture, Verdict, blocked, skip, wait

THROTTLE_SECONDS = 60.0  # where a 429 or 503 names no Retry-After, or one we cannot read


def judge_by_status(capture: Capture) -> Verdict:
    """What an answer is worth where its HTTP status says it; the judge of sources that have none of their own."""
    status = capture.http_status
    if status is None:
        return Verdict("failed", capture.error or "no answer")
    if status in (429, 503):
        return wait(retry_after(capture), f"answered {status}")
    if status in (404, 410):
        return skip(f"answered {status}")
    if status in (401, 403, 407, 451):
        return blocked(f"answered {status}")
    if not 200 <= status < 300:
        return Verdict("failed", f"answered {status}")
    if not capture.body:
        return Verdict("failed", f"answered {status} with an empty body")
    return OK


def retry_after(capture: Capture) -> float:
    """Seconds the answer asks us to wait: Retry-After as seconds or as a date (RFC 9110), else THROTTLE_SECONDS."""
    said = capture.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, (parsedate_to_datetime(said) - capture.fetched_at).total_seconds())
    except (TypeError, ValueError):  # absent, not a date, or a date without an offset
        return THROTTLE_SECONDS
