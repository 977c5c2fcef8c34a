// Rows of the dashboard's tables, and figures that come of several.
import { at, element } from "/page.js";

const count = new Intl.NumberFormat("en");
const money = (digits) => new Intl.NumberFormat("en",
    { minimumFractionDigits: digits, maximumFractionDigits: digits });
const small = money(6), large = money(2);
const rates = new Map();  // of a batch: when it was looked at, how many were done, jobs a second
let fleet = null;

export const usd = (value) => (value >= 10 ? large : small).format(value ?? 0);
export const figure = (value) => element("td", count.format(value ?? 0));
export const text = (value) => element("td", value, "text");

export function fill(id, rows, columns, none, marks = []) {
    const lines = rows.map((cells, n) => element("tr", cells, marks[n] ? "chosen" : ""));
    if (lines.length === 0) {
        const cell = element("td", none, "none");
        cell.colSpan = columns;
        lines.push(element("tr", cell));
    }
    at(id).replaceChildren(...lines);
}

export function share(part, whole, label) {
    const bar = document.createElement("meter");
    bar.max = whole || 1;
    bar.value = part;
    bar.setAttribute("aria-label", label);
    return element("td", [bar, ` ${whole ? Math.floor(100 * part / whole) : 0} %`]);
}

export function span(seconds) {
    if (!isFinite(seconds)) return "–";
    if (seconds < 60) return `${Math.ceil(seconds)} s`;
    if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
    return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.floor(seconds / 86400)} days`;
}

export const countDone = (b) => b.accepted + b.review + b.dead + b.expired + b.cancelled;

// Jobs a second since the last look, smoothed.
function smoothed(before, now, done) {
    const seconds = (now - before.now) / 1000;
    const fresh = seconds > 0 ? Math.max(0, done - before.done) / seconds : before.rate;
    return { now, done, rate: before.rate ? 0.6 * before.rate + 0.4 * fresh : fresh };
}

export function fleetSpeed(seen, done) {
    const now = Date.parse(seen.at);
    fleet = smoothed(fleet ?? { now, done, rate: 0 }, now, done);
    return fleet.rate;
}

function batchSpeed(batch, done, now) {
    const next = smoothed(rates.get(batch.id) ?? { now, done, rate: 0 }, now, done);
    rates.set(batch.id, next);
    return next.rate;
}

export function batchRow(batch, now, chosen, choose) {
    const other = batch.dead + batch.expired + batch.cancelled;
    const done = countDone(batch);
    const over = batch.submitted_at && done >= batch.total;
    const speed = over ? 0 : batchSpeed(batch, done, now);
    batch.left = over ? (batch.cancelled_at ? "cancelled" : "finished")
        : batch.submitted_at ? span((batch.total - done) / speed) : "being submitted";
    const name = element("button", batch.name);
    name.dataset.batch = batch.id;
    name.title = batch.id;
    name.setAttribute("aria-pressed", String(chosen));
    name.addEventListener("click", () => choose(batch.id));
    return [
        element("td", name, "text name"), text(batch.path),
        share(done, batch.total ?? done, `${batch.name} done`), figure(batch.accepted),
        figure(batch.review), figure(other), element("td", usd(batch.cost_usd)),
        element("td", over ? "" : speed.toFixed(1)), element("td", batch.left),
    ];
}

// What waits before each tier of a path: what came to it and was not tried yet. All of a batch comes
// to the first tier, and to another what moved on from the one before.
export function backlogs(paths, seen) {
    const waiting = new Map();
    for (const path of paths) {
        const open = seen.batches.filter((b) => b.path === path.name && b.submitted_at &&
            !b.cancelled_at && countDone(b) < b.total);
        if (open.length === 0) continue;
        const left = open.reduce((sum, b) => sum + b.total - countDone(b), 0);
        const since = Math.min(...open.map((b) => Date.parse(b.created_at)));
        let came = seen.batches.filter((b) => b.path === path.name && !b.cancelled_at)
            .reduce((sum, b) => sum + (b.total ?? 0), 0);
        for (const { name } of path.tiers.filter((t) => !t.skipped)) {
            const tier = seen.tiers.find((t) => t.path === path.name && t.tier === name);
            const jobs = Math.min(left, Math.max(0, came - (tier?.attempts ?? 0)));
            waiting.set(`${path.name} ${name}`, { jobs, since });
            came = tier?.escalated ?? 0;
        }
    }
    return waiting;
}

// What all finished jobs would have cost at the last tier of their path; 0: that is not known.
export function lastTierCost(paths, seen) {
    let cost = 0;
    for (const batch of seen.batches) {
        const name = paths.find((p) => p.name === batch.path)?.tiers.at(-1)?.name;
        const tier = seen.tiers.find((t) => t.path === batch.path && t.tier === name);
        if (!tier?.attempts) return 0;
        cost += countDone(batch) * tier.cost_usd / tier.attempts;
    }
    return cost;
}
