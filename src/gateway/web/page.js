// What the gateway's pages share: elements, requests, the login.

export const at = (id) => document.getElementById(id);

// Texts go in as text, never as markup.
export function element(name, content, className) {
    const made = document.createElement(name);
    if (Array.isArray(content)) made.append(...content);
    else if (content instanceof Node) made.append(content);
    else made.textContent = content ?? "";
    if (className) made.className = className;
    return made;
}

export function facts(pairs) {
    const list = document.createElement("dl");
    for (const [name, value] of pairs) {
        if (value !== null && value !== undefined && value !== "") {
            list.append(element("dt", name), element("dd", value));
        }
    }
    return list;
}

export const plain = (value) => value === null || value === undefined ? value
    : typeof value === "string" ? value : JSON.stringify(value);

// A reply's JSON; an error has the status and what the gateway says.
export async function ask(path, body) {
    const options = { headers: { "X-Taskfit-Page": "1" } };
    if (body !== undefined) {
        options.method = "POST";
        options.body = JSON.stringify(body);
    }
    const reply = await fetch(path, options);
    const said = await reply.json().catch(() => null);
    if (reply.ok) return said;
    const error = new Error(said?.error?.message ?? `the gateway says ${reply.status}`);
    error.status = reply.status;
    error.code = said?.error?.code;
    throw error;
}

// Who asks. Where a key is needed, the form `login` is shown until one is given.
export async function enter() {
    for (;;) {
        try {
            const who = await ask("/v1/taskfit/me");
            at("login").hidden = true;
            at("logout").hidden = who.open;
            return who;
        } catch (error) {
            if (error.status !== 401) {
                at("state").textContent = `${error.message}; again in 3 s`;
                await new Promise((done) => setTimeout(done, 3000));
                continue;
            }
        }
        at("login").hidden = false;
        at("state").textContent = "an API key is needed";
        at("key").focus();
        await new Promise((done) => at("login").addEventListener("submit", async (event) => {
            event.preventDefault();
            try {
                await ask("/login", { key: at("key").value.trim() });
                at("login-state").textContent = "";
            } catch (error) {
                at("login-state").textContent = error.message;
            }
            at("key").value = "";
            done();
        }, { once: true }));
    }
}

at("logout").addEventListener("click", async () => {
    await ask("/logout", {}).catch(() => null);
    location.reload();
});
