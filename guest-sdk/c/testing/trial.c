/*
 * One native run of a plugin: what the host would do around it, without its limits.
 */
#include <stdlib.h>
#include <string.h>

#include "testing.h"

/* What the plugin exports; the macros of plugin.h define those it has. */
__attribute__((weak)) mw_manifest mw_exported_manifest;
__attribute__((weak)) mw_transform_function *mw_exported_transform;
__attribute__((weak)) mw_reprice_function *mw_exported_reprice;
__attribute__((weak)) mw_translate_function *mw_exported_translate;

/* Places of the unit price that the host hands to pricing. */
#define UNIT_PRICE_PLACES 10

static const mw_trial *playing;
static struct {
    mw_log_line *items;
    size_t count, room;
} logs;

void mw_host_log(mw_level level, mw_text message) { *MW_NEXT(&logs) = (mw_log_line){level, message}; }

mw_found mw_host_lookup(mw_text name, mw_text key, mw_pairs *columns)
{
    if (playing == NULL) return MW_FOUND_NO_TABLE;
    MW_EACH (table, playing->tables) {
        if (!mw_text_equal(table->name, name)) continue;
        for (size_t i = 0; i < table->count; i++) {
            if (mw_text_equal(table->rows[i].items[0].value, key)) {
                *columns = table->rows[i];
                return MW_FOUND_ROW;
            }
        }
        return MW_FOUND_NO_ROW;
    }
    return MW_FOUND_NO_TABLE;
}

mw_trial *mw_trial_new(void)
{
    mw_trial *trial = MW_NEW(mw_trial);
    trial->context = (mw_context){
        .merchant = MW("acme"),
        .route = MW("orders"),
        .source = MW("shop"),
        .target = MW("erp"),
        .topic = MW("order.updated"),
        .event_id = MW("019fa000-0000-7000-8000-000000000001"),
        .correlation_id = MW("019fa000-0000-7000-8000-000000000001"),
        .attempt = 1,
        .settings = MW("{}"),
    };
    trial->payload = MW("{}");
    return trial;
}

void mw_trial_table(mw_trial *trial, const char *name, mw_text csv)
{
    *MW_NEXT(&trial->tables) = mw_csv(mw_from_c(name), csv);
}

/* What the host would call what a payload is about. */
static mw_text resource_key(mw_text topic, const mw_value *payload)
{
    const mw_value *id = mw_get(payload, "id");
    if (id == NULL) id = mw_get(payload, "arg");
    mw_text text = id != NULL && (id->kind == MW_STRING || id->kind == MW_NUMBER) ? id->text : MW_EMPTY;
    size_t dot = 0;
    while (dot < topic.len && topic.ptr[dot] != '.') dot++;
    mw_text resource = mw_starts_with(topic, "action.") ? topic : mw_slice(topic, 0, dot);
    return mw_concat(resource, "/", mw_is_empty(text) ? MW("0") : text);
}

typedef struct pair_list {
    mw_pair *items;
    size_t count, room;
} pair_list;

/* Those of the fields that are there, as attributes. */
static void present(const mw_value *object, const char *const *names, pair_list *into)
{
    for (; *names != NULL; names++) {
        mw_maybe_text text = mw_value_text(mw_get(object, *names));
        if (text.present) *MW_NEXT(into) = (mw_pair){mw_from_c(*names), text.text};
    }
}

static mw_text plain(const mw_value *object, const char *name) { return mw_value_text(mw_get(object, name)).text; }

static mw_decimal amount(const mw_value *object, const char *name)
{
    mw_decimal amount;
    mw_value_decimal(mw_get(object, name), &amount);
    return amount;
}

