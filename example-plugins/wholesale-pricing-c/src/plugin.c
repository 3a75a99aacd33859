/*
 * Wholesale prices: by the customer's role and the quantity bought, from the merchant's price list.
 *
 * The lookup table `price_list` has a row for each role and SKU, `wholesale:CAM-001`, and may have one for the
 * rest, `wholesale:*`. A row says either `price`, the net price of one, or `discount_percent`, off the shop's
 * price; and `breaks`, better prices for more: `10=69.90 50=-30%`. Money is decimal to the last step, where the
 * merchant's rounding rule is applied once.
 */
#include "bought.h"
#include "price.h"

/* What a route may set; settings.schema.json says what each is for. */
typedef struct settings {
    mw_text role_attribute;
    mw_text default_role;
    mw_text price_list;
    unsigned decimals;
    mw_rounding rounding;
    bool together;
    bool strict;
} settings;

static mw_rounding rounding_of(const mw_value *given, const mw_context *context)
{
    mw_text name = mw_setting(given, "rounding", "half_up");
    if (mw_equal(name, "half_even")) return MW_HALF_EVEN;
    if (mw_equal(name, "down")) return MW_DOWN;
    if (!mw_equal(name, "half_up")) {
        mw_refuse(mw_not_ready("the settings of route `", context->route,
            "` do not suit this plugin: `rounding` is none of half_up, half_even, down; mend `settings` there"));
    }
    return MW_HALF_UP;
}

static settings settings_of(const mw_context *context)
{
    const mw_value *given = mw_settings(context);
    return (settings){
        .role_attribute = mw_setting(given, "role_attribute", "customer_role"),
        .default_role = mw_setting(given, "default_role", "retail"),
        .price_list = mw_setting(given, "price_list", "price_list"),
        .decimals = (unsigned)mw_setting_int(given, "decimals", 2),
        .rounding = rounding_of(given, context),
        .together = mw_setting_bool(given, "together", true),
        .strict = mw_setting_bool(given, "strict", false),
    };
}

/* The customer's role: the line's, else the event's. One that is empty is a role too. */
static mw_text role_of(const mw_price_line *line, const mw_context *context, const settings *settings)
{
    mw_maybe_text role = mw_attribute(line->attributes, settings->role_attribute);
    if (!role.present) role = mw_attribute(context->attributes, settings->role_attribute);
    return role.present ? role.text : settings->default_role;
}

/* The row for a role and SKU, or the role's row for everything; false where there is neither. */
static bool find(const settings *settings, mw_text role, mw_text sku, price_row *found)
{
    mw_text names[] = {sku, MW("*")};
    for (size_t i = mw_is_empty(sku) ? 1 : 0; i < 2; i++) {
        const mw_row *row = mw_lookup(settings->price_list, mw_concat(role, ":", names[i]));
        if (row == NULL) continue;
        *found = price_row_of(names[i], row);
        return true;
    }
    return false;
}

/* The one place where a price loses digits. */
static mw_decimal rounded(mw_decimal price, mw_text currency, const settings *settings)
{
    /* JPY has no cents to round to, whatever the setting says; BRL may have more than two. */
    unsigned decimals = mw_decimals_of(currency) == 0 ? 0 : settings->decimals;
    return mw_round_by(price, decimals, settings->rounding);
}

static mw_answer reprice(const mw_context *context, mw_price_lines lines)
{
    settings settings = settings_of(context);
    bought bought = bought_of(lines);
    mw_violations found = {0};
    MW_EACH (line, lines) {
        mw_text role = role_of(line, context, &settings);
        price_row row;
        bool listed = find(&settings, role, line->sku, &row);
        if (mw_refused()) return mw_refusal(); /* The settings, the table or the row cannot be read. */
        if (!listed) {
            if (settings.strict) {
                mw_pointer where = mw_at("line_items", MW_INDEX(line, lines), "sku");
                mw_violate(&found, where, "price_missing", mw_concat("lookups/", settings.price_list, ".csv has no `",
                    role, ":", line->sku, "` and no `", role, ":*`"));
            }
            continue;
        }
        if (!mw_is_empty(row.currency) && !mw_equal(row.currency, line->currency)) {
            mw_violate(&found, mw_at("currency"), "currency_differs",
                mw_concat("the price of ", line->sku, " is not in ", line->currency));
            continue;
        }
        bool together = settings.together && !mw_is_empty(line->sku);
        mw_decimal quantity = together ? bought_quantity(bought, line->sku) : line->quantity;
        mw_decimal shop_price = line->unit_price;
        line->unit_price = rounded(price_at(&row, quantity, shop_price), line->currency, &settings);
        mw_set_attribute(&line->attributes, "shop_unit_price", shop_price);
        mw_set_attribute(&line->attributes, "price_rule", mw_concat(role, ":", row.name, " from ", quantity));
    }
    return found.count > 0 ? mw_rejected(&found) : mw_priced(lines);
}

MAPWRIGHT_PLUGIN(.topics = {"order.created", "order.updated"})
MAPWRIGHT_PRICING(reprice)
