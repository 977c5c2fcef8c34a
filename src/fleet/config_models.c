#include "base/file.h"
#include "base/hash.h"
#include "dialect/dialect.h"
#include "fleet/config_parts.h"
#include "io/jq.h"

enum { VERSION_HEX = 16, MODELS_MOST = 256 };

// What the tables fill, before it is checked and becomes a model.
struct draft {
    const char *dialect, *url, *model, *key, *prompt, *reply, *verifier;
    const struct conf_node *extra, *price, *limits, *retry, *labels, *tensors;
    int confidence;
    bool hedge, attachments;
    int64_t timeout_ms, reply_bytes;
    uint32_t max_tokens, top_logprobs, samples;
};

struct draft_tensors {
    const char *input, *answer, *probabilities;
};

// clang-format off
#define MODEL(member) offsetof(struct draft, member)
static const struct conf_row model_rows[] = {
    {"dialect", CONF_TEXT, MODEL(dialect), NULL, 0, 0, NULL,
     "how the endpoint is spoken to: openai_chat (chat completions, of OpenAI and all that are "
     "compatible), openai_responses, anthropic (Messages), gemini (generateContent), kserve (Open "
     "Inference Protocol v2), vllm_classify, hf_classify (Hugging Face text classification) or "
     "scorer (any JSON)"},
    {"url", CONF_TEXT, MODEL(url), NULL, 0, 0, NULL,
     "the whole http or https address that is posted to"},
    {"model", CONF_TEXT, MODEL(model), "", 0, 0, NULL,
     "the provider's own name for the model, sent with each request"},
    {"key", CONF_SECRET, MODEL(key), "", 0, 0, NULL, "the credential, as ${NAME} or in a file"},
    {"prompt", CONF_TEXT, MODEL(prompt), "", 0, 0, NULL,
     "a jq program that makes the payload of the job's input: the name of a file that ends in .jq, "
     "or the program itself; without it the input is the payload"},
    {"reply", CONF_TEXT, MODEL(reply), "", 0, 0, NULL,
     "a jq program, as in prompt, that makes what the dialect reads of the reply's body"},
    {"extra", CONF_NODE, MODEL(extra), "", 0, 0, "map",
     "members added to the request's JSON as they are: { temperature: 0 }"},
    {"confidence", CONF_CHOICE, MODEL(confidence), "none", 0, 0, 
     "none field logprob agreement verifier",
     "how sure the model is: field, a number in its reply (of classifiers the class's "
     "probability); logprob, the probability of the answer's tokens; agreement, the share of "
     "several answers that agree, for which there must be a temperature; verifier, what a second "
     "model says of the answer; none, only form and rules speak for an answer"},
    {"verifier", CONF_TEXT, MODEL(verifier), "", 0, 0, NULL,
     "with confidence verifier: the name@version of another of these models. Its prompt sees "
     "{\"input\", \"answer\"}, it answers correct or wrong, and its own confidence (none: it is "
     "taken at its word) tells how surely; its limits, tries and price hold for its calls"},
    {"price", CONF_NODE, MODEL(price), "", 0, 0, "map", "what it costs, below; absent: nothing"},
    {"limits", CONF_NODE, MODEL(limits), "", 0, 0, "map", "what bounds its use, below"},
    {"timeout", CONF_DURATION, MODEL(timeout_ms), "60s", 1, 3600000, NULL, "of one request"},
    {"attachments", CONF_SWITCH, MODEL(attachments), "true", 0, 0, NULL,
     "false: it takes texts alone, and a message with an attachment is an error at once "
     "(input.attachment)"},
    {"hedge", CONF_SWITCH, MODEL(hedge), "false", 0, 0, NULL,
     "a call that takes longer than 19 of 20 do is made a second time, of one in 20 at most; the "
     "first answer counts, both are paid for"},
    {"retry", CONF_NODE, MODEL(retry), "", 0, 0, "map", "requests that failed, below"},
    {"reply_bytes", CONF_SIZE, MODEL(reply_bytes), "1MiB", 1024, 64 << 20, NULL,
     "a larger reply is an error (error.too_large)"},
    {"max_tokens", CONF_COUNT, MODEL(max_tokens), "", 1, 1000000, NULL,
     "of output asked for; absent: the provider's default"},
    {"top_logprobs", CONF_COUNT, MODEL(top_logprobs), "5", 0, 20, NULL,
     "alternatives asked for with confidence logprob; providers allow up to 20"},
    {"samples", CONF_COUNT, MODEL(samples), "5", 2, 20, NULL,
     "answers to one request that confidence agreement counts; each is paid for"},
    {"labels", CONF_NODE, MODEL(labels), "", 0, 0, "list",
     "of classifiers (kserve, vllm_classify, hf_classify): what class 0, 1, … are called, where "
     "the reply does not say"},
    {"tensors", CONF_NODE, MODEL(tensors), "", 0, 0, "map", "of kserve: which is which, below"},
};

