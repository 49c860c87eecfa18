// Sends files of a batch: resumable (tus), a few at a time, tables of metadata first, then in natural order.
"use strict";
(() => {
  const zone = document.querySelector("[data-upload]");
  if (!zone || !window.tus || !tus.isSupported) return;
  const CHUNK = 8 * 1024 * 1024;
  const AT_ONCE = 2;
  const DELAYS = [0, 1000, 2000, 4000, 8000, 15000, 30000, 30000];
  const AFTER_ALL = 20000; // when every delay is used up and there is still no connection
  const SHOWN = 100;
  const JUNK = /^(?:\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)|\/(?:\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;
  const words = JSON.parse(document.getElementById("upload-words").textContent);
  const part = (name) => zone.querySelector(`[data-${name}]`);
  const drop = part("drop");
  const language = document.documentElement.lang;
  const natural = new Intl.Collator(language, { numeric: true, sensitivity: "base" });

  const queue = [];
  const failed = new Set();
  const running = new Set();
  const known = new Map(); // name → sizes that the batch has or will have
  let totals = { files: 0, done: 0, bytes: 0, sent: 0, skipped: 0, junk: 0 };
  let started = 0;
  let sentNow = 0; // bytes that went over the line in this visit

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const figure = (value) => value.toLocaleString(language, { maximumFractionDigits: 1 });
  const size = (bytes) => {
    for (const [unit, factor] of [["GB", 2 ** 30], ["MB", 2 ** 20], ["KB", 2 ** 10]]) {
      if (bytes >= factor) return `${figure(bytes / factor)} ${unit}`;
    }
    return `${bytes} B`;
  };
  const time = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    return minutes ? `${minutes}:${String(Math.round(seconds % 60)).padStart(2, "0")}` : `${Math.ceil(seconds)} s`;
  };
  const tidy = (path) => path.normalize("NFC").split(/[\\/]+/).map((step) => step.trim()).filter((step) => step && step !== "." && step !== "..").join("/");
  const isTable = (path) => /(?:^|\/)batch\.(?:csv|xlsx)$/i.test(path);

  // ---- what was picked -------------------------------------------------------------------------------------------
  const picked = (list) => [...list].map((file) => ({ file, path: tidy(file.webkitRelativePath || file.name) }));

  const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));
  const entriesOf = async (folder) => {
    const reader = folder.createReader();
    const found = [];
    for (;;) { // a reader gives at most 100 entries a time
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return found;
      found.push(...some);
    }
  };
  const walk = async (entry, prefix = "") => {
    if (entry.isFile) return [{ file: await fileOf(entry), path: tidy(prefix + entry.name) }];
    const found = [];
    for (const inner of await entriesOf(entry)) found.push(...(await walk(inner, `${prefix}${entry.name}/`)));
    return found;
  };
  const dropped = async (transfer) => {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    if (!entries.length) return picked(transfer.files);
    const found = [];
    for (const entry of entries) found.push(...(await walk(entry)));
    return found;
  };

  const add = async (files) => {
    if (!files.length) return;
    part("sending").hidden = false;
    const answer = await fetch(zone.dataset.files, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
    const here = answer && answer.ok ? await answer.json() : { files: [] };
    for (const each of here.files) remember(each.name, each.size);
    const sorted = files.sort((a, b) => isTable(b.path) - isTable(a.path) || natural.compare(a.path, b.path));
    for (const each of sorted) {
      if (JUNK.test(each.path)) totals.junk += 1;
      else if (known.get(each.path)?.has(each.file.size)) totals.skipped += 1;
      else {
        remember(each.path, each.file.size);
        queue.push(each);
        totals.files += 1;
        totals.bytes += each.file.size;
      }
    }
    if (![...known.keys()].some((name) => /\.zip$/i.test(name))) { // what is in a ZIP is not known yet
      const count = [...known.keys()].filter((name) => !isTable(name)).length;
      if (count) post(zone.dataset.expect, { files: count });
    }
    part("unfinished")?.remove();
    next();
  };
  const remember = (name, bytes) => known.set(name, (known.get(name) || new Set()).add(bytes));
  const post = (address, values) =>
    fetch(address, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": zone.dataset.token }, body: new URLSearchParams(values) }).catch(() => null);

  // ---- sending ---------------------------------------------------------------------------------------------------
  const next = () => {
    started ||= Date.now();
    while (running.size < AT_ONCE && queue.length) send(queue.shift());
    if (running.size) document.body.dataset.sending = "1";
    else delete document.body.dataset.sending;
    draw();
  };

  const send = async (job) => {
    running.add(job);
    job.sent = 0;
    job.row = rowOf(job);
    if (running.size <= SHOWN) part("queue").append(job.row);
    const upload = new tus.Upload(job.file, {
      endpoint: zone.dataset.endpoint,
      chunkSize: CHUNK,
      retryDelays: DELAYS,
      headers: { "X-CSRFToken": zone.dataset.token },
      metadata: { filename: job.file.name, relativePath: job.path, batch: zone.dataset.batch },
      // two folders may hold files of one name: the path tells them apart
      fingerprint: async () => ["diachi", zone.dataset.batch, job.path, job.file.size, job.file.lastModified].join("|"),
      removeFingerprintOnSuccess: true,
      // the stock rule gives up at once when the browser says that it is offline
      onShouldRetry: (error) => canWait(statusOf(error)),
      onProgress: (sent) => {
        const before = job.sent;
        job.sent = sent;
        if (job.begun) sentNow += Math.max(sent - before, 0);
        job.begun = true;
        draw();
      },
      onSuccess: () => settle(job, () => {
        totals.done += 1;
        totals.sent += job.file.size;
      }),
      onError: (error) => fail(job, error),
    });
    try {
      const before = await upload.findPreviousUploads();
      if (before.length) upload.resumeFromPreviousUpload(before[0]);
    } catch {
      // a browser that keeps nothing sends the file from its beginning
    }
    upload.start();
  };

  const statusOf = (error) => (error.originalResponse ? error.originalResponse.getStatus() : 0);
  const canWait = (status) => status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
  const settle = (job, count) => {
    running.delete(job);
    job.row.remove();
    count();
    next();
  };

  const fail = (job, error) => settle(job, () => {
    const status = statusOf(error);
    const reason = error.originalResponse ? error.originalResponse.getBody() : "";
    if (canWait(status) && error.originalRequest) {
      note(job, words.waiting, false);
      setTimeout(() => retry(job), AFTER_ALL);
    } else if (status === 401) note(job, words.signed_out, false);
    else if (status === 413) note(job, words.too_big, false);
    else if (status) note(job, fill(words.refused, { reason: plain(reason) || status }), true);
    else note(job, words.unreadable, true);
  });
  // an answer that is a page for people says nothing in one line
  const plain = (body) => (body && !body.trimStart().startsWith("<") ? body : "");

  const note = (job, reason, withButton) => {
    const row = document.createElement("li");
    row.append(`${job.path}: ${reason}`);
    if (withButton) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain small";
      button.textContent = words.again;
      button.addEventListener("click", () => retry(job));
      row.append(button);
    }
    job.note = row;
    failed.add(job);
    part("failed").append(row);
  };
  const retry = (job) => {
    if (!failed.delete(job)) return;
    job.note.remove();
    queue.push(job);
    next();
  };
  window.addEventListener("online", () => [...failed].filter((job) => job.note.querySelector("button") === null).forEach(retry));

  // ---- showing ---------------------------------------------------------------------------------------------------
  const rowOf = (job) => {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = job.path;
    const bar = document.createElement("progress");
    bar.max = Math.max(job.file.size, 1);
    bar.value = 0;
    row.append(name, bar);
    return row;
  };

  const draw = () => {
    let sent = totals.sent;
    for (const job of running) {
      sent += job.sent;
      job.row.querySelector("progress").value = job.sent;
    }
    const bar = part("total");
    bar.max = Math.max(totals.bytes, 1);
    bar.value = totals.bytes ? sent : 1;
    part("sent").textContent = fill(words.sent, { done: totals.done, all: totals.files, bytes: `${size(sent)} / ${size(totals.bytes)}` });
    const rate = sentNow / Math.max((Date.now() - started) / 1000, 0.5);
    const over = !running.size && !queue.length;
    part("rate").textContent = over
      ? failed.size ? "" : words.finished
      : rate > 1 ? fill(words.rate, { rate: size(Math.round(rate)), left: time((totals.bytes - sent) / rate) }) : "";
    const left = [];
    if (totals.skipped) left.push(fill(words.skipped, { count: totals.skipped }));
    if (totals.junk) left.push(fill(words.junk, { count: totals.junk }));
    part("skipped").textContent = left.join("; ");
  };

  // ---- doors -----------------------------------------------------------------------------------------------------
  drop.hidden = false;
  for (const kind of ["files", "folder"]) {
    const input = zone.querySelector(`[data-input=${kind}]`);
    const button = zone.querySelector(`[data-pick=${kind}]`);
    if (kind === "folder" && !("webkitdirectory" in input)) button.hidden = true;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const files = picked(input.files);
      input.value = "";
      add(files);
    });
  }
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    add(await dropped(event.dataTransfer));
  });
  // a file let fall beside the zone must not take the page away
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => {
    if (running.size || queue.length) event.preventDefault();
  });
})();
