/*
 * Context, faults, documents, answers, lookups and log: the plugin's side of the contract.
 */
#include <string.h>

#include "internal.h"

/* What is known of the call that is running. There is one at a time. */
static struct {
    mw_text route;
    mw_text resource_key;
    bool refused;
    mw_answer refusal;
} call;

void mw_begin(const mw_context *context)
{
    memset(&call, 0, sizeof call);
    if (context == NULL) return;
    call.route = context->route;
    call.resource_key = context->resource_key;
}

const mw_price_line *mw_priced_line(const mw_input *input, mw_id id)
{
    MW_EACH (line, input->lines) {
        if (mw_text_equal(line->id, id)) return line;
    }
    return NULL;
}

/* ---- settings and checkpoint ---- */

static void unsuited(const char *name, const char *what)
{
    mw_refuse(mw_not_ready("the settings of route `", call.route, "` do not suit this plugin: `", name, "` is no ",
        what, "; mend `settings` there"));
}

const mw_value *mw_settings(const mw_context *context)
{
    mw_json_fault fault;
    mw_text text = mw_trim(context->settings);
    const mw_value *settings = mw_read(mw_is_empty(text) ? MW("{}") : text, &fault);
    if (settings == NULL || settings->kind != MW_OBJECT) {
        mw_refuse(mw_not_ready("the settings of route `", call.route,
            "` do not suit this plugin: they are no JSON object; mend `settings` there"));
        return mw_read(MW("{}"), NULL);
    }
    return settings;
}

/* A setting that is there; null is as good as not set. */
static const mw_value *setting(const mw_value *settings, const char *name)
{
    const mw_value *value = mw_get(settings, name);
    return value == NULL || value->kind == MW_NULL ? NULL : value;
}

mw_text mw_setting_text(const mw_value *settings, const char *name, mw_text otherwise)
{
    const mw_value *value = setting(settings, name);
    if (value == NULL) return otherwise;
    if (value->kind == MW_STRING) return value->text;
    unsuited(name, "text");
    return otherwise;
}

bool mw_setting_bool(const mw_value *settings, const char *name, bool otherwise)
{
    const mw_value *value = setting(settings, name);
    if (value == NULL) return otherwise;
    if (value->kind == MW_BOOL) return value->truth;
    unsuited(name, "boolean");
    return otherwise;
}

long long mw_setting_int(const mw_value *settings, const char *name, long long otherwise)
{
    const mw_value *value = setting(settings, name);
    mw_decimal number;
    if (value == NULL) return otherwise;
    if (value->kind == MW_NUMBER && mw_parse_decimal(value->text, &number)) {
        number = mw_normalize(number);
        mw_int128 most = INT64_MAX;
        if (number.scale == 0 && number.coefficient <= most && number.coefficient >= -most) {
            return (long long)number.coefficient;
        }
    }
    unsuited(name, "whole number");
    return otherwise;
}

mw_decimal mw_setting_decimal(const mw_value *settings, const char *name, mw_decimal otherwise)
{
    const mw_value *value = setting(settings, name);
    mw_decimal number;
    if (value == NULL) return otherwise;
    if (mw_value_decimal(value, &number)) return number;
    unsuited(name, "decimal number");
    return otherwise;
}

const mw_value *mw_checkpoint(const mw_context *context)
{
    if (!context->checkpoint.present) return NULL;
    const mw_value *value = mw_read(context->checkpoint.text, NULL);
    if (value == NULL) mw_refuse(mw_not_ready("the checkpoint of `", call.resource_key, "` cannot be read"));
    return value;
}

mw_text mw_received_date(const mw_context *context) { return mw_date(context->received_at); }

/* ---- faults ---- */

mw_step mw_step_pointer(mw_pointer pointer) { return (mw_step){MW_STEP_POINTER, pointer.text}; }

mw_step mw_step_field(mw_text name) { return (mw_step){MW_STEP_FIELD, name}; }

mw_step mw_step_name(const char *name) { return mw_step_field(mw_from_c(name)); }

mw_step mw_step_index(unsigned long long index) { return (mw_step){MW_STEP_INDEX, mw_from_unsigned(index)}; }

mw_pointer mw_at_steps(const mw_step *steps, size_t count)
{
    mw_buffer pointer = {0};
    for (size_t i = 0; i < count; i++) {
        if (steps[i].kind != MW_STEP_POINTER) mw_buffer_add(&pointer, "/", 1);
        for (size_t at = 0; at < steps[i].text.len; at++) {
            const char *c = steps[i].text.ptr + at;
            bool escaped = steps[i].kind == MW_STEP_FIELD && (*c == '~' || *c == '/');
            mw_buffer_add(&pointer, !escaped ? c : *c == '~' ? "~0" : "~1", escaped ? 2 : 1);
        }
    }
    return (mw_pointer){{pointer.ptr, pointer.len}};
}

