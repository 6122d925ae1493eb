// What browsers from Chromium 86 on lack of what the page's library takes for given; ES5, so that older ones can read it.
(function () {
  var able = "noModule" in document.createElement("script");
  try { new Function("a", "a.b ??= a?.c"); } catch (error) { able = false; }

  // One line instead of an empty page.
  function say() {
    if (!document.getElementById("needs")) {
      document.body.innerHTML = "<p id='needs' style='margin:15vh 1em;font:20px/1.7 sans-serif;text-align:center'></p>";
      document.getElementById("needs").textContent = NEEDS;
    }
  }
  if (!able) { document.addEventListener("DOMContentLoaded", say); return; }
  var failed = false;
  window.addEventListener("error", function (event) { failed = failed || event instanceof ErrorEvent; });
  window.addEventListener("load", function () {
    setTimeout(function () {
      var app = document.getElementById("app");
      if (failed && app && !app.firstElementChild) say();
    }, 5000);
  });

  // Before 92 and 93.
  function at(place) { return this[place < 0 ? this.length + place : place]; }
  [Array, String].forEach(function (kind) {
    if (!kind.prototype.at) Object.defineProperty(kind.prototype, "at", { value: at, writable: true, configurable: true });
  });
  if (!Object.hasOwn) Object.hasOwn = function (thing, name) { return Object.prototype.hasOwnProperty.call(thing, name); };

  // Before 99 style sheets have no layers: what is imported into one is linked, what stands in one is taken out of it.
  if (!window.CSSLayerBlockRule) {
    var first = document.querySelector("head style"), text = first.textContent, links = /@import url\("([^"]+)"\)/g, one;
    while ((one = links.exec(text))) {
      var link = document.createElement("link");
      link.rel = "stylesheet"; link.href = one[1];
      document.head.insertBefore(link, first);
    }
    var plain = "", block = /@layer \w+ \{/g;
    while (block.exec(text)) {
      var depth = 1, end = block.lastIndex;
      for (; depth && end < text.length; end++) depth += text[end] === "{" ? 1 : text[end] === "}" ? -1 : 0;
      plain += text.slice(block.lastIndex, end - 1);
    }
    first.textContent = plain;
  }
})();
