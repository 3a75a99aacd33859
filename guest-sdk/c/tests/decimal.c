/* Decimals: every digit kept, half away from zero, overflow is a panic. */
#include <mapwright/testing.h>

#include <string.h>

MW_TEST(a_decimal_keeps_every_digit_of_its_text)
{
    static const char *const same[] = {"254.56", "33.333333333333336", "-0.77", "0.10", "1500.00", "0",
        "99999999999999999999999999999999999999", "-0.00000000000000000000000000000000000001",
        "12345678901234567890.1234567890"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        MW_CHECK_TEXT(mw_decimal_of(same[i]), same[i]);
    }
    MW_CHECK_TEXT(mw_decimal_of(" 1.5E+3 "), "1500");
    MW_CHECK_TEXT(mw_decimal_of("1e-7"), "0.0000001");
    MW_CHECK_TEXT(mw_decimal_of("-0.00"), "0.00");
}

MW_TEST(what_is_no_decimal_is_refused)
{
    static const char *const wrong[] = {"", "abc", "1,5", "0x10", "NaN", "Infinity", "1.2345678901235E+99", "1e", "-", ".",
        "1 2", "999999999999999999999999999999999999999", "1e-39", "--1", "1.2.3"};
    mw_decimal amount;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (mw_parse_decimal(mw_from_c(wrong[i]), &amount)) MW_FAIL("`", wrong[i], "` was taken as ", amount);
    }
}

