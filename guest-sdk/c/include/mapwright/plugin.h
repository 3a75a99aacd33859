/*
 * What a plugin is asked and what it answers, and the macros that export it. The contract in words is
 * wit/plugin.wit; the structures here lie in memory as the contract's do, so nothing is copied on the way in.
 *
 * A refusal of the SDK's own (a payload that is no order, settings that do not suit, a lookup table that
 * is missing) is remembered: whatever the function returns afterwards, the host hears the first refusal.
 * So a function may go on with what it got (zero, empty, NULL) or `return mw_refusal()` at once.
 */
#ifndef MAPWRIGHT_PLUGIN_H
#define MAPWRIGHT_PLUGIN_H

#include "write.h"

/* Everything a plugin may know beside its input. Times are RFC 3339 in UTC; there is no other clock. */
typedef struct mw_context {
    mw_text merchant;         /* Whose event it is. */
    mw_text route;            /* The route being walked. */
    mw_text source;           /* The connection the event came from. */
    mw_text target;           /* The connection the documents go to. */
    mw_text topic;            /* In the source's own words (`order.updated`). */
    mw_text resource_key;     /* What the event is about, unique within the source (`order/27`). */
    mw_text event_id;         /* The event's id. */
    mw_text correlation_id;   /* Follows the event from ingress to the target. */
    mw_maybe_text source_version_time; /* When the source last changed the resource, where it says so. */
    mw_text received_at;      /* When the host accepted the event: the only "now" there is. */
    uint32_t attempt;         /* Which attempt at mapping this event this is, from 1. */
    mw_text settings;         /* The route's settings, JSON; see mw_settings. */
    mw_maybe_text checkpoint; /* What this plugin remembered of this resource, JSON; see mw_checkpoint. */
    mw_pairs attributes;      /* Open name and value pairs. */
} mw_context;

/* One line with its price. */
typedef struct mw_price_line {
    mw_text id;            /* The line's id in the payload. */
    mw_text sku;           /* Empty where the line has none. */
    mw_decimal quantity;   /* How many. */
    mw_decimal unit_price; /* The price of one, before tax. */
    mw_text currency;      /* ISO 4217. */
    mw_pairs attributes;   /* `product_id`, `subtotal`, `total`, `tax_class` and so on. */
} mw_price_line;

typedef struct mw_price_lines {
    mw_price_line *items;
    size_t count;
} mw_price_lines;

/* What is to be mapped. */
typedef struct mw_input {
    mw_text payload;      /* As received, JSON; read it with mw_read_order and the like. */
    mw_maybe_text status; /* The target's status, where the route translates statuses. */
    mw_price_lines lines; /* The priced lines, where the route has pricing. */
    mw_pairs attributes;  /* Open name and value pairs. */
} mw_input;

/* The priced line of that id; NULL where there is none. */
const mw_price_line *mw_priced_line(const mw_input *input, mw_id id);

/* A status in the source's words. */
typedef struct mw_source_status {
    mw_text entity;                /* What has it (`order`). */
    mw_text status;                /* The status now (`processing`). */
    mw_maybe_text previous_status; /* When this resource was last delivered, where the host knows it. */
    mw_pairs attributes;           /* `payment_method`, `date_paid_gmt` and so on. */
} mw_source_status;

/* ---- The settings of the route, and what was remembered ---- */

/* The settings as a tree; they hold the settings of the route's other plugins as well. */
const mw_value *mw_settings(const mw_context *context);
/* A setting, or what stands for it where it is not set. One of another type makes the event wait
   (not-ready), by name: the event is as good as before once the merchant has mended the settings. */
#define mw_setting(settings, name, otherwise) mw_setting_text((settings), (name), mw_text_of(otherwise))
mw_text mw_setting_text(const mw_value *settings, const char *name, mw_text otherwise);
bool mw_setting_bool(const mw_value *settings, const char *name, bool otherwise);
long long mw_setting_int(const mw_value *settings, const char *name, long long otherwise);
mw_decimal mw_setting_decimal(const mw_value *settings, const char *name, mw_decimal otherwise);
/* What mw_remember kept when this resource was last delivered; NULL the first time. */
const mw_value *mw_checkpoint(const mw_context *context);
/* The UTC day on which the event was received. */
mw_text mw_received_date(const mw_context *context);

