// The queue of reviews, one job after the other: the same as `taskfit review` on a terminal.
import { ask, at, element, enter, facts, plain } from "/page.js";
import { answerOf, drawForm, fieldKey } from "/review_form.js";

const REASONS = {
    outcome: "no answer was good enough", audit: "drawn for an audit", asked: "somebody asked",
    second: "a second opinion", four_eyes: "a second pair of eyes",
    dispute: "two people differ",
};
const NOTHING = "Nothing waits for you.";
const filter = Object.fromEntries(["path", "batch_id", "reason"]
    .map((name) => [name, new URLSearchParams(location.search).get(name)])
    .filter(([, value]) => value));
let who, seen, busy = false, renewal;

// --- what is kept over a reload

const kept = {
    get name() { return localStorage.getItem("taskfit.name"); },
    set name(name) { localStorage.setItem("taskfit.name", name); },
    get said() { return JSON.parse(sessionStorage.getItem("taskfit.said") ?? "[]"); },
    set said(jobs) { sessionStorage.setItem("taskfit.said", JSON.stringify(jobs.slice(-100))); },
    get done() { return Number(sessionStorage.getItem("taskfit.done") ?? 0); },
    set done(count) { sessionStorage.setItem("taskfit.done", String(count)); },
    key: (task) => `taskfit.draft.${task.job_id}.${task.round}`,
    draft: (task) => JSON.parse(localStorage.getItem(kept.key(task)) ?? "null"),
    keep(task, draft) {
        const old = Object.keys(localStorage).filter((key) => key.startsWith("taskfit.draft."));
        if (old.length > 200) old.sort().slice(0, 100).forEach((key) => localStorage.removeItem(key));
        localStorage.setItem(kept.key(task), JSON.stringify(draft));
    },
    drop: (task) => localStorage.removeItem(kept.key(task)),
};

const draft = { values: {}, changed: false, note: "" };

function keepDraft() {
    if (seen) kept.keep(seen.task, draft);
}

function say(text, bad) {
    at("state").textContent = text;
    at("state").className = bad ? "bad" : "";
}

const post = (path, body) =>
    ask(`/v1/taskfit/reviews/${path}`, { ...body, ...(who.open ? { reviewer: kept.name } : {}) });

// --- what is shown

// An input is of any shape: only what is known to be an array is walked.
const list = (value) => value instanceof Array ? value : [];

function inputPart(value) {
    if (value?.messages instanceof Array) {
        return value.messages.map((message) => element("div", [
            element("p", plain(message?.role), "soft"),
            element("pre", message?.content instanceof Array
                ? message.content.map((part) => plain(part?.text) ?? `[${part?.type}]`).join("\n")
                : plain(message?.content)),
        ], "message"));
    }
    if (value && typeof value === "object" && !Array.isArray(value)) {
        return [facts(Object.entries(value).map(([key, member]) =>
            [key, typeof member === "object" && member ? JSON.stringify(member, null, 1) : member]))];
    }
    return [element("pre", typeof value === "string" ? value : JSON.stringify(value, null, 1))];
}

// Images by value only: a page loads nothing from elsewhere.
function images(task) {
    const parts = list(task.input?.messages).flatMap((message) => list(message?.content));
    const own = parts.map((part) => part?.image_url?.url ?? part?.image_url)
        .filter((url) => typeof url === "string" && url.startsWith("data:image/"));
    const attached = (task.attachments ?? []).map((a) => a.uri ? element("p", a.uri, "soft")
        : a.media_type?.startsWith("image/") ? image(`/v1/taskfit/jobs/${task.job_id}/attachment?n=${a.n}`, a.name)
            : link(task, a));
    return [...own.map((url) => image(url)), ...attached];
}

function image(url, name) {
    const made = document.createElement("img");
    made.src = url;
    made.alt = name ? `the image ${name} of the input` : "an image of the input";
    return made;
}

function link(task, attachment) {
    const made = element("a", `${attachment.name ?? "attachment"} (${attachment.media_type})`);
    made.href = `/v1/taskfit/jobs/${task.job_id}/attachment?n=${attachment.n}`;
    return element("p", made);
}

