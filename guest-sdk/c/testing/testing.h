/*
 * What the files of the testing part share.
 */
#ifndef MAPWRIGHT_TESTING_INTERNAL_H
#define MAPWRIGHT_TESTING_INTERNAL_H

#include "../src/internal.h"
#include "mapwright/testing.h"

/* Runs `code`; true when it panicked, with what it said. */
bool mw_catch(void (*code)(void *), void *with, mw_text *panic);

/* A file's text; none when it is not there. */
mw_maybe_text mw_file_if_any(const char *path);
/* A path of parts; ends in a NUL. */
#define mw_path(...) mw_c_string(mw_concat(__VA_ARGS__))

/* The table of a CSV text: each row as column and value pairs. */
mw_table mw_csv(mw_text name, mw_text csv);

/* What a line of TOML says: `[attributes]` before it is `table`. */
typedef struct mw_toml_line {
    mw_text table, key, value;
} mw_toml_line;
/* The next line that says something; false at the end. A line that cannot be read fails the test. */
bool mw_toml_next(mw_text *rest, mw_toml_line *line, const char *path);

#endif
