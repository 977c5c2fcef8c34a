#include <math.h>
#include <stdlib.h>

#include "cli/batch.h"
#include "cli/sheet.h"
#include "cli/table.h"
#include "unit.h"

// What is written to `out` between begin and end.
struct capture {
    FILE *out;
    char *text;
    size_t size;
};

static void capture_begin(struct capture *capture) {
    capture->out = open_memstream(&capture->text, &capture->size);
    assert_non_null(capture->out);
}

static void assert_captured(struct capture *capture, const char *text) {
    fclose(capture->out);
    assert_string_equal(capture->text, text);
    free(capture->text);
}

static const struct table_column columns[] = {
    {"ID", false, 0}, {"TEXT", false, 5}, {"N", true, 0}};

static void add_row(struct table *table, const char *id, const char *text, const char *n) {
    table_add(table, slice_of(id));
    table_add(table, slice_of(text));
    table_add(table, slice_of(n));
}

static void test_columns_are_as_wide_as_their_cells(void **state) {
    struct capture capture;
    struct table table;
    (void)state;
    capture_begin(&capture);
    table_init(&table, columns, 3, capture.out, 0);
    add_row(&table, "a", "साड़ी 布", "1");
    add_row(&table, "abc", "line\n\x1b[31mone", "1,000");
    table_end(&table);
    table_fini(&table);
    assert_captured(&capture,
                    "ID   TEXT              N\n"
                    "a    साड़ी 布           1\n"
                    "abc  line [31mone  1,000\n");
}

static void test_a_narrow_screen_cuts(void **state) {
    struct capture capture;
    struct table table;
    (void)state;
    capture_begin(&capture);
    table_init(&table, columns, 3, capture.out, 16);
    add_row(&table, "abc", "a text that is long", "1,000");
    add_row(&table, "abc", "布布布布", "1");
    table_end(&table);
    table_fini(&table);
    assert_captured(&capture,
                    "ID   TEXT       N\n"
                    "abc  a te…  1,000\n"
                    "abc  布布…      1\n");
}

// Rows beyond the sample run through with the widths that it gave.
static void test_rows_run_through(void **state) {
    struct capture capture;
    struct table table;
    (void)state;
    capture_begin(&capture);
    table_init(&table, columns, 3, capture.out, 0);
    for (int i = 0; i < TABLE_SAMPLE; i++) {
        add_row(&table, "a", "b", "1");
    }
    fflush(capture.out);
    size_t before = capture.size;
    assert_true(before > 0);
    add_row(&table, "longer", "b", "22");
    fflush(capture.out);
    assert_string_equal(capture.text + before, "longer  b     22\n");
    table_end(&table);
    table_fini(&table);
    fclose(capture.out);
    free(capture.text);
}

// --- sheets

static const struct stored_outcome answered = {
    .line = 3, .custom_id = {"a,\"b", 4}, .verdict = {"accept", 6}, .tier = {"tiny", 4},
    .answer = {"\"I\\nGST\"", 8}, .confidence = 0.95, .model = {"m@1", 3}, .reasons = {"", 0},
    .cost_pico_usd = 1500000, .input_tokens = 12, .output_tokens = 3, .decided_ms = 1795494360123,
};
static const struct stored_outcome failed = {
    .verdict = {"review", 6}, .confidence = NAN, .reasons = {"rule.x,confidence.low", 21},
    .explanation = {"[{\"code\":\"rule.x\",\"text\":\"no \\\"x\\\"\"},\n"
                    "{\"code\":\"confidence.low\"}]",
                    64},
};

// What waits for people, and was looked at before.
static const struct stored_people people = {
    .revision = 2, .reviewer = {"anna", 4}, .proposed = {"\"IGST\"", 6},
    .proposed_tier = {"mid", 3}, .input = {"{\"a\":1}", 7}, .proposed_confidence = 0.5,
};

static void write_sheet(struct capture *capture, enum sheet_format format) {
    struct sheet sheet;
    capture_begin(capture);
    sheet_init(&sheet, format, capture->out, 0);
    sheet_write(&sheet, &answered);
    struct stored_outcome waits = failed;
    waits.people = &people;
    sheet_write(&sheet, &waits);
    sheet_end(&sheet);
    sheet_fini(&sheet);
}

#define NIL "00000000-0000-0000-0000-000000000000"

static void test_table_of_outcomes(void **state) {
    struct capture capture;
    (void)state;
    write_sheet(&capture, SHEET_TABLE);
    assert_captured(
        &capture,
        "LINE  CUSTOM ID                             VERDICT  TIER  ANSWER   CONF.  MODEL        "
        "COST  REASONS\n"
        "   3  a,\"b                                  accept   tiny  I GST   0.9500  m@1    "
        "$0.0000015  \n"
        "      " NIL "  review                      -                 $0  "
        "rule.x,confidence.low\n");
}

