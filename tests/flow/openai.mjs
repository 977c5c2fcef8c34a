// What test_node.py has OpenAI's SDK for Node do: each argument names one of these. The base URL is
// in OPENAI_BASE_URL; what was seen is written to the standard output as JSON, by name.
import { createRequire } from "node:module";

const require = createRequire(process.env.PACKAGES + "/");
const { default: OpenAI, toFile } = require("openai");
const client = new OpenAI({ apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: '{"line": 1}' }];
const unsure = [{ role: "user", content: '{"line": 4}' }];

async function over(look, ended) {
  for (;;) {
    const seen = await look();
    if (ended.includes(seen.status)) return seen;
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function failure(asked) {
  try {
    await asked;
    return null;
  } catch (e) {
    return { kind: e.constructor.name, status: e.status, code: e.code, param: e.param,
             request: typeof e.requestID };
  }
}

const scenes = {
  async batch() {
    const rows = [...Array(10).keys()].map((line) => JSON.stringify({
      custom_id: `n${line}`, method: "POST", url: "/v1/chat/completions",
      body: { model: "invoices", messages: [{ role: "user", content: `{"line": ${line}}` }] } }));
    const file = await client.files.create({
      file: await toFile(Buffer.from(rows.join("\n")), "in.jsonl"), purpose: "batch",
      expires_after: { anchor: "created_at", seconds: 3600 } });
    const listed = [];
    for await (const one of client.files.list({ limit: 1 })) listed.push(one.id);
    const begun = await client.batches.create({
      input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
    const done = await over(() => client.batches.retrieve(begun.id), ["completed", "failed"]);
    const text = await (await client.files.content(done.output_file_id)).text();
    await client.files.delete(file.id);
    return { file, listed, done, answers: text.trim().split("\n").map((row) => JSON.parse(row)),
             gone: await failure(client.files.retrieve(file.id)) };
  },

  async chat() {
    const done = await client.chat.completions.create({ model: "invoices", messages });
    const runner = client.chat.completions.stream({ model: "invoices", messages });
    let text = "";
    for await (const chunk of runner) text += chunk.choices[0]?.delta?.content ?? "";
    return { done, text, final: (await runner.finalChatCompletion()).choices[0].message.content };
  },

  async responses() {
    const begun = await client.responses.create({ model: "invoices", input: messages,
                                                  background: true });
    const done = await over(() => client.responses.retrieve(begun.id), ["completed", "failed"]);
    const stream = client.responses.stream({ model: "invoices", input: messages });
    const events = [];
    for await (const event of stream) events.push(event.type);
    return { begun, done, events, streamed: (await stream.finalResponse()).output_text };
  },

  async conversation() {
    const talk = await client.conversations.create({ metadata: { topic: "tax" } });
    await client.responses.create({ model: "invoices", conversation: talk.id, input: messages });
    await client.responses.create({ conversation: talk.id, input: messages });
    const items = [];
    for await (const item of client.conversations.items.list(talk.id, { order: "asc", limit: 3 }))
      items.push([item.role, item.content[0].text]);
    const { deleted } = await client.conversations.delete(talk.id);
    return { items, deleted };
  },

  async errors() {
    return [
      await failure(client.chat.completions.create({ model: "gpt-4o", messages })),
      await failure(client.chat.completions.create({ model: "invoices", messages: unsure })),
      await failure(client.chat.completions.create({ model: "invoices", messages: unsure,
                                                     stream: true })),
      await failure(client.batches.create({ input_file_id: "x", endpoint: "/v1/chat/completions",
                                            completion_window: "24h" })),
    ];
  },
};

const seen = {};
for (const name of process.argv.slice(2)) seen[name] = await scenes[name]();
console.log(JSON.stringify(seen));
