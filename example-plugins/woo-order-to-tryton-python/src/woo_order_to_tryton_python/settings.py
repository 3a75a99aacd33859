"""What a route may set, and what is remembered of an order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """``settings.schema.json`` says what each is for."""

    shop_name: str | None = None
    prefix: str = "WC-"
    shipping_product: str = "FRETE"
    fallback_product: str | None = None
    unit: str = "Unit"
    payment_term: str | None = None
    warehouse: str | None = None
    accept_pending: bool = False
    subdivisions: bool = True
    price_digits: int = 4


@dataclass(frozen=True)
class Seen:
    """What is remembered of an order that was delivered."""

    status: str
