/*
 * Decimals on 128-bit whole numbers. Most amounts fit into 64 bits, and every operation looks for that
 * first: 128-bit division is a loop in WebAssembly.
 */
#include <string.h>

#include "internal.h"

/* Coefficients have at most so many digits; the largest is 10^38 - 1. */
#define DIGITS_MAX 38
#define QUOTIENT_DIGITS 28

static const uint64_t POWERS[20] = {
    1ULL, 10ULL, 100ULL, 1000ULL, 10000ULL, 100000ULL, 1000000ULL, 10000000ULL, 100000000ULL, 1000000000ULL,
    10000000000ULL, 100000000000ULL, 1000000000000ULL, 10000000000000ULL, 100000000000000ULL,
    1000000000000000ULL, 10000000000000000ULL, 100000000000000000ULL, 1000000000000000000ULL,
    10000000000000000000ULL};

static mw_uint128 power(unsigned exponent)
{
    return exponent < 20 ? POWERS[exponent] : (mw_uint128)POWERS[19] * POWERS[exponent - 19];
}

static mw_uint128 magnitude(mw_int128 number)
{
    return number < 0 ? -(mw_uint128)number : (mw_uint128)number;
}

static bool fits(mw_uint128 number) { return number < power(DIGITS_MAX); }

static mw_decimal decimal(bool negative, mw_uint128 coefficient, unsigned scale)
{
    mw_int128 number = (mw_int128)coefficient;
    return (mw_decimal){negative ? -number : number, scale};
}

static unsigned digits(mw_uint128 number)
{
    unsigned count = 0;
    if (number >= POWERS[19]) {
        for (count = 20; count < DIGITS_MAX + 1 && number >= power(count); count++) {}
        return count;
    }
    for (uint64_t low = (uint64_t)number; low >= POWERS[count] && count < 19; count++) {}
    return count;
}

/* Whether digits are rounded away from zero, after an odd digit or an even one: `rest` of `by`. */
static bool away(mw_rounding how, mw_uint128 rest, mw_uint128 by, bool odd)
{
    mw_uint128 missing = by - rest;
    if (how == MW_DOWN || rest < missing) return false;
    return rest > missing || how == MW_HALF_UP || odd;
}

/* Divides by a power of ten, half away from zero. */
static mw_uint128 rounded(mw_uint128 number, unsigned places)
{
    if (places > DIGITS_MAX) return 0;
    if (number <= UINT64_MAX && places < 20) {
        uint64_t low = (uint64_t)number, by = POWERS[places];
        return low / by + (low % by >= by - low % by ? 1 : 0);
    }
    mw_uint128 by = power(places), rest = number % by;
    return number / by + (rest >= by - rest ? 1 : 0);
}

static _Noreturn void too_large(const char *here, mw_decimal a, const char *sign, mw_decimal b)
{
    mw_panic_at(here, mw_concat(a, sign, b, " does not fit into a decimal"));
}

