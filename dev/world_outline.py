"""Makes pages/world.json, the outline on which the map of members by country is drawn.

Run as `python dev/world_outline.py naturalearth_lowres.shp zone.tab`. The first, with its .dbf beside it, is Natural
Earth's countries at 1:110 million, release 5.1, as geopandas 0.14.4 carries it in `datasets/naturalearth_lowres`
(SHA-256 of the .shp: 1f689e60b357e1e98702d5d9f774e95e77fc6b324487cadf57eb9317d533ce12). The second comes with the time
zone database (2025b) and says where the places are that the first leaves out. Both are in the public domain. Kept so
that whoever doubts a line of the map, or wants a newer outline, can make it again; what is drawn where borders are
disputed is told in docs/decisions/0032-world-map.md.
"""

import json
import math
import os
import re
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, os.getcwd())

from community.countries import COUNTRIES

Point = tuple[int, int]
Ring = list[Point]
Degrees = list[tuple[float, float]]

# The map is so many units wide, from this meridian to itself: it passes between Alaska and Siberia.
WIDTH = 2000
EDGE = -169
# A point nearer than this to the line between its neighbours is left out, in units.
TOLERANCE = 1
# A country whose outline is smaller than a square of this side has a dot as well, or it would be too small to see: the
# first always, the second in a narrow window.
TINY, SMALL = 8, 18
# Equal Earth (Šavrič, Patterson, Jenny 2018): a shade covers as much as the country does.
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796

# Names that are not those of community/countries.py. Under "" is land that is never shaded; None is left out.
CALLED: dict[str, str | None] = {
    "Antarctica": None,
    "Bosnia and Herz.": "BA",
    "Central African Rep.": "CF",
    "Congo": "CG",
    "Côte d'Ivoire": "CI",
    "Dem. Rep. Congo": "CD",
    "Dominican Rep.": "DO",
    "Eq. Guinea": "GQ",
    "eSwatini": "SZ",
    "Falkland Is.": "FK",
    "Fr. S. Antarctic Lands": "TF",
    "Kosovo": "",
    "N. Cyprus": "CY",
    "North Korea": "KP",
    "S. Sudan": "SS",
    "Solomon Is.": "SB",
    "Somaliland": "SO",
    "South Korea": "KR",
    "Timor-Leste": "TL",
    "Turkey": "TR",
    "United States of America": "US",
    "W. Sahara": "EH",
}
# Islands and shores that have a code of their own: where they lie (west, south, east, north).
PARTS = {("FR", "GF"): (-60, 0, -45, 10), ("NO", "SJ"): (5, 74, 40, 82)}
# Land that is drawn with another country and has a code of its own: what lies south of a latitude.
SOUTH = {"MA": (27.67, "EH")}
# Places that zone.tab does not have, or not where people live: latitude and longitude.
PLACES = {"AQ": (-62.2, -58.96), "BV": (-54.42, 3.36), "HM": (-53.1, 73.51)}


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """A place in units, from the upper left of the whole globe."""
    middle = EDGE + 180
    around = math.radians(longitude - middle)
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    x = 2 * math.sqrt(3) * around * math.cos(t) / (3 * (9 * A4 * t**8 + 7 * A3 * t**6 + 3 * A2 * t**2 + A1))
    y = A4 * t**9 + A3 * t**7 + A2 * t**3 + A1 * t
    scale = WIDTH / (4 * math.sqrt(3) * math.pi / (3 * A1))
    return WIDTH / 2 + x * scale, WIDTH / 4 - y * scale


def placed(ring: Degrees) -> Ring:
    """A ring in whole units, all of it on the side of the edge on which most of it lies."""
    around = 360 if sum(x for x, _ in ring) / len(ring) < EDGE else 0
    found: Ring = []
    for longitude, latitude in ring:
        x, y = project(longitude + around, latitude)
        if not found or found[-1] != (round(x), round(y)):
            found.append((round(x), round(y)))
    return found[:-1] if found[0] == found[-1] else found


