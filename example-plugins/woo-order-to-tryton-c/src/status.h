/* The status of an order as the state of a sale. */
#ifndef STATUS_H
#define STATUS_H

#include <mapwright.h>

/* The state wanted; mw_keep_status() for states that Tryton is to keep; a rejection for what nobody knows.
   The lookup table `order_status` (columns `status`, `state`), where the merchant has one, goes first:
   plug-ins invent statuses. */
mw_answer sale_state(mw_text status);

#endif
