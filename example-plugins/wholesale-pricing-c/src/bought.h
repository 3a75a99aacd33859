/* How many of each SKU an order has. */
#ifndef BOUGHT_H
#define BOUGHT_H

#include <mapwright.h>

/* SKUs with their quantities, in the order of the SKUs. */
typedef struct bought {
    struct bought_sku *items;
    size_t count;
} bought;

bought bought_of(mw_price_lines lines);

/* How many of a SKU; it is one of those that were counted. */
mw_decimal bought_quantity(bought all, mw_text sku);

#endif