MW_TEST(rounding_is_half_away_from_zero_to_exactly_the_places_asked)
{
    static const struct {
        const char *amount;
        unsigned places;
        const char *rounded;
    } cases[] = {{"2.345", 2, "2.35"}, {"-2.345", 2, "-2.35"}, {"2.344999", 2, "2.34"}, {"2", 2, "2.00"},
        {"0.00005", 4, "0.0001"}, {"0.5", 0, "1"}, {"-0.5", 0, "-1"}, {"-0.004", 2, "0.00"}, {"9.995", 2, "10.00"},
        {"12345678901234567890123456789.5", 0, "12345678901234567890123456790"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MW_CHECK_TEXT(mw_round(mw_decimal_of(cases[i].amount), cases[i].places), cases[i].rounded);
    }
}

MW_TEST(a_half_goes_to_the_even_digit_or_is_dropped_where_that_is_asked_for)
{
    static const struct {
        const char *amount;
        unsigned places;
        const char *even, *down;
    } cases[] = {{"2.345", 2, "2.34", "2.34"}, {"2.335", 2, "2.34", "2.33"}, {"-2.335", 2, "-2.34", "-2.33"},
        {"2.3451", 2, "2.35", "2.34"}, {"2.5", 0, "2", "2"}, {"-3.5", 0, "-4", "-3"}, {"-0.005", 2, "0.00", "0.00"},
        {"69.9", 2, "69.90", "69.90"}, {"0.999", 2, "1.00", "0.99"},
        {"12345678901234567890.125", 2, "12345678901234567890.12", "12345678901234567890.12"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mw_decimal amount = mw_decimal_of(cases[i].amount);
        MW_CHECK_TEXT(mw_round_by(amount, cases[i].places, MW_HALF_EVEN), cases[i].even);
        MW_CHECK_TEXT(mw_round_by(amount, cases[i].places, MW_DOWN), cases[i].down);
    }
}

MW_TEST(sums_and_products_are_exact)
{
    MW_CHECK_TEXT(mw_add(mw_decimal_of("0.1"), mw_decimal_of("0.20")), "0.30");
    MW_CHECK_TEXT(mw_sub(mw_decimal_of("1"), mw_decimal_of("1.10")), "-0.10");
    MW_CHECK_TEXT(mw_mul(mw_decimal_of("-2.5"), mw_decimal_of("0.10")), "-0.250");
    MW_CHECK_TEXT(mw_mul(mw_decimal_of("12345678901234567.89"), mw_decimal_of("98765432109876.54321")),
        "1219326311370217952237463801111.2635269");
    MW_CHECK_TEXT(mw_mul(mw_decimal_of("0.3333333333333333333333333333"), mw_decimal_of("0.3333333333333333333333333333")),
        "0.11111111111111111111111111108888888889");
    MW_CHECK_TEXT(mw_add(mw_decimal_of("1e36"), mw_decimal_of("0.15")), "1000000000000000000000000000000000000.2");
}

MW_TEST(a_division_has_28_significant_digits)
{
    MW_CHECK_TEXT(mw_div(mw_decimal_of("1"), mw_decimal_of("3")), "0.3333333333333333333333333333");
    MW_CHECK_TEXT(mw_div(mw_decimal_of("2"), mw_decimal_of("3")), "0.6666666666666666666666666667");
    MW_CHECK_TEXT(mw_div(mw_decimal_of("-100"), mw_decimal_of("7")), "-14.28571428571428571428571429");
    MW_CHECK_TEXT(mw_div(mw_decimal_of("10"), mw_decimal_of("4")), "2.5");
    MW_CHECK_TEXT(mw_div(mw_decimal_of("6.00"), mw_decimal_of("2")), "3.00");
    MW_CHECK_TEXT(mw_div(mw_decimal_of("1"), mw_decimal_of("0.001")), "1000");
    MW_CHECK_TEXT(mw_div(mw_decimal_of("0.01"), mw_decimal_of("300")), "0.00003333333333333333333333333333");
    MW_CHECK_TEXT(mw_div(mw_decimal_of("1e30"), mw_decimal_of("99999999999999999999999999999999999999")),
        "0.00000001");
}

MW_TEST(decimals_are_ordered_by_value)
{
    MW_CHECK(mw_compare(mw_decimal_of("1.10"), mw_decimal_of("1.1")) == 0);
    MW_CHECK(mw_compare(mw_decimal_of("-1"), mw_decimal_of("0.5")) < 0);
    MW_CHECK(mw_compare(mw_decimal_of("-1"), mw_decimal_of("-2")) > 0);
    MW_CHECK(mw_compare(mw_decimal_of("99999999999999999999999999999999999999"), mw_decimal_of("1e-38")) > 0);
    MW_CHECK(mw_compare(mw_decimal_of("1e37"), mw_decimal_of("0.00000000000000000000000000000000000001")) > 0);
    MW_CHECK(mw_compare(MW_ZERO, mw_decimal_of("0.00")) == 0);
    MW_CHECK_TEXT(mw_normalize(mw_decimal_of("18.0000")), "18");
    MW_CHECK_TEXT(mw_normalize(mw_decimal_of("100")), "100");
}

static void too_large(void) { mw_mul(mw_decimal_of("1e30"), mw_decimal_of("1e30")); }
static void too_large_a_sum(void)
{
    mw_decimal most = mw_decimal_of("99999999999999999999999999999999999999");
    mw_add(most, most);
}
static void by_zero(void) { mw_div(MW_ONE, mw_decimal_of("0.00")); }

MW_TEST(what_does_not_fit_is_a_panic_with_its_place)
{
    MW_CHECK(mw_contains(mw_panic_of(too_large), "tests/decimal.c:"));
    MW_CHECK(mw_contains(mw_panic_of(too_large), "does not fit into a decimal"));
    MW_CHECK(mw_contains(mw_panic_of(too_large_a_sum), "does not fit into a decimal"));
    MW_CHECK(mw_contains(mw_panic_of(by_zero), "1 divided by zero"));
}

MW_TEST(currencies_have_their_digits)
{
    MW_CHECK(mw_decimals_of(MW("BRL")) == 2 && mw_decimals_of(MW("JPY")) == 0 && mw_decimals_of(MW("KWD")) == 3);
    MW_CHECK(mw_decimals_of(MW("XPF")) == 0 && mw_decimals_of(MW("TND")) == 3 && mw_decimals_of(MW("")) == 2);
    MW_CHECK(mw_decimals_of(MW("F C")) == 2);
}
