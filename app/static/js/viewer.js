// The page viewer: deep zoom over the page's IIIF image, hits boxed, pages turned without loading the site anew.
// Without this script the page shows the same image flat, with the same boxes.
(() => {
  "use strict";
  let viewer = null;
  let data = null;
  let shownHit = -1;
  const find = (id) => document.getElementById(id);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function source() {
    return {
      "@context": "http://iiif.io/api/image/3/context.json",
      id: location.origin + data.image,
      type: "ImageService3",
      protocol: "http://iiif.io/api/image",
      profile: "level2",
      width: data.width,
      height: data.height,
      tiles: [{ width: data.tile, height: data.tile, scaleFactors: data.factors }],
    };
  }

  function rectangle([x, y, w, h]) {
    return viewer.viewport.imageToViewportRectangle(x, y, w, h);
  }

  // The box with room around it, so that the words are read in their lines.
  function around([x, y, w, h]) {
    const width = Math.min(data.width, Math.max(h * 24, w * 1.5));
    const height = Math.min(data.height, width * (find("canvas").clientHeight / find("canvas").clientWidth));
    const left = Math.min(Math.max(x + w / 2 - width / 2, 0), Math.max(data.width - width, 0));
    const top = Math.min(Math.max(y + h / 2 - height / 3, 0), Math.max(data.height - height, 0));
    return [left, top, width, height];
  }

  function look(box, atOnce) {
    viewer.viewport.fitBoundsWithConstraints(rectangle(box), atOnce || calm);
  }

  function boxHits() {
    data.hits.forEach((box, at) => {
      const element = document.createElement("div");
      element.className = "hit";
      element.dataset.hit = at;
      viewer.addOverlay({ element, location: rectangle(box) });
    });
  }

  function goToHit(at, atOnce) {
    shownHit = at;
    document.querySelectorAll(".hit").forEach((hit) => hit.classList.toggle("now", Number(hit.dataset.hit) === at));
    look(around(data.hits[at]), atOnce);
  }

  function opened() {
    boxHits();
    if (data.region) look(data.region, true);
    else if (data.hits.length) goToHit(data.first, true);
    const canvas = find("canvas");
    const image = viewer.world.getItemAt(0);
    canvas.dataset.image = data.image;
    canvas.dataset.sharp = image.getFullyLoaded();
    image.addHandler("fully-loaded-change", (change) => {
      canvas.dataset.sharp = change.fullyLoaded;
    });
  }

  function start() {
    const written = find("viewer-data");
    if (!written || !window.OpenSeadragon) return;
    data = JSON.parse(written.textContent);
    shownHit = -1;
    find("canvas").closest(".image").classList.add("live");
    find("tools").hidden = false;
    scrollText();
    document.querySelector('[data-do="hit"]').hidden = data.hits.length < 2;
    viewer = OpenSeadragon({
      element: find("canvas"),
      tileSources: source(),
      drawer: "canvas",
      showNavigationControl: false,
      animationTime: calm ? 0 : 0.5,
      maxZoomPixelRatio: 3,
      visibilityRatio: 0.5,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    });
    viewer.addOnceHandler("open", opened);
  }

  // The viewer puts a style element into the page, which the site's content policy forbids; an empty one stops it.
  const style = document.createElement("style");
  style.dataset.openseadragonMobileCss = "true";
  document.head.append(style);

  // The text beside the image scrolls by itself on wide screens; let it begin at its first marked word.
  function scrollText() {
    const mark = document.querySelector(".text mark");
    const text = mark && mark.closest(".text");
    if (text) text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - 80;
  }

  function stop() {
    if (viewer) viewer.destroy();
    viewer = null;
  }

  const deeds = {
    in: () => viewer.viewport.zoomBy(1.5).applyConstraints(),
    out: () => viewer.viewport.zoomBy(1 / 1.5).applyConstraints(),
    fit: () => viewer.viewport.goHome(calm),
    hit: () => goToHit((shownHit + 1) % data.hits.length, false),
    link: shareView,
  };

  // The part of the image on the screen, as whole master pixels.
  function region() {
    const seen = viewer.viewport.viewportToImageRectangle(viewer.viewport.getBounds(true));
    const x = Math.max(0, Math.round(seen.x));
    const y = Math.max(0, Math.round(seen.y));
    const right = Math.min(data.width, Math.round(seen.x + seen.width));
    const bottom = Math.min(data.height, Math.round(seen.y + seen.height));
    return [x, y, Math.max(1, right - x), Math.max(1, bottom - y)].join(",");
  }

  async function shareView() {
    const address = new URL(location.href);
    address.searchParams.set("region", region());
    history.replaceState(null, "", address);
    const told = find("told");
    if (window.isSecureContext && navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(address.href);
        told.textContent = told.dataset.copied;
        return;
      } catch {
        // The browser may still say no; then the reader copies by hand.
      }
    }
    told.textContent = told.dataset.byHand;
    find("link-field").hidden = false;
    document.querySelector("#link-field [data-needs-https]").hidden = window.isSecureContext;
    find("link").value = address.href;
    find("link").select();
  }

  async function turnTo(address, remember) {
    let answer;
    try {
      answer = await fetch(address, { credentials: "same-origin" });
    } catch {
      location.href = address;
      return;
    }
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = next.getElementById("page");
    if (!answer.ok || !part) {
      location.href = address;
      return;
    }
    stop();
    find("page").replaceWith(document.adoptNode(part));
    document.title = next.title;
    const other = next.querySelector(".top .lang");
    if (other) document.querySelector(".top .lang").href = other.getAttribute("href");
    if (remember) history.pushState(null, "", address);
    start();
    const turn = document.querySelector(turnTo.last) || document.querySelector("[data-turn]");
    if (remember && turn) turn.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    const turn = event.target.closest("a[data-turn]");
    if (turn && plain && viewer) {
      event.preventDefault();
      turnTo.last = `${turn.closest(".turn") ? ".turn" : ".hit-pages"} [data-turn][rel="${turn.rel}"]`;
      turnTo(turn.href, true);
      return;
    }
    const button = event.target.closest("[data-do]");
    if (button && viewer) deeds[button.dataset.do]();
    const mark = event.target.closest("mark[data-box]");
    if (mark && viewer) look(around(mark.dataset.box.split(",").map(Number)), false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted = { PageUp: "prev", PageDown: "next" }[event.key];
    const turn = wanted && document.querySelector(`.turn a[data-turn][rel="${wanted}"]`);
    if (turn) {
      event.preventDefault();
      turn.click();
    }
  });
  addEventListener("popstate", () => turnTo(location.href, false));
  start();
})();
