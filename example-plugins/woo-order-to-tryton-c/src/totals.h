/* What Tryton will make of the lines: amounts rounded to cents, tax by rate on the sum of its lines. */
#ifndef TOTALS_H
#define TOTALS_H

#include <mapwright.h>

/* One rate of an order, as Tryton calls and computes it. */
typedef struct tax_rate {
    mw_id id;
    mw_text tax;
    mw_decimal factor; /* Of the net amount; a compound tax is taken on the taxes before it as well. */
    mw_decimal base;
} tax_rate;

/* The taxes of an order by rate. */
typedef struct taxes {
    tax_rate *rates;
    size_t count;
    unsigned decimals;
    mw_decimal untaxed;
} taxes;

/* Reads the rates and finds Tryton's tax for each in the lookup table `taxes` (columns `rate`, `tax`), by
   rate code (`BR-SP-ICMS SP-1`) or else by percent (`18`). */
taxes taxes_of(const mw_order *order, mw_violations *found);

/* Counts a line and gives the taxes to write on it. */
mw_json *taxes_charge(taxes *taxes, mw_decimal net, mw_line_tax_list charged);

/* The part of a fee that is taxed; the rest of it is not. WooCommerce spreads a discount fee's tax over the
   rates of the cart, so that tax and amount do not belong together. */
mw_decimal taxes_taxed_part(const taxes *taxes, mw_decimal net, mw_line_tax_list charged);

/* What Tryton will say the sale costs. */
mw_decimal taxes_total(const taxes *taxes);

#endif
