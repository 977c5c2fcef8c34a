"use strict";
// Shows what /v1/taskfit/events tells. Texts go in as text, never as markup.

const at = (id) => document.getElementById(id);
const count = new Intl.NumberFormat("en");
const usd = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 6 });
const rates = new Map();  // of a batch: when it was looked at, how many were done, jobs a second

const headers = () => {
    const key = sessionStorage.getItem("key");
    return key ? { Authorization: `Bearer ${key}` } : {};
};

function element(name, content, className) {
    const made = document.createElement(name);
    if (content instanceof Node) made.append(content);
    else made.textContent = content ?? "";
    if (className) made.className = className;
    return made;
}

function fill(id, rows, columns, none) {
    const lines = rows.map((cells) => {
        const line = document.createElement("tr");
        line.append(...cells);
        return line;
    });
    if (lines.length === 0) {
        const cell = element("td", none, "none");
        cell.colSpan = columns;
        lines.push(element("tr", cell));
    }
    at(id).replaceChildren(...lines);
}

const figure = (value) => element("td", count.format(value ?? 0));
const text = (value) => element("td", value, "text");

function share(part, whole, label) {
    const box = document.createElement("td");
    const bar = document.createElement("meter");
    bar.max = whole || 1;
    bar.value = part;
    bar.setAttribute("aria-label", label);
    box.append(bar, ` ${whole ? Math.floor(100 * part / whole) : 0} %`);
    return box;
}

function showTiers(tiers) {
    fill("tiers", tiers.map((t) => [
        text(t.tier), figure(t.attempts), share(t.accepted, t.attempts, `accepted at ${t.tier}`),
        figure(t.escalated), figure(t.ended), figure(t.errors),
        element("td", usd.format(t.cost_usd)),
    ]), 7, "nothing was tried yet");
}

function span(seconds) {
    if (!isFinite(seconds)) return "–";
    if (seconds < 60) return `${Math.ceil(seconds)} s`;
    if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
    return `${(seconds / 3600).toFixed(1)} h`;
}

// Jobs a second since the last look, smoothed.
function rate(batch, done, now) {
    const before = rates.get(batch.id) ?? { now, done, rate: 0 };
    const seconds = (now - before.now) / 1000;
    const fresh = seconds > 0 ? (done - before.done) / seconds : before.rate;
    const smooth = before.rate ? 0.6 * before.rate + 0.4 * fresh : fresh;
    rates.set(batch.id, { now, done, rate: smooth });
    return smooth;
}

function batchRow(batch, now) {
    const other = batch.dead + batch.expired + batch.cancelled;
    const done = batch.accepted + batch.review + other;
    const over = batch.submitted_at && done >= batch.total;
    const speed = over ? 0 : rate(batch, done, now);
    const left = over ? (batch.cancelled_at ? "cancelled" : "finished")
        : batch.submitted_at ? span((batch.total - done) / speed) : "being submitted";
    const name = text(batch.name);
    name.title = batch.id;
    return [
        name, text(batch.path), share(done, batch.total ?? done, `${batch.name} done`),
        figure(batch.accepted), figure(batch.review), figure(other),
        element("td", usd.format(batch.cost_usd)),
        element("td", over ? "" : speed.toFixed(1)), element("td", left),
    ];
}

function show(seen) {
    const now = Date.parse(seen.at);
    showTiers(seen.tiers);
    fill("batches", seen.batches.map((b) => batchRow(b, now)), 9, "no batch yet");
    fill("dead", seen.dead_letters.map((l) => [
        text(new Date(l.dead_at).toLocaleString()), text(l.custom_id ?? l.job_id), text(l.reason),
        text(l.text),
    ]), 4, "none");
    at("state").textContent = `as of ${new Date(now).toLocaleTimeString()}`;
}

// EventSource cannot send a key: the stream is read by hand.
async function listen() {
    const reply = await fetch("/v1/taskfit/events", { headers: headers() });
    at("key-form").hidden = reply.status !== 401 && reply.status !== 403;
    if (!reply.ok) throw new Error((await reply.json()).error.message);
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the gateway ended the stream");
        const events = (held + value).split("\n\n");
        held = events.pop();
        for (const event of events) {
            if (event.startsWith("data: ")) show(JSON.parse(event.slice(6)));
        }
    }
}

async function keepListening() {
    for (;;) {
        try {
            await listen();
        } catch (error) {
            at("state").textContent = `${error.message}; again in 3 s`;
        }
        await new Promise((done) => setTimeout(done, 3000));
    }
}

// --- a job

function facts(pairs) {
    const list = document.createElement("dl");
    for (const [name, value] of pairs) {
        if (value !== null && value !== undefined && value !== "") {
            list.append(element("dt", name), element("dd", value));
        }
    }
    return list;
}

const plain = (answer) => answer === null || answer === undefined ? answer
    : typeof answer === "string" ? answer : JSON.stringify(answer);

function hopCard(hop) {
    const card = document.createElement("article");
    const decision = hop.decision;
    card.append(element("h3", `${hop.hop}: ${hop.tier}`));
    card.append(facts([
        ["model", hop.model], ["answer", plain(hop.answer)], ["error", hop.error],
        ["error text", hop.error_text], ["confidence", hop.confidence],
        ["threshold", decision?.threshold], ["cost", usd.format(hop.cost_usd ?? 0)],
        ["latency", `${hop.latency_ms ?? 0} ms, ${hop.calls ?? 0} calls`],
        ["reasons", decision?.reasons.join(", ")], ["to", decision?.next_tier],
    ]));
    card.append(element("p", decision?.verdict ?? "not decided yet",
        decision?.verdict === "accept" ? "good" : decision?.verdict === "dead" ? "bad" : ""));
    return card;
}

async function showJob(event) {
    event.preventDefault();
    const id = encodeURIComponent(at("job").value.trim());
    try {
        const reply = await fetch(`/v1/taskfit/jobs/${id}`, { headers: headers() });
        const job = await reply.json();
        if (!reply.ok) throw new Error(job.error.message);
        at("job-state").textContent = `path ${job.path}: ${job.outcome ?? "under way"}`;
        at("hops").replaceChildren(...job.hops.map(hopCard));
    } catch (error) {
        at("job-state").textContent = error.message;
        at("hops").replaceChildren();
    }
}

at("job-form").addEventListener("submit", showJob);
at("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem("key", at("key").value.trim());
    at("key-form").hidden = true;
});
keepListening();
