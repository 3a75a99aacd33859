/* What shops really send, and what becomes of it. */
#include <mapwright/testing.h>

#include <dirent.h>
#include <string.h>

#include "../src/internal.h"

/* Reads a body as an order. */
static mw_body read_order(const char *body, const mw_order **order, mw_id *id)
{
    mw_input input = {.payload = mw_from_c(mw_c_string(mw_from_c(body)))};
    mw_begin(NULL);
    return mw_read_order(&input, order, id);
}

/* An order with these fields beside those that every order has. */
static const mw_order *order_with(const char *fields)
{
    const mw_order *order;
    mw_id id;
    mw_text body = mw_concat("{\"id\": 27, \"status\": \"processing\", \"currency\": \"BRL\", \"total\": \"1.00\", ", fields, "}");
    if (read_order(mw_c_string(body), &order, &id) != MW_PRESENT) {
        mw_answer refusal = mw_refusal();
        MW_FAIL(fields, ": ", refusal.violations.items[0].pointer, ": ", refusal.violations.items[0].message);
    }
    return order;
}

MW_TEST(nothing_comes_in_many_writings)
{
    static const char *const nothings[] = {"\"\"", "null", "[]", "[ ]", "{}"};
    for (size_t i = 0; i < 5; i++) {
        const mw_order *order = order_with(mw_c_string(mw_concat(
            "\"billing\": ", nothings[i], ", \"line_items\": ", nothings[i], ", \"meta_data\": ", nothings[i])));
        MW_CHECK(mw_is_no_address(&order->billing) && order->line_items.count == 0 && order->meta_data.count == 0);
    }
}

MW_TEST(texts_and_numbers_stand_for_each_other)
{
    const mw_order *order = order_with(
        "\"line_items\": ["
        "{\"id\": \"5\", \"sku\": null, \"name\": 12, \"quantity\": \"3\", \"product_id\": 0, \"total\": 9.90},"
        "{\"id\": 5, \"sku\": \"A\", \"quantity\": 2.5, \"total\": \"\"}],"
        "\"customer_id\": 12345678901234567890123, \"prices_include_tax\": \"yes\", \"number\": true, \"customer_note\": []");
    const mw_line_item *first = &MW_ITEM(order->line_items, 0), *second = &MW_ITEM(order->line_items, 1);
    MW_CHECK_TEXT(first->id, "5");
    MW_CHECK_TEXT(second->id, "5");
    MW_CHECK_TEXT(first->sku, "");
    MW_CHECK_TEXT(first->name, "12");
    MW_CHECK(!mw_is_set(first->product_id));
    MW_CHECK_TEXT(first->quantity, "3");
    MW_CHECK_TEXT(second->quantity, "2.5");
    MW_CHECK_TEXT(first->total, "9.90");
    MW_CHECK(mw_is_zero(second->total) && order->prices_include_tax);
    MW_CHECK_TEXT(order->customer_id, "12345678901234567890123");
    MW_CHECK_TEXT(order->number, "true");
    MW_CHECK_TEXT(order->customer_note, "");
}

MW_TEST(a_number_keeps_the_digits_of_its_text)
{
    const mw_order *order = order_with("\"line_items\": [{\"total\": 33.333333333333336, \"subtotal\": 1e-7}]");
    MW_CHECK_TEXT(MW_ITEM(order->line_items, 0).total, "33.333333333333336");
    MW_CHECK_TEXT(MW_ITEM(order->line_items, 0).subtotal, "0.0000001");
}

MW_TEST(a_list_with_gaps_is_an_object_in_php)
{
    const mw_order *order = order_with("\"line_items\": {\"0\": {\"sku\": \"A\"}, \"2\": {\"sku\": \"B\"}}");
    MW_CHECK(order->line_items.count == 2);
    MW_CHECK_TEXT(MW_ITEM(order->line_items, 1).sku, "B");
}

MW_TEST(what_no_model_knows_is_kept_as_it_came)
{
    const mw_order *order = order_with(
        "\"billing\": {\"cpf\": \"52998224725\", \"first_name\": \"Jo\\u00e3o\"}, \"rate\": 1.10, \"rate\": 2,"
        "\"meta_data\": [{\"key\": \"_fee\", \"value\": {\"amount\": 4.99}}, {\"key\": \"_note\", \"value\": \"a\\nb\"}]");
    MW_CHECK_TEXT(mw_extra_text(&order->billing.extra, "cpf"), "52998224725");
    MW_CHECK(order->extra.count == 2);
    MW_CHECK_TEXT(mw_extra_text(&order->extra, "rate"), "1.10");
    MW_CHECK_TEXT(mw_meta_text(order->meta_data, "_fee"), "");
    MW_CHECK_TEXT(MW_ITEM(order->meta_data, 0).value.text, "{\"amount\": 4.99}");
    MW_CHECK_TEXT(mw_meta_text(order->meta_data, "_note"), "a\nb");
    MW_CHECK_TEXT(mw_full_name(&order->billing), "João");
}

