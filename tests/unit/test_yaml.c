#include <sysexits.h>

#include "io/yaml.h"
#include "unit.h"
#include "files.h"

static struct arena_pool pool;
static struct arena arena;
static struct err err;
static struct conf_node *root;

static bool read_text(const char *text) {
    return yaml_read(files_write("a.yaml", text), &root, &arena, &err);
}

static void assert_refused(const char *text, const char *why) {
    assert_false(read_text(text));
    assert_int_equal(err.exit_code, EX_CONFIG);
    assert_string_equal(files_tail(err.text), why);
}

static const char *text_of(const struct conf_node *map, const char *key) {
    const struct conf_node *node = conf_get(map, key);
    assert_non_null(node);
    assert_int_equal(node->type, CONF_SCALAR);
    return node->text;
}

static void test_tree(void **state) {
    (void)state;
    assert_true(read_text("# a comment\n"
                          "a: 1\n"
                          "map: { x: [one, 'two', {k: v}], y: \"3\" }\n"
                          "block: |\n"
                          "  .x\n"
                          "  | $y\n"
                          "nothing:\n"
                          "tilde: ~\n"
                          "word: 'null'\n"));
    assert_int_equal(root->type, CONF_MAP);
    assert_null(root->key);
    assert_string_equal(text_of(root, "a"), "1");
    assert_false(conf_get(root, "a")->quoted);
    assert_int_equal(conf_get(root, "a")->line, 2);
    assert_string_equal(text_of(root, "block"), ".x\n| $y\n");
    assert_true(conf_get(root, "block")->quoted);
    assert_string_equal(text_of(root, "nothing"), "");
    assert_string_equal(text_of(root, "tilde"), "");
    assert_string_equal(text_of(root, "word"), "null");
    const struct conf_node *map = conf_get(root, "map");
    assert_string_equal(text_of(map, "y"), "3");
    assert_true(conf_get(map, "y")->quoted);
    const struct conf_node *list = conf_get(map, "x");
    assert_int_equal(list->type, CONF_LIST);
    assert_null(list->children->key);
    assert_string_equal(list->children->text, "one");
    assert_string_equal(list->children->next->text, "two");
    assert_string_equal(text_of(list->children->next->next, "k"), "v");
    assert_null(list->children->next->next->next);
    assert_null(conf_get(map, "z"));
}

// A map's line is that of its key, not of its first member.
static void test_lines(void **state) {
    (void)state;
    assert_true(read_text("\nmodels:\n  tiny@1:\n    url: x\n\n  big@1:\n    - a\n    - b\n"));
    const struct conf_node *models = conf_get(root, "models");
    assert_int_equal(models->line, 2);
    assert_int_equal(conf_get(models, "tiny@1")->line, 3);
    assert_int_equal(conf_get(models, "big@1")->line, 6);
    assert_int_equal(conf_get(models, "big@1")->children->next->line, 8);
    assert_string_equal(files_tail(models->file), "a.yaml");
}

static void test_variables(void **state) {
    (void)state;
    setenv("TASKFIT_UNIT_KEY", "sk-${HOME}: 7 # x", 1);
    setenv("TASKFIT_UNIT_EMPTY", "", 1);
    assert_true(read_text("a: ${TASKFIT_UNIT_KEY}\n"
                          "b: \"x-${TASKFIT_UNIT_KEY}-${TASKFIT_UNIT_EMPTY}y\"\n"
                          "c: cost $5 {$x} $${NAME}\n"
                          "d: '${TASKFIT_UNIT_EMPTY}'\n"
                          "${TASKFIT_UNIT_KEY}: e\n"));
    assert_string_equal(text_of(root, "a"), "sk-${HOME}: 7 # x");
    assert_true(conf_get(root, "a")->replaced);
    assert_string_equal(text_of(root, "b"), "x-sk-${HOME}: 7 # x-y");
    assert_string_equal(text_of(root, "c"), "cost $5 {$x} ${NAME}");
    assert_false(conf_get(root, "c")->replaced);
    assert_string_equal(text_of(root, "d"), "");
    assert_string_equal(text_of(root, "${TASKFIT_UNIT_KEY}"), "e");
    setenv("TASKFIT_UNIT_KEY", "\xff\xfe", 1);
    assert_refused("a:\n  key: ${TASKFIT_UNIT_KEY}\n",
                   "a.yaml:2: key: the environment variable TASKFIT_UNIT_KEY is not UTF-8");
    unsetenv("TASKFIT_UNIT_KEY");
    assert_refused("a:\n  key: ${TASKFIT_UNIT_KEY}\n",
                   "a.yaml:2: key: the environment variable TASKFIT_UNIT_KEY is not set");
}

