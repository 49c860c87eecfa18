// Keeps a batch's figures fresh, and asks before what cannot be undone at once.
"use strict";
(() => {
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.ask;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  const show = (box, figures) => {
    for (const place of box.querySelectorAll("[data-figure]")) {
      const text = figures[place.dataset.figure] || "";
      if (place.textContent !== text) place.textContent = text;
    }
    const bar = box.querySelector("progress");
    if (bar) {
      bar.max = figures.pages_total || 1;
      bar.value = figures.finished;
    }
  };

  // Lists below the figures come from the page itself, so that there is one place that draws them.
  const redraw = async () => {
    const places = [...document.querySelectorAll("[data-live]")];
    const inUse = (place) =>
      place.contains(document.activeElement) || [...place.querySelectorAll("input[type=password]")].some((box) => box.value);
    if (!places.length) return;
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const place of places) {
      const other = fresh.getElementById(place.id);
      if (other && !inUse(place)) place.replaceWith(document.adoptNode(other));
    }
  };

  const watch = (box) => {
    const every = Number(box.dataset.every || 1) * 1000;
    let seen = "";
    let drawn = Date.now();
    const look = async () => {
      let wait = every;
      try {
        if (!document.hidden) {
          const answer = await fetch(box.dataset.progress, { credentials: "same-origin", cache: "no-store" });
          if (answer.status === 401 || answer.status === 403 || answer.status === 404) return;
          if (answer.ok) {
            const figures = await answer.json();
            show(box, figures);
            if (figures.state !== box.dataset.state && !document.body.dataset.sending) {
              location.reload();
              return;
            }
            const now = [figures.finished, figures.files_received, figures.files_waiting, figures.pages_total].join();
            if (now !== seen && Date.now() - drawn > 4000) {
              seen = now;
              drawn = Date.now();
              await redraw();
            }
          }
        }
      } catch {
        wait = 5000; // the server cannot be reached: ask less often until it can
      }
      setTimeout(look, wait);
    };
    setTimeout(look, every);
  };
  document.querySelectorAll("[data-progress]").forEach(watch);
})();
