"""What every page has in common: one file, its own script and no other, names as text."""

import base64
import hashlib
import re

import pytest

from transferkit.data.inspection import look
from transferkit.report.html.render import breakable
from transferkit.report.inspection.page import look_page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("random_forest", "random_<wbr>forest"),
        ("cat/1.png", "cat/<wbr>1.png"),
        ("91.3 %", "91.3\N{NO-BREAK SPACE}%"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\x1bb", "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_text_is_escaped_and_breaks_where_words_end(text, shown):
    assert str(breakable(text)) == shown


def test_a_page_allows_its_own_script_by_its_digest(shapes):
    html = look_page(look(shapes))
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
