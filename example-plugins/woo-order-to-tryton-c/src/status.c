/* The status of an order as the state of a sale. */
#include "status.h"

static const struct {
    const char *status;
    const char *state; /* NULL: Tryton keeps the state it has. */
} STATES[] = {
    {"pending", "draft"},
    {"on-hold", "quotation"},
    {"processing", "confirmed"},
    {"completed", "processing"},
    {"cancelled", "cancelled"},
    {"failed", "cancelled"},
    {"trash", "cancelled"},
    /* Money that went back is a credit note; the sale stays what it is. Drafts are not mapped. */
    {"refunded", NULL},
    {"auto-draft", NULL},
    {"checkout-draft", NULL},
};

mw_answer sale_state(mw_text status)
{
    const mw_row *row = mw_lookup_if_any("order_status", status);
    if (row != NULL) {
        mw_text state = mw_column(row, "state");
        return mw_is_empty(state) ? mw_keep_status() : mw_status(state);
    }
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++) {
        if (mw_equal(status, STATES[i].status)) {
            return STATES[i].state == NULL ? mw_keep_status() : mw_status(STATES[i].state);
        }
    }
    return mw_rejected_at(mw_at("status"), "status_unknown",
        "`", status, "` is no status of WooCommerce; add it to lookups/order_status.csv");
}
