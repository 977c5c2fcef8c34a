// Shows what /v1/taskfit/events tells, and what a batch, a job and the paths are.
import { ask, at, element, enter, facts, plain } from "/page.js";
import { backlogs, batchRow, countDone, fill, figure, fleetSpeed, lastTierCost, share, span, text, usd }
    from "/dashboard_rows.js";

const SHOWN = 10, LOOK_MS = 5000;
let paths = [], seen = null, chosen = null, all = false;

// --- the overview

function showTiers() {
    const tierNames = new Map(paths.map((p) => [p.name, p.tiers.map((t) => t.name)]));
    const place = (t) => (tierNames.get(t.path) ?? []).indexOf(t.tier);
    const waiting = backlogs(paths, seen);
    const rows = [...seen.tiers].sort((a, b) => a.path.localeCompare(b.path) || place(a) - place(b));
    fill("tiers", rows.map((t) => {
        const wait = waiting.get(`${t.path} ${t.tier}`);
        return [
            text(t.path), text(t.tier), figure(t.attempts),
            share(t.accepted, t.attempts, `accepted at ${t.tier}`), figure(t.escalated),
            figure(t.ended), figure(t.errors), figure(wait?.jobs),
            element("td", wait?.jobs ? span((Date.parse(seen.at) - wait.since) / 1000) : "–"),
            element("td", usd(t.cost_usd)),
        ];
    }), 10, "nothing was tried yet");
}

function showBatches() {
    const now = Date.parse(seen.at);
    const rows = seen.batches.map((b) => batchRow(b, now, b.id === chosen, choose));
    fill("batches", all ? rows : rows.slice(0, SHOWN), 9, "no batch yet", seen.batches.map((b) => b.id === chosen));
    at("more").hidden = rows.length <= SHOWN;
    at("more").textContent = all ? "Show fewer" : `Show all ${rows.length}`;
}

const history = [];

function showPace(speed) {
    history.push(speed);
    if (history.length > 150) history.shift();
    at("pace").toggleAttribute("hidden", !history.some((y) => y > 0));
    const top = Math.max(...history, 1), step = 600 / Math.max(history.length - 1, 1);
    at("pace").firstElementChild.setAttribute("d", history
        .map((y, n) => `${n ? "L" : "M"}${(n * step).toFixed(1)} ${(57 - 54 * y / top).toFixed(1)}`)
        .join(""));
}

function showGlance() {
    const sum = (name) => seen.batches.reduce((total, b) => total + (b[name] ?? 0), 0);
    const done = seen.batches.reduce((total, b) => total + countDone(b), 0);
    const open = seen.batches.filter((b) => b.submitted_at && !b.cancelled_at)
        .reduce((total, b) => total + Math.max(0, b.total - countDone(b)), 0);
    const speed = fleetSpeed(seen, done), always = lastTierCost(paths, seen);
    const cost = sum("cost_usd");
    at("speed").textContent = speed.toFixed(speed < 10 ? 1 : 0);
    at("left").textContent = open.toLocaleString("en");
    at("people").textContent = sum("review").toLocaleString("en");
    at("accepted").textContent = done ? `${Math.floor(100 * sum("accepted") / done)} %` : "–";
    at("cost").textContent = `$${usd(cost)}`;
    at("always").textContent = always ? `${(100 * cost / always).toFixed(1)} %` : "–";
    showPace(speed);
}

function show(told) {
    const focused = document.activeElement?.dataset?.batch;
    seen = told;
    showTiers();
    showBatches();
    showGlance();
    fill("dead", seen.dead_letters.map((l) => {
        const job = element("button", l.custom_id ?? l.job_id ?? "unknown");
        job.addEventListener("click", () => showJob(l.job_id));
        const reason = text(l.reason);
        reason.title = l.text ?? "";
        return [text(new Date(l.dead_at).toLocaleString()), element("td", job, "text name"), reason];
    }), 3, "none");
    if (focused) document.querySelector(`[data-batch="${focused}"]`)?.focus();
    at("state").textContent = `live, as of ${new Date(seen.at).toLocaleTimeString()}`;
    if (chosen === null && seen.batches.length) choose(seen.batches[0].id);
}

function showPaths() {
    at("paths").replaceChildren(...paths.map((path) => element("article", [
        element("h3", path.name),
        element("p", path.certificate ? path.certificate.promise : "no certificate: thresholds were written by hand",
            path.certificate ? "good" : "soft"),
        facts([["certificate", path.certificate?.version], ["policy", path.policy],
            ["accepts at", path.tiers.map((t) => t.skipped ? `${t.name} skipped`
                : `${t.name} ${t.accept === null ? "nothing" : t.accept.toFixed(3)}`).join(" · ")],
            ["audited", path.audit ? `${(100 * path.audit).toFixed(1)} % of accepted answers` : "nothing"]]),
    ], "card")));
}

