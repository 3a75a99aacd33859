/*
 * The runner: every MW_TEST in the order of their names' definition, one line each; with arguments only
 * those whose names contain one. Ends with 1 when a test failed.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing.h"

static mw_test *first, **last = &first;
static jmp_buf failed, panicked;
static bool catching;
static mw_text panic_text;

void mw_test_add(mw_test *test)
{
    *last = test;
    last = &test->next;
}

void mw_test_fail(const char *here, mw_text why)
{
    printf("    %s: %.*s\n", here, (int)why.len, why.ptr);
    longjmp(failed, 1);
}

void mw_check_text(mw_text actual, mw_text expected, const char *here)
{
    if (mw_text_equal(actual, expected)) return;
    mw_test_fail(here, mw_concat("expected `", expected, "`, got `", actual, "`"));
}

void mw_panic_at(const char *here, mw_text text)
{
    panic_text = mw_concat("panicked at ", here, ": ", text);
    if (catching) longjmp(panicked, 1);
    mw_test_fail(here, panic_text);
}

bool mw_catch(void (*code)(void *), void *with, mw_text *panic)
{
    catching = true;
    if (setjmp(panicked) == 0) {
        code(with);
        catching = false;
        return false;
    }
    catching = false;
    *panic = panic_text;
    return true;
}

static void call(void *code) { (*(void (**)(void))code)(); }

mw_text mw_panic_of(void (*code)(void))
{
    mw_text panic;
    if (!mw_catch(call, &code, &panic)) MW_FAIL("this should panic, and does not");
    return panic;
}

static bool passes(const mw_test *test)
{
    if (setjmp(failed) != 0) return false;
    test->run();
    return true;
}

int main(int count, char **arguments)
{
    int ran = 0, wrong = 0;
    for (mw_test *test = first; test != NULL; test = test->next) {
        bool wanted = count < 2;
        for (int i = 1; i < count; i++) wanted = wanted || strstr(test->name, arguments[i]) != NULL;
        if (!wanted) continue;
        ran++;
        bool ok = passes(test);
        printf("%s %s\n", ok ? "ok  " : "FAIL", test->name);
        wrong += !ok;
        mw_forget();
    }
    printf("%d tests, %d failed\n", ran, wrong);
    return wrong > 0 || ran == 0;
}
