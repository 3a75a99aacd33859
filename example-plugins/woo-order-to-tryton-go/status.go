package main

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/lookup"
)

// stateOf is the state of a sale for the status of an order; "" for states that Tryton is to keep.
// The lookup table order_status (columns status, state), where the merchant has one, goes first:
// plug-ins invent statuses.
func stateOf(status string) (string, error) {
	// No such table is no fault here, so its error is passed over.
	if row, err := lookup.Find("order_status", status); err == nil && row != nil {
		return row.Get("state"), nil
	}
	switch status {
	case "pending":
		return "draft", nil
	case "on-hold":
		return "quotation", nil
	case "processing":
		return "confirmed", nil
	case "completed":
		return "processing", nil
	case "cancelled", "failed", "trash":
		return "cancelled", nil
	case "refunded", "auto-draft", "checkout-draft":
		// Money that went back is a credit note; the sale stays what it is. Drafts are not mapped.
		return "", nil
	}
	return "", guest.Reject("/status", "status_unknown",
		"`"+status+"` is no status of WooCommerce; add it to lookups/order_status.csv")
}
