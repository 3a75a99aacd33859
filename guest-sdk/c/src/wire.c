/*
 * The contract as it lies in memory in the sandbox: arguments and answers of the canonical ABI. Natively
 * there is nothing here. The structures of plugin.h have the contract's layout on wasm32, which the
 * assertions below hold; only price lines are turned into others, because their amounts become decimals.
 *
 * Nothing is freed after an answer: the instance is dropped.
 */
#if defined(__wasm__)

#include <string.h>

#include "internal.h"

/* ---- imports ---- */

__attribute__((import_module("mapwright:plugin/log@1.0.0"), import_name("write"))) void wire_log(
    int level, const char *text, size_t length);

typedef struct row_answer {
    uint8_t failed;
    union {
        uint8_t failure;
        struct {
            uint8_t present;
            mw_pairs columns;
        } row;
    } is;
} row_answer;
_Static_assert(sizeof(row_answer) == 16, "as in the contract");

__attribute__((import_module("mapwright:plugin/lookup@1.0.0"), import_name("get-row"))) void wire_get_row(
    const char *table, size_t table_length, const char *key, size_t key_length, row_answer *answer);

void mw_host_log(mw_level level, mw_text message) { wire_log((int)level, message.ptr, message.len); }

mw_found mw_host_lookup(mw_text table, mw_text key, mw_pairs *columns)
{
    row_answer answer;
    wire_get_row(table.ptr, table.len, key.ptr, key.len, &answer);
    if (answer.failed) return MW_FOUND_NO_TABLE;
    if (!answer.is.row.present) return MW_FOUND_NO_ROW;
    *columns = answer.is.row.columns;
    return MW_FOUND_ROW;
}

/* ---- what comes in ---- */

typedef struct wire_line {
    mw_text id, sku, quantity, unit_price, currency;
    mw_pairs attributes;
} wire_line;

typedef struct wire_lines {
    wire_line *items;
    size_t count;
} wire_lines;

typedef struct transform_arguments {
    mw_context context;
    mw_text payload;
    mw_maybe_text status;
    wire_lines lines;
    mw_pairs attributes;
} transform_arguments;

typedef struct reprice_arguments {
    mw_context context;
    wire_lines lines;
} reprice_arguments;

typedef struct translate_arguments {
    mw_context context;
    mw_source_status status;
} translate_arguments;

_Static_assert(sizeof(mw_text) == 8 && sizeof(mw_maybe_text) == 12 && sizeof(mw_pair) == 16, "as in the contract");
_Static_assert(sizeof(mw_context) == 116 && offsetof(mw_context, settings) == 88, "as in the contract");
_Static_assert(sizeof(wire_line) == 48 && sizeof(mw_source_status) == 36, "as in the contract");
_Static_assert(sizeof(transform_arguments) == 152, "as in the contract");

/* ---- what goes out ---- */

typedef struct wire_answer {
    uint8_t refused;
    union {
        struct {
            uint8_t not_ready; /* else rejected */
            union {
                mw_text reason;
                struct {
                    const mw_violation *items;
                    size_t count;
                } violations;
            } is;
        } refusal;
        struct {
            uint8_t skipped; /* else mapped */
            union {
                mw_text reason;
                struct {
                    const mw_document *items;
                    size_t count;
                    mw_maybe_text checkpoint;
                } mapping;
            } is;
        } outcome;
        wire_lines lines;
        mw_maybe_text status;
    } is;
} wire_answer;

_Static_assert(sizeof(mw_violation) == 24 && sizeof(mw_document) == 36, "as in the contract");
_Static_assert(offsetof(mw_document, body) == 20, "as in the contract");
_Static_assert(sizeof(wire_answer) == 28 && offsetof(wire_answer, is.outcome.is) == 8, "as in the contract");

typedef struct wire_texts {
    mw_text *items;
    size_t count;
} wire_texts;

typedef struct wire_manifest {
    mw_text name, version, summary, settings_schema;
    wire_texts topics, entities;
    mw_pairs attributes;
} wire_manifest;
_Static_assert(sizeof(wire_manifest) == 56, "as in the contract");

static wire_answer out;

/* The refusal of an answer, or the SDK's own where there is one; false when nothing is refused. */
static bool refused(const mw_answer *answer)
{
    static mw_answer own;
    if (mw_refused()) {
        own = mw_refusal();
        answer = &own;
    }
    if (!mw_is_refusal(answer)) return false;
    out.refused = 1;
    if (answer->kind == MW_REFUSED_NOT_READY) {
        out.is.refusal.not_ready = 1;
        out.is.refusal.is.reason = answer->reason;
    } else {
        out.is.refusal.is.violations.items = answer->violations.items;
        out.is.refusal.is.violations.count = answer->violations.count;
    }
    return true;
}

