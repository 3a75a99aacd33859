"""What a route may set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """``settings.schema.json`` says what each is for."""

    role_attribute: str = "customer_role"
    default_role: str = "retail"
    price_list: str = "price_list"
    decimals: int = 2
    rounding: Literal["half_up", "half_even", "down"] = "half_up"
    together: bool = True
    strict: bool = False
