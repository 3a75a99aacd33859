/* A row of the price list. */
#include "price.h"

/* Reads `10=69.90`, a price from ten on, or `50=-30%`, a discount from fifty on. */
static bool read_break(mw_text word, price_break *read)
{
    mw_text from, amount;
    if (!mw_cut(word, '=', &from, &amount)) return false;
    read->unit.is_discount = amount.len > 1 && mw_starts_with(amount, "-") && mw_ends_with(amount, "%");
    if (read->unit.is_discount) amount = mw_slice(amount, 1, amount.len - 1);
    return mw_parse_decimal(from, &read->from) && mw_parse_decimal(amount, &read->unit.amount);
}

price_row price_row_of(mw_text name, const mw_row *row)
{
    price_row read = {.name = name, .currency = mw_column(row, "currency")};
    read.unit.is_discount = mw_is_empty(mw_column(row, "price"));
    read.unit.amount = mw_need_decimal(row, read.unit.is_discount ? "discount_percent" : "price");

    mw_text rest = mw_column(row, "breaks");
    read.breaks.items = MW_NEW_ARRAY(price_break, rest.len / 2 + 1); /* A word and a space are two bytes. */
    for (mw_text word; !mw_is_empty(word = mw_word(&rest));) {
        if (!read_break(word, &read.breaks.items[read.breaks.count++])) {
            mw_refuse(mw_not_ready("the price list's row for `", name, "` has the quantity break `", word,
                "`; write it like `10=69.90` or `50=-30%`"));
        }
    }
    return read;
}

/* By the break with the largest quantity that is reached; of two for one quantity, the later. */
static const unit *unit_at(const price_row *row, mw_decimal quantity)
{
    const price_break *reached = NULL;
    MW_EACH (next, row->breaks) {
        if (mw_compare(next->from, quantity) > 0) continue;
        if (reached == NULL || mw_compare(next->from, reached->from) >= 0) reached = next;
    }
    return reached == NULL ? &row->unit : &reached->unit;
}

mw_decimal price_at(const price_row *row, mw_decimal quantity, mw_decimal shop_price)
{
    const unit *unit = unit_at(row, quantity);
    if (!unit->is_discount) return unit->amount;
    return mw_div(mw_mul(shop_price, mw_sub(MW_HUNDRED, unit->amount)), MW_HUNDRED);
}
