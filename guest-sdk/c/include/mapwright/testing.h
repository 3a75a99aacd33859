/*
 * Tests of a plugin, natively, without a host: link the SDK, the plugin's sources and `testing/` of the SDK
 * with the tests, and run what comes out. `main` is there already.
 *
 *     #include <mapwright/testing.h>
 *
 *     MW_TEST(the_golden_cases_hold) { mw_golden("cases"); }
 *
 *     MW_TEST(a_line_without_sku_is_named)
 *     {
 *         mw_trial *trial = mw_trial_new();
 *         trial->payload = MW("{\"id\": 1, ...}");
 *         const mw_run *run = mw_trial_run(trial);
 *         MW_CHECK_TEXT(mw_run_text(run, "/violations/0/pointer"), "/line_items/0/sku");
 *     }
 *
 * A run walks the road the host walks: status translation, pricing, field mapping, as far as exported. What
 * it does not do: limit fuel, memory or time. `mapwright test` runs the same cases in the sandbox. Nothing of
 * this is part of a plugin.
 */
#ifndef MAPWRIGHT_TESTING_H
#define MAPWRIGHT_TESTING_H

#include "../mapwright.h"

/* ---- Tests ---- */

typedef struct mw_test {
    const char *name;
    void (*run)(void);
    struct mw_test *next;
} mw_test;
void mw_test_add(mw_test *test);

/* A test; its name is what the runner prints. */
#define MW_TEST(test_name) \
    static void test_name(void); \
    __attribute__((constructor)) static void test_name##_is_a_test(void) \
    { \
        static mw_test test = {#test_name, test_name, NULL}; \
        mw_test_add(&test); \
    } \
    static void test_name(void)

/* Fails the test, and goes on with the next one. */
_Noreturn void mw_test_fail(const char *here, mw_text why);
#define MW_FAIL(...) mw_test_fail(MW_HERE, mw_concat(__VA_ARGS__))
#define MW_CHECK(condition) ((condition) ? (void)0 : MW_FAIL("this does not hold: " #condition))
/* Two texts (or numbers) that should be the same. */
#define MW_CHECK_TEXT(actual, expected) mw_check_text(mw_text_of(actual), mw_text_of(expected), MW_HERE)
void mw_check_text(mw_text actual, mw_text expected, const char *here);
/* What `code` says when it panics; fails the test when it does not. */
mw_text mw_panic_of(void (*code)(void));

/* ---- Runs ---- */

/* A lookup table. */
typedef struct mw_table {
    mw_text name;
    const mw_pairs *rows;
    size_t count;
} mw_table;

typedef struct mw_tables {
    mw_table *items;
    size_t count;
    size_t room;
} mw_tables;

/* What a plugin is given. Nothing in a new one is remarkable; what is left empty follows from the payload. */
typedef struct mw_trial {
    mw_context context;
    mw_text payload;
    mw_maybe_text previous_status; /* When the resource was last delivered. */
    mw_maybe_text status;          /* As another plugin of the route would have translated it. */
    mw_price_lines lines;          /* As another plugin of the route would have priced them. */
    mw_tables tables;
} mw_trial;
mw_trial *mw_trial_new(void);
/* Adds a lookup table, CSV with a header. */
void mw_trial_table(mw_trial *trial, const char *name, mw_text csv);
/* The file's text; a file that cannot be read fails the test. */
mw_text mw_file(const char *path);

/* A line of the log. */
typedef struct mw_log_line {
    mw_level level;
    mw_text message;
} mw_log_line;

/* How a run ended. */
typedef struct mw_run {
    const char *outcome; /* "mapped", "skipped", "rejected", "not_ready", or "trapped" for a panic */
    mw_answer answer;    /* Of the last function that was called. */
    mw_text panic;
    mw_maybe_text status;
    mw_price_lines lines;
    mw_log_line *logs;
    size_t log_count;
    const mw_value *json; /* As `mapwright dry-run --json` says it, without usage and plugin. */
} mw_run;
const mw_run *mw_trial_run(mw_trial *trial);
/* What stands at a JSON Pointer of run->json as text; what is not there fails the test. */
mw_text mw_run_text(const mw_run *run, const char *pointer);

/* ---- Golden cases ---- */

/*
 * Runs every case in a folder: `payload.json`; optional `context.toml`, `settings.json`,
 * `previous-checkpoint.json`, `lookups/NAME.csv`; and `expected.json` (the keys it has are compared) or
 * `violations.json` (the whole list). What differs fails the test, each place by its pointer. With
 * MAPWRIGHT_BLESS=1 in the environment what comes out is written there instead: read the difference before
 * you commit it.
 */
void mw_golden(const char *folder);
/* The trial of one case. */
mw_trial *mw_golden_trial(const char *folder);
/* JSON with its keys sorted: on lines, or without any spaces. */
mw_text mw_canonical(const mw_value *value, bool on_lines);

#endif
