// Enhancements of the import and draft pages: pasting rich text, reloading a job's page when its state
// changes, and highlighting the passage of a part of the source and vice versa.

for (const form of document.querySelectorAll("[data-paste]")) {
  const plain = form.elements.text;
  const box = document.createElement("div");
  box.contentEditable = "true";
  box.setAttribute("role", "textbox");
  box.setAttribute("aria-multiline", "true");
  box.setAttribute("aria-labelledby", "text-label");
  box.setAttribute("aria-describedby", "hint-text");
  // Keep text typed before the script was loaded or returned by a failed submission.
  box.append(...plain.value.split("\n").map(line));
  const begun = plain === document.activeElement;
  plain.after(box);
  if (begun) {
    const before = plain.value.slice(0, plain.selectionStart).split("\n");
    const present = box.childNodes[before.length - 1].firstChild;
    box.focus();
    document.getSelection().collapse(present, present.nodeType === Node.TEXT_NODE ? before.at(-1).length : 0);
  }
  plain.hidden = true;

  // Rich text is sent unchanged and cleaned by the server. The box shows its text as a block that can be
  // removed but not edited, so that what is shown and what is sent have the same order.
  const pieces = [];
  box.addEventListener("paste", (event) => {
    const rich = event.clipboardData?.getData("text/html");
    if (!rich) return; // the browser pastes plain text
    event.preventDefault();
    const piece = document.createElement("div");
    piece.className = "pasted";
    piece.contentEditable = "false";
    piece.dataset.piece = pieces.push(rich) - 1;
    piece.textContent = event.clipboardData.getData("text/plain") || new DOMParser().parseFromString(rich, "text/html").body.textContent;
    const after = line("");
    const present = document.getSelection().anchorNode;
    const top = [...box.childNodes].find((node) => node.contains(present));
    (top ?? box.lastChild).after(piece, after);
    document.getSelection().collapse(after, 0);
  });
  form.addEventListener("submit", () => {
    const parts = [...box.childNodes].map((node) => node.dataset?.piece ? pieces[node.dataset.piece] : paragraphs(node));
    const rich = box.querySelector("[data-piece]");
    form.elements.html.value = rich ? parts.join("\n") : "";
    if (!rich) plain.value = box.innerText;
  });
}

function line(text) {
  const made = document.createElement("div");
  if (text) made.textContent = text;
  else made.append(document.createElement("br"));
  return made;
}

// Return text typed between pasted blocks as HTML; text nodes escape "<".
function paragraphs(node) {
  const holder = document.createElement("div");
  for (const part of (node.innerText ?? node.textContent).split(/\n\s*\n/)) {
    if (!part.trim()) continue;
    holder.append(document.createElement("p"));
    holder.lastChild.textContent = part;
  }
  return holder.innerHTML;
}

for (const progress of document.querySelectorAll("[data-job]")) {
  const before = progress.dataset.states; // at the time the page was rendered
  const look = async () => {
    try {
      const answer = await fetch(progress.dataset.job, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).states.join() !== before) return location.replace(progress.dataset.page);
    } catch {
      // The network is unavailable; the next poll retries.
    }
    setTimeout(look, 1500);
  };
  look();
}

const parts = [...document.querySelectorAll(".preview [data-passage]")];
function point(number, from) {
  for (const part of parts) {
    const same = part.dataset.passage === number;
    part.classList.toggle("linked", same);
    if (same && !from.contains(part) && part.closest("section") !== from.closest("section") && part.closest(".source")) part.scrollIntoView({ block: "nearest" });
  }
}
for (const part of parts) {
  part.addEventListener("pointerenter", () => point(part.dataset.passage, part));
  part.addEventListener("focusin", () => point(part.dataset.passage, part));
}
// The pointer or focus may be on a passage before the script is loaded.
const reached = parts.find((part) => part.contains(document.activeElement)) ?? parts.find((part) => part.matches(":hover"));
if (reached) point(reached.dataset.passage, reached);
