"""Profiles of features: made once for each crossing and feature, however often they are asked for."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.project import feature_profiles
from interplane.project.feature_catalogue import find_feature
from interplane.project.feature_profiles import FeatureProfiles


def test_a_profile_is_made_once(tmp_path, monkeypatch):
    """Of a model's feature and of a view's; when there is no more room, the oldest goes."""
    baseline = 'train="rides_made", baseline="rides_made"'
    trips.make(tmp_path, code=trips.CODE.replace('train="rides_made"', baseline))
    made = []
    real = feature_profiles._profile
    monkeypatch.setattr(
        feature_profiles, "_profile", lambda values: made.append(values.names) or real(values)
    )
    with trips.opened(tmp_path) as project:
        profiles = FeatureProfiles(most=2)
        names = ("model/trips.busy", "view/history.miles")
        first = [find_feature(project, name, profiles=profiles).profile for name in names]
        assert None not in first
        assert first == [find_feature(project, name, profiles=profiles).profile for name in names]
        assert 2 == len(made)
        find_feature(project, "model/trips.risk", profiles=profiles)
        assert first[0] == find_feature(project, names[0], profiles=profiles).profile
        assert 4 == len(made)
