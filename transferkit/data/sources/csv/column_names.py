"""Names that lists give to the columns of paths, labels, splits and groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

NEEDED = ("path", "label")
# Other names of each, in lower case, without spaces, hyphens and underscores.
NAMES = {
    "path": "paths filename filenames file files filepath filepaths image images imagepath "
    "imagefile imagename img imgpath imgname imgfile photo picture imageid imgid fname",
    "label": "labels class classes classname classlabel labelname target targets category "
    "categories categoryname species breed y classid labelid categoryid",
    "split": "splits subset subsets set sets partition partitions dataset usage phase",
    "group": "groups groupid",
}


def plain(name: str) -> str:
    """Return `name` in lower case without spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def roles_of(header: Sequence[str]) -> list[str]:
    """Return which of path, label, split and group the columns of `header` may be."""
    names = {plain(name) for name in header}
    return [role for role, others in NAMES.items() if names & {role, *others.split()}]