void mw_violate_texts(mw_violations *found, mw_pointer where, mw_text code, mw_text message)
{
    *MW_NEXT(found) = (mw_violation){where.text, code, message};
}

/* ---- documents ---- */

void mw_deliver_texts(
    mw_documents *documents, mw_operation operation, mw_text entity, mw_text key, const mw_json *body)
{
    *MW_NEXT(documents) = (mw_document){
        .entity = entity,
        .key = key,
        .operation = (uint8_t)operation,
        .body = body == NULL ? MW("{}") : mw_json_text(body),
    };
}

void mw_tell_connector_texts(mw_documents *documents, mw_text name, mw_text value)
{
    if (documents->count == 0) mw_panic("there is no document yet to say this of");
    mw_pairs *pairs = &documents->items[documents->count - 1].attributes;
    mw_pair *more = MW_NEW_ARRAY(mw_pair, pairs->count + 1);
    if (pairs->count > 0) memcpy(more, pairs->items, pairs->count * sizeof *more);
    more[pairs->count] = (mw_pair){name, value};
    *pairs = (mw_pairs){more, pairs->count + 1};
}

void mw_remember(mw_documents *documents, const mw_json *something)
{
    documents->checkpoint = (mw_maybe_text){true, mw_json_text(something)};
}

/* ---- answers ---- */

mw_answer mw_mapped(const mw_documents *documents)
{
    return (mw_answer){.kind = MW_MAPPED, .documents = *documents};
}

mw_answer mw_mapped_texts(mw_operation operation, mw_text entity, mw_text key, const mw_json *body)
{
    mw_documents documents = {0};
    mw_deliver_texts(&documents, operation, entity, key, body);
    return mw_mapped(&documents);
}

mw_answer mw_skipped_text(mw_text reason) { return (mw_answer){.kind = MW_SKIPPED, .reason = reason}; }

mw_answer mw_priced(mw_price_lines lines) { return (mw_answer){.kind = MW_PRICED, .lines = lines}; }

mw_answer mw_status_text(mw_text status)
{
    return (mw_answer){.kind = MW_STATUS, .status = {true, status}};
}

mw_answer mw_keep_status(void) { return (mw_answer){.kind = MW_STATUS}; }

mw_answer mw_rejected_violations(const mw_violations *found, const char *here)
{
    if (found->count == 0) mw_panic_at(here, MW("rejected without a violation: say what is wrong and where"));
    return (mw_answer){.kind = MW_REFUSED_REJECTED, .violations = *found};
}

mw_answer mw_rejected_one(mw_pointer where, mw_text code, mw_text message)
{
    mw_violations found = {0};
    mw_violate_texts(&found, where, code, message);
    return (mw_answer){.kind = MW_REFUSED_REJECTED, .violations = found};
}

mw_answer mw_not_ready_text(mw_text reason)
{
    return (mw_answer){.kind = MW_REFUSED_NOT_READY, .reason = reason};
}

void mw_refuse(mw_answer refusal)
{
    if (!call.refused && mw_is_refusal(&refusal)) {
        call.refused = true;
        call.refusal = refusal;
    }
}

bool mw_refused(void) { return call.refused; }

mw_answer mw_refusal(void)
{
    if (!call.refused) mw_panic("mw_refusal, and nothing was refused");
    return call.refusal;
}

/* ---- lookups and log ---- */

const mw_row *mw_lookup_text(mw_text table, mw_text key, bool needed)
{
    mw_row *row = MW_NEW(mw_row);
    *row = (mw_row){table, key, {0}};
    switch (mw_host_lookup(row->table, key, &row->columns)) {
    case MW_FOUND_ROW: return row;
    case MW_FOUND_NO_ROW: break;
    case MW_FOUND_NO_TABLE:
        if (needed) {
            mw_refuse(mw_not_ready("there is no lookup table `", table, "`; add lookups/", table, ".csv"));
        }
        break;
    }
    return NULL;
}

mw_text mw_column(const mw_row *row, const char *column)
{
    return row == NULL ? MW_EMPTY : mw_pair_value(row->columns, mw_from_c(column)).text;
}

mw_text mw_need(const mw_row *row, const char *column)
{
    mw_text value = mw_column(row, column);
    if (row != NULL && mw_is_empty(value)) {
        mw_refuse(mw_not_ready(
            "lookup table `", row->table, "` has nothing in column `", column, "` for `", row->key, "`"));
    }
    return value;
}

mw_decimal mw_need_decimal(const mw_row *row, const char *column)
{
    mw_text value = mw_need(row, column);
    mw_decimal amount = MW_ZERO;
    if (!mw_is_empty(value) && !mw_parse_decimal(value, &amount)) {
        mw_refuse(mw_not_ready("lookup table `", row->table, "`, row `", row->key, "`, column `", column, "`: `",
            mw_first(mw_trim(value), 40), "` is not a decimal number"));
    }
    return amount;
}

void mw_log(mw_level level, mw_text message) { mw_host_log(level, message); }