// --- a batch

function choose(id) {
    chosen = id;
    showBatches();
    showDetail();
}

function table(title, heads, rows, none) {
    const head = element("tr", heads.map((name) => {
        const cell = element("th", name, "text");
        cell.scope = "col";
        return cell;
    }));
    const body = rows.map((cells) => element("tr", cells.map((cell, n) =>
        element("td", String(cell), n + 1 < cells.length ? "text" : ""))));
    return element("div", [element("h3", title), rows.length
        ? element("table", [element("thead", head), element("tbody", body)])
        : element("p", none, "soft")], "card");
}

async function showDetail() {
    if (chosen === null) return;
    const id = chosen;
    const batch = await ask(`/v1/taskfit/batches/${id}`).catch(() => null);
    if (batch === null || id !== chosen) return;
    const done = countDone(batch);
    const row = seen.batches.find((b) => b.id === id);
    at("detail").hidden = false;
    at("detail-head").textContent = batch.name;
    at("detail-bar").value = batch.total ? done / batch.total : 0;
    at("detail-state").textContent = `${done.toLocaleString("en")} of ` +
        `${batch.total?.toLocaleString("en") ?? "?"} done · ${row?.left ?? ""} · $${usd(batch.cost_usd)}` +
        (batch.spend_cap_usd ? ` of at most $${usd(batch.spend_cap_usd)}` : "") +
        ` · of its newest ${batch.sampled.toLocaleString("en")} jobs:`;
    at("detail-parts").replaceChildren(
        table("Why jobs moved on", ["Tier", "Reason", "Jobs"],
            batch.reasons.map((r) => [r.tier, r.reason, r.jobs]), "none did"),
        table("Latency", ["Tier", "Median", "95 of 100"],
            batch.latency.map((l) => [l.tier, `${l.p50_ms} ms`, `${l.p95_ms} ms`]), "nothing was tried"),
        table("Errors", ["Tier", "Error", "Jobs"],
            batch.errors.map((e) => [e.tier, e.error, e.jobs]), "none"));
}

// --- a job

function hopCard(hop) {
    const decision = hop.decision;
    const verdict = decision?.verdict ?? "not decided yet";
    return element("article", [
        element("h3", `${hop.hop}: ${hop.tier}`),
        facts([
            ["model", hop.model], ["answer", plain(hop.answer)], ["error", hop.error],
            ["error text", hop.error_text], ["confidence", hop.confidence?.toFixed(4)],
            ["threshold", decision?.threshold?.toFixed(4)], ["cost", `$${usd(hop.cost_usd ?? 0)}`],
            ["latency", `${hop.latency_ms ?? 0} ms, ${hop.calls ?? 0} calls`],
            ["reasons", decision?.reasons.join(", ")],
            ...(decision?.explanation ?? []).map((part) => [part.code, part.text]),
            ["to", decision?.next_tier],
        ]),
        element("p", verdict, `verdict ${{ accept: "good", dead: "bad" }[verdict] ?? "warn"}`),
    ], "card");
}

async function showJob(id) {
    at("job").value = id;
    try {
        const job = await ask(`/v1/taskfit/jobs/${encodeURIComponent(id)}`);
        at("job-state").textContent = [job.custom_id, `path ${job.path}`, job.outcome ?? "under way",
            plain(job.answer)].filter(Boolean).join(" · ");
        at("hops").replaceChildren(...job.hops.map(hopCard));
    } catch (error) {
        at("job-state").textContent = error.message;
        at("hops").replaceChildren();
    }
    at("job-head").scrollIntoView({ block: "start" });
}

at("job-form").addEventListener("submit", (event) => {
    event.preventDefault();
    showJob(at("job").value.trim());
});
at("more").addEventListener("click", () => {
    all = !all;
    showBatches();
});

// --- live

async function listen() {
    const reply = await fetch("/v1/taskfit/events", { headers: { "X-Taskfit-Page": "1" } });
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
            await enter();
            paths = (await ask("/v1/taskfit/paths")).data;
            showPaths();
            await listen();
        } catch (error) {
            at("state").textContent = `${error.message}; again in 3 s`;
        }
        await new Promise((done) => setTimeout(done, 3000));
    }
}

setInterval(showDetail, LOOK_MS);
keepListening();
