"""Furnishes an empty Tryton database so that the captured shop orders can be sold in it.

furnish.py CONFIGURATION, run by build.py. Everything a test may rely on is in the tables on top.
"""

import datetime
import sys
from decimal import Decimal

from proteus import Model, config

config.set_trytond("sqlite:///erp", config_file=sys.argv[1])

# After the connection: these modules look for it when they are imported.
from trytond.modules.account.tests.tools import (  # noqa: E402
    create_chart, create_fiscalyear, create_tax, get_accounts)
from trytond.modules.account_invoice.tests.tools import (  # noqa: E402
    set_fiscalyear_invoice_sequences)
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402

COMPANY = "Loja Mapwright Ltda"
USER, PASSWORD = "mapwright", "mapwright-pw-0001"
# code, name, symbol, units to one BRL, smallest coin
CURRENCIES = [
    ("BRL", "Brazilian Real", "R$", "1", "0.01"), ("EUR", "Euro", "€", "0.16", "0.01"),
    ("USD", "US Dollar", "$", "0.18", "0.01"), ("JPY", "Japanese Yen", "¥", "28", "1"),
]
# code, three letters, number, name, type of subdivisions (Tryton checks it in addresses), subdivisions
COUNTRIES = [
    ("BR", "BRA", "076", "Brazil", "state", {"BR-SP": "São Paulo", "BR-RJ": "Rio de Janeiro"}),
    ("ES", "ESP", "724", "Spain", "province", {"ES-M": "Madrid", "ES-B": "Barcelona"}),
    ("US", "USA", "840", "United States", "state", {"US-CA": "California"}),
    ("JP", "JPN", "392", "Japan", "prefecture", {"JP-13": "Tokyo"}),
]
TAXES = {
    "ICMS 18%": "0.18", "IVA 21%": "0.21", "IVA 10%": "0.10",
    "CA Sales Tax 7.25%": "0.0725", "Local Tax 1.125%": "0.01125",
}
# SKU, name, list price, pieces in stock
GOODS = [
    ("CAM-001", "Camiseta Básica", "99.90", 100), ("CAFE-250", "Café Especial 250g", "33.33", 40),
    ("CALCA-P-AZ", "Calça Jeans P Azul", "189.90", 7), ("FREE-0", "Amostra grátis", "0", 50),
    ("SEM-SKU", "Produto sem SKU", "1.43", 50),
]
SERVICES = [
    ("EBOOK-1", "E-book: Guía rápida", "19.90"), ("FRETE", "Frete", "0"),
    ("TAXA", "Taxas e embalagem", "0"), ("DESCONTO", "Desconto", "0"),
]


def make(model, **fields):
    record = Model.get(model)(**fields)
    record.save()
    return record


def close_wizards():
    """Activated modules leave assistants open that would be shown to a person."""
    Item = Model.get("ir.module.config_wizard.item")
    for item in Item.find([("state", "=", "open")]):
        item.state = "done"
        item.save()


def make_places():
    for code, name, symbol, rate, rounding in CURRENCIES:
        currency = Model.get("currency.currency")(
            code=code, name=name, symbol=symbol, rounding=Decimal(rounding))
        currency.digits = -Decimal(rounding).as_tuple().exponent
        currency.rates.new(date=datetime.date(2020, 1, 1), rate=Decimal(rate))
        currency.save()
    for code, code3, number, name, kind, subdivisions in COUNTRIES:
        country = make(
            "country.country", name=name, code=code, code3=code3, code_numeric=number)
        for subdivision, its_name in subdivisions.items():
            make(
                "country.subdivision", country=country, code=subdivision, name=its_name, type=kind)


def make_books():
    create_company(make("party.party", name=COMPANY), "BRL")
    company = get_company()
    create_chart(company)
    # The year of the captured orders, and those in which the tests may run.
    this_year = datetime.date.today().year
    for year in sorted({2026, this_year, this_year + 1}):
        whole = (datetime.date(year, 1, 1), datetime.date(year, 12, 31))
        fiscal = set_fiscalyear_invoice_sequences(create_fiscalyear(company, whole))
        fiscal.click("create_period")
    taxes = {}
    for name, rate in TAXES.items():
        tax = create_tax(Decimal(rate), company)
        tax.name = tax.description = name
        tax.save()
        taxes[name] = tax
    return company, taxes


def make_products(taxes):
    accounts = get_accounts(get_company())
    category = Model.get("product.category")(name="Mercadorias", accounting=True)
    category.account_expense = accounts["expense"]
    category.account_revenue = accounts["revenue"]
    category.customer_taxes.append(taxes["ICMS 18%"])
    category.save()
    unit, = Model.get("product.uom").find([("name", "=", "Unit")])

    def product(kind, sku, name, price):
        template = Model.get("product.template")(
            name=name, type=kind, default_uom=unit, salable=True, list_price=Decimal(price),
            account_category=category)
        template.products[0].suffix_code = sku
        template.save()
        return template.products[0]

    storage, = Model.get("stock.location").find([("code", "=", "STO")])
    inventory = Model.get("stock.inventory")(location=storage)
    for sku, name, price, pieces in GOODS:
        line = inventory.lines.new()
        line.product = product("goods", sku, name, price)
        line.quantity = float(pieces)
    inventory.save()
    inventory.click("confirm")
    for sku, name, price in SERVICES:
        product("service", sku, name, price)


def make_user(company):
    user = Model.get("res.user")(name="Mapwright", login=USER, password=PASSWORD)
    for group in Model.get("res.group").find([]):
        user.groups.append(group)
    user.companies.append(company)
    user.company = company
    user.save()


close_wizards()
make_places()
company, taxes = make_books()
make_products(taxes)
make_user(company)
