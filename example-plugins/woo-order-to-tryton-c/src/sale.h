/* The sale and its lines. */
#ifndef SALE_H
#define SALE_H

#include "settings.h"

/* What is known of a sale before its lines are looked at. */
typedef struct sale_head {
    mw_maybe_text state; /* None where Tryton is to keep the one it has. */
    mw_ref party;
    mw_ref invoice_address;
    mw_ref shipment_address;
} sale_head;

/* The sale of an order. Faults go to `found`; the sale is only good when there are none. */
mw_json *sale_of(const sale_head *head, const mw_order *order, const mw_input *input, const settings *settings,
    mw_violations *found);

#endif
