/* What Tryton will make of the lines: amounts rounded to cents, tax by rate on the sum of its lines. */
#include "totals.h"

taxes taxes_of(const mw_order *order, mw_violations *found)
{
    taxes all = {
        .rates = MW_NEW_ARRAY(tax_rate, order->tax_lines.count),
        .decimals = mw_decimals_of(order->currency),
    };
    mw_decimal before = MW_ZERO;
    MW_EACH (line, order->tax_lines) {
        mw_text percent = mw_decimal_text(mw_normalize(line->rate_percent));
        const mw_row *row = mw_lookup("taxes", line->rate_code);
        if (row == NULL) row = mw_lookup("taxes", percent);
        if (row == NULL) {
            mw_violate(found, mw_at("tax_lines", MW_INDEX(line, order->tax_lines), "rate_code"), "tax_unknown",
                mw_concat("lookups/taxes.csv has neither `", line->rate_code, "` nor `", percent, "`"));
            continue;
        }
        mw_decimal factor = mw_div(line->rate_percent, MW_HUNDRED);
        if (line->compound) factor = mw_mul(factor, mw_add(MW_ONE, before));
        all.rates[all.count++] = (tax_rate){.id = line->rate_id, .tax = mw_need(row, "tax"), .factor = factor};
        before = mw_add(before, factor);
    }
    return all;
}

/* Whether a rate applies to a line: one that is listed with nothing charged does not. */
static bool applies(const tax_rate *rate, mw_line_tax_list charged)
{
    MW_EACH (tax, charged) {
        if (mw_equal(tax->id, rate->id) && !mw_is_zero(tax->total)) return true;
    }
    return false;
}

mw_json *taxes_charge(taxes *taxes, mw_decimal net, mw_line_tax_list charged)
{
    mw_json *references = mw_array();
    net = mw_round(net, taxes->decimals);
    taxes->untaxed = mw_add(taxes->untaxed, net);
    for (size_t i = 0; i < taxes->count; i++) {
        tax_rate *rate = &taxes->rates[i];
        if (applies(rate, charged)) {
            rate->base = mw_add(rate->base, net);
            mw_push(references, mw_reference("tax", rate->tax));
        }
    }
    return references;
}

mw_decimal taxes_taxed_part(const taxes *taxes, mw_decimal net, mw_line_tax_list charged)
{
    const mw_line_tax *only = NULL;
    MW_EACH (tax, charged) {
        if (mw_is_zero(tax->total)) continue;
        if (only != NULL) return net;
        only = tax;
    }
    for (size_t i = 0; only != NULL && i < taxes->count; i++) {
        const tax_rate *rate = &taxes->rates[i];
        if (!mw_equal(rate->id, only->id)) continue;
        if (mw_is_zero(rate->factor)) break;
        mw_decimal off = mw_abs(mw_sub(mw_mul(net, rate->factor), only->total));
        if (mw_compare(off, mw_scaled(1, taxes->decimals)) <= 0) break;
        return mw_round(mw_div(only->total, rate->factor), taxes->decimals);
    }
    return net;
}

mw_decimal taxes_total(const taxes *taxes)
{
    mw_decimal total = taxes->untaxed;
    for (size_t i = 0; i < taxes->count; i++) {
        const tax_rate *rate = &taxes->rates[i];
        total = mw_add(total, mw_round(mw_mul(rate->base, rate->factor), taxes->decimals));
    }
    return total;
}