/* ---- Faults in the payload ---- */

/* A JSON Pointer into the payload. mw_at("line_items", 3, "sku") is /line_items/3/sku; mw_at(line, "sku")
   goes on from where `line` is. */
typedef struct mw_pointer {
    mw_text text;
} mw_pointer;
/* The payload as a whole. */
#define MW_PAYLOAD ((mw_pointer){{"", 0}})

/* One fault, placed exactly. */
typedef struct mw_violation {
    mw_text pointer;
    mw_text code;
    mw_text message;
} mw_violation;

/* Faults found so far; start with {0}. */
typedef struct mw_violations {
    mw_violation *items;
    size_t count;
    size_t room;
} mw_violations;

/* Notes a fault: where, a short stable word for machines, one sentence for who has to mend it. */
#define mw_violate(found, where, code, message) \
    mw_violate_texts((found), (where), mw_text_of(code), mw_text_of(message))
void mw_violate_texts(mw_violations *found, mw_pointer where, mw_text code, mw_text message);

/* Part of mw_at. */
typedef struct mw_step {
    enum { MW_STEP_POINTER, MW_STEP_FIELD, MW_STEP_INDEX } kind;
    mw_text text;
} mw_step;
mw_step mw_step_pointer(mw_pointer pointer);
mw_step mw_step_field(mw_text name);
mw_step mw_step_name(const char *name);
mw_step mw_step_index(unsigned long long index);
mw_pointer mw_at_steps(const mw_step *steps, size_t count);
#define MW_STEP(x) \
    _Generic((x), \
        mw_pointer: mw_step_pointer, \
        mw_text: mw_step_field, \
        char *: mw_step_name, \
        const char *: mw_step_name, \
        int: mw_step_index, \
        long: mw_step_index, \
        long long: mw_step_index, \
        unsigned: mw_step_index, \
        unsigned long: mw_step_index, \
        unsigned long long: mw_step_index)(x)
#define mw_at(...) \
    mw_at_steps((const mw_step[]){MW_EACH_ARGUMENT(MW_STEP, __VA_ARGS__)}, MW_COUNT(__VA_ARGS__))

/* ---- Documents ---- */

/* What the target is asked to do with a document. */
typedef enum mw_operation {
    MW_CREATE, /* Make it; it must not exist yet under this key. */
    MW_UPDATE, /* Change it; it must exist. */
    MW_UPSERT, /* Make it or change it, whichever is needed. */
    MW_CANCEL, /* Call it off in the target's own way, keeping the record. */
    MW_DELETE, /* Take it away. */
} mw_operation;

/* Something for the target. */
typedef struct mw_document {
    mw_text entity;    /* What it is in the target's words (`sale`). */
    mw_text key;       /* Names it for ever. */
    uint8_t operation; /* An mw_operation. */
    mw_text body;      /* JSON. */
    mw_pairs attributes;
} mw_document;

/* Documents in the order of delivery, and what to remember; start with {0}. */
typedef struct mw_documents {
    mw_document *items;
    size_t count;
    size_t room;
    mw_maybe_text checkpoint;
} mw_documents;

/* Adds a document. `body` may be NULL: an empty object. */
#define mw_deliver(documents, operation, entity, key, body) \
    mw_deliver_texts((documents), (operation), mw_text_of(entity), mw_text_of(key), (body))
void mw_deliver_texts(
    mw_documents *documents, mw_operation operation, mw_text entity, mw_text key, const mw_json *body);
/* Adds a pair for the connector to the document that was added last. */
#define mw_tell_connector(documents, name, value) \
    mw_tell_connector_texts((documents), mw_text_of(name), mw_text_of(value))
void mw_tell_connector_texts(mw_documents *documents, mw_text name, mw_text value);
/* Comes back in mw_checkpoint the next time this resource changes, once all documents are delivered. */
void mw_remember(mw_documents *documents, const mw_json *something);

/* ---- Answers ---- */

/* What a plugin's function returns. Make one with the functions below. */
typedef struct mw_answer {
    enum {
        MW_REFUSED_NOT_READY,
        MW_REFUSED_REJECTED,
        MW_SKIPPED,
        MW_MAPPED,
        MW_PRICED,
        MW_STATUS,
    } kind;
    mw_text reason;           /* MW_REFUSED_NOT_READY, MW_SKIPPED */
    mw_violations violations; /* MW_REFUSED_REJECTED */
    mw_documents documents;   /* MW_MAPPED */
    mw_price_lines lines;     /* MW_PRICED */
    mw_maybe_text status;     /* MW_STATUS */
} mw_answer;

