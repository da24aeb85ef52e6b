"""A data set from its files: what they hold, its products numbered, cut into three by time."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Final

from recommender.errors import ClickstreamUnreadableError
from recommender.evaluation.formats import FORMATS, Format, format_of, lines_of
from recommender.evaluation.readers import Found
from recommender.evaluation.schemas import Clickstream, Prediction, Session, predictions_of

TEST_SHARE: Final = 0.1
"""The last part of the sessions that is the test where neither a file nor days say which."""
_DAY: Final = 86_400


@dataclass(frozen=True)
class _Files:
    form: Format
    train: Sequence[Path]
    test: Sequence[Path]


def load(path: Path, session_gap: timedelta) -> Clickstream:
    """Return the data set in a file or folder; raise ClickstreamUnreadableError if there is none.

    A file that says "train" in its name is read together with the one beside it that says "test".
    """
    files = _files_of(path)
    form, gap = files.form, session_gap.total_seconds()
    train = form.read(chain.from_iterable(map(lines_of, files.train)), gap)
    given = form.read(chain.from_iterable(map(lines_of, files.test)), gap)
    train.sessions.sort(key=lambda session: session[0])
    numbers = _numbered([train, given])
    known = {numbers[product]: look for product, look in train.attributes.items()}
    learnt, validation, test = _cut(_sessions(train, numbers), _predictions(given, numbers), form)
    if not learnt or not test:
        raise ClickstreamUnreadableError(
            f"{path.name} holds too little: {len(train.sessions):,} sessions to learn from,"
            f" {len(test):,} clicks to predict, {train.skipped_lines:,} broken lines."
        )
    return Clickstream(
        name=_name(path),
        form=form.name,
        train=learnt,
        validation=validation,
        test=test,
        products=len(numbers),
        attributes=known,
        is_timed=form.is_timed,
        skipped_lines=train.skipped_lines + given.skipped_lines,
    )


def _files_of(path: Path) -> _Files:
    if path.is_dir():
        candidates = sorted(file for file in path.rglob("*") if file.is_file())
    else:
        candidates = [path, *_partners(path)]
    known: dict[str, tuple[Format, list[Path]]] = {}
    firsts = {file: next(lines_of(file), "") for file in candidates}
    for file, line in firsts.items():
        form = format_of(line)
        if form is not None:
            known.setdefault(form.name, (form, []))[1].append(file)
    if not known:
        raise ClickstreamUnreadableError(_unknown(path, firsts))
    if len(known) > 1:
        raise ClickstreamUnreadableError(
            f"{path.name} holds files of several formats: {'; '.join(known)}. Name one of them."
        )
    ((form, files),) = known.values()
    test = [file for file in files if "test" in file.name.casefold()]
    train = [file for file in files if file not in test]
    full = [file for file in train if "train_full" in file.name]
    return _Files(form, full or train, test)


def _partners(path: Path) -> list[Path]:
    partner = path.with_name(re.sub(r"train(_full)?", "test", path.name))
    return [partner] if partner != path and partner.is_file() else []


def _unknown(path: Path, firsts: dict[Path, str]) -> str:
    if not any(firsts.values()):
        return f"{path.name} is empty."
    begins = "; ".join(f"{file.name} begins with {line[:60]!r}" for file, line in firsts.items())
    formats = "; ".join(form.name for form in FORMATS)
    return f"None of the known formats: {begins[:600]}. Known are: {formats}."


def _name(path: Path) -> str:
    words = re.findall(r"[a-z0-9]+", path.resolve().name.casefold().split(".")[0])
    return "-".join(words) or "data"


def _numbered(parts: Iterable[Found]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for found in parts:
        lists = [products for _, products in found.sessions]
        lists += [[*seen, target] for seen, target in found.pairs]
        for product in chain.from_iterable(lists):
            numbers.setdefault(product, len(numbers) + 1)
    return numbers


def _sessions(found: Found, numbers: dict[str, int]) -> list[Session]:
    return [
        Session(began, [numbers[product] for product in products])
        for began, products in found.sessions
    ]


def _predictions(found: Found, numbers: dict[str, int]) -> list[Prediction]:
    pairs = [([numbers[product] for product in seen], numbers[to]) for seen, to in found.pairs]
    return pairs + predictions_of(_sessions(found, numbers))


def _cut(
    sessions: Sequence[Session], given: Sequence[Prediction], form: Format
) -> tuple[Sequence[Session], Sequence[Session], Sequence[Prediction]]:
    """Return the sessions to learn from, those to choose settings on, and the test."""
    if form.test_days and sessions:
        midnight = sessions[-1].began // _DAY * _DAY
        test_from = midnight - (form.test_days - 1) * _DAY
        begun = [session.began for session in sessions]
        test_at = sum(began < test_from for began in begun)
        validation_at = sum(began < test_from - form.test_days * _DAY for began in begun)
    else:
        part = round(len(sessions) * TEST_SHARE)
        test_at = len(sessions) if given else len(sessions) - part
        validation_at = test_at - part
    test = given or predictions_of(sessions[test_at:])
    return sessions[:validation_at], sessions[validation_at:test_at], test
