"""Answers are counted by their first pick's source, and the log says how many were fallbacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import CapturingLogger

from fashion_contracts.picks import Pick, Reason, Source
from recommender.picks import tally as tally_module
from recommender.picks.tally import PERSONAL, PicksTally


def picks_from(sources: list[Source]) -> list[Pick]:
    return [Pick(number, 0.5, source, Reason.NEW) for number, source in enumerate(sources)]


def counted() -> dict[Source, float]:
    return {
        source: REGISTRY.get_sample_value("picks_answers_total", {"source": str(source)}) or 0
        for source in Source
    }


@given(st.lists(st.lists(st.sampled_from(Source), max_size=3), max_size=8))
def test_the_log_and_the_counters_agree_with_the_answers(answers: list[list[Source]]) -> None:
    before, tally = counted(), PicksTally()
    for sources in answers:
        tally.note(picks_from(sources))
    logger = CapturingLogger()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally_module, "log", logger)
        tally.tell()
        tally.tell()
    firsts = [sources[0] for sources in answers if sources]
    fallbacks = sum(source not in PERSONAL for source in firsts)
    assert [(*call.args, call.kwargs) for call in logger.calls] == [
        ("picks_served", {"served": len(firsts), "fallback": fallbacks}),
        ("picks_served", {"served": 0, "fallback": 0}),
    ]
    grown = {source: count - before[source] for source, count in counted().items()}
    assert grown == {source: firsts.count(source) for source in Source}