static mw_price_lines our_lines(wire_lines lines)
{
    mw_price_lines ours = {MW_NEW_ARRAY(mw_price_line, lines.count), lines.count};
    for (size_t i = 0; i < lines.count; i++) {
        const wire_line *line = &lines.items[i];
        mw_price_line *our = &ours.items[i];
        *our = (mw_price_line){.id = line->id, .sku = line->sku, .currency = line->currency, .attributes = line->attributes};
        if (!mw_parse_decimal(line->quantity, &our->quantity)) {
            mw_refuse(mw_rejected_at(mw_at("line_items", i), "price_line_malformed", "the quantity of line `", line->id,
                "`: `", line->quantity, "` is not a decimal number"));
        }
        if (!mw_parse_decimal(line->unit_price, &our->unit_price)) {
            mw_refuse(mw_rejected_at(mw_at("line_items", i), "price_line_malformed", "the unit price of line `", line->id,
                "`: `", line->unit_price, "` is not a decimal number"));
        }
    }
    return ours;
}

const void *mw_wire_transform(mw_transform_function *transform, const void *arguments)
{
    const transform_arguments *given = arguments;
    mw_begin(&given->context);
    mw_input input = {given->payload, given->status, our_lines(given->lines), given->attributes};
    if (mw_refused()) return refused(NULL) ? &out : NULL;
    mw_answer answer = transform(&given->context, &input);
    if (refused(&answer)) return &out;
    if (answer.kind == MW_SKIPPED) {
        out.is.outcome.skipped = 1;
        out.is.outcome.is.reason = answer.reason;
    } else if (answer.kind == MW_MAPPED) {
        out.is.outcome.is.mapping.items = answer.documents.items;
        out.is.outcome.is.mapping.count = answer.documents.count;
        out.is.outcome.is.mapping.checkpoint = answer.documents.checkpoint;
    } else {
        mw_panic("a field mapping answers with mw_mapped, mw_skipped or a refusal");
    }
    return &out;
}

const void *mw_wire_reprice(mw_reprice_function *reprice, const void *arguments)
{
    const reprice_arguments *given = arguments;
    mw_begin(&given->context);
    mw_price_lines lines = our_lines(given->lines);
    if (mw_refused()) return refused(NULL) ? &out : NULL;
    mw_answer answer = reprice(&given->context, lines);
    if (refused(&answer)) return &out;
    if (answer.kind != MW_PRICED) mw_panic("a pricing answers with mw_priced or a refusal");
    out.is.lines = (wire_lines){MW_NEW_ARRAY(wire_line, answer.lines.count), answer.lines.count};
    for (size_t i = 0; i < answer.lines.count; i++) {
        const mw_price_line *line = &answer.lines.items[i];
        out.is.lines.items[i] = (wire_line){line->id, line->sku, mw_decimal_text(line->quantity),
            mw_decimal_text(line->unit_price), line->currency, line->attributes};
    }
    return &out;
}

const void *mw_wire_translate(mw_translate_function *translate, const void *arguments)
{
    const translate_arguments *given = arguments;
    mw_begin(&given->context);
    mw_answer answer = translate(&given->context, &given->status);
    if (refused(&answer)) return &out;
    if (answer.kind != MW_STATUS) mw_panic("a status translation answers with mw_status, mw_keep_status or a refusal");
    out.is.status = answer.status;
    return &out;
}

static wire_texts texts(const char *const items[16])
{
    wire_texts all = {MW_NEW_ARRAY(mw_text, 16), 0};
    while (all.count < 16 && items[all.count] != NULL) {
        all.items[all.count] = mw_from_c(items[all.count]);
        all.count++;
    }
    return all;
}

const void *mw_wire_describe(const mw_manifest *manifest)
{
    static wire_manifest described;
    mw_pair *attributes = MW_NEW_ARRAY(mw_pair, 16);
    size_t count = 0;
    mw_begin(NULL);
    while (count < 16 && manifest->attributes[count][0] != NULL) {
        attributes[count].name = mw_from_c(manifest->attributes[count][0]);
        attributes[count].value = mw_from_c(manifest->attributes[count][1]);
        count++;
    }
    described = (wire_manifest){
        .name = mw_from_c(manifest->name),
        .version = mw_from_c(manifest->version),
        .summary = mw_from_c(manifest->summary),
        .settings_schema = mw_from_c(manifest->settings_schema),
        .topics = texts(manifest->topics),
        .entities = texts(manifest->entities),
        .attributes = {attributes, count},
    };
    return &described;
}

#else
typedef int mapwright_wire_is_empty_natively;
#endif