#define TENSORS(member) offsetof(struct draft_tensors, member)
static const struct conf_row tensors_rows[] = {
    {"input", CONF_TEXT, TENSORS(input), "input-0", 0, 0, NULL,
     "the tensor that a text (BYTES) or an array of numbers (FP32) is sent as; for other tensors "
     "the prompt makes an object with `inputs`"},
    {"answer", CONF_TEXT, TENSORS(answer), "", 0, 0, NULL,
     "the tensor of the reply that holds the label or its index; absent: the most probable one is "
     "the answer"},
    {"probabilities", CONF_TEXT, TENSORS(probabilities), "", 0, 0, NULL,
     "the tensor of the reply that holds one probability for each of the model's labels; absent: "
     "no confidence"},
};

// clang-format on

#define TABLE(place, rows) {place, rows, sizeof(rows) / sizeof((rows)[0])}
static const struct conf_table model_table = TABLE("models.<name@version>", model_rows);
static const struct conf_table tensors_table =
    TABLE("models.<name@version>.tensors", tensors_rows);

void config_models_reference(FILE *out) {
    conf_reference(&model_table, out);
    config_bounds_reference(out);
    conf_reference(&tensors_table, out);
}

// --- name, url

static bool name_check(const struct conf_node *node, struct err *err) {
    static const struct config_naming naming = {"a model", "._-@", 100};
    const char *at = strchr(node->key, '@');
    if (!config_name_check(&naming, node, node->key, err)) {
        return false;
    }
    if (at == NULL || at == node->key || at[1] == '\0' || strchr(at + 1, '@')) {
        return conf_error(node, err, "a model is named name@version, such as mini@2026-08");
    }
    return true;
}

static bool url_check(const struct conf_node *node, const char *url, struct err *err) {
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : NULL;
    if (host == NULL || *host == '\0' || strchr("/:?#", *host)) {
        return conf_error(node, err, "not an address that begins with http:// or https:// and "
                                     "names a host");
    }
    if (memchr(host, '@', strcspn(host, "/?#"))) {
        return conf_error(node, err, "an address holds no credential; put it in 'key'");
    }
    for (const char *p = url; *p; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f) {
            return conf_error(node, err, "a space or control character in an address; write %%20");
        }
    }
    return true;
}

// --- programs

// "prompts/gst.jq" is a file; what has white space or another ending is a program.
static bool names_file(const char *text) {
    size_t len = strlen(text);
    return len > 3 && strcmp(text + len - 3, ".jq") == 0 && strpbrk(text, " \t\n\"|(") == NULL;
}

static bool program_read(struct config *config, const struct conf_node *node, struct jq **jq,
                         struct slice *text, struct err *err) {
    const char *name = node->key;
    *text = slice_of(node->text);
    if (names_file(node->text)) {
        name = file_beside(node->file, node->text, &config->arena);
        if (!file_read(name, CONFIG_PROGRAM_BYTES, &config->arena, text, err)) {
            struct err why = *err;
            return conf_error(node, err, "%s", why.text);
        }
    }
    if (strlen(text->at) != text->len) {
        return conf_error(node, err, "%s holds a NUL: no jq program", name);
    }
    if (!jq_new(jq, name, text->at, err)) {
        struct err why = *err;
        return conf_error(node, err, "%s", why.text);
    }
    return true;
}

static bool programs_read(struct config *config, const struct conf_node *node,
                          struct config_model *model, struct err *err) {
    const struct conf_node *prompt = conf_get(node, "prompt"), *reply = conf_get(node, "reply");
    struct slice text;
    char hex[SHA256_HEX];
    if (prompt) {
        if (!program_read(config, prompt, &model->prompt, &text, err)) {
            return false;
        }
        sha256_hex(text, hex);
        model->model.prompt_version =
            arena_string(&config->arena, (struct slice){hex, VERSION_HEX});
    }
    return reply == NULL || program_read(config, reply, &model->reply, &text, err);
}

// --- dialect, confidence

static bool dialect_named(const struct conf_node *node, const struct dialect **dialect,
                          struct err *err) {
    char shown[CONF_SHOWN];
    *dialect = dialect_find(node->text);
    return *dialect || conf_error(node, err, "%s is not one of %s", conf_shown(node, shown),
                                  dialect_names());
}

static bool confidence_check(const struct conf_node *node, const struct model *model,
                             struct err *err) {
    if (model->confidence == CONFIDENCE_LOGPROB && !model->dialect->logprobs) {
        return conf_error(conf_get(node, "confidence"), err,
                          "replies of dialect %s carry no logprobs; use field or none",
                          model->dialect->name);
    }
    if (model->confidence == CONFIDENCE_AGREEMENT && !model->dialect->samples) {
        return conf_error(conf_get(node, "confidence"), err,
                          "dialect %s cannot ask for several answers at once; use field or none",
                          model->dialect->name);
    }
    return true;
}

// --- classifiers

static bool labels_read(struct config *config, const struct conf_node *labels, struct model *model,
                        struct err *err) {
    if (labels == NULL) {
        return true;
    }
    if (!model->dialect->classes) {
        return conf_error(labels, err, "dialect %s has no use for them; a path's labels are in its "
                          "answer", model->dialect->name);
    }
    return config_texts(config, labels, &model->labels, &model->label_count, err);
}

