// Keeps the offers page fresh. The server sends the application's version number as an event; when it is
// newer than the page, the fragment is fetched again and swapped. Without this file the page still works.
(() => {
  "use strict";
  const root = document.querySelector("[data-live]");
  if (!root || !window.fetch) return;
  const status = document.querySelector("[data-live-status]");
  const POLL = 5000;
  let etag = "";
  let busy = false;
  let again = false;
  let over = false;
  let timer = 0;

  const shown = () => root.querySelector("[data-version]");
  const version = () => Number(shown()?.dataset.version || 0);
  let last = shown()?.outerHTML; // as the server sent it, to tell whether anything differs
  const waiting = () => shown()?.dataset.waiting === "true";
  const facts = (node) => new Map(
    Array.from(node.querySelectorAll("[data-key]"), (item) => [item.dataset.key, item.dataset.announce || ""]));

  function anchor() {
    // The first thing in view keeps its place on the screen through the swap.
    const items = [...root.querySelectorAll("[data-key]")];
    const item = items.find((candidate) => candidate.getBoundingClientRect().bottom > 0);
    return item && { key: item.dataset.key, top: item.getBoundingClientRect().top };
  }

  function swap(fresh) {
    const before = facts(root);
    const focused = root.contains(document.activeElement) ? document.activeElement.id : null;
    const open = Array.from(root.querySelectorAll("details[open][id]"), (item) => item.id);
    const held = window.scrollY > 0 ? anchor() : null;
    root.replaceChildren(fresh);
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (held) {
      const item = root.querySelector(`[data-key="${CSS.escape(held.key)}"]`);
      if (item) window.scrollBy({ top: item.getBoundingClientRect().top - held.top, behavior: "instant" });
    }
    if (focused !== null) refocus(focused);
    const news = [];
    facts(root).forEach((text, key) => {
      if (text && before.get(key) !== text) news.push(text);
      if (!before.has(key)) root.querySelector(`[data-key="${CSS.escape(key)}"]`).classList.add("is-new");
    });
    if (status && news.length) status.textContent = news.join(" ");
  }

  function refocus(id) {
    // Whatever held the focus may be gone (the refresh link, once all have answered): the heading takes it.
    let target = id && document.getElementById(id);
    if (!target) {
      target = root.querySelector("h2");
      target?.setAttribute("tabindex", "-1");
    }
    target?.focus({ preventScroll: true });
  }

  async function refresh() {
    if (over) return;
    if (busy) { again = true; return; }
    busy = true;
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(root.dataset.fragmentUrl, { headers, credentials: "same-origin", cache: "no-store" });
      if (answer.redirected || [401, 403, 404, 410].includes(answer.status)) stop();
      else if (answer.ok) {
        etag = answer.headers.get("ETag") || "";
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-version]");
        const newer = fresh && Number(fresh.dataset.version) >= version() && fresh.outerHTML !== last;
        if (newer) { last = fresh.outerHTML; swap(document.adoptNode(fresh)); }
      }
    } catch { /* the network is away: the next event or poll tries again */ }
    busy = false;
    if (again) { again = false; refresh(); }
  }

  function poll(on) {
    window.clearInterval(timer);
    timer = 0;
    if (on && !over) timer = window.setInterval(() => {
      if (!waiting()) poll(false);
      else if (!document.hidden) refresh();
    }, POLL);
  }

  let stream = null;
  function stop() {
    over = true;
    poll(false);
    stream?.close();
  }

  function hear(event) {
    const number = Number.parseInt(event.lastEventId || event.data, 10);
    // A lender that is waited for in vain changes the page without changing the application.
    if (number > version() || waiting()) refresh();
  }

  if (window.EventSource && root.dataset.eventsUrl) {
    stream = new EventSource(root.dataset.eventsUrl);
    stream.addEventListener("open", () => { poll(false); if (waiting()) refresh(); });
    stream.addEventListener("message", hear);
    stream.addEventListener("version", hear);
    stream.addEventListener("error", () => { if (!timer) poll(true); });
  } else poll(true);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && waiting()) refresh(); });
})();