static void test_csv(void **state) {
    struct capture capture;
    (void)state;
    write_sheet(&capture, SHEET_CSV);
    assert_captured(&capture,
                    "custom_id,line,verdict,tier,answer,confidence,model,reasons,cost_usd,"
                    "job_id,reviewer,proposed,input\r\n"
                    "\"a,\"\"b\",3,accept,tiny,\"I\nGST\",0.95,m@1,,0.0000015," NIL ",,,\r\n"
                    ",,review,,,,,\"rule.x,confidence.low\",0," NIL ",anna,"
                    "IGST,\"{\"\"a\"\":1}\"\r\n");
}

static void test_ndjson(void **state) {
    struct capture capture;
    (void)state;
    write_sheet(&capture, SHEET_NDJSON);
    assert_captured(
        &capture,
        "{\"custom_id\":\"a,\\\"b\",\"line\":3,\"answer\":\"I\\nGST\",\"verdict\":\"accept\","
        "\"tier\":\"tiny\",\"confidence\":0.95,\"model\":\"m@1\",\"reasons\":[],"
        "\"explanation\":null,\"cost_usd\":0.0000015,\"job_id\":\"" NIL "\"}\n"
        "{\"custom_id\":null,\"line\":null,\"answer\":null,\"verdict\":\"review\","
        "\"tier\":null,\"confidence\":null,\"model\":null,"
        "\"reasons\":[\"rule.x\",\"confidence.low\"],"
        "\"explanation\":[{\"code\":\"rule.x\",\"text\":\"no \\\"x\\\"\"}, "
        "{\"code\":\"confidence.low\"}],\"cost_usd\":0,\"job_id\":\"" NIL "\",\"revision\":2,"
        "\"reviewer\":\"anna\",\"proposed\":\"IGST\",\"input\":{\"a\":1}}\n");
}

static void test_openai(void **state) {
    struct capture capture;
    (void)state;
    write_sheet(&capture, SHEET_OPENAI);
    assert_captured(
        &capture,
        "{\"id\":\"batch_req_" NIL "\",\"custom_id\":\"a,\\\"b\",\"response\":"
        "{\"status_code\":200,\"request_id\":\"" NIL "\",\"body\":{\"id\":\"chatcmpl-" NIL "\","
        "\"object\":\"chat.completion\",\"created\":1795494360,\"model\":\"m@1\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"I\\nGST\","
        "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}},"
        "\"error\":null,\"taskfit\":{\"verdict\":\"accept\",\"tier\":\"tiny\","
        "\"confidence\":0.95,\"model\":\"m@1\",\"reasons\":[],\"explanation\":null,"
        "\"cost_usd\":0.0000015}}\n"
        "{\"id\":\"batch_req_" NIL "\",\"custom_id\":\"" NIL "\",\"response\":null,"
        "\"error\":{\"code\":\"rule.x\",\"message\":"
        "\"review: rule.x (no \\\"x\\\"), confidence.low\"},"
        "\"taskfit\":{\"verdict\":\"review\",\"tier\":null,\"confidence\":null,\"model\":null,"
        "\"reasons\":[\"rule.x\",\"confidence.low\"],\"explanation\":"
        "[{\"code\":\"rule.x\",\"text\":\"no \\\"x\\\"\"}, {\"code\":\"confidence.low\"}],"
        "\"cost_usd\":0}}\n");
}

// --- the beginning of an id

static void assert_range(const char *text, const char *least, const char *most) {
    struct uuid low, high;
    char out[UUID_TEXT];
    assert_true(uuid_range(slice_of(text), &low, &high));
    uuid_format(low, out);
    assert_string_equal(out, least);
    uuid_format(high, out);
    assert_string_equal(out, most);
}

static void test_the_range_of_a_beginning(void **state) {
    struct uuid low, high;
    (void)state;
    assert_range("0", "00000000-0000-0000-0000-000000000000",
                 "0fffffff-ffff-ffff-ffff-ffffffffffff");
    assert_range("0198a3c2-5e1f-8", "0198a3c2-5e1f-8000-0000-000000000000",
                 "0198a3c2-5e1f-8fff-ffff-ffffffffffff");
    assert_range("0198a3c2-5e1f-8000-b1c3-2f0b6d1a77e0", "0198a3c2-5e1f-8000-b1c3-2f0b6d1a77e0",
                 "0198a3c2-5e1f-8000-b1c3-2f0b6d1a77e0");
    static const char *const none[] = {"", "g", "0198a3c25", "march.csv",
                                       "0198a3c2-5e1f-8000-b1c3-2f0b6d1a77e00"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_false(uuid_range(slice_of(none[i]), &low, &high));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_as_wide_as_their_cells),
        cmocka_unit_test(test_a_narrow_screen_cuts),
        cmocka_unit_test(test_rows_run_through),
        cmocka_unit_test(test_table_of_outcomes),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_ndjson),
        cmocka_unit_test(test_openai),
        cmocka_unit_test(test_the_range_of_a_beginning),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
