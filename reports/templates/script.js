// Comfort only: everything the report says is in the markup.
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (node) => node.offsetParent !== null;
  const said = document.getElementById("said");
  const field = document.getElementById("search");

  all("[hidden]").forEach((node) => { node.hidden = false; });

  all(".copyable").forEach((box) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.setAttribute("aria-label", "Copy this command");
    box.append(button);
    button.addEventListener("click", () => {
      const code = box.firstElementChild;
      const done = () => {
        button.textContent = "copied";
        said.textContent = "Copied";
        setTimeout(() => { button.textContent = "copy"; }, 1500);
      };
      const byHand = () => {
        getSelection().selectAllChildren(code);
        if (document.execCommand("copy")) done();
      };
      if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(done, byHand);
      else byHand();
    });
  });

  const texts = new Map();
  const text = (node) => {
    if (!texts.has(node)) texts.set(node, node.textContent.toLowerCase());
    return texts.get(node);
  };
  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (node) => words.every((word) => text(node).includes(word));
    all(".group").forEach((group) => {
      const all = words.length === 0 || has(group);
      group.hidden = !all;
    });
    all(".case").forEach((row) => { row.hidden = words.length > 0 && !has(row); });
  };
  let waiting = 0;
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 80); });
  field.form.addEventListener("submit", (event) => event.preventDefault());

  const step = (by) => {
    const findings = all(".finding > summary").filter(shown);
    if (!findings.length) return;
    const at = findings.indexOf(document.activeElement);
    const next = findings[at < 0 ? (by > 0 ? 0 : findings.length - 1) : Math.min(Math.max(at + by, 0), findings.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "center" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === field) {
      if (event.key === "Escape") { field.value = ""; search(); field.blur(); }
      return;
    }
    if (event.key === "/") { event.preventDefault(); field.focus(); }
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "o" && document.activeElement.matches(".finding > summary")) document.activeElement.click();
  });

  const reveal = () => {
    let node = null;
    try { node = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    for (let up = node; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    if (node) node.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  addEventListener("beforeprint", () => all(".finding, .more").forEach((node) => { node.open = true; }));
})();
