"""From an answer to a capture and its verdict: what fetching says, what stands in front of content, what the source says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from collectors.archive import body_hash, new_capture_id
from collectors.fetch import Answer
from collectors.registry import SourceModule
from collectors.runs import Run
from collectors.soft404 import PROBE, is_like, words_of
from collectors.source import Capture, Fetched, ParseError, Request, Verdict, Watch, blocked, changed, skip, stop_watch, wait
from collectors.standing import Standing
from collectors.urls import host_of, normalise_url
from collectors.walls import Wall, wall

# Kinds of fetch errors that are no failures: we did not ask, or did not go on, by our rules or theirs ...
DENIED = frozenset(("robots", "guard", "scheme", "scope", "downgrade", "paid"))
STOPPING = frozenset(("credentials", "budget"))  # ... or it is no use to go on asking tonight.


def capture_of(request: Request, answer: Answer, run: Run, watch: Watch, answered_at: datetime) -> Capture:
    """The answer as a capture, not judged yet. It is dated by when it was asked for, without the wait for our turn."""
    fetched_at = answered_at - timedelta(milliseconds=answer.elapsed_ms)
    capture_id = new_capture_id(fetched_at)
    return Capture(
        capture_id=capture_id,
        run_id=run.run_id,
        source=watch.source,
        watch_id=watch.watch_id,
        label=request.label,
        context=request.context,
        fingerprint=request.fingerprint,
        method=request.method,
        url=answer.url,
        final_url=answer.final_url,
        redirects=answer.redirects,
        http_status=answer.http_status,
        error=answer.error,
        headers=answer.headers,
        media_type=answer.media_type,
        charset=answer.charset,
        body=answer.body,
        body_hash=body_hash(answer.body) if answer.body is not None else "",
        body_of=capture_id if answer.body is not None else "",
        body_state="stored" if answer.body is not None else "too_large" if answer.error in ("too_large", "bomb") else "none",
        fetched_at=fetched_at,
        observed_at=fetched_at,
        elapsed_ms=answer.elapsed_ms,
        attempt=answer.attempt,
        depth=request.depth,
    )


def judged(
    capture: Capture, answer: Answer, module: SourceModule, watch: Watch, host: Standing, before: Fetched | None
) -> tuple[Capture, Verdict]:
    """The capture as it is kept, and its verdict. An unchanged body stands once, with the capture that brought it."""
    if answer.not_modified and before is not None:
        verdict = Verdict("unchanged")
        capture = replace(capture, body_hash=before.body_hash, body_of=before.capture_id, body_state="same")
    elif answer.error:
        verdict = _of_error(answer)
    elif capture.label == PROBE:
        verdict = _of_probe(capture, host)
    elif (found := _wall(capture)) is not None and found.kind != "soft_404":
        verdict = blocked(f"{host_of(capture.final_url)} answered with {found.reason}")
    elif capture.http_status == 200 and (found is not None or _is_missing(capture, watch, host)):
        said = found.reason if found else "the page it shows for every address that does not exist"
        verdict = skip(f"{host_of(capture.final_url)} answered with {said}")
        capture = replace(capture, error="soft_404")
    else:
        verdict = _of_content(capture, module)
        if verdict.kind in ("ok", "empty") and before is not None and capture.body_hash == before.body_hash:
            verdict = replace(verdict, kind="unchanged" if verdict.kind == "ok" else "empty")
            capture = replace(capture, body=None, body_of=before.capture_id, body_state="same")
    return capture.with_verdict(verdict), verdict


def _of_error(answer: Answer) -> Verdict:
    said = answer.error_detail or answer.error
    if answer.error in STOPPING:
        return stop_watch(said)
    if answer.error == "paused":
        return wait(answer.retry_after or 0.0, said)
    return Verdict("denied" if answer.error in DENIED else "failed", said)


def _of_probe(capture: Capture, host: Standing) -> Verdict:
    """An address that cannot exist: remembers what the host shows for it, where it claims that all is well."""
    if capture.http_status != 200 or not capture.body:
        return skip("")  # as it should be
    host.not_found = words_of(capture.body)
    return skip(f"{host.host} answers 200 for what does not exist; pages like this one are taken for missing")


def _wall(capture: Capture) -> Wall | None:
    return wall(capture.http_status, capture.headers, capture.media_type, capture.body, capture.url, capture.final_url)


def _is_missing(capture: Capture, watch: Watch, host: Standing) -> bool:
    """Whether a page is what the host shows for addresses that do not exist; where that is the home page, that one is not."""
    if not capture.body or host.not_found is None:
        return False
    return normalise_url(capture.url) != normalise_url(watch.target) and is_like(capture.body, host.not_found)


def _of_content(capture: Capture, module: SourceModule) -> Verdict:
    try:
        return module.judge(capture)
    except ParseError as error:
        return changed(str(error))
    except Exception as error:  # noqa: BLE001  a source that stumbles over one answer loses that answer
        return changed(f"the answer cannot be judged: {type(error).__name__}: {error}")
