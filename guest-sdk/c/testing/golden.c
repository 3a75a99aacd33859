/*
 * Golden cases: a folder each, the same that `mapwright test` runs in the sandbox.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing.h"

/* ---- JSON with sorted keys ---- */

static void quoted(mw_buffer *out, mw_text text)
{
    mw_json *array = mw_array();
    mw_push(array, text);
    mw_text json = mw_json_text(array);
    mw_buffer_add(out, json.ptr + 1, json.len - 2);
}

static void line(mw_buffer *out, bool on_lines, unsigned depth)
{
    if (!on_lines) return;
    mw_buffer_add(out, "\n", 1);
    while (depth-- > 0) mw_buffer_add(out, "  ", 2);
}

static int by_name(const void *a, const void *b)
{
    mw_text x = ((const mw_pair *)a)->name, y = ((const mw_pair *)b)->name;
    int order = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);
    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

static void write(mw_buffer *out, const mw_value *value, bool on_lines, unsigned depth)
{
    bool object = value->kind == MW_OBJECT;
    switch (value->kind) {
    case MW_NULL: mw_buffer_add(out, "null", 4); return;
    case MW_STRING: quoted(out, value->text); return;
    case MW_BOOL:
    case MW_NUMBER: mw_buffer_add(out, value->text.ptr, value->text.len); return;
    case MW_ARRAY:
    case MW_OBJECT: break;
    }
    /* An item's place rides along as the length of an otherwise empty value. */
    mw_pair *order = MW_NEW_ARRAY(mw_pair, value->count);
    for (size_t i = 0; i < value->count; i++) order[i] = (mw_pair){object ? value->names[i] : MW_EMPTY, {NULL, i}};
    if (object) qsort(order, value->count, sizeof *order, by_name);
    mw_buffer_add(out, object ? "{" : "[", 1);
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0) mw_buffer_add(out, ",", 1);
        line(out, on_lines, depth + 1);
        if (object) {
            quoted(out, order[i].name);
            mw_buffer_add(out, ": ", on_lines ? 2 : 1);
        }
        write(out, &value->items[order[i].value.len], on_lines, depth + 1);
    }
    if (value->count > 0) line(out, on_lines, depth);
    mw_buffer_add(out, object ? "}" : "]", 1);
}

mw_text mw_canonical(const mw_value *value, bool on_lines)
{
    mw_buffer out = {0};
    write(&out, value, on_lines, 0);
    return (mw_text){out.ptr, out.len};
}

/* ---- comparing ---- */

static const mw_value NOTHING = {.kind = MW_NULL};

/* Notes where two values differ, each leaf with its pointer. */
static void compare(mw_pointer at, const mw_value *wanted, const mw_value *actual, mw_buffer *out)
{
    if (wanted == NULL) wanted = &NOTHING;
    if (actual == NULL) actual = &NOTHING;
    if (wanted->kind == MW_OBJECT && actual->kind == MW_OBJECT) {
        for (size_t i = 0; i < wanted->count; i++) {
            compare(mw_at(at, wanted->names[i]), &wanted->items[i], mw_get(actual, wanted->names[i]), out);
        }
        for (size_t i = 0; i < actual->count; i++) {
            if (mw_get(wanted, actual->names[i]) == NULL) compare(mw_at(at, actual->names[i]), NULL, &actual->items[i], out);
        }
        return;
    }
    if (wanted->kind == MW_ARRAY && actual->kind == MW_ARRAY && wanted->count == actual->count) {
        for (size_t i = 0; i < wanted->count; i++) compare(mw_at(at, i), &wanted->items[i], &actual->items[i], out);
        return;
    }
    mw_text expected = mw_canonical(wanted, false), got = mw_canonical(actual, false);
    if (mw_equal(expected, got)) return;
    mw_text says = mw_concat("      ", at.text, ": expected ", expected, ", got ", got, "\n");
    mw_buffer_add(out, says.ptr, says.len);
}

/* ---- cases ---- */

static const mw_value *json_if_any(const char *path)
{
    mw_maybe_text text = mw_file_if_any(path);
    if (!text.present) return NULL;
    mw_json_fault fault;
    const mw_value *json = mw_read(text.text, &fault);
    if (json == NULL) MW_FAIL(path, " is no JSON at byte ", fault.byte, ": ", fault.reason);
    return json;
}

typedef struct entries {
    mw_text *items;
    size_t count, room;
} entries;

static int by_text(const void *a, const void *b)
{
    return strcmp(((const mw_text *)a)->ptr, ((const mw_text *)b)->ptr);
}

/* What is in a folder, sorted, without what is hidden; nothing where there is no such folder. */
static entries folder(const char *path)
{
    entries names = {0};
    DIR *directory = opendir(path);
    if (directory == NULL) return names;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        *MW_NEXT(&names) = mw_from_c(mw_c_string(mw_from_c(entry->d_name)));
    }
    closedir(directory);
    if (names.count > 1) qsort(names.items, names.count, sizeof *names.items, by_text);
    return names;
}