bool mw_parse_decimal(mw_text text, mw_decimal *amount)
{
    *amount = MW_ZERO;
    text = mw_trim(text);
    size_t at = 0;
    bool negative = false, point = false, any = false;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+')) negative = text.ptr[at++] == '-';
    uint64_t low = 0;
    mw_uint128 coefficient = 0;
    bool wide = false;
    long scale = 0;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (c >= '0' && c <= '9') {
            unsigned digit = (unsigned)(c - '0');
            any = true;
            scale += point;
            if (!wide && low < POWERS[18]) {
                low = low * 10 + digit;
                continue;
            }
            if (!wide) coefficient = low;
            wide = true;
            if (coefficient >= power(DIGITS_MAX - 1)) return false;
            coefficient = coefficient * 10 + digit;
        } else if (c == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (!wide) coefficient = low;
    if (!any) return false;
    if (at < text.len) {
        if (text.ptr[at] != 'e' && text.ptr[at] != 'E') return false;
        at++;
        bool down = false;
        if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+')) down = text.ptr[at++] == '-';
        if (at == text.len) return false;
        long exponent = 0;
        for (; at < text.len; at++) {
            if (text.ptr[at] < '0' || text.ptr[at] > '9' || exponent > 1000) return false;
            exponent = exponent * 10 + (text.ptr[at] - '0');
        }
        scale += down ? exponent : -exponent;
    }
    if (scale > MW_SCALE_MAX) return false;
    for (; scale < 0; scale++) {
        if (coefficient >= power(DIGITS_MAX - 1)) return false;
        coefficient *= 10;
        if (coefficient == 0) scale = -1;
    }
    *amount = decimal(negative, coefficient, (unsigned)scale);
    return true;
}

mw_decimal mw_decimal_const(const char *text, const char *here)
{
    mw_decimal amount;
    if (!mw_parse_decimal(mw_from_c(text), &amount)) {
        mw_panic_at(here, mw_concat("`", text, "` is not a decimal number"));
    }
    return amount;
}

mw_text mw_decimal_text(mw_decimal amount)
{
    char out[DIGITS_MAX + MW_SCALE_MAX + 4];
    size_t at = sizeof out;
    mw_uint128 rest = magnitude(amount.coefficient);
    unsigned written = 0;
    while (rest > UINT64_MAX) {
        out[--at] = (char)('0' + (unsigned)(rest % 10));
        rest /= 10;
        if (++written == amount.scale) out[--at] = '.';
    }
    for (uint64_t low = (uint64_t)rest; low > 0 || written <= amount.scale; low /= 10) {
        out[--at] = (char)('0' + low % 10);
        if (++written == amount.scale) out[--at] = '.';
    }
    if (amount.coefficient < 0) out[--at] = '-';
    return mw_concat_all(&(mw_text){out + at, sizeof out - at}, 1);
}

/* Brings two numbers to one scale: the larger one, or the largest at which both fit. */
static void align(mw_decimal *a, mw_decimal *b)
{
    if (a->scale == b->scale) return;
    mw_decimal *low = a->scale < b->scale ? a : b, *high = low == a ? b : a;
    unsigned missing = high->scale - low->scale;
    mw_uint128 number = magnitude(low->coefficient);
    unsigned room = number == 0 ? missing : DIGITS_MAX - digits(number);
    unsigned raised = missing < room ? missing : room;
    if (number != 0) low->coefficient *= (mw_int128)power(raised);
    low->scale += raised;
    if (raised < missing) {
        *high = decimal(high->coefficient < 0, rounded(magnitude(high->coefficient), missing - raised), low->scale);
    }
}

mw_decimal mw_decimal_add(mw_decimal a, mw_decimal b, const char *here)
{
    mw_decimal x = a, y = b;
    align(&x, &y);
    mw_uint128 one = magnitude(x.coefficient), other = magnitude(y.coefficient), sum;
    bool negative = x.coefficient < 0;
    if (negative == (y.coefficient < 0)) {
        sum = one + other; /* Twice 10^38 is below 2^128. */
    } else if (one >= other) {
        sum = one - other;
    } else {
        sum = other - one;
        negative = !negative;
    }
    if (fits(sum)) return decimal(negative, sum, x.scale);
    if (x.scale == 0) too_large(here, a, " + ", b);
    return decimal(negative, rounded(sum, 1), x.scale - 1);
}

mw_decimal mw_decimal_sub(mw_decimal a, mw_decimal b, const char *here)
{
    return mw_decimal_add(a, mw_neg(b), here);
}

mw_decimal mw_decimal_mul(mw_decimal a, mw_decimal b, const char *here)
{
    mw_uint128 x = magnitude(a.coefficient), y = magnitude(b.coefficient), product;
    unsigned scale = a.scale + b.scale;
    bool negative = (a.coefficient < 0) != (b.coefficient < 0);
    if (x <= UINT64_MAX && y <= UINT64_MAX) {
        product = x <= UINT32_MAX && y <= UINT32_MAX ? (mw_uint128)((uint64_t)x * (uint64_t)y)
                                                     : x * y;
        if (fits(product) && scale <= MW_SCALE_MAX) {
            return decimal(negative, product, scale);
        }
    }
    if (x == 0 || y == 0) return (mw_decimal){0, scale > MW_SCALE_MAX ? MW_SCALE_MAX : scale};
    /* Long multiplication in pieces of 32 bits, then as many digits of the fraction away as must be. */
    uint32_t pieces[8] = {0};
    for (unsigned i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (unsigned j = 0; j < 4; j++) {
            uint64_t piece = (uint64_t)(uint32_t)(x >> (32 * i)) * (uint32_t)(y >> (32 * j)) + pieces[i + j] + carry;
            pieces[i + j] = (uint32_t)piece;
            carry = piece >> 32;
        }
        pieces[i + 4] = (uint32_t)carry;
    }
    unsigned last = 0; /* The digit that went last: half away from zero asks for no other. */
    for (;;) {
        bool wide = pieces[4] != 0 || pieces[5] != 0 || pieces[6] != 0 || pieces[7] != 0;
        product = (mw_uint128)pieces[3] << 96 | (mw_uint128)pieces[2] << 64 | (uint64_t)pieces[1] << 32 | pieces[0];
        if (!wide && scale <= MW_SCALE_MAX && fits(product)) {
            product += last >= 5 ? 1 : 0;
            if (fits(product)) return decimal(negative, product, scale);
        }
        if (scale == 0) too_large(here, a, " * ", b);
        uint64_t rest = 0;
        for (unsigned i = 8; i-- > 0;) {
            rest = rest << 32 | pieces[i];
            pieces[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        last = (unsigned)rest;
        scale--;
    }
}

mw_decimal mw_decimal_div(mw_decimal a, mw_decimal b, const char *here)
{
    if (b.coefficient == 0) mw_panic_at(here, mw_concat(a, " divided by zero"));
    mw_uint128 over = magnitude(a.coefficient), by = magnitude(b.coefficient);
    bool negative = (a.coefficient < 0) != (b.coefficient < 0);
    long scale = (long)a.scale - (long)b.scale;
    /* A divisor of more digits than the quotient will have is rounded, so that ten times a rest fits. */
    for (; by >= power(36); by = rounded(by, 1)) scale++;
    mw_uint128 quotient = over / by, rest = over % by;
    while (rest != 0 && scale < MW_SCALE_MAX) {
        unsigned have = digits(quotient);
        if (have >= QUOTIENT_DIGITS) break;
        unsigned step = QUOTIENT_DIGITS - have, room = DIGITS_MAX - digits(by);
        if (step > room) step = room;
        if (step > 18) step = 18;
        if ((long)step > MW_SCALE_MAX - scale) step = (unsigned)(MW_SCALE_MAX - scale);
        rest *= power(step);
        quotient = quotient * power(step) + rest / by;
        rest %= by;
        scale += (long)step;
    }
    if (rest >= by - rest) quotient++;
    for (; scale < 0; scale++) {
        if (quotient >= power(DIGITS_MAX - 1)) too_large(here, a, " / ", b);
        quotient *= 10;
    }
    long wanted = (long)a.scale > (long)b.scale ? (long)a.scale - (long)b.scale : 0;
    mw_decimal result = decimal(negative, quotient, (unsigned)scale);
    while ((long)result.scale > wanted && result.coefficient % 10 == 0) {
        result.coefficient /= 10;
        result.scale--;
    }
    return result;
}

mw_decimal mw_decimal_round(mw_decimal amount, unsigned places, mw_rounding how, const char *here)
{
    mw_uint128 size = magnitude(amount.coefficient);
    if (amount.scale >= places) {
        if (amount.scale == places) return amount;
        if (how != MW_HALF_UP) {
            if (amount.scale - places > DIGITS_MAX) return decimal(false, 0, places);
            mw_uint128 by = power(amount.scale - places), whole = size / by;
            whole += away(how, size % by, by, whole % 2 != 0) ? 1 : 0;
            return decimal(amount.coefficient < 0, whole, places);
        }
        return decimal(amount.coefficient < 0, rounded(size, amount.scale - places), places);
    }
    if (places > MW_SCALE_MAX || (size != 0 && digits(size) + places - amount.scale > DIGITS_MAX)) {
        mw_panic_at(here, mw_concat(amount, " does not fit with ", places, " digits after the point"));
    }
    return decimal(amount.coefficient < 0, size * power(places - amount.scale), places);
}

int mw_compare(mw_decimal a, mw_decimal b)
{
    if ((a.coefficient < 0) != (b.coefficient < 0)) return a.coefficient < 0 ? -1 : 1;
    /* Without zeros at the end, numbers that cannot be brought to one scale differ in size. */
    a = mw_normalize(a);
    b = mw_normalize(b);
    mw_decimal x = a, y = b;
    align(&x, &y);
    if (x.coefficient != y.coefficient) return x.coefficient < y.coefficient ? -1 : 1;
    if (a.scale == b.scale || x.scale == (a.scale > b.scale ? a.scale : b.scale)) return 0;
    return (a.scale > b.scale) == (a.coefficient > 0) ? 1 : -1;
}

mw_decimal mw_normalize(mw_decimal amount)
{
    if (amount.coefficient == 0) return MW_ZERO;
    while (amount.scale > 0 && amount.coefficient % 10 == 0) {
        amount.coefficient /= 10;
        amount.scale--;
    }
    return amount;
}

unsigned mw_decimals_of(mw_text currency)
{
    static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
    if (currency.len != 3) return 2;
    for (size_t at = 0; at + 3 < sizeof none; at += 4) {
        if (memcmp(none + at, currency.ptr, 3) == 0) return 0;
    }
    for (size_t at = 0; at + 3 < sizeof three; at += 4) {
        if (memcmp(three + at, currency.ptr, 3) == 0) return 3;
    }
    return 2;
}
