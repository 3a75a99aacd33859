/* A row of the price list. */
#ifndef PRICE_H
#define PRICE_H

#include <mapwright.h>

/* What one costs: an amount, or so many per cent off the shop's price. */
typedef struct unit {
    mw_decimal amount;
    bool is_discount;
} unit;

/* A better price from a quantity on. */
typedef struct price_break {
    mw_decimal from;
    unit unit;
} price_break;

/* A price, and better ones from certain quantities on. */
typedef struct price_row {
    mw_text name;     /* The SKU it is for, or `*`. */
    mw_text currency; /* The only one its prices are in; any where it is empty. */
    unit unit;
    struct {
        price_break *items;
        size_t count;
    } breaks;
} price_row;

/* Reads `price` or `discount_percent`, `currency` and `breaks`. What cannot be read is refused (not-ready). */
price_row price_row_of(mw_text name, const mw_row *row);

/* What one costs when so many are bought and the shop asks `shop_price`; not rounded yet. */
mw_decimal price_at(const price_row *row, mw_decimal quantity, mw_decimal shop_price);

#endif
