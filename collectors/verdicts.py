"""What an answer is worth where its HTTP status says it, and how long it asks us to wait."""

from collectors import failures
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
    """Seconds the answer asks us to wait, at most a day; THROTTLE_SECONDS where it does not say."""
    asked = failures.retry_after(capture.headers.get("retry-after"), capture.fetched_at)
    return THROTTLE_SECONDS if asked is None else asked
