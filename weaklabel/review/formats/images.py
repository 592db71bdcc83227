"""Fields that hold the address of an image."""

import re
from collections.abc import Mapping
from typing import Any

ADDRESS = re.compile(r"(https?://|data:image/|/(?!/))\S+", re.IGNORECASE)  # what a browser can load from the server
ENDING = re.compile(r"\.(png|jpe?g|gif|webp|svg|bmp|avif|tiff?)(\?\S*)?\Z|\Adata:image/", re.IGNORECASE)
MARK = "image"


def is_address(value: Any) -> bool:
    """A browser can load it: http(s), data:image/ or a path on the server, such as /data/upload/1/a.png."""
    return isinstance(value, str) and ADDRESS.fullmatch(value) is not None


def marked(address: str) -> dict[str, str]:
    """The address, said to be an image's whatever it ends in: this is how a chosen image stands in a task's data."""
    return {MARK: address}


def is_image(value: Any) -> bool:
    """The value was chosen as an image, or is an address with an image's ending."""
    if isinstance(value, Mapping):
        return set(value) == {MARK}
    return is_address(value) and ENDING.search(value) is not None


def address(value: Any) -> Any:
    """The address alone."""
    return value[MARK] if isinstance(value, Mapping) and set(value) == {MARK} else value