def rows(shapes: Path) -> Iterator[tuple[str, list[Degrees]]]:
    """Each name of a shapefile with its rings in degrees, the closing point left out."""
    table = shapes.with_suffix(".dbf").read_bytes()
    start, length = struct.unpack("<HH", table[8:12])
    fields, offset = {}, 1
    for place in range(32, start - 1, 32):
        name = table[place : place + 11].split(b"\0")[0].decode()
        fields[name] = (offset, offset + table[place + 16])
        offset = fields[name][1]
    data, at = shapes.read_bytes(), 100
    while at < len(data):
        _, words = struct.unpack(">ii", data[at : at + 8])
        parts, points = struct.unpack("<ii", data[at + 44 : at + 52])
        starts = [*struct.unpack(f"<{parts}i", data[at + 52 : at + 52 + 4 * parts]), points]
        flat = struct.unpack(f"<{2 * points}d", data[at + 52 + 4 * parts : at + 52 + 4 * parts + 16 * points])
        every = list(zip(flat[::2], flat[1::2], strict=True))
        row = table[start : start + length]
        begin, end = fields["name"]
        yield row[begin:end].decode("latin-1").strip(), [every[a : b - 1] for a, b in pairwise(starts)]
        at, start = at + 8 + 2 * words, start + length


def countries(shapes: Path) -> dict[str, list[Ring]]:
    """The rings of each code, in units; under "" what is land and nothing else."""
    codes = {**{name: code for code, name in COUNTRIES.items()}, **CALLED}
    found: dict[str, list[Ring]] = defaultdict(list)
    for name, rings in rows(shapes):
        if (code := codes[name]) is None:
            continue
        for ring in rings:
            for part, line in parted(code, ring):
                if len(units := placed(line)) > 2:
                    found[part].append(units)
    return found


def parted(code: str, ring: Degrees) -> list[tuple[str, Degrees]]:
    """A ring of a country under its code, or another; or cut in two."""
    x, y = (sum(each) / len(ring) for each in zip(*ring, strict=True))
    for (whole, part), (west, south, east, north) in PARTS.items():
        if whole == code and west < x < east and south < y < north:
            return [(part, ring)]
    latitude, part = SOUTH.get(code, (-90.0, ""))
    below = [place for place in ring if place[1] < latitude]
    if not below:
        return [(code, ring)]
    return [(code, [place for place in ring if place not in below[1:-1]]), (part, below)]


def edges(rings: Iterable[Ring]) -> Counter[tuple[Point, Point]]:
    """The lines of rings, without those that two of them share."""
    every = Counter((a, b) for ring in rings for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True))
    return Counter({(a, b): count for (a, b), count in every.items() if not every[b, a]})


def joined(rings: Iterable[Ring]) -> list[Ring]:
    """The outline of rings together: borders between them go."""
    after: dict[Point, list[Point]] = defaultdict(list)
    for a, b in edges(rings):
        after[a].append(b)
    found = []
    while after:
        ring = [next(iter(after))]
        while ring[-1] in after:
            here = ring[-1]
            ring.append(after[here].pop())
            if not after[here]:
                del after[here]
        found.append(ring[:-1])
    return found


def needed(rings: list[Ring]) -> set[Point]:
    """The points that stay: where borders meet, and what lies too far from the line between its neighbours."""
    near: dict[Point, set[Point]] = defaultdict(set)
    for ring in rings:
        for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True):
            near[a].add(b)
            near[b].add(a)
    stay = {point for point, others in near.items() if len(others) != 2}
    for ring in rings:
        if not stay & set(ring):
            stay.add(min(ring))
            stay.add(max(ring, key=lambda point: math.dist(point, min(ring))))
    for ring in rings:
        first = next(at for at, point in enumerate(ring) if point in stay)
        turned = [*ring[first:], *ring[: first + 1]]
        nodes = [at for at, point in enumerate(turned) if point in stay]
        for begin, end in pairwise(nodes):
            arc = turned[begin : end + 1]
            # the same from either side of a border
            stay |= far(arc if arc[0] <= arc[-1] else arc[::-1])
    return stay


