/*
 * Money and quantities: a whole number and how many of its digits stand after the point. There is no way
 * in from a float.
 *
 * Up to 38 digits are exact. A product or sum whose fraction is longer is rounded half away from zero to
 * what fits; one whose whole part does not fit is a panic with the place of the call, never a wrong number.
 * A division has 28 significant digits. The scale is kept as read: `0.10` is written `0.10`.
 */
#ifndef MAPWRIGHT_DECIMAL_H
#define MAPWRIGHT_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "each.h"

/* See text.h; it stands here because a decimal is written as text. */
typedef struct mw_text {
    const char *ptr;
    size_t len;
} mw_text;

__extension__ typedef __int128 mw_int128 __attribute__((aligned(8)));
__extension__ typedef unsigned __int128 mw_uint128 __attribute__((aligned(8)));

/* `coefficient` divided by ten to the power of `scale`: 254.56 is {25456, 2}. */
typedef struct mw_decimal {
    mw_int128 coefficient;
    unsigned scale;
} mw_decimal;

#define MW_ZERO ((mw_decimal){0})
#define MW_ONE ((mw_decimal){1, 0})
#define MW_HUNDRED ((mw_decimal){100, 0})
/* The most digits after the point. */
#define MW_SCALE_MAX 38

/* A whole number of the smallest unit: mw_scaled(1, 2) is a cent. */
static inline mw_decimal mw_scaled(long long coefficient, unsigned scale)
{
    return (mw_decimal){coefficient, scale};
}
/* Reads `-12.34` or `1E-7`, with white space around it or not. False, and zero, for anything else. */
bool mw_parse_decimal(mw_text text, mw_decimal *amount);
/* A decimal of a program: mw_decimal_of("0.05"). Text that is none is a panic. */
#define mw_decimal_of(text) mw_decimal_const((text), MW_HERE)
mw_decimal mw_decimal_const(const char *text, const char *here);
/* As text, digit by digit: `254.56`. */
mw_text mw_decimal_text(mw_decimal amount);

#define mw_add(a, b) mw_decimal_add((a), (b), MW_HERE)
#define mw_sub(a, b) mw_decimal_sub((a), (b), MW_HERE)
#define mw_mul(a, b) mw_decimal_mul((a), (b), MW_HERE)
/* Division by zero is a panic. */
#define mw_div(a, b) mw_decimal_div((a), (b), MW_HERE)
/* What becomes of digits that are rounded away. */
typedef enum mw_rounding {
    MW_HALF_UP,   /* A half goes away from zero, as tax offices and WooCommerce do. */
    MW_HALF_EVEN, /* A half goes to the even digit beside it. */
    MW_DOWN,      /* They are dropped: towards zero. */
} mw_rounding;
/* Half away from zero, to exactly `places` digits after the point. */
#define mw_round(amount, places) mw_decimal_round((amount), (places), MW_HALF_UP, MW_HERE)
/* The same, in the way that is asked for. */
#define mw_round_by(amount, places, how) mw_decimal_round((amount), (places), (how), MW_HERE)
/* To the digits of a currency. */
#define mw_round_money(amount, currency) \
    mw_decimal_round((amount), mw_decimals_of(currency), MW_HALF_UP, MW_HERE)
mw_decimal mw_decimal_add(mw_decimal a, mw_decimal b, const char *here);
mw_decimal mw_decimal_sub(mw_decimal a, mw_decimal b, const char *here);
mw_decimal mw_decimal_mul(mw_decimal a, mw_decimal b, const char *here);
mw_decimal mw_decimal_div(mw_decimal a, mw_decimal b, const char *here);
mw_decimal mw_decimal_round(mw_decimal amount, unsigned places, mw_rounding how, const char *here);

static inline mw_decimal mw_neg(mw_decimal a) { return (mw_decimal){-a.coefficient, a.scale}; }
static inline mw_decimal mw_abs(mw_decimal a) { return a.coefficient < 0 ? mw_neg(a) : a; }
static inline bool mw_is_zero(mw_decimal a) { return a.coefficient == 0; }
/* Below zero, zero or above zero, as a is less than, equal to or more than b; `1.10` equals `1.1`. */
int mw_compare(mw_decimal a, mw_decimal b);
/* Without zeros at the end of the fraction: `18.0000` becomes `18`. */
mw_decimal mw_normalize(mw_decimal amount);

/* How many digits a currency has after the point (ISO 4217). */
unsigned mw_decimals_of(mw_text currency);

#endif
