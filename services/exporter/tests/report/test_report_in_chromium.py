"""A real browser shows the page on a telephone without a fault."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exporter.report.page import page_of, sections
from exporter.report.schemas import DayReport

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
TELEPHONE = 390
# A window is at least 500 pixels wide; a frame in it may be as narrow as a telephone.
FRAME = f"""<!doctype html><title></title><script>
addEventListener("message", (message) => {{ document.title = message.data; }});
</script><iframe src="page.html" width="{TELEPHONE}" height="900" style="border: 0"></iframe>"""
MEASURE = """
const shown = [...document.querySelectorAll("body *")].filter((each) => each.checkVisibility());
const told = shown.filter((each) => [...each.childNodes].some(
  (node) => node.nodeType == Node.TEXT_NODE && node.data.trim()));
const blocks = shown.filter((each) => each.matches("svg, p, h1, h2, h3, dd, .scroll"));
parent.postMessage(JSON.stringify({
  window: innerWidth,
  page: document.documentElement.scrollWidth,
  furthest: Math.max(...blocks.map((each) => each.getBoundingClientRect().right)),
  drawings: shown.filter((each) => each.matches("svg")).length,
  smallest: Math.min(...told.map((each) => parseFloat(getComputedStyle(each).fontSize)))
}), "*");
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def browse(page: Path, profile: Path) -> tuple[str, str]:
    """Return the page's document as a browser leaves it, and what the browser complains of."""
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            "--virtual-time-budget=5000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_nothing_overflows_and_nothing_is_tiny_on_a_telephone(
    demo: DayReport, tmp_path: Path
) -> None:
    parts = sections(demo)
    page = tmp_path / "page.html"
    # The page forbids scripts, this one too; and its tables are closed until they are wanted.
    text = (
        page_of(demo, parts)
        .replace("default-src 'none'; ", "")
        .replace("<details", "<details open")
    )
    page.write_text(f"{text}<script>{MEASURE}</script>")
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME)

    document, _ = browse(frame, tmp_path / "profile")

    title = re.findall(r"<title>(.*?)</title>", document)[0]
    measured = json.loads(title)
    assert measured["window"] == TELEPHONE
    assert measured["page"] <= TELEPHONE
    assert measured["furthest"] <= TELEPHONE
    assert measured["drawings"] == sum(len(section.charts) for section in parts)
    assert measured["smallest"] >= 11


def test_the_browser_has_nothing_to_complain_of(demo: DayReport, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(page_of(demo, sections(demo)))

    document, complaints = browse(page, tmp_path / "profile")

    assert "23 November 2026" in document
    assert complaints == ""


def test_a_complaint_of_the_browser_would_be_seen(demo: DayReport, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(page_of(demo, sections(demo)) + "<script>1</script>")

    _, complaints = browse(page, tmp_path / "profile")

    assert "Content Security Policy" in complaints