/* The lines that the host would have priced of this payload. */
static mw_price_lines price_lines(const mw_value *payload)
{
    static const char *const fields[] = {"product_id", "variation_id", "name", "subtotal", "total", "tax_class", NULL};
    static const char *const customer[] = {"customer_id", NULL};
    const mw_value *items = mw_get(payload, "line_items"), *meta = mw_get(payload, "meta_data");
    mw_maybe_text role = {0};
    for (int i = 0; i < 2 && !role.present; i++) {
        for (size_t at = 0; mw_item(meta, at) != NULL && !role.present; at++) {
            bool here = mw_equal(plain(mw_item(meta, at), "key"), i == 0 ? "_customer_role" : "customer_role");
            if (here) role = (mw_maybe_text){true, plain(mw_item(meta, at), "value")};
        }
    }
    size_t count = items != NULL && items->kind == MW_ARRAY ? items->count : 0;
    mw_price_lines lines = {MW_NEW_ARRAY(mw_price_line, count), count};
    for (size_t i = 0; i < count; i++) {
        const mw_value *item = mw_item(items, i);
        mw_decimal quantity = amount(item, "quantity"), price = amount(item, "subtotal");
        if (!mw_is_zero(quantity)) price = mw_div(price, quantity);
        pair_list attributes = {0};
        present(item, fields, &attributes);
        present(payload, customer, &attributes);
        if (role.present) *MW_NEXT(&attributes) = (mw_pair){MW("customer_role"), role.text};
        lines.items[i] = (mw_price_line){
            .id = plain(item, "id"),
            .sku = plain(item, "sku"),
            .quantity = quantity,
            .unit_price = mw_normalize(mw_round(price, UNIT_PRICE_PLACES)),
            .currency = plain(payload, "currency"),
            .attributes = {attributes.items, attributes.count},
        };
    }
    return lines;
}

typedef struct walk_state {
    mw_trial *trial;
    mw_run *run;
    const mw_value *payload;
} walk_state;

/* Takes an answer over; false when the road ends with it. */
static bool take(mw_run *run, mw_answer answer)
{
    run->answer = mw_refused() ? mw_refusal() : answer;
    return !mw_is_refusal(&run->answer);
}

static void walk(void *with)
{
    const walk_state *state = with;
    mw_trial *trial = state->trial;
    mw_run *run = state->run;
    const mw_context *context = &trial->context;
    bool is_order = mw_starts_with(context->topic, "order.");
    const mw_value *status = mw_get(state->payload, "status");
    if (mw_exported_translate != NULL && is_order && status != NULL && status->kind == MW_STRING) {
        static const char *const names[] = {"payment_method", "date_paid_gmt", "customer_id", "currency", "created_via", NULL};
        pair_list attributes = {0};
        present(state->payload, names, &attributes);
        mw_source_status source = {MW("order"), status->text, trial->previous_status, {attributes.items, attributes.count}};
        mw_begin(context);
        if (!take(run, mw_exported_translate(context, &source))) return;
        if (run->answer.kind != MW_STATUS) mw_panic("a status translation answers with mw_status, mw_keep_status or a refusal");
        run->status = run->answer.status;
    }
    if (mw_exported_reprice != NULL) {
        if (run->lines.count == 0 && is_order) run->lines = price_lines(state->payload);
        mw_begin(context);
        if (!take(run, mw_exported_reprice(context, run->lines))) return;
        if (run->answer.kind != MW_PRICED) mw_panic("a pricing answers with mw_priced or a refusal");
        run->lines = run->answer.lines;
    }
    if (mw_exported_transform != NULL) {
        mw_input input = {trial->payload, run->status, run->lines, {0}};
        mw_begin(context);
        if (!take(run, mw_exported_transform(context, &input))) return;
        if (run->answer.kind != MW_MAPPED && run->answer.kind != MW_SKIPPED) {
            mw_panic("a field mapping answers with mw_mapped, mw_skipped or a refusal");
        }
    }
}

static mw_json *pairs(mw_pairs from)
{
    mw_json *list = mw_array();
    MW_EACH (pair, from) {
        mw_json *two = mw_array();
        mw_push(two, pair->name);
        mw_push(two, pair->value);
        mw_push(list, two);
    }
    return list;
}