/* There are documents to deliver. */
mw_answer mw_mapped(const mw_documents *documents);
/* One document, nothing to remember. */
#define mw_mapped_one(operation, entity, key, body) \
    mw_mapped_texts((operation), mw_text_of(entity), mw_text_of(key), (body))
mw_answer mw_mapped_texts(mw_operation operation, mw_text entity, mw_text key, const mw_json *body);
/* There is rightly nothing to deliver, for a reason that a merchant can read. */
#define mw_skipped(...) mw_skipped_text(mw_concat(__VA_ARGS__))
mw_answer mw_skipped_text(mw_text reason);
/* The lines, in the order they were given, each under its own id. */
mw_answer mw_priced(mw_price_lines lines);
/* The target's status. */
#define mw_status(status) mw_status_text(mw_text_of(status))
mw_answer mw_status_text(mw_text status);
/* The target keeps the status it has. */
mw_answer mw_keep_status(void);
/* The payload will never map as it stands. At least one violation; none is a panic. */
#define mw_rejected(found) mw_rejected_violations((found), MW_HERE)
mw_answer mw_rejected_violations(const mw_violations *found, const char *here);
/* The same for one fault. */
#define mw_rejected_at(where, code, ...) \
    mw_rejected_one((where), mw_text_of(code), mw_concat(__VA_ARGS__))
mw_answer mw_rejected_one(mw_pointer where, mw_text code, mw_text message);
/* The payload may map later; the host tries again. */
#define mw_not_ready(...) mw_not_ready_text(mw_concat(__VA_ARGS__))
mw_answer mw_not_ready_text(mw_text reason);

/* Whether an answer is a refusal. */
static inline bool mw_is_refusal(const mw_answer *answer)
{
    return answer->kind == MW_REFUSED_NOT_READY || answer->kind == MW_REFUSED_REJECTED;
}
/* Whether something was refused already in this call; mw_refusal() is that refusal. */
bool mw_refused(void);
mw_answer mw_refusal(void);
/* Refuses from the depth of a program, as the SDK's own functions do. The first refusal stays. */
void mw_refuse(mw_answer refusal);

/* ---- The merchant's tables and log ---- */

/* A row of a lookup table. */
typedef struct mw_row {
    mw_text table;
    mw_text key;
    mw_pairs columns;
} mw_row;

/* The row of `table` whose first column is exactly `key`; NULL where there is none. Where the merchant has
   no such table the event waits (not-ready). */
#define mw_lookup(table, key) mw_lookup_text(mw_text_of(table), mw_text_of(key), true)
/* The same for tables that a merchant may have or not. */
#define mw_lookup_if_any(table, key) mw_lookup_text(mw_text_of(table), mw_text_of(key), false)
const mw_row *mw_lookup_text(mw_text table, mw_text key, bool needed);
/* The value of a column; empty where the table has none such or nothing stands there. */
mw_text mw_column(const mw_row *row, const char *column);
/* The value of a column that must be there; without it the event waits, by name. */
mw_text mw_need(const mw_row *row, const char *column);
mw_decimal mw_need_decimal(const mw_row *row, const char *column);

typedef enum mw_level { MW_DEBUG, MW_INFO, MW_WARNING, MW_ERROR } mw_level;
/* Writes one line to the merchant's log of this event. */
void mw_log(mw_level level, mw_text message);
#define mw_debug(...) mw_log(MW_DEBUG, mw_concat(__VA_ARGS__))
#define mw_info(...) mw_log(MW_INFO, mw_concat(__VA_ARGS__))
#define mw_warning(...) mw_log(MW_WARNING, mw_concat(__VA_ARGS__))
#define mw_error(...) mw_log(MW_ERROR, mw_concat(__VA_ARGS__))

/* ---- Exports ---- */

