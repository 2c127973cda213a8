from pathlib import Path

import pytest

from warehouse.reference import set_reference


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store with a watchlist: own brand north, rival south; w1 is south's shop, w2 north's channel, w3 the talk of
    others.
    """
    folder = tmp_path / "store"
    folder.mkdir()
    set_reference(
        folder,
        {
            "project": [{"project_id": "tea", "title": "Tea"}],
            "entity": [
                {"project_id": "tea", "entity_id": "north", "name": "North Tea", "aliases": ["северный чай"], "is_own": True},
                {"project_id": "tea", "entity_id": "south", "name": "South Tea", "aliases": [], "is_own": False},
            ],
            "watch": [
                {"watch_id": "w1", "source": "site", "target": "shop.example", "options": "{}"},
                {"watch_id": "w2", "source": "telegram_channel", "target": "tea", "options": "{}"},
                {"watch_id": "w3", "source": "hacker_news", "target": "tea", "options": "{}"},
            ],
            "watch_entity": [
                {"project_id": "tea", "entity_id": "south", "watch_id": "w1", "role": "owned"},
                {"project_id": "tea", "entity_id": "north", "watch_id": "w2", "role": "owned"},
                {"project_id": "tea", "entity_id": None, "watch_id": "w3", "role": "earned"},
            ],
            "ignore_rule": [{"project_id": "tea", "watch_id": "w1", "pattern": "Viewed [0-9]+ times"}],
        },
    )
    return folder
