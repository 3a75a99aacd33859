/* What a route may set; settings.schema.json says what each is for. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <mapwright.h>

typedef struct settings {
    mw_text shop_name;
    mw_text prefix;
    mw_text shipping_product;
    mw_text fallback_product; /* Empty: lines without SKU are rejected. */
    mw_text unit;
    mw_text payment_term; /* Empty: the party's own. */
    mw_text warehouse;    /* Empty: Tryton's default. */
    bool accept_pending;
    bool subdivisions;
    unsigned price_digits;
} settings;

#endif
