// Adds a copy button below each code sample.

"use strict";

for (const text of document.querySelectorAll("pre.copy")) {
  const button = document.createElement("button");
  const statusLine = document.createElement("span");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-describedby", text.id);
  statusLine.setAttribute("role", "status");
  const line = document.createElement("p");
  line.className = "copy-line";
  line.append(button, statusLine);
  text.after(line);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      statusLine.textContent = "Copied";
      statusLine.dataset.copied = "yes";
    } catch {
      // Without HTTPS or permission: select the text, so that Ctrl-C copies it.
      getSelection().selectAllChildren(text);
      statusLine.textContent = "Press Ctrl-C to copy the selected text";
      statusLine.dataset.copied = "no";
    }
  });
}
