import socket

import pytest

from headroom.drill.production import looks_like_production, names_of


@pytest.mark.parametrize(
    "text",
    [
        *("prod", "PRODUCTION", "prd", "live", "db.prod.example.com", "db.live.example.com", "shop_production"),
        *("proddb1", "dbprod1", "shopprod", "shopproddb", "produs1", "prd2", "productiondb", "productionserver"),
        *(
            "storeproduction",
            "store-production",
            "product-prod",
            "productprod",
            "pre.prod",
            "canon-prod",
            "domino-prod",
        ),
    ],
)
def test_a_name_of_production_is_known_however_it_is_written(text: str) -> None:
    assert looks_like_production(text)


@pytest.mark.parametrize(
    "text",
    [
        *("product-catalogue-staging", "products", "producer", "productivity", "acme-productions-dev", "produkt-test"),
        *("reproduction", "prodigy", "delivery", "olive", "alive", "staging"),
        *("non-prod", "nonprod", "no-prod-data", "notprod", "preprod", "pre_production", "nprd", "shop-nprod-1"),
    ],
)
def test_a_word_that_only_contains_it_or_denies_it_is_none(text: str) -> None:
    assert not looks_like_production(text)


def test_every_name_on_the_way_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ("shop-1.abc.rds.amazonaws.com.", ["db.example.com", "Shop.cluster-abc.rds.amazonaws.com"], ["10.0.0.1"])
    monkeypatch.setattr(socket, "gethostbyname_ex", lambda _: found)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "six.example.com", ()), (0, 0, 0, "", ())])
    assert names_of("db.example.com") == [
        "db.example.com",
        "shop.cluster-abc.rds.amazonaws.com",
        "shop-1.abc.rds.amazonaws.com",
        "six.example.com",
    ]


def test_a_name_that_cannot_be_resolved_stands_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "gethostbyname_ex", unknown)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert names_of("DB.example.com") == ["db.example.com"]