static mw_json *documents(const mw_documents *from)
{
    static const char *const operations[] = {"create", "update", "upsert", "cancel", "delete"};
    mw_json *list = mw_array();
    MW_EACH (document, *from) {
        mw_json *json = mw_object();
        mw_put(json, "entity", document->entity);
        mw_put(json, "idempotency_key", document->key);
        mw_put(json, "operation", operations[document->operation]);
        mw_put(json, "body", (mw_raw){document->body});
        if (document->attributes.count > 0) mw_put(json, "attributes", pairs(document->attributes));
        mw_push(list, json);
    }
    return list;
}

/* The run as `mapwright dry-run --json` says it. */
static const mw_value *as_json(const mw_run *run)
{
    mw_json *json = mw_object(), *lines = mw_array();
    mw_put(json, "outcome", run->outcome);
    if (strcmp(run->outcome, "mapped") == 0) {
        mw_put(json, "documents", documents(&run->answer.documents));
        mw_put(json, "checkpoint", run->answer.documents.checkpoint);
    } else if (strcmp(run->outcome, "rejected") == 0) {
        mw_json *list = mw_array();
        MW_EACH (violation, run->answer.violations) {
            mw_json *one = mw_object();
            mw_put(one, "pointer", violation->pointer);
            mw_put(one, "code", violation->code);
            mw_put(one, "message", violation->message);
            mw_push(list, one);
        }
        mw_put(json, "violations", list);
    } else if (strcmp(run->outcome, "trapped") == 0) {
        mw_put(json, "message", run->panic);
    } else {
        mw_put(json, "reason", run->answer.reason);
    }
    mw_put(json, "status", run->status);
    MW_EACH (line, run->lines) {
        mw_json *one = mw_object();
        mw_put(one, "id", line->id);
        mw_put(one, "sku", line->sku);
        mw_put(one, "quantity", line->quantity);
        mw_put(one, "unit_price", line->unit_price);
        mw_put(one, "currency", line->currency);
        mw_put(one, "attributes", pairs(line->attributes));
        mw_push(lines, one);
    }
    mw_put(json, "lines", lines);
    return mw_read(mw_json_text(json), NULL);
}

const mw_run *mw_trial_run(mw_trial *trial)
{
    mw_run *run = MW_NEW(mw_run);
    walk_state state = {trial, run, mw_read(trial->payload, NULL)};
    mw_context *context = &trial->context;
    if (mw_is_empty(context->resource_key)) context->resource_key = resource_key(context->topic, state.payload);
    mw_text modified = plain(state.payload, "date_modified_gmt");
    if (!context->source_version_time.present && !mw_is_empty(modified)) context->source_version_time = mw_utc(modified);
    if (mw_is_empty(context->received_at)) {
        context->received_at = context->source_version_time.present ? context->source_version_time.text : MW("2026-01-01T00:00:00Z");
    }
    run->answer.kind = MW_MAPPED;
    run->status = trial->status;
    run->lines = trial->lines;
    memset(&logs, 0, sizeof logs);
    playing = trial;
    bool trapped = mw_catch(walk, &state, &run->panic);
    playing = NULL;
    run->outcome = trapped                                      ? "trapped"
        : run->answer.kind == MW_REFUSED_REJECTED               ? "rejected"
        : run->answer.kind == MW_REFUSED_NOT_READY              ? "not_ready"
        : run->answer.kind == MW_SKIPPED                        ? "skipped"
                                                                : "mapped";
    run->logs = logs.items;
    run->log_count = logs.count;
    run->json = as_json(run);
    return run;
}

mw_text mw_run_text(const mw_run *run, const char *pointer)
{
    const mw_value *at = run->json;
    for (const char *next = pointer; at != NULL && *next == '/';) {
        size_t length = strcspn(++next, "/");
        mw_text name = {next, length};
        at = at->kind == MW_ARRAY ? mw_item(at, strtoul(mw_c_string(name), NULL, 10)) : mw_value_field(at, name);
        next += length;
    }
    mw_maybe_text text = mw_value_text(at);
    if (!text.present) MW_FAIL("there is no text at ", pointer, ":\n", mw_canonical(run->json, true));
    return text.text;
}
