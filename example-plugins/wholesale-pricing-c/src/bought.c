/*
 * How many of each SKU an order has. C has no maps: the lines are sorted by their SKU, so that equal ones stand
 * together, and found again by halving. An order of thousands of lines stays cheap.
 */
#include "bought.h"

#include <stdlib.h>

typedef struct bought_sku {
    mw_text sku;
    mw_decimal quantity;
    size_t line; /* Before they are added up: the line's place in the order. */
} bought_sku;

static int by_sku(const void *a, const void *b)
{
    return mw_text_compare(((const bought_sku *)a)->sku, ((const bought_sku *)b)->sku);
}

static int by_sku_and_line(const void *a, const void *b)
{
    size_t one = ((const bought_sku *)a)->line, other = ((const bought_sku *)b)->line;
    int order = by_sku(a, b);
    return order != 0 ? order : (one > other) - (one < other);
}

/* Nothing and 5 are 5, in whatever way nothing is written: 0.00 adds no places. */
static mw_decimal and_more(mw_decimal before, mw_decimal more)
{
    if (mw_is_zero(before)) return more;
    return mw_is_zero(more) ? before : mw_add(before, more);
}

bought bought_of(mw_price_lines lines)
{
    bought all = {MW_NEW_ARRAY(bought_sku, lines.count), 0};
    MW_EACH (line, lines) {
        size_t at = MW_INDEX(line, lines);
        all.items[at] = (bought_sku){line->sku, line->quantity, at};
    }
    if (lines.count > 1) qsort(all.items, lines.count, sizeof *all.items, by_sku_and_line);
    for (size_t at = 0; at < lines.count; at++) {
        bought_sku *last = all.count == 0 ? NULL : &all.items[all.count - 1];
        if (last != NULL && mw_equal(last->sku, all.items[at].sku)) {
            last->quantity = and_more(last->quantity, all.items[at].quantity);
        } else {
            all.items[all.count++] = all.items[at];
        }
    }
    return all;
}

mw_decimal bought_quantity(bought all, mw_text sku)
{
    bought_sku wanted = {.sku = sku};
    const bought_sku *found = bsearch(&wanted, all.items, all.count, sizeof wanted, by_sku);
    mw_assert(found != NULL);
    return found->quantity;
}
