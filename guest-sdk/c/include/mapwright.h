/*
 * Write Mapwright plugins in C: this is the one header. A plugin holds the rules of one merchant; it is a
 * pure function that turns a payload, the route's settings and the merchant's lookup tables into documents
 * for the target. It has no network, no files and no clock, so a dry run tells the truth.
 *
 *     #include <mapwright.h>
 *
 *     static mw_answer transform(const mw_context *context, const mw_input *input)
 *     {
 *         const mw_order *order;
 *         mw_id id;
 *         switch (mw_read_order(input, &order, &id)) {
 *         case MW_PRESENT: break;
 *         case MW_DELETED: return mw_skipped("a deleted order keeps its invoice");
 *         case MW_REFUSED: return mw_refusal();
 *         }
 *         mw_violations found = {0};
 *         MW_EACH (line, order->line_items) {
 *             if (mw_is_empty(line->sku)) {
 *                 mw_violate(&found, mw_at("line_items", MW_INDEX(line, order->line_items), "sku"),
 *                            "sku_missing", mw_concat("`", line->name, "` has no SKU"));
 *             }
 *         }
 *         if (found.count > 0) return mw_rejected(&found);
 *         mw_json *invoice = mw_object();
 *         mw_put(invoice, "number", order->number);
 *         mw_put(invoice, "total", order->total); // "254.56": money is text, never a float
 *         mw_put(invoice, "customer", mw_reference("party", order->customer_id));
 *         return mw_mapped_one(MW_UPSERT, "invoice", context->resource_key, invoice);
 *     }
 *
 *     MAPWRIGHT_PLUGIN(.topics = {"order.created", "order.updated"}, .entities = {"invoice"})
 *     MAPWRIGHT_FIELD_MAPPING(transform)
 *
 * What there is, one header each: text.h (text without NULs, memory, panics), decimal.h (money), json.h and
 * write.h (reading and writing JSON), plugin.h (context, answers, faults, lookups, log, exports),
 * woocommerce.h with models.h (payloads), brazil.h (tax numbers). testing.h is for tests only.
 *
 * C11 with GNU extensions: GCC and Clang. Memory is never freed: an instance lives for one call.
 */
#ifndef MAPWRIGHT_H
#define MAPWRIGHT_H

#include "mapwright/brazil.h"
#include "mapwright/decimal.h"
#include "mapwright/json.h"
#include "mapwright/plugin.h"
#include "mapwright/text.h"
#include "mapwright/woocommerce.h"
#include "mapwright/write.h"

#endif