const ruleText = (code, explanation) =>
    (explanation ?? []).find((part) => part.code === code)?.text ?? "";

function attempt(hop, place) {
    const task = seen.task, decision = hop.decision;
    const letter = String.fromCharCode(97 + place);
    const card = element("article", [
        element("h3", `${hop.tier}${hop.model ? `, by ${hop.model}` : ""}`),
        element("p", hop.error ? `${hop.error}: ${hop.error_text ?? ""}` : plain(hop.answer),
            hop.error ? "bad" : "answer"),
        facts([["confidence", hop.confidence?.toFixed(4)],
            ["threshold", decision?.threshold?.toFixed(4)]]),
        element("ul", (decision?.reasons ?? []).map((code) => element("li",
            `${code} ${ruleText(code, decision.explanation)}`.trim(),
            code.startsWith("rule.") ? "bad" : "warn")), "reasons"),
    ], hop.hop === task.proposed_hop ? "card proposed" : "card");
    if (!hop.error && hop.answer !== null) {
        const button = element("button", ["This is right ", element("kbd", letter)]);
        button.addEventListener("click", () => send({ hop: hop.hop }));
        card.append(button);
    }
    return card;
}

function drawSend() {
    const can = draft.changed || seen.task.proposed_hop !== null;
    at("send").replaceChildren(draft.changed ? "Send this answer " : "Accept what is proposed ",
        element("kbd", "Enter"));
    at("send").disabled = !can;
    at("send").hidden = !can;
}

function redraw() {
    drawForm(seen.form, draft, (again) => {
        keepDraft();
        if (again) redraw();
        drawSend();
    }, send);
    drawSend();
}

function show(next) {
    seen = next;
    const task = seen.task;
    const old = kept.draft(task);
    const proposed = task.hops.find((hop) => hop.hop === task.proposed_hop)?.answer;
    draft.changed = old?.changed ?? false;
    draft.note = old?.note ?? "";
    draft.values = old?.values ?? (proposed instanceof Object ? { ...proposed } : {});
    draft.whole = old?.whole ?? JSON.stringify(proposed ?? null, null, 1);
    draft.field = 0;
    at("what-head").textContent = task.custom_id ?? task.job_id;
    at("why").textContent = [task.path, task.batch && `${task.batch}${task.line ? `, line ${task.line}` : ""}`,
        REASONS[task.why] ?? task.why].filter(Boolean).join(" · ");
    at("images").replaceChildren(...images(task));
    at("input").replaceChildren(...(task.input_kept ? inputPart(task.input)
        : [element("p", "The input was not kept (the path’s `keep`).", "soft")]));
    at("attempts").replaceChildren(...task.hops.map(attempt),
        ...(task.words ?? []).map((word) => element("article", [
            element("h3", word.reviewer), element("p", plain(word.answer), "answer"),
            element("p", word.note)], "card")));
    at("rules").replaceChildren(...(seen.rules ?? []).map((rule) =>
        element("li", [element("strong", `${rule.code} `), rule.text])));
    at("rules-part").hidden = !seen.rules?.length;
    at("note").value = draft.note;
    at("task").hidden = false;
    redraw();
    at("undo").disabled = kept.said.length === 0;
    window.scrollTo(0, 0);
    renewLater();
    progress();
}

async function progress() {
    const query = new URLSearchParams({ ...filter, limit: 1 });
    const { waiting } = await ask(`/v1/taskfit/reviews?${query}`).catch(() => ({}));
    const count = (n) => n >= 10000 ? "10,000 or more" : n.toLocaleString("en");
    at("progress").textContent = `${count(kept.done)} done by you, ` +
        (waiting === undefined ? "" : `${count(waiting)} waiting`);
}

// --- what is done

// One thing at a time: a second key press does not answer the next job.
async function alone(work) {
    if (busy) return;
    busy = true;
    document.body.setAttribute("aria-busy", "true");
    try {
        await work();
    } catch (error) {
        if (error.status === 401) location.reload();  // the draft is kept
        say(error.status ? error.message : `${error.message}: nothing is lost, try again`, true);
        if (error.status === 409) await next();
    } finally {
        busy = false;
        document.body.removeAttribute("aria-busy");
    }
}

