// Tells the page that holds this frame how high it would like to be; only a page of a listed host.

"use strict";

(() => {
  const hosts = JSON.parse(document.body.dataset.hosts);
  const holder = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  if (window.parent === window || !hosts.includes(holder)) return;
  const tell = () =>
    window.parent.postMessage({ type: "kb:height", height: document.documentElement.scrollHeight }, holder);
  new ResizeObserver(tell).observe(document.body);
})();
