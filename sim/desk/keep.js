// What this browser keeps of the session: for the tab (a reload), and for the machine (a restart).
// Nothing leaves the browser but to the desk that it came from.
window.desk = (() => {
  // Where each user has a name, the next one at this machine does not get what the last one left.
  const user = document.currentScript?.dataset.user;
  const name = user ? `xiaoqu-desk-${user}` : "xiaoqu-desk";
  let held = null, scroll = 0;
  const marks = ["data-name", "data-case", "data-policy", "data-add", "data-level", "data-field", "data-step", "data-template"];
  addEventListener("focusin", (event) => {
    const mark = event.target.closest(marks.map((one) => `[${one}]`).join(","));
    const name = mark && marks.find((one) => mark.hasAttribute(one));
    held = name ? `[${name}="${CSS.escape(mark.getAttribute(name))}"]` : null;
    scroll = window.scrollY;
  });
  // A desk that was begun anew knows no sign of before and refuses the line: only a page that is loaded again asks for the password.
  setInterval(async () => {
    if (String(document.getElementById("popup")?.ariaHidden) !== "false") return;
    try {
      if ((await fetch("/desk/font.otf", { method: "HEAD", cache: "no-store" })).status === 401) location.reload();
    } catch { /* it is not there yet */ }
  }, 5000);
  // What stands in a field and was not handed in yet.
  let before = null;
  const handed = (event) => { before = event.target.value ?? null; };
  for (const kind of ["focusin", "change"]) addEventListener(kind, handed, true);
  const typing = () => document.activeElement?.matches("input, textarea") && before !== null && document.activeElement.value !== before;
  let touched = 0, kept = 0, refused = false;
  const touch = () => { touched = Date.now(); };
  for (const kind of ["input", "change"]) addEventListener(kind, touch, true);
  addEventListener("beforeunload", (event) => {
    // Warn only where something would be lost: a file that waits, a change under way, or a browser that keeps nothing.
    const fresh = touched > kept && Date.now() - touched < 2000;
    if (fresh || typing() || (refused && touched) || document.querySelector("[data-name=arrived]")) event.preventDefault();
  });
  return {
    keep(text) {
      try {
        sessionStorage.setItem(name, text);
        localStorage.setItem(name, text);
        [kept, refused] = [Date.now(), false];
      } catch { refused = true; }
      return !refused;
    },
    length() {
      try { return (sessionStorage.getItem(name) ?? localStorage.getItem(name) ?? "").length; } catch { return 0; }
    },
    part(from, to) { return (sessionStorage.getItem(name) ?? localStorage.getItem(name) ?? "").slice(from, to); },
    forget() {
      touched = 0;
      try { sessionStorage.removeItem(name); localStorage.removeItem(name); } catch { /* nothing is kept there */ }
    },
    // A step that was built anew gives the focus back to where it was.
    focus() {
      const [name, at] = [held, scroll];
      setTimeout(() => {
        const found = name && document.querySelector(name);
        if (!found || (document.activeElement && document.activeElement !== document.body)) return;
        const inside = found.matches("button, input, select, textarea, [tabindex]") ? found : found.querySelector("button, input, [tabindex]");
        inside?.focus({ preventScroll: true });
        window.scrollTo(0, at);
      }, 60);
    },
    // Another step begins at its top, and so does whoever goes on by keys.
    top() {
      setTimeout(() => {
        window.scrollTo(0, 0);
        if (!document.activeElement || document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
      }, 0);
    },
    async copy(text) {
      try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed on a page without TLS */ }
      const field = document.querySelector("[data-name=link]");
      field.focus(); field.select();
      return document.execCommand("copy");
    },
  };
})();