async function next() {
    clearTimeout(renewal);
    const found = await post("next", filter);
    if (found.task) {
        show(found);
        return;
    }
    seen = null;
    at("task").hidden = true;
    await progress();
    say(`${at("state").textContent.replace(NOTHING, "")} ${NOTHING}`.trim());
    renewal = setTimeout(() => alone(next), 10000);  // until something does
}

function send(word) {
    return alone(async () => {
        const task = seen.task;
        const note = at("note").value.trim();
        const said = await post(`${task.job_id}/answer`, {
            round: task.round, revision: task.revision, ...word, ...(note ? { note } : {}),
        });
        kept.drop(task);
        kept.said = [...kept.said, task.job_id];
        kept.done += 1;
        const then = { second: "; somebody else is asked, too", dispute: "; to be settled",
            four_eyes: "; somebody else has to say the same" }[said.next] ?? "";
        say(`${task.custom_id ?? task.job_id}: ${plain(said.answer)}${then}`);
        await next();
    });
}

function sendDraft() {
    const task = seen.task;
    if (!draft.changed) {
        if (task.proposed_hop !== null) send({ hop: task.proposed_hop });
        return;
    }
    try {
        send({ answer: answerOf(seen.form, draft) });
    } catch (error) {
        say(`that is no JSON: ${error.message}`, true);
    }
}

const skip = () => alone(async () => {
    await post(`${seen.task.job_id}/skip`, {});
    say(`${seen.task.custom_id ?? seen.task.job_id}: skipped`);
    await next();
});

const undo = () => alone(async () => {
    const job = kept.said.at(-1);
    if (!job) return;
    kept.said = kept.said.slice(0, -1);
    const found = await post(`${job}/undo`, {});
    if (seen) await post(`${seen.task.job_id}/release`, {}).catch(() => null);
    kept.done = Math.max(0, kept.done - 1);
    say("taken back");
    show(found);
});

// The lease is made longer while the page is looked at.
function renewLater() {
    clearTimeout(renewal);
    const left = Date.parse(seen.lease_until) - Date.now();
    renewal = setTimeout(() => alone(async () => {
        seen.lease_until = (await post(`${seen.task.job_id}/lease`, {})).lease_until;
        renewLater();
    }), Math.max(1000, left / 2));
}

function onKey(event) {
    const typing = event.target.matches("input, textarea, select");
    if (event.key === "Escape" && typing) event.target.blur();
    if (event.key === "Enter" && typing && (event.ctrlKey || event.metaKey) && seen) sendDraft();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "u") return void undo();
    if (!seen) return;
    const place = event.key.length === 1 ? event.key.charCodeAt(0) - 97 : -1;
    const hop = seen.task.hops[place];
    if (event.key >= "1" && event.key <= "9") {
        fieldKey(seen.form, draft, Number(event.key) - 1, send);
        keepDraft();
        redraw();
    } else if (event.key === "Enter" && !event.target.matches("button, a")) sendDraft();
    else if (event.key === "s") skip();
    else if (event.key === "n") at("note").focus();
    else if (hop && !hop.error && place < 8) send({ hop: hop.hop });
    else return;
    event.preventDefault();
}

at("send").addEventListener("click", sendDraft);
at("skip").addEventListener("click", skip);
at("undo").addEventListener("click", undo);
at("note").addEventListener("input", () => {
    draft.note = at("note").value;
    keepDraft();
});
document.addEventListener("keydown", onKey);

async function begin() {
    who = await enter();
    if (who.open && !kept.name) {
        at("name-form").hidden = false;
        at("name").focus();
        await new Promise((done) => at("name-form").addEventListener("submit", (event) => {
            event.preventDefault();
            kept.name = at("name").value.trim().replaceAll(",", " ");
            done();
        }, { once: true }));
        at("name-form").hidden = true;
    }
    await alone(next);
}
begin();
