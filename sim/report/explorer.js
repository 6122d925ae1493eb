// The page of sliders. Plain ES2018 without a library, so that Chromium 86 and later open it from a file.
"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const outputs = data.outputs, width = outputs.length, read = data.months, last = read[read.length - 1];
  const place = (name) => outputs.indexOf(name);

  // --- the emulator: as in sim/science/emulator.py ---------------------------------------------

  function numbers(text) {
    const raw = atob(text), bytes = new Uint8Array(raw.length);
    for (let k = 0; k < raw.length; k++) bytes[k] = raw.charCodeAt(k);
    return new Float32Array(bytes.buffer);
  }

  const part = {};
  for (const name of Object.keys(data.arrays)) part[name] = numbers(data.arrays[name]);

  function layered(network) {
    const layers = [];
    for (let k = 0; network + "." + k + ".weight" in part; k++) {
      layers.push([part[network + "." + k + ".weight"], part[network + "." + k + ".constant"]]);
    }
    return { outputs: part[network + ".outputs"], layers: layers };
  }

  const networks = data.networks.map((parts) => parts.map(layered)), spread = data.spread.map(layered);

  function strengths(lever, use) {
    const made = new Float64Array(last + 1);
    for (let m = 0; m <= last; m++) {
      if (m >= use.start && m < use.end) {
        made[m] = use.dose * Math.min(1, (m - use.start + 1) / lever.ramp);
      } else if (m >= use.end && m < use.end + lever.fades) {
        made[m] = use.dose * Math.min(1, (use.end - use.start) / lever.ramp) * (1 - (m - use.end) / lever.fades);
      }
    }
    return made;
  }

  function inputs(uses) {
    const columns = [[], [], []];
    for (let m = 0; m <= last; m++) {
      const season = 2 * Math.PI * (m + data.first_month - 1) / 12;
      columns[0].push(m / last); columns[1].push(Math.sin(season)); columns[2].push(Math.cos(season));
    }
    data.levers.forEach((lever, k) => {
      const use = uses[k], now = strengths(lever, use), some = [[], [], [], [], []];
      let sum = 0, lately = 0;
      for (let m = 0; m <= last; m++) {
        sum += now[m];
        if (m) lately += (now[m] - lately) / data.memory;
        const begun = m >= use.start && use.dose > 0;
        some[0].push(now[m]); some[1].push(sum / data.years); some[2].push(lately);
        some[3].push(begun ? use.dose : 0); some[4].push(begun ? (m - use.start + 1) / data.years : 0);
      }
      columns.push(...some);
    });
    return columns;
  }

  function through(network, told, made) {
    let values = told;
    network.layers.forEach(([weight, constant], layer) => {
      const next = Float64Array.from(constant), size = next.length;
      for (let i = 0; i < values.length; i++) {
        const value = values[i];
        if (value !== 0) for (let o = 0, at = i * size; o < size; o++, at++) next[o] += value * weight[at];
      }
      if (layer < network.layers.length - 1) for (let o = 0; o < size; o++) if (next[o] < 0) next[o] = 0;
      values = next;
    });
    network.outputs.forEach((output, k) => { made[output] += values[k]; });
  }

  // Line and ends of both bands, by output and month.
  function emulate(uses) {
    const columns = inputs(uses), line = [], bands = [[], [], [], []];
    for (let o = 0; o < width; o++) { line.push([]); bands.forEach((band) => band.push([])); }
    read.forEach((m, row) => {
      const told = columns.map((column, k) => (column[m] - part.shift[k]) / part.scale[k]);
      const begun = data.levers.some((_, k) => columns[7 + 5 * k][m] > 0);
      const change = new Float64Array(width), wide = new Float64Array(width);
      if (begun) networks.forEach((parts) => parts.forEach((network) => through(network, told, change)));
      spread.forEach((network) => through(network, told, wide));
      for (let o = 0; o < width; o++) {
        const value = part.base[row * width + o] + change[o] / networks.length * part.size[o];
        const unit = Math.max(wide[o] * part.size[o], data.least_spread * part.blur[o]);
        line[o].push(within(o, value));
        for (let b = 0; b < 4; b++) {
          bands[b][o].push(within(o, value + part.bands[b * width + o] * unit));
        }
      }
    });
    for (let o = 0; o < data.indicators.length; o++) {
      const known = line[place(outputs[o] + "_known")];
      read.forEach((_, row) => {
        if (known[row] < data.rare) [line, ...bands].forEach((curves) => { curves[o][row] = NaN; });
      });
    }
    return { line: line, bands: bands };
  }

  // A share is never below 0 or above 1, whatever the networks say.
  function within(o, value) { return Math.min(Math.max(value, data.low[o]), data.high[o]); }

  // --- state: in the address -------------------------------------------------------------------

  const never = last + 1, bare = data.levers.map(() => ({ dose: 0, start: 1, end: never }));
  const state = { language: data.language, shown: data.indicators[0].name, month: Math.min(24, last), uses: copied(bare) };

  function copied(uses) { return uses.map((use) => Object.assign({}, use)); }

  function written() {
    const words = ["lang=" + state.language, "show=" + state.shown, "month=" + state.month];
    data.levers.forEach((lever, k) => {
      const use = state.uses[k];
      if (use.dose > 0) words.push(lever.label + "=" + [use.dose, use.start, use.end].join(","));
    });
    return "#" + words.join("&");
  }

  function whole(text, low, high, usual) {
    const value = Number(text);
    return Number.isFinite(value) && text !== "" ? Math.min(Math.max(Math.round(value), low), high) : usual;
  }

  // Mail programs write signs of an address by their numbers.
  function decoded(text) { try { return decodeURIComponent(text); } catch (error) { return text; } }

  // As the slider has it, so that none is ticked and shown as 0.
  function stepped(dose) { return Number(Math.min(Math.max(Math.round(dose / data.step) * data.step, 0), data.dose).toFixed(6)); }

  function restore(hash) {
    state.uses = copied(bare);
    for (const word of decoded(hash).replace(/^#/, "").split("&")) {
      const [key, value = ""] = word.split("=");
      const lever = data.levers.findIndex((one) => one.label === key);
      if (key === "lang" && (value === "en" || value === "zh")) state.language = value;
      if (key === "show" && data.indicators.some((one) => one.name === value)) state.shown = value;
      if (key === "month") state.month = whole(value, 0, last, state.month);
      if (lever >= 0) {
        const [dose, start, end] = value.split(",");
        const use = state.uses[lever];
        use.dose = stepped(Number(dose) || 0);
        use.start = whole(start, 1, data.latest, 1);
        use.end = whole(end, use.start + 1, never, never);
      }
    }
  }

  function keep() { if (location.hash !== written()) history.replaceState(null, "", written()); }

  // --- words -----------------------------------------------------------------------------------

  const words = () => data.words[state.language];
  const say = (name, given) => words()[name].replace(/\{(\w+)\}/g, (_, key) => given[key]);

  function number(value, o) {
    if (!Number.isFinite(value)) return "–";
    const indicator = data.indicators[o], share = indicator && indicator.share, zh = state.language === "zh";
    if (share) return (100 * value).toFixed(Math.abs(value) < 0.0995 && value !== 0 ? 1 : 0) + "%";
    const size = Math.abs(value), [scale, mark] = zh ? [1e4, "万"] : size >= 1e6 ? [1e6, "M"] : [1e3, "k"];
    if (size >= 9995) return (size / scale >= 100 ? (value / scale).toFixed(0) : Number((value / scale).toPrecision(3))) + mark;
    return size >= 100 || value === 0 ? value.toFixed(0) : size >= 1 ? value.toFixed(1) : value.toFixed(2);
  }

  function distance(value, o) {
    const share = data.indicators[o] && data.indicators[o].share;
    return share ? say("points", { n: Math.abs(100 * value).toFixed(1) }) : number(Math.abs(value), o);
  }

  // Between the months that were read.
  function at(curve, month) {
    for (let k = 1; k < read.length; k++) {
      if (month <= read[k]) {
        const part = (month - read[k - 1]) / (read[k] - read[k - 1]);
        return curve[k - 1] + part * (curve[k] - curve[k - 1]);
      }
    }
    return curve[curve.length - 1];
  }

  // A figure of the emulator's test, by output and month.
  function of_month(figure, o) { return at(part[figure].slice(o * read.length, (o + 1) * read.length), state.month); }

  function sentences(made, none) {
    const o = place(state.shown), month = state.month, name = data.indicators[o][state.language];
    const value = at(made.line[o], month), without = at(none.line[o], month), said = [];
    const given = { name: name, month: month, value: number(value, o), without: number(without, o),
      low: number(at(made.bands[0][o], month), o), high: number(at(made.bands[3][o], month), o) };
    const used = state.uses.some((use) => use.dose > 0);
    said.push(say(used ? "with" : "alone", given));
    const known = place(state.shown + "_known"), there = at(made.line[known], month), before = at(none.line[known], month);
    if (used) {
      const change = value - without, error = of_month("within", o);
      const side = Math.abs(change) <= error ? "alike" : change > 0 ? "more" : "less";
      if (Number.isFinite(change)) said.push(say(side, Object.assign({ change: distance(change, o) }, given)));
    }
    const rare = { there: (100 * there).toFixed(0), before: (100 * before).toFixed(0), name: name, month: month };
    if (there < 0.97 || before < 0.97) said.push(say(used ? "gaps" : "gap", rare));
    if (used) {
      const cost = ["hours", "yuan"].map((one) => at(made.line[place(one)], month) - at(none.line[place(one)], month));
      const off = ["hours", "yuan"].map((one) => number(of_month("within", place(one)), -1));
      said.push(say("cost", { month: month, hours: number(cost[0], -1), yuan: number(cost[1], -1), hours_off: off[0], yuan_off: off[1] }));
    }
    const off = of_month("within", o), tested = Math.floor(of_month("tested", o));
    const told = !Number.isFinite(off) ? "no_error" : tested < data.certain ? "error_few" : "error";
    said.push(say(told, { off: distance(off, o), month: month, tested: tested }));
    return said;
  }

  // --- curves ----------------------------------------------------------------------------------

  const BLUE = "#0072B2", GREY = "#7b8794";

  function ticks(low, high) {
    const raw = (high - low) / 4, power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw * 0.999), found = [];
    for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) found.push(Math.abs(v) < step * 1e-6 ? 0 : v);
    return found;
  }

  // Real runs of exactly this setting: its number in the file, or -1.
  function real() {
    return data.lived.findIndex((uses) => uses.every(([dose, start, end], k) => {
      const use = state.uses[k];
      return dose === 0 ? use.dose === 0 : use.dose === dose && use.start === start && use.end === end;
    }));
  }

  function lived(setting, o, figure) {
    return read.map((_, row) => part["lived." + figure][(setting * read.length + row) * width + o]);
  }

  function drawn(made, none, o, wide, tall, full) {
    const left = full ? 46 : 2, right = wide - (full ? 8 : 2), top = full ? 8 : 2, bottom = tall - (full ? 22 : 2);
    const setting = full ? real() : -1, points = setting < 0 ? [] : [lived(setting, o, "low_90"), lived(setting, o, "high_90")];
    const all = [made.bands[0][o], made.bands[3][o], none.line[o], ...points].reduce((a, b) => a.concat(Array.from(b)), []).filter(Number.isFinite);
    if (!all.length) return "";
    let low = Math.min(...all), high = Math.max(...all);
    if (data.low[o] === 0) low = Math.min(low, 0);
    if (high - low < 1e-9) high = low + 1;
    const x = (m) => left + (right - left) * m / last, y = (v) => bottom - (bottom - top) * (v - low) / (high - low);
    const path = (curve, keep) => {
      let text = "", pen = false;
      curve.forEach((v, k) => {
        const there = Number.isFinite(v) && keep(k);
        if (there) text += (pen ? "L" : "M") + x(read[k]).toFixed(1) + " " + y(v).toFixed(1);
        pen = there;
      });
      return text;
    };
    const area = (lower, upper) => {
      const there = read.map((_, k) => k).filter((k) => Number.isFinite(lower[k]) && Number.isFinite(upper[k]));
      const dot = (curve) => (k) => x(read[k]).toFixed(1) + " " + y(curve[k]).toFixed(1);
      return there.length ? "M" + there.map(dot(upper)).join("L") + "L" + there.reverse().map(dot(lower)).join("L") + "Z" : "";
    };
    const known = place(outputs[o] + "_known"), often = (curves) => (k) => known < 0 || curves.line[known][k] >= data.enough;
    const rarely = (curves) => (k) => !often(curves)(k) || (k > 0 && !often(curves)(k - 1)) || (k < read.length - 1 && !often(curves)(k + 1));
    let out = "";
    if (full) {
      for (const v of ticks(low, high)) {
        out += `<line x1="${left}" x2="${right}" y1="${y(v)}" y2="${y(v)}" stroke="#e4e9ef"/><text x="${left - 5}" y="${y(v) + 4}" text-anchor="end">${number(v, o)}</text>`;
      }
      for (let m = 0; m <= last; m += last > 60 ? 12 : last > 24 ? 6 : 3) out += `<text x="${x(m)}" y="${tall - 6}" text-anchor="middle">${m}</text>`;
    }
    out += `<path d="${area(made.bands[0][o], made.bands[3][o])}" fill="${BLUE}" fill-opacity=".15"/>`;
    out += `<path d="${area(made.bands[1][o], made.bands[2][o])}" fill="${BLUE}" fill-opacity=".22"/>`;
    for (const [curves, colour, thick] of [[none, GREY, 1.5], [made, BLUE, 2.2]]) {
      out += `<path d="${path(curves.line[o], often(curves))}" fill="none" stroke="${colour}" stroke-width="${thick}"/>`;
      out += `<path d="${path(curves.line[o], rarely(curves))}" fill="none" stroke="${colour}" stroke-width="${thick}" stroke-dasharray="2 4"/>`;
    }
    if (setting >= 0) {
      const [mean, from, to] = ["mean", "low_90", "high_90"].map((figure) => lived(setting, o, figure));
      read.forEach((m, k) => {
        if (!Number.isFinite(mean[k])) return;
        out += `<line x1="${x(m)}" x2="${x(m)}" y1="${y(from[k])}" y2="${y(to[k])}" stroke="#D55E00"/><circle cx="${x(m)}" cy="${y(mean[k])}" r="3" fill="#D55E00"/>`;
      });
    }
    if (full) out += `<line x1="${x(state.month)}" x2="${x(state.month)}" y1="${top}" y2="${bottom}" stroke="#1f2933" stroke-dasharray="4 3"/>`;
    return `<svg viewBox="0 0 ${wide} ${tall}" preserveAspectRatio="none" role="img" aria-label="${data.indicators[o][state.language]}">${out}</svg>`;
  }

  // --- the page --------------------------------------------------------------------------------

  const none = emulate(bare);
  let tall = 0;

  function refresh() {
    const began = performance.now(), made = emulate(state.uses), o = place(state.shown);
    $("chart").innerHTML = drawn(made, none, o, tall, 250, true);
    data.indicators.forEach((indicator, k) => {
      const button = $("tabs").children[k];
      button.setAttribute("aria-pressed", indicator.name === state.shown);
      button.innerHTML = `${indicator[state.language]} <b>${number(at(made.line[k], state.month), k)}</b>${drawn(made, none, k, 140, 26, false)}`;
    });
    const said = sentences(made, none), setting = real();
    // Those without measures are runs that the line was fitted to.
    if (setting >= 0) said.push(say(setting ? "lived" : "lived_bare", { count: data.repeats[setting] }));
    $("said").innerHTML = "";
    for (const text of said) $("said").appendChild(document.createElement("li")).textContent = text;
    $("month-value").textContent = state.month;
    $("key").innerHTML = ["alone_line", "line", "band_50", "band_90"].map((name, k) =>
      `<i style="background:${[GREY, BLUE, "rgba(0,114,178,.37)", "rgba(0,114,178,.15)"][k]};${k < 2 ? "height:3px;vertical-align:3px" : ""}"></i>${words()[name]}`).join("") +
      (setting >= 0 ? `<i style="background:#D55E00;width:9px;border-radius:5px"></i>${words().points_lived}` : "");
    data.levers.forEach((lever, k) => {
      const box = $("levers").children[k], use = state.uses[k], [dose, start, end] = box.querySelectorAll("input[type=range]");
      box.classList.toggle("off", use.dose === 0);
      box.querySelector("input[type=checkbox]").checked = use.dose > 0;
      dose.value = use.dose; start.value = use.start; end.value = use.end;
      const shown = [use.dose.toFixed(2), say("from", { n: use.start }), use.end > last ? words().stays : say("until", { n: use.end })];
      box.querySelectorAll("output").forEach((output, j) => { output.textContent = shown[j]; });
      [dose, start, end].forEach((slider, j) => slider.setAttribute("aria-valuetext", shown[j]));
    });
    $("command").textContent = command();
    $("command").parentElement.hidden = !data.command;
    keep();
    window.xiaoquTook = performance.now() - began;
  }

  // As sim/experiments/copied.py writes it: the settings of the page behind those of the question.
  function command() {
    const used = data.levers.map((lever, k) => [lever.label, state.uses[k], lever.others]).filter(([, use]) => use.dose > 0);
    if (!used.length) return data.command + " policy=none";
    const set = used.map(([label, use, others]) => ["dose", "start", "end"].map((key) => ` policy.measures.${label}.${key}=${use[key]}`).concat(others).join(""));
    return `${data.command} "policy=[${used.map(([label]) => label).join(",")}]"${set.join("")}`;
  }

  function slider(box, name, low, high, step, change) {
    const label = box.appendChild(document.createElement("label"));
    label.className = name === "dose" ? "slide long" : "slide";
    label.innerHTML = `<span data-say="${name}"></span><input type="range" min="${low}" max="${high}" step="${step}"><output></output>`;
    label.querySelector("input").addEventListener("input", (event) => { change(Number(event.target.value)); refresh(); });
  }

  function build() {
    data.levers.forEach((lever, k) => {
      const box = $("levers").appendChild(document.createElement("fieldset")), use = () => state.uses[k];
      box.innerHTML = `<legend><label><input type="checkbox"> <span data-lever="${k}"></span></label></legend>`;
      box.querySelector("input").addEventListener("change", (event) => { use().dose = event.target.checked ? Math.min(1, data.dose) : 0; refresh(); });
      slider(box, "dose", 0, data.dose, data.step, (value) => { use().dose = value; });
      slider(box, "start", 1, data.latest, 1, (value) => { use().start = value; use().end = Math.max(use().end, value + 1); });
      slider(box, "end", 2, never, 1, (value) => { use().end = value; use().start = Math.min(use().start, value - 1); });
    });
    data.indicators.forEach((indicator) => {
      const button = $("tabs").appendChild(document.createElement("button"));
      button.addEventListener("click", () => { state.shown = indicator.name; refresh(); });
    });
    $("month").max = last;
    $("month").addEventListener("input", (event) => { state.month = Number(event.target.value); refresh(); });
    $("chart").addEventListener("click", (event) => {
      const box = $("chart").getBoundingClientRect(), part = ((event.clientX - box.left) / box.width * tall - 46) / (tall - 54);
      state.month = whole(String(part * last), 0, last, state.month); tell();
    });
    $("language").addEventListener("click", () => { state.language = state.language === "zh" ? "en" : "zh"; tell(); });
    $("nothing").addEventListener("click", () => { state.uses = copied(bare); refresh(); });
    $("real").addEventListener("click", () => {
      // From a setting of one's own to the first with measures: the one without would look like a reset.
      const next = (Math.max(real(), 0) + 1) % data.lived.length;
      state.uses = data.lived[next].map(([dose, start, end]) => ({ dose: dose, start: start, end: end }));
      refresh();
    });
    $("copy").addEventListener("click", () => {
      const field = document.body.appendChild(document.createElement("textarea"));
      field.value = location.href; field.select(); document.execCommand("copy"); field.remove();
    });
    window.addEventListener("hashchange", () => { if (location.hash !== written()) { restore(location.hash); tell(); } });
    window.addEventListener("resize", tell);
  }

  // Everything that is in words; then the rest.
  function tell() {
    const zh = state.language === "zh";
    tall = Math.max(320, Math.round($("chart").clientWidth));
    document.documentElement.lang = zh ? "zh-CN" : "en";
    document.title = say("title", { place: data.place[state.language] });
    $("title").textContent = document.title;
    $("claim").textContent = words().claim;
    $("language").textContent = zh ? "English" : "中文";
    for (const id of ["nothing", "real", "copy"]) $(id).textContent = words()[id];
    $("month-name").textContent = words().month;
    $("month").value = state.month;
    $("command-name").textContent = words().command;
    $("about").textContent = say("about", data.about);
    document.querySelectorAll("[data-say]").forEach((one) => { one.textContent = words()[one.dataset.say]; });
    document.querySelectorAll("[data-lever]").forEach((one) => { one.textContent = data.levers[one.dataset.lever][state.language]; });
    refresh();
  }

  // What a test asks: curves at any setting, without the page.
  window.xiaoquEmulate = emulate;
  restore(location.hash);
  build();
  $("needs").remove();
  tell();
})();
