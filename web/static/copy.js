// Adds a copy button below each code sample.

"use strict";

for (const text of document.querySelectorAll("pre.copy")) {
  const button = document.createElement("button");
  const said = document.createElement("span");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-describedby", text.id);
  said.setAttribute("role", "status");
  const line = document.createElement("p");
  line.className = "copy-line";
  line.append(button, said);
  text.after(line);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      said.textContent = "Copied";
      said.dataset.copied = "yes";
    } catch {
      // Without HTTPS or permission: select the text, so that Ctrl-C copies it.
      getSelection().selectAllChildren(text);
      said.textContent = "Press Ctrl-C to copy the selected text";
      said.dataset.copied = "no";
    }
  });
}