MW_TEST(a_fault_has_its_place)
{
    static const char *const cases[][2] = {
        {"\"line_items\": [{}, {\"quantity\": \"many\"}]", "/line_items/1/quantity"},
        {"\"line_items\": [{\"taxes\": [{\"total\": {}}]}]", "/line_items/0/taxes/0/total"},
        {"\"line_items\": [{\"taxes\": [{\"total\": true}]}]", "/line_items/0/taxes/0/total"},
        {"\"billing\": \"somewhere\"", "/billing"},
        {"\"billing\": [1]", "/billing"},
        {"\"billing\": 5", "/billing"},
        {"\"line_items\": {\"7\": {\"id\": [1]}}", "/line_items/7/id"},
        {"\"prices_include_tax\": \"perhaps\"", "/prices_include_tax"},
        {"\"number\": [1]", "/number"},
        {"\"number\": {}", "/number"},
        {"\"id\": true", "/id"},
        {"\"line_items\": 7", "/line_items"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const mw_order *order;
        mw_id id;
        mw_text body = mw_concat("{\"id\": 27, \"status\": \"x\", \"currency\": \"BRL\", \"total\": \"1.00\", ", cases[i][0], "}");
        if (read_order(mw_c_string(body), &order, &id) != MW_REFUSED) MW_FAIL("taken: ", cases[i][0]);
        mw_answer refusal = mw_refusal();
        MW_CHECK_TEXT(refusal.violations.items[0].pointer, cases[i][1]);
        MW_CHECK_TEXT(refusal.violations.items[0].code, "payload_malformed");
    }
}

MW_TEST(what_is_no_order_says_what_it_is)
{
    static const char *const cases[][3] = {
        {"", "", "payload_not_json"},
        {"{\"id\": 27, \"status", "", "payload_not_json"},
        {"{\"id\": NaN}", "", "payload_not_json"},
        {"{\"id\": 27, \"status\": \"processing\", \"currency\": \"BRL\"}", "/total", "payload_malformed"},
        {"{\"code\": \"woocommerce_rest_cannot_view\", \"data\": {\"status\": 403}}", "/code", "source_error"},
        {"[1]", "", "payload_malformed"},
        {"\"order\"", "", "payload_malformed"},
    };
    const mw_order *order;
    mw_id id;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (read_order(cases[i][0], &order, &id) != MW_REFUSED) MW_FAIL("taken: ", cases[i][0]);
        mw_answer refusal = mw_refusal();
        MW_CHECK_TEXT(refusal.violations.items[0].pointer, cases[i][1]);
        MW_CHECK_TEXT(refusal.violations.items[0].code, cases[i][2]);
    }
    MW_CHECK(read_order("{\"id\":27}", &order, &id) == MW_DELETED);
    MW_CHECK_TEXT(id, "27");
}

MW_TEST(a_variation_says_whose_it_is)
{
    mw_input input = {.payload = MW(
        "{\"id\": 18, \"type\": \"variation\", \"parent_id\": 17, \"sku\": \"CALCA-P-AZ\", \"price\": \"189.90\","
        "\"images\": [{\"id\": \"\", \"src\": \"\"}], \"stock_quantity\": null, \"manage_stock\": \"parent\"}")};
    const mw_product *product;
    mw_id id;
    MW_CHECK(mw_read_product(&input, &product, &id) == MW_PRESENT && mw_is_variation(product));
    MW_CHECK_TEXT(product->manage_stock, "parent");
    MW_CHECK(mw_is_zero(product->stock_quantity) && !mw_is_set(MW_ITEM(product->images, 0).id));
}

MW_TEST(tax_numbers_are_taken_in_any_writing)
{
    MW_CHECK_TEXT(mw_parse_tax_id(MW_CPF, MW("52998224725")).punctuated, "529.982.247-25");
    MW_CHECK_TEXT(mw_parse_tax_id(MW_CPF, MW("529.982.247-25")).plain, "52998224725");
    MW_CHECK_TEXT(mw_parse_tax_id(MW_CNPJ, MW("11222333000181")).punctuated, "11.222.333/0001-81");
    MW_CHECK_TEXT(mw_parse_tax_id(MW_CNPJ, MW("12.abc.345/01de-35")).punctuated, "12.ABC.345/01DE-35");
    static const char *const wrong[] = {"52998224726", "11111111111", "5299822472", "5299822472A", ""};
    for (size_t i = 0; i < 5; i++) MW_CHECK(mw_parse_tax_id(MW_CPF, mw_from_c(wrong[i])).kind == MW_NO_TAX_ID);
    MW_CHECK(mw_parse_tax_id(MW_CNPJ, MW("ação ação ação")).kind == MW_NO_TAX_ID);
}

