"""Prometheus' text form (version 0.0.4), read strictly: whatever is not of the form raises."""

import re
from typing import NamedTuple

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')
KINDS = {"counter", "gauge", "histogram"}


class Family(NamedTuple):
    """A metric: its kind, and its samples by name and labels."""

    kind: str
    samples: dict


def read_metrics(raw):
    """Return the families of a page by name.

    Each has one HELP, one TYPE and then its samples, all together; no sample comes twice; a
    counter's name ends in ``_total``; a histogram's buckets never sink and end with its count.
    """
    text = raw.decode("utf-8")
    assert text.endswith("\n")
    families = {}
    name = helped = None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped, _, words = line[7:].partition(" ")
            assert words, line
            assert helped not in families, line
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == helped, line
            assert kind in KINDS, line
            families[name] = Family(kind, {})
        else:
            _take_sample(line, name, families[name])
    for name, family in families.items():
        _check(name, family)
    return families


def _take_sample(line, name, family):
    match = SAMPLE.fullmatch(line)
    assert match, line
    sample, labels, number = match.groups()
    endings = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
    assert sample in {name + ending for ending in endings}, line
    pairs = LABEL.findall(labels or "")
    assert ",".join(f'{key}="{value}"' for key, value in pairs) == (labels or ""), line
    key = (sample, tuple(pairs))
    assert key not in family.samples, line
    family.samples[key] = float(number)


def _check(name, family):
    if family.kind != "gauge":
        assert all(value >= 0 for value in family.samples.values()), name
    assert (family.kind == "counter") == name.endswith("_total"), name
    if family.kind == "histogram":
        for (sample, labels), count in family.samples.items():
            if sample == f"{name}_count":
                _check_buckets(name, labels, count, family.samples)


def _check_buckets(name, labels, count, samples):
    buckets = [
        (pairs[-1], value)
        for (sample, pairs), value in samples.items()
        if sample == f"{name}_bucket" and pairs[:-1] == labels
    ]
    bounds = [float(bound) for (label, bound), _ in buckets if label == "le"]
    counts = [value for _, value in buckets]
    assert bounds == sorted(bounds), name
    assert float("inf") == bounds[-1], name
    assert counts == sorted(counts), name
    assert counts[-1] == count, name
    assert (f"{name}_sum", labels) in samples, name


def value(families, name, /, **labels):
    """Return one sample, or the sum of those that have the labels."""
    wanted = set(labels.items())
    family = families[re.sub("_(bucket|sum|count)$", "", name) if name not in families else name]
    return sum(
        number
        for (sample, pairs), number in family.samples.items()
        if sample == name and wanted <= set(pairs)
    )
