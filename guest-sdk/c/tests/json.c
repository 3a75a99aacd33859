/* Reading and writing JSON; JSON Pointers; texts. */
#include <mapwright/testing.h>

static bool is_json(const char *text) { return mw_read(mw_from_c(text), NULL) != NULL; }

MW_TEST(json_is_read_strictly)
{
    static const char *const good[] = {"{}", "[]", " [1, -0.5e+3, \"\\u00e9\\ud83d\\ude00\", true, false, null] ", "0", "\"\"",
        "{\"a\":{\"b\":[{}]}}"};
    static const char *const wrong[] = {"", "{", "[1,]", "{\"a\":1,}", "NaN", "Infinity", "-", "01", "1.", ".5", "1e", "'a'",
        "{a:1}", "[1 2]", "\"\\x\"", "\"\\ud83d\"", "\"\n\"", "\"a", "tru", "{} x", "// c\n1", "{\"a\" 1}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!is_json(good[i])) MW_FAIL("refused: ", good[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (is_json(wrong[i])) MW_FAIL("taken: ", wrong[i]);
    }
}

MW_TEST(nesting_ends_at_128)
{
    char text[2 * 129 + 1] = {0};
    for (int i = 0; i < 128; i++) text[i] = '[', text[128 + i] = ']';
    MW_CHECK(is_json(text));
    for (int i = 0; i < 129; i++) text[i] = '[', text[129 + i] = ']';
    MW_CHECK(!is_json(text));
}

MW_TEST(numbers_keep_their_text_and_strings_their_characters)
{
    const mw_value *json = mw_read(MW("{\"n\": 33.333333333333336, \"s\": \"a\\n\\u00e9\\ud83d\\ude00\\\"\", \"n\": 1.10}"), NULL);
    MW_CHECK_TEXT(mw_value_text(mw_get(json, "n")).text, "1.10");
    MW_CHECK_TEXT(mw_value_text(mw_get(json, "s")).text, "a\né😀\"");
    MW_CHECK(mw_get(json, "missing") == NULL && mw_get(mw_get(json, "missing"), "x") == NULL);
    MW_CHECK(mw_item(json, 0) == NULL && !mw_value_text(NULL).present);
}

MW_TEST(json_is_written_in_the_order_it_is_put)
{
    mw_json *lines = mw_array(), *sale = mw_object();
    mw_push(lines, "a");
    mw_push(lines, mw_decimal_of("1.50"));
    mw_push_int(lines, -7);
    mw_push(lines, mw_array());
    bool paid = true;
    mw_put(sale, "z", "quote \" backslash \\ line\n tab\t bell\x07 é 😀");
    mw_put(sale, "a", mw_decimal_of("254.56"));
    mw_put(sale, "lines", lines);
    mw_put(sale, "party", mw_reference("party", "WC-2"));
    mw_put(sale, "paid", paid);
    mw_put_bool(sale, "free", 1 == 2);
    mw_put_number(sale, "number", mw_decimal_of("0.10"));
    mw_put_null(sale, "nothing");
    mw_put(sale, "none", (mw_maybe_text){0});
    mw_put(sale, "raw", ((mw_raw){MW("{\"a\": 1}")}));
    MW_CHECK_TEXT(mw_json_text(sale),
        "{\"z\":\"quote \\\" backslash \\\\ line\\n tab\\t bell\\u0007 é 😀\",\"a\":\"254.56\","
        "\"lines\":[\"a\",\"1.50\",-7,[]],\"party\":{\"$ref\":{\"entity\":\"party\",\"key\":\"WC-2\"}},"
        "\"paid\":true,\"free\":false,\"number\":0.10,\"nothing\":null,\"none\":null,\"raw\":{\"a\": 1}}");
    MW_CHECK(mw_count(lines) == 4 && mw_count(sale) == 10);
}

static void half(void) { mw_push(mw_array(), mw_slice(MW("é"), 0, 1)); }
static void broken(void) { mw_push(mw_array(), ((mw_raw){MW("NaN")})); }
static void twice(void)
{
    mw_json *inner = mw_object(), *outer = mw_array();
    mw_push(outer, inner);
    mw_put(inner, "late", "x");
}
static void no_name(void) { mw_push(mw_object(), "x"); }

MW_TEST(what_would_be_no_json_is_a_panic)
{
    MW_CHECK(mw_contains(mw_panic_of(half), "no UTF-8 at byte 0"));
    MW_CHECK(mw_contains(mw_panic_of(broken), "no JSON at byte 0"));
    MW_CHECK(mw_contains(mw_panic_of(twice), "part of another value"));
    MW_CHECK(mw_contains(mw_panic_of(no_name), "use mw_put"));
}