static void context(mw_trial *trial, const char *path)
{
    mw_maybe_text file = mw_file_if_any(path);
    mw_toml_line line = {0};
    mw_context *to = &trial->context;
    struct {
        mw_pair *items;
        size_t count, room;
    } attributes = {0};
    struct {
        const char *name;
        mw_text *text;
        bool *present;
    } texts[] = {
        {"merchant", &to->merchant, NULL},
        {"route", &to->route, NULL},
        {"source", &to->source, NULL},
        {"target", &to->target, NULL},
        {"topic", &to->topic, NULL},
        {"resource_key", &to->resource_key, NULL},
        {"event_id", &to->event_id, NULL},
        {"correlation_id", &to->correlation_id, NULL},
        {"received_at", &to->received_at, NULL},
        {"source_version_time", &to->source_version_time.text, &to->source_version_time.present},
        {"previous_status", &trial->previous_status.text, &trial->previous_status.present},
    };
    while (file.present && mw_toml_next(&file.text, &line, path)) {
        bool known = false;
        if (mw_equal(line.table, "attributes")) {
            *MW_NEXT(&attributes) = (mw_pair){line.key, line.value};
            continue;
        }
        for (size_t i = 0; i < sizeof texts / sizeof *texts && !known; i++) {
            if (!mw_equal(line.key, texts[i].name)) continue;
            known = true;
            *texts[i].text = line.value;
            if (texts[i].present != NULL) *texts[i].present = true;
        }
        if (mw_equal(line.key, "attempt")) {
            known = true;
            to->attempt = (uint32_t)strtoul(mw_c_string(line.value), NULL, 10);
        }
        if (!known || line.table.len > 0) MW_FAIL(path, ": unknown key `", line.key, "`");
    }
    to->attributes = (mw_pairs){attributes.items, attributes.count};
}

mw_trial *mw_golden_trial(const char *path)
{
    mw_trial *trial = mw_trial_new();
    trial->payload = mw_file(mw_path(path, "/payload.json"));
    const mw_value *settings = json_if_any(mw_path(path, "/settings.json"));
    if (settings != NULL) trial->context.settings = mw_canonical(settings, false);
    mw_maybe_text checkpoint = mw_file_if_any(mw_path(path, "/previous-checkpoint.json"));
    if (checkpoint.present) trial->context.checkpoint = (mw_maybe_text){true, mw_trim(checkpoint.text)};
    entries tables = folder(mw_path(path, "/lookups"));
    MW_EACH (file, tables) {
        if (file->len < 5 || !mw_equal(mw_slice(*file, file->len - 4, file->len), ".csv")) continue;
        mw_text csv = mw_file(mw_path(path, "/lookups/", *file));
        mw_trial_table(trial, mw_c_string(mw_slice(*file, 0, file->len - 4)), csv);
    }
    context(trial, mw_path(path, "/context.toml"));
    return trial;
}

static bool says_nothing(const mw_value *value)
{
    return value->kind == MW_NULL || (value->kind == MW_ARRAY && value->count == 0);
}

/* Accepts an answer as the one to expect, without what says nothing. */
static void bless(const mw_run *run, const char *path)
{
    bool rejected = strcmp(run->outcome, "rejected") == 0;
    const mw_value *accepted = rejected ? mw_get(run->json, "violations") : run->json;
    if (!rejected) {
        mw_json *kept = mw_object();
        for (size_t i = 0; i < run->json->count; i++) {
            if (says_nothing(&run->json->items[i])) continue;
            mw_put(kept, run->json->names[i], (mw_raw){mw_canonical(&run->json->items[i], false)});
        }
        accepted = mw_read(mw_json_text(kept), NULL);
    }
    const char *to = mw_path(path, rejected ? "/violations.json" : "/expected.json");
    FILE *file = fopen(to, "wb");
    if (file == NULL) MW_FAIL(to, " cannot be written");
    mw_text text = mw_canonical(accepted, true);
    fprintf(file, "%.*s\n", (int)text.len, text.ptr);
    fclose(file);
    remove(mw_path(path, rejected ? "/expected.json" : "/violations.json"));
}

/* What is wrong with a case; empty when nothing is. */
static mw_text check(const char *path)
{
    const mw_run *run = mw_trial_run(mw_golden_trial(path));
    const char *blessing = getenv("MAPWRIGHT_BLESS");
    if (blessing != NULL && strcmp(blessing, "1") == 0) {
        bless(run, path);
        return MW_EMPTY;
    }
    mw_buffer differences = {0};
    const mw_value *expected = json_if_any(mw_path(path, "/expected.json"));
    const mw_value *violations = json_if_any(mw_path(path, "/violations.json"));
    if (expected != NULL && expected->kind == MW_OBJECT) {
        for (size_t i = 0; i < expected->count; i++) {
            compare(mw_at(expected->names[i]), &expected->items[i], mw_get(run->json, expected->names[i]), &differences);
        }
    } else if (violations != NULL) {
        compare(mw_at("violations"), violations, mw_get(run->json, "violations"), &differences);
    } else {
        return MW("      there is neither an expected.json that holds an object nor a violations.json\n");
    }
    if (differences.len == 0) return MW_EMPTY;
    return mw_concat(mw_bytes(differences.ptr, differences.len), "    the whole answer:\n", mw_canonical(run->json, true), "\n");
}

void mw_golden(const char *path)
{
    entries names = folder(path);
    size_t ran = 0, wrong = 0;
    MW_EACH (name, names) {
        const char *one = mw_path(path, "/", *name);
        if (!mw_file_if_any(mw_path(one, "/payload.json")).present) continue;
        mw_text fault = check(one);
        ran++;
        if (mw_is_empty(fault)) continue;
        wrong++;
        printf("    %s:\n%.*s", one, (int)fault.len, fault.ptr);
    }
    if (ran == 0) MW_FAIL("there are no golden cases in ", path);
    if (wrong > 0) MW_FAIL(wrong, " of ", ran, " golden cases in ", path, " give something else than expected");
}
