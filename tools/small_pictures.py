"""Small screenshots: indexed PNGs of the 256 most frequent colours.

The other colours are the edges of letters; they become the nearest of the 256.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

from playwright.sync_api import Page

#: Run in a browser, which can decode PNG: returns the palette and the index of each pixel.
_REDUCE = """async (png) => {
  const blob = await (await fetch("data:image/png;base64," + png)).blob();
  const picture = await createImageBitmap(blob);
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const pixels = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const one of pixels) counts.set(one, (counts.get(one) || 0) + 1);
  const colors = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([one]) => one);
  const parts = (one) => [one & 255, (one >> 8) & 255, (one >> 16) & 255];
  const away = (a, b) => a.reduce((sum, part, at) => sum + (part - b[at]) ** 2, 0);
  const places = new Map(colors.map((one, at) => [one, at]));
  const palette = colors.map(parts);
  for (const one of counts.keys()) if (!places.has(one)) {
    const wanted = parts(one);
    const distances = palette.map((known) => away(wanted, known));
    places.set(one, distances.indexOf(Math.min(...distances)));
  }
  let text = "";
  for (const one of pixels) text += String.fromCharCode(places.get(one));
  return { width, height, palette: palette.flat(), indices: btoa(text) };
}"""


def make_small(blank: Page, png: bytes) -> bytes:
    """The same picture, smaller; ``blank`` is a page where scripts may fetch ``data:`` URLs."""
    reduced: dict[str, Any] = blank.evaluate(_REDUCE, base64.b64encode(png).decode())
    width, height = reduced["width"], reduced["height"]
    indices = base64.b64decode(reduced["indices"])
    # Each line begins with its filter: 0 (none), as recommended for indices (PNG, 12.8).
    lines = [b"\0" + indices[at : at + width] for at in range(0, width * height, width)]
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(reduced["palette"])),
        (b"IDAT", zlib.compress(b"".join(lines), 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