MW_TEST(pointers_are_escaped_and_go_on)
{
    MW_CHECK_TEXT(mw_at("line_items", 3, "sku").text, "/line_items/3/sku");
    MW_CHECK_TEXT(mw_at("a/b~c").text, "/a~1b~0c");
    mw_pointer line = mw_at("line_items", (size_t)12);
    MW_CHECK_TEXT(mw_at(line, "taxes", 0).text, "/line_items/12/taxes/0");
    MW_CHECK_TEXT(MW_PAYLOAD.text, "");
}

MW_TEST(violations_are_told_all_at_once)
{
    mw_violations found = {0};
    for (int i = 0; i < 20; i++) mw_violate(&found, mw_at("line_items", i), "sku_missing", mw_concat("line ", i));
    mw_answer answer = mw_rejected(&found);
    MW_CHECK(mw_is_refusal(&answer) && answer.violations.count == 20);
    MW_CHECK_TEXT(answer.violations.items[19].pointer, "/line_items/19");
    MW_CHECK_TEXT(answer.violations.items[19].message, "line 19");
}

static void none(void)
{
    mw_violations found = {0};
    mw_rejected(&found);
}
static void beyond(void)
{
    mw_text_list list = {(mw_text[]){MW("a")}, 1};
    mw_is_empty(MW_ITEM(list, 1));
}

MW_TEST(misuse_is_a_panic)
{
    MW_CHECK(mw_contains(mw_panic_of(none), "without a violation"));
    MW_CHECK(mw_contains(mw_panic_of(beyond), "item 1 of a list of 1"));
}

MW_TEST(texts_are_cut_and_joined)
{
    MW_CHECK_TEXT(mw_trim(MW(" \t\xc2\xa0João \n")), "João");
    MW_CHECK_TEXT(mw_trim(MW("   ")), "");
    MW_CHECK_TEXT(mw_lower(MW("JOÃO Straße ΑΒΓ Ж@Example.COM")), "joão straße αβγ ж@example.com");
    MW_CHECK_TEXT(mw_concat("order ", 27, " of ", MW("x"), ": ", mw_decimal_of("1.10"), " ", -3LL), "order 27 of x: 1.10 -3");
    MW_CHECK_TEXT(mw_join(((mw_text_list){(mw_text[]){MW("a"), MW("b")}, 2}), ", "), "a, b");
    MW_CHECK_TEXT(mw_digits(MW("+55 (11) 9-8765")), "551198765");
    mw_text rest = MW(" 10=69.90\xc2\xa0 50=-30%\n"), before = MW_EMPTY, after = MW_EMPTY;
    MW_CHECK_TEXT(mw_word(&rest), "10=69.90");
    MW_CHECK(mw_cut(mw_word(&rest), '=', &before, &after) && mw_ends_with(after, "%") && !mw_ends_with(before, "=50"));
    MW_CHECK_TEXT(mw_concat(before, " ", after), "50 -30%");
    MW_CHECK(mw_is_empty(mw_word(&rest)) && mw_is_empty(rest) && !mw_cut(MW("10"), '=', &before, &after));
    MW_CHECK_TEXT(mw_first(MW("João"), 3), "Joã");
    MW_CHECK_TEXT(mw_first(MW("João"), 40), "João");
    MW_CHECK(mw_text_compare(MW("a"), MW("ab")) < 0 && mw_text_compare(MW("b"), MW("ab")) > 0);
    MW_CHECK(mw_text_compare(MW_EMPTY, MW_EMPTY) == 0);
    mw_pairs pairs = {0};
    mw_set_attribute(&pairs, "a", 1);
    mw_set_attribute(&pairs, "b", mw_decimal_of("2.50"));
    mw_set_attribute(&pairs, "a", "3");
    MW_CHECK(pairs.count == 2);
    MW_CHECK_TEXT(mw_attribute(pairs, "a").text, "3");
    MW_CHECK_TEXT(mw_attribute(pairs, "b").text, "2.50");
    MW_CHECK(mw_contains(MW("abc"), "bc") && !mw_contains(MW("abc"), "bd") && mw_starts_with(MW("abc"), "ab"));
    MW_CHECK(mw_is_set(MW("27")) && !mw_is_set(MW("0")) && !mw_is_set(MW("")));
    MW_CHECK_TEXT(mw_utc(MW("2026-11-22T10:00:00")).text, "2026-11-22T10:00:00Z");
    MW_CHECK(!mw_utc(MW("")).present);
    MW_CHECK_TEXT(mw_date(MW("2026-11-22T10:00:00")), "2026-11-22");
}
