// Says that a table continues beyond its edge, where it is wider than the page. Also in the offline pack.

"use strict";

{
  const edges = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const overflows = target.scrollWidth > target.clientWidth;
      target.classList.toggle("overflowing", overflows);
      if (target.previousElementSibling?.matches(".scroll-hint")) target.previousElementSibling.hidden = !overflows;
    }
  });
  for (const table of document.querySelectorAll(".table")) edges.observe(table);
}