def far(arc: Ring) -> set[Point]:
    """The points of a line that lie too far from what is left of it without them (Douglas and Peucker)."""
    if len(arc) < 3:
        return set()
    (x1, y1), (x2, y2) = arc[0], arc[-1]
    length = math.dist(arc[0], arc[-1])

    def off(at: int) -> float:
        x, y = arc[at]
        return abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length if length else math.dist(arc[at], arc[0])

    most = max(range(1, len(arc) - 1), key=off)
    if off(most) <= TOLERANCE:
        return set()
    return {arc[most]} | far(arc[: most + 1]) | far(arc[most:])


def area(ring: Ring) -> float:
    """How many square units a ring holds."""
    return abs(sum(a * d - b * c for (a, b), (c, d) in zip(ring, [*ring[1:], *ring[:1]], strict=True))) / 2


def path(rings: Iterable[Ring]) -> str:
    """Rings as the `d` of a path, in steps from point to point."""
    words = []
    for ring in rings:
        steps = [f"{c - a} {d - b}" for (a, b), (c, d) in pairwise(ring)]
        words.append(f"M{ring[0][0]} {ring[0][1]}l{' '.join(steps)}z")
    return re.sub(r" -", "-", "".join(words))


def places(zones: Path) -> dict[str, Point]:
    """The first place that the time zone database has in each country, in units; elsewhere our own."""
    found: dict[str, Point] = {}
    for line in zones.read_text().splitlines():
        code, _, rest = line.partition("\t")
        signs = re.match(r"([+-])(\d\d)(\d\d)\d*([+-])(\d{3})(\d\d)", rest)
        if re.fullmatch("[A-Z]{2}", code) and signs:
            north, n, n60, east, e, e60 = signs.groups()
            latitude, longitude = int(n) + int(n60) / 60, int(e) + int(e60) / 60
            found.setdefault(code, unit(float(f"{north}{latitude}"), float(f"{east}{longitude}")))
    return found | {code: unit(*place) for code, place in PLACES.items()}


def unit(latitude: float, longitude: float) -> Point:
    """A place in whole units, on its side of the edge."""
    x, y = project(longitude + (360 if longitude < EDGE else 0), latitude)
    return round(x), round(y)


def dots(drawn: dict[str, list[Ring]], stand: dict[str, Point]) -> tuple[dict[str, Point], dict[str, Point]]:
    """Where those stand that have no outline or a tiny one, and those whose outline is small."""
    tiny: dict[str, Point] = {}
    small: dict[str, Point] = {}
    for code in COUNTRIES:
        side = math.sqrt(sum(map(area, drawn.get(code, []))))
        if side < SMALL:
            (tiny if side < TINY else small)[code] = middle(drawn[code]) if code in drawn else stand[code]
    return tiny, small


def middle(rings: list[Ring]) -> Point:
    """The middle of the largest ring."""
    largest = max(rings, key=area)
    x, y = (sum(each) / len(largest) for each in zip(*largest, strict=True))
    return round(x), round(y)


def main(shapes: Path, zones: Path) -> None:
    """Write the file."""
    whole = countries(shapes)
    stay = needed([ring for rings in whole.values() for ring in rings])

    def lighter(rings: list[Ring]) -> list[Ring]:
        kept = ([point for point in ring if point in stay] for ring in joined(rings))
        return [ring for ring in kept if len(ring) > 2 and area(ring) > 0]

    land = lighter([ring for rings in whole.values() for ring in rings])
    drawn = {code: found for code, rings in sorted(whole.items()) if code and (found := lighter(rings))}
    tiny, small = dots(drawn, places(zones))
    every = [point for ring in land for point in ring] + list(tiny.values())
    (left, right), (top, bottom) = ((min(each), max(each)) for each in zip(*every, strict=True))
    made = {
        "source": "Natural Earth 5.1, 1:110m countries; places: time zone database. Both in the public domain.",
        "box": f"{left - 4} {top - 4} {right - left + 8} {bottom - top + 8}",
        "land": path(land),
        "countries": {code: path(rings) for code, rings in drawn.items()},
        "dots": tiny,
        "narrow_dots": small,
    }
    words = re.sub(r"\[\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2]", json.dumps(made, indent=1))
    Path("pages/world.json").write_text(f"{words}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