static bool tensors_read(struct config *config, const struct conf_node *node, struct model *model,
                         struct err *err) {
    const struct conf_node *map = conf_get(node, "tensors");
    struct draft_tensors tensors;
    if (!model->dialect->tensors) {
        return map == NULL || conf_error(map, err, "dialect %s has no tensors",
                                         model->dialect->name);
    }
    if (!conf_fill(&tensors_table, map, &tensors, &config->arena, err)) {
        return false;
    }
    if (!tensors.answer && !tensors.probabilities) {
        return conf_error(map ? map : node, err, "dialect %s needs tensors: { answer: NAME }, "
                          "{ probabilities: NAME } or both", model->dialect->name);
    }
    if (tensors.probabilities && model->label_count == 0) {
        return conf_error(conf_get(map, "probabilities"), err,
                          "what the probabilities are of is not known without the model's labels");
    }
    if (!tensors.probabilities && model->confidence == CONFIDENCE_FIELD) {
        return conf_error(conf_get(node, "confidence"), err,
                          "this needs tensors: { probabilities: NAME }");
    }
    model->tensor_input = tensors.input;
    model->tensor_answer = tensors.answer;
    model->tensor_probabilities = tensors.probabilities;
    return true;
}

// --- a model

static bool model_read(struct config *config, const struct conf_node *node,
                       struct config_model *model, struct err *err) {
    struct draft draft;
    struct model *m = &model->model;
    if (!name_check(node, err) ||
        !conf_fill(&model_table, node, &draft, &config->arena, err) ||
        !dialect_named(conf_get(node, "dialect"), &m->dialect, err) ||
        !url_check(conf_get(node, "url"), draft.url, err)) {
        return false;
    }
    m->name = node->key;
    m->url = draft.url;
    m->model = draft.model;
    m->key = draft.key;
    m->confidence = (enum confidence_kind)draft.confidence;
    m->timeout_ms = draft.timeout_ms;
    m->hedge = draft.hedge;
    m->no_attachments = !draft.attachments;
    m->reply_bytes = (uint32_t)draft.reply_bytes;
    m->max_tokens = draft.max_tokens;
    m->top_logprobs = draft.top_logprobs;
    m->samples = draft.samples;
    return confidence_check(node, m, err) && labels_read(config, draft.labels, m, err) &&
           tensors_read(config, node, m, err) && config_extra_read(config, draft.extra, m, err) &&
           config_bounds_read(config, node, m, err) && programs_read(config, node, model, err);
}

// --- verifiers

// The prompt's version is that of all that the confidence depends on.
static void version_seal(struct config *config, struct config_model *model) {
    const struct model *verifier = &model->verifier->model;
    const char *own = model->model.prompt_version, *its = verifier->prompt_version;
    char hex[SHA256_HEX];
    struct slice text = arena_printf(&config->arena, "%s\n%s\n%s", own ? own : "",
                                     verifier->name, its ? its : "");
    sha256_hex(text, hex);
    model->model.prompt_version = arena_string(&config->arena, (struct slice){hex, VERSION_HEX});
}

static bool verifier_read(struct config *config, const struct conf_node *node,
                          struct config_model *model, struct err *err) {
    const struct conf_node *named = conf_get(node, "verifier");
    bool wanted = model->model.confidence == CONFIDENCE_VERIFIER;
    if (named == NULL) {
        return !wanted || conf_error(conf_get(node, "confidence"), err,
                                     "this needs verifier: another model's name@version");
    }
    if (!wanted) {
        return conf_error(named, err, "this needs confidence: verifier");
    }
    model->verifier = config_model_find(config, slice_of(named->text));
    if (model->verifier == NULL) {
        return config_no_model(config, named, err);
    }
    if (model->verifier == model) {
        return conf_error(named, err, "a model does not verify its own answers; name another");
    }
    if (model->verifier->model.confidence == CONFIDENCE_VERIFIER) {
        return conf_error(named, err, "%s has a verifier of its own; name one whose confidence is "
                          "field, logprob, agreement or none", named->text);
    }
    return true;
}

// When all models are known.
static bool verifiers_read(struct config *config, const struct conf_node *models,
                           struct config_model *all, struct err *err) {
    struct config_model *model = all;
    for (const struct conf_node *node = models->children; node; node = node->next) {
        if (!verifier_read(config, node, model++, err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < config->model_count; i++) {
        if (all[i].verifier) {
            version_seal(config, &all[i]);
        }
    }
    return true;
}

bool config_models_read(struct config *config, const struct conf_node *models, struct err *err) {
    size_t count = config_children(models);
    if (count == 0 || count > MODELS_MOST) {
        return conf_error(models, err, "here are %zu models; allowed are 1 to %d", count,
                          MODELS_MOST);
    }
    struct config_model *all = arena_zalloc(&config->arena, count * sizeof(*all));
    config->models = all;
    for (const struct conf_node *node = models->children; node; node = node->next) {
        if (!model_read(config, node, &all[config->model_count++], err)) {
            return false;
        }
    }
    return verifiers_read(config, models, all, err);
}