/* ---- every payload that was ever captured ---- */

#ifndef FIXTURES
#define FIXTURES "../../tests/fixtures/woocommerce"
#endif

static size_t orders, products, customers, refunds, deleted, errors;

static mw_text field(const mw_value *object, const char *name) { return mw_value_text(mw_get(object, name)).text; }

static bool amounts_are_kept(const mw_value *from, const mw_line_item_list *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        const mw_value *line = mw_item(mw_get(from, "line_items"), i);
        if (!mw_equal(lines->items[i].total, field(line, "total"))) return false;
        if (!mw_equal(lines->items[i].quantity, field(line, "quantity"))) return false;
        if (!mw_equal(lines->items[i].id, field(line, "id"))) return false;
    }
    return true;
}

/* One object of a file: what it is follows from what it has. */
static void check_one(const mw_value *one, const char *file)
{
    if (one == NULL || one->kind != MW_OBJECT) return;
    mw_input input = {.payload = mw_canonical(one, false)};
    mw_id id;
    mw_begin(NULL);
    if (mw_get(one, "code") != NULL && mw_get(one, "id") == NULL) {
        const mw_order *order;
        if (mw_read_order(&input, &order, &id) != MW_REFUSED) MW_FAIL(file, ": an error object was taken");
        MW_CHECK_TEXT(mw_refusal().violations.items[0].code, "source_error");
        errors++;
        return;
    }
    mw_body body = MW_PRESENT;
    if (one->count == 1 && mw_get(one, "id") != NULL) {
        const mw_order *order;
        body = mw_read_order(&input, &order, &id);
        if (body != MW_DELETED) MW_FAIL(file, ": a deleted resource was taken for another");
        deleted++;
    } else if (mw_get(one, "line_items") != NULL && mw_get(one, "currency") != NULL) {
        const mw_order *order = NULL;
        body = mw_read_order(&input, &order, &id);
        if (body == MW_PRESENT) {
            MW_CHECK_TEXT(order->total, field(one, "total"));
            MW_CHECK_TEXT(order->total_tax, field(one, "total_tax"));
            MW_CHECK_TEXT(order->id, field(one, "id"));
            MW_CHECK(order->line_items.count == mw_get(one, "line_items")->count);
            MW_CHECK(amounts_are_kept(one, &order->line_items));
        }
        orders++;
    } else if (mw_get(one, "stock_status") != NULL) {
        const mw_product *product = NULL;
        body = mw_read_product(&input, &product, &id);
        mw_text price = field(one, "price");
        if (body == MW_PRESENT) MW_CHECK_TEXT(product->price, mw_is_empty(price) ? MW("0") : price);
        products++;
    } else if (mw_get(one, "is_paying_customer") != NULL) {
        const mw_customer *customer = NULL;
        body = mw_read_customer(&input, &customer, &id);
        if (body == MW_PRESENT) MW_CHECK_TEXT(customer->email, field(one, "email"));
        customers++;
    } else if (mw_get(one, "refunded_payment") != NULL) {
        const mw_refund *refund = NULL;
        body = mw_read_refund(&input, &refund, &id);
        if (body == MW_PRESENT) MW_CHECK_TEXT(refund->amount, field(one, "amount"));
        refunds++;
    }
    if (body == MW_REFUSED) {
        mw_answer refusal = mw_refusal();
        MW_FAIL(file, ": ", refusal.violations.items[0].pointer, ": ", refusal.violations.items[0].message);
    }
}

static void check_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    if (directory == NULL) MW_FAIL(folder, " is not there");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0) continue;
        const char *path = mw_c_string(mw_concat(folder, "/", entry->d_name + 0));
        const mw_value *json = mw_read(mw_file(path), NULL);
        if (json == NULL) MW_FAIL(path, " is no JSON");
        if (json->kind == MW_ARRAY) {
            for (size_t i = 0; i < json->count; i++) check_one(mw_item(json, i), path);
        }
        check_one(json, path);
    }
    closedir(directory);
}

MW_TEST(every_payload_that_was_captured_is_read)
{
    check_folder(FIXTURES "/webhooks");
    check_folder(FIXTURES "/rest");
    mw_text read = mw_concat(orders, " orders, ", products, " products, ", customers, " customers, ", refunds, " refunds, ",
        deleted, " deleted, ", errors, " errors");
    if (orders < 40 || products < 40 || customers < 5 || deleted < 3 || errors < 1) MW_FAIL("only ", read);
}
