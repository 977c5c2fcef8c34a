// What is right, as the path's form says: one of some labels, named fields, or any JSON.
import { at, element } from "/page.js";

// One label, of which each is a button that says it at once.
const isWhole = (form) => form?.length === 1 && form[0].name === null;
const isFree = (form) => !form?.length || (isWhole(form) && !form[0].labels.length);

export function answerOf(form, draft) {
    return isFree(form) ? JSON.parse(draft.whole) : draft.values;
}

function labelButton(label, place, pressed, choose) {
    const button = element("button", [
        ...(place < 9 ? [element("kbd", String(place + 1))] : []), element("span", label)]);
    button.type = "button";
    if (pressed !== undefined) button.setAttribute("aria-pressed", String(pressed));
    button.addEventListener("click", choose);
    return button;
}

// Keys 1 to 9 are those of the field that is at hand; after a choice that is the next one.
function choiceField(field, place, draft, changed) {
    const here = place === draft.field;
    const name = element("span", `${field.name}${field.optional ? " (may be left out)" : ""}`, "label");
    name.id = `field-${place}`;
    const choices = element("div", field.labels.map((label, n) =>
        labelButton(label, here ? n : 9, draft.values[field.name] === label, () => {
            choose(draft, field, label, place);
            changed(true);
        })), "choices");
    choices.setAttribute("role", "group");
    choices.setAttribute("aria-labelledby", name.id);
    return element("div", [name, choices], here ? "field here" : "field");
}

function choose(draft, field, label, place) {
    draft.values[field.name] = label;
    draft.changed = true;
    draft.field = place + 1;
}

function textField(field, place, draft, changed) {
    const input = document.createElement("input");
    const value = draft.values[field.name];
    input.id = `field-${place}`;
    input.value = value === undefined || value === null ? "" : typeof value === "string" ? value
        : JSON.stringify(value);
    input.addEventListener("input", () => {
        draft.values[field.name] = typed(input.value);
        if (input.value === "") delete draft.values[field.name];
        draft.changed = true;
        changed(false);
    });
    const name = element("label", `${field.name}${field.optional ? " (may be left out)" : ""}`);
    name.htmlFor = input.id;
    return element("div", [name, input], "field");
}

// A number, true, an array: as JSON; anything else is a text.
function typed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

function freeField(draft, changed) {
    const area = document.createElement("textarea");
    area.id = "whole";
    area.rows = 4;
    area.value = draft.whole;
    area.addEventListener("input", () => {
        draft.whole = area.value;
        draft.changed = true;
        changed(false);
    });
    const name = element("label", "The answer, as JSON");
    name.htmlFor = area.id;
    return element("div", [name, area], "field");
}

// changed(again): the draft is another; again: it must be drawn anew.
export function drawForm(form, draft, changed, send) {
    const whole = isWhole(form) && !isFree(form);
    at("labels").replaceChildren(...(whole ? form[0].labels.map((label, n) =>
        labelButton(label, n, undefined, () => send({ answer: label }))) : []));
    at("fields").replaceChildren(...(whole ? [] : isFree(form) ? [freeField(draft, changed)]
        : form.map((field, place) => (field.labels.length ? choiceField : textField)(
            field, place, draft, changed))));
}

export function fieldKey(form, draft, place, send) {
    if (isFree(form)) return;
    if (isWhole(form)) {
        if (place < form[0].labels.length) send({ answer: form[0].labels[place] });
        return;
    }
    const at = form.findIndex((field, n) => n >= (draft.field ?? 0) && field.labels.length > 0);
    if (at >= 0 && place < form[at].labels.length) choose(draft, form[at], form[at].labels[place], at);
}
