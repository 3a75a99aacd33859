/* A file is read. Does not link: there are no files. */
#include <stdio.h>

#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    char text[64] = {0};
    FILE *file = fopen(mw_c_string(input->payload), "r");
    if (file == NULL) return note(MW("there is no such file"));
    size_t length = fread(text, 1, sizeof text, file);
    return note(mw_bytes(text, length));
}
