/*
 * The end of a call that cannot go on: one line to the log, `panicked at FILE:LINE: TEXT`, then a trap. The
 * host shows that line as the message of the outcome `trapped`.
 *
 * The checks that the compiler puts into the author's own code (-fsanitize: NULL, array bounds, division by
 * zero, overflow, shifts, missing returns) end here as well. They know file, line and column.
 */
#include <string.h>

#include "internal.h"

#if defined(__wasm__)

_Noreturn void mw_panic_at(const char *here, mw_text text)
{
    static bool again; /* A panic while a panic is written: memory ran out. */
    if (!again) {
        again = true;
        mw_host_log(MW_ERROR, mw_concat("panicked at ", here, ": ", text));
    }
    __builtin_trap();
}

/* ---- assert() and abort() of the C library ---- */

_Noreturn void __assert_fail(const char *condition, const char *file, int line, const char *function);
_Noreturn void __assert_fail(const char *condition, const char *file, int line, const char *function)
{
    (void)function;
    mw_panic_at(mw_c_string(mw_concat(file, ":", line)), mw_concat("this does not hold: ", condition));
}

_Noreturn void abort(void) { mw_panic_at("abort()", MW("the plugin ended itself")); }

/* ---- -fstack-protector: an array on the stack was written beyond its end. The C library would ask WASI for
   a random number to guard with; here a constant does, for it is mistakes that are looked for. ---- */

uintptr_t __stack_chk_guard = 0x5bd1e995;
_Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail(void) { mw_panic_at("a function's end", MW("an array was written beyond its end")); }

/* ---- what -fsanitize calls. Each begins with the place; what else it says is left out. ---- */

typedef struct place {
    const char *file;
    uint32_t line;
    uint32_t column;
} place;

static _Noreturn void checked(const void *data, const char *what)
{
    const place *at = data;
    mw_panic_at(mw_c_string(mw_concat(at->file, ":", at->line, ":", at->column)), mw_from_c(what));
}

/* A type's description: kind, bits and sign, then its name in quotes. */
typedef struct type {
    uint16_t kind;
    uint16_t info;
    char name[1];
} type;

static mw_text number(const type *of, uintptr_t value)
{
    /* Up to 32 bits stand in the value itself; wider ones behind a pointer. */
    unsigned bits = 1u << (of->info >> 1);
    if (of->kind != 0) return MW("?");
    uint64_t whole = value;
    if (bits == 64) memcpy(&whole, (const void *)value, 8);
    if (bits > 64) return MW("?");
    return (of->info & 1) && bits <= 32 ? mw_from_signed((int32_t)whole)
        : (of->info & 1)                ? mw_from_signed((int64_t)whole)
                                        : mw_from_unsigned(whole);
}

void __ubsan_handle_out_of_bounds_abort(const void *data, uintptr_t index);
void __ubsan_handle_out_of_bounds_abort(const void *data, uintptr_t index)
{
    struct bounds {
        place at;
        const type *array, *index;
    };
    const struct bounds *bounds = data;
    checked(data, mw_c_string(mw_concat("index ", number(bounds->index, index), " is outside of ", bounds->array->name)));
}

void __ubsan_handle_type_mismatch_v1_abort(const void *data, uintptr_t pointer);
void __ubsan_handle_type_mismatch_v1_abort(const void *data, uintptr_t pointer)
{
    checked(data, pointer == 0 ? "NULL is followed" : "a pointer is not aligned, or its object too small");
}

#define MW_CHECK(name, what) \
    void __ubsan_handle_##name##_abort(const void *data); \
    void __ubsan_handle_##name##_abort(const void *data) { checked(data, what); }
#define MW_CHECK_OF_ONE(name, what) \
    void __ubsan_handle_##name##_abort(const void *data, uintptr_t a); \
    void __ubsan_handle_##name##_abort(const void *data, uintptr_t a) { (void)a; checked(data, what); }
#define MW_CHECK_OF_TWO(name, what) \
    void __ubsan_handle_##name##_abort(const void *data, uintptr_t a, uintptr_t b); \
    void __ubsan_handle_##name##_abort(const void *data, uintptr_t a, uintptr_t b) { (void)a; (void)b; checked(data, what); }

MW_CHECK_OF_TWO(add_overflow, "a sum does not fit into its type")
MW_CHECK_OF_TWO(sub_overflow, "a difference does not fit into its type")
MW_CHECK_OF_TWO(mul_overflow, "a product does not fit into its type")
MW_CHECK_OF_TWO(divrem_overflow, "a division by zero, or one that does not fit into its type")
MW_CHECK_OF_ONE(negate_overflow, "a number has no negative in its type")
MW_CHECK_OF_TWO(shift_out_of_bounds, "a shift by more bits than there are")
MW_CHECK_OF_TWO(pointer_overflow, "a pointer moved out of memory, or NULL was moved")
MW_CHECK_OF_ONE(load_invalid_value, "a bool or enum holds what it cannot")
MW_CHECK_OF_ONE(vla_bound_not_positive, "an array of no or negative length")
MW_CHECK_OF_ONE(float_cast_overflow, "a float does not fit into its type")
MW_CHECK_OF_ONE(invalid_builtin, "a builtin was given what it cannot take")
MW_CHECK(nonnull_arg, "NULL is given where it may not be")

_Noreturn void __ubsan_handle_builtin_unreachable(const void *data);
_Noreturn void __ubsan_handle_builtin_unreachable(const void *data) { checked(data, "this was never to be reached"); }
_Noreturn void __ubsan_handle_missing_return(const void *data);
_Noreturn void __ubsan_handle_missing_return(const void *data) { checked(data, "a function ends without its return"); }

#else
/* Natively the test runner ends a test with it: testing/runner.c. */
typedef int mapwright_panic_is_empty_natively;
#endif