static void test_broken_variables(void **state) {
    static const char *const broken[] = {"a: x${NAME", "a: ${}", "a: ${1A}", "a: ${A:-b}",
                                         "a: '${A B}'"};
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_refused(broken[i],
                       "a.yaml:1: a: '${' begins the name of a variable, as in ${OPENAI_API_KEY}; "
                       "write '$${' for the characters themselves");
    }
}

static void test_refused(void **state) {
    (void)state;
    assert_refused("a: 1\nb: 2\na: 3\n", "a.yaml:3: a: the same key as in line 1");
    assert_refused("a: &x 1\n", "a.yaml:1: anchors (&name) and aliases (*name) are not allowed");
    assert_refused("b: [\n *x]\n", "a.yaml:2: anchors (&name) and aliases (*name) are not allowed");
    assert_refused("a: &x {}\n", "a.yaml:1: anchors (&name) and aliases (*name) are not allowed");
    assert_refused("a: &x []\n", "a.yaml:1: anchors (&name) and aliases (*name) are not allowed");
    assert_refused("a: !!int 1\n", "a.yaml:1: tags (!name) are not allowed");
    assert_refused("a: !x []\n", "a.yaml:1: tags (!name) are not allowed");
    assert_refused("a: !x {}\n", "a.yaml:1: tags (!name) are not allowed");
    assert_refused("{[a]: 1}\n", "a.yaml:1: a key must be plain text");
    assert_refused("? &x a\n: 1\n", "a.yaml:1: a key must be plain text");
    assert_refused("a: 1\n---\nb: 2\n", "a.yaml:2: a second document (---) is not allowed");
    assert_refused("a: \"x\\0y\"\n", "a.yaml:1: a NUL in a text");
    assert_refused("", "a.yaml:1: the file is empty");
    assert_refused("# nothing\n", "a.yaml:2: the file is empty");
}

static void test_not_yaml(void **state) {
    (void)state;
    assert_refused("a: 1\nb: [1, 2\nc: 3\n",
                   "a.yaml:3: not YAML: did not find expected ',' or ']', while parsing a flow "
                   "sequence");
    assert_refused("a:\n\t- b\n",
                   "a.yaml:2: not YAML: found character that cannot start any token, while "
                   "scanning for the next token");
    assert_refused("a: \xff\xfe\n",
                   "a.yaml: byte 4: invalid leading UTF-8 octet");
}

static void test_depth(void **state) {
    (void)state;
    assert_true(read_text("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"));
    assert_refused("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", "a.yaml:1: nested more than 16 deep");
}

static void test_sizes(void **state) {
    enum { KEYS = 1001, BYTES = (1 << 20) + 1 };
    char *text = malloc(BYTES), *at = text;
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        at += snprintf(at, 16, "k%d: 1\n", i);
    }
    assert_refused(text, "a.yaml:1001: more than 1000 keys");
    memset(text, '\n', BYTES);
    const char *path = files_write_bytes("a.yaml", text, BYTES);
    assert_false(yaml_read(path, &root, &arena, &err));
    assert_string_equal(files_tail(err.text),
                        "a.yaml: 1048577 bytes, more than the 1048576 that are allowed");
    free(text);
}

static void test_files(void **state) {
    (void)state;
    assert_false(yaml_read("/nowhere/taskfit.yaml", &root, &arena, &err));
    assert_int_equal(err.exit_code, EX_NOINPUT);
    assert_string_equal(err.text, "/nowhere/taskfit.yaml: No such file or directory");
    assert_false(yaml_read("/tmp", &root, &arena, &err));
    assert_int_equal(err.exit_code, EX_NOINPUT);
    assert_string_equal(err.text, "/tmp: not a regular file");
}

static int set_up(void **state) {
    arena_init(&arena, &pool);
    return files_open(state);
}

static int tear_down(void **state) {
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return files_close(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),       cmocka_unit_test(test_lines),
        cmocka_unit_test(test_variables),  cmocka_unit_test(test_broken_variables),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_not_yaml),
        cmocka_unit_test(test_depth),      cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests_name("yaml", tests, set_up, tear_down);
}