/* What a plugin says of itself. Lists end where nothing is. */
typedef struct mw_manifest {
    const char *name;
    const char *version;
    const char *summary;
    const char *settings_schema;
    const char *topics[16];         /* The topics it understands; none for any. */
    const char *entities[16];       /* The entities of the documents it makes. */
    const char *attributes[16][2];  /* Open name and value pairs. */
} mw_manifest;

typedef mw_answer mw_transform_function(const mw_context *context, const mw_input *input);
typedef mw_answer mw_reprice_function(const mw_context *context, mw_price_lines lines);
typedef mw_answer mw_translate_function(const mw_context *context, const mw_source_status *status);

/* Name, version, summary and settings schema, from plugin.toml and settings.schema.json: the build writes
   this header. Where it is not made yet (in an editor) the project has no name. */
#if __has_include("mapwright_project.h")
#include "mapwright_project.h"
#elif defined(__wasm__)
#error "mapwright_project.h is missing: build with `mapwright build` or `make`, which write it from plugin.toml"
#else
#define MAPWRIGHT_NAME "unnamed"
#define MAPWRIGHT_VERSION "0.0.0"
#define MAPWRIGHT_SUMMARY ""
#define MAPWRIGHT_SETTINGS_SCHEMA "{}"
#endif

/*
 * Every plugin has one MAPWRIGHT_PLUGIN and at least one of the three below it, at file level. The component
 * exports those and no more; plugin.toml names the world that has the same.
 *
 *     MAPWRIGHT_PLUGIN(.topics = {"order.created"}, .entities = {"sale"})
 *     MAPWRIGHT_FIELD_MAPPING(transform)
 */
#if defined(__wasm__)

#define MW_EXPORT_(interface_and_function) \
    __attribute__((used, visibility("default"), export_name("mapwright:plugin/" interface_and_function)))
const void *mw_wire_describe(const mw_manifest *manifest);
const void *mw_wire_transform(mw_transform_function *transform, const void *arguments);
const void *mw_wire_reprice(mw_reprice_function *reprice, const void *arguments);
const void *mw_wire_translate(mw_translate_function *translate, const void *arguments);

#define MAPWRIGHT_PLUGIN(...) \
    static const mw_manifest mw_exported_manifest_ = {MW_MANIFEST_HEAD_, __VA_ARGS__}; \
    MW_EXPORT_("manifest@1.0.0#describe") const void *mw_export_describe(void); \
    const void *mw_export_describe(void) { return mw_wire_describe(&mw_exported_manifest_); }
#define MAPWRIGHT_FIELD_MAPPING(function) \
    MW_EXPORT_("field-mapping@1.0.0#transform") const void *mw_export_transform(const void *); \
    const void *mw_export_transform(const void *arguments) \
    { \
        return mw_wire_transform((function), arguments); \
    }
#define MAPWRIGHT_PRICING(function) \
    MW_EXPORT_("pricing@1.0.0#reprice") const void *mw_export_reprice(const void *); \
    const void *mw_export_reprice(const void *arguments) \
    { \
        return mw_wire_reprice((function), arguments); \
    }
#define MAPWRIGHT_STATUS_TRANSLATION(function) \
    MW_EXPORT_("status-translation@1.0.0#translate") const void *mw_export_translate(const void *); \
    const void *mw_export_translate(const void *arguments) \
    { \
        return mw_wire_translate((function), arguments); \
    }

#else /* Natively the test harness finds them by these names. */

extern mw_manifest mw_exported_manifest;
extern mw_transform_function *mw_exported_transform;
extern mw_reprice_function *mw_exported_reprice;
extern mw_translate_function *mw_exported_translate;

#define MAPWRIGHT_PLUGIN(...) mw_manifest mw_exported_manifest = {MW_MANIFEST_HEAD_, __VA_ARGS__};
#define MAPWRIGHT_FIELD_MAPPING(function) mw_transform_function *mw_exported_transform = (function);
#define MAPWRIGHT_PRICING(function) mw_reprice_function *mw_exported_reprice = (function);
#define MAPWRIGHT_STATUS_TRANSLATION(function) mw_translate_function *mw_exported_translate = (function);

#endif

#define MW_MANIFEST_HEAD_ \
    .name = MAPWRIGHT_NAME, .version = MAPWRIGHT_VERSION, .summary = MAPWRIGHT_SUMMARY, \
    .settings_schema = MAPWRIGHT_SETTINGS_SCHEMA

#endif
