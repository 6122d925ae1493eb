// The compound household by household, playable: one canvas, its state also in words and a table.
const PAID = 1, AGGRIEVED = 2, STAGE = 4, VACANT = 63, FIRST = 48;
const COLOURS = { paid: "#56B4E9", unpaid: "#F3D9A4", vacant: "#ffffff", line: "#9aa5b1", mark: "#000000", ring: "#D55E00" };

export default {
  template: `
    <div class="compound-map">
      <div class="map-controls">
        <button type="button" class="map-play" :aria-label="playing ? words.map_pause : words.map_play"
          @click="toggle">{{ playing ? "❚❚ " + words.map_pause : "▶ " + words.map_play }}</button>
        <label class="map-slider">{{ words.map_month }} <b class="map-month">{{ months[frame] }}</b>
          <input type="range" min="0" :max="months.length - 1" step="1" :value="frame"
            :aria-valuetext="said" :aria-label="words.map_month" @input="seek($event.target.value)"></label>
      </div>
      <p class="map-said" :aria-live="playing ? 'off' : 'polite'">{{ said }}</p>
      <canvas ref="canvas" role="img" :aria-label="words.map_alt + '. ' + said" @click="pick"></canvas>
      <ul class="map-legend" aria-hidden="true">
        <li><i style="background:#56B4E9"></i>{{ words.map_paid }}</li>
        <li><i style="background:#F3D9A4"></i>{{ words.map_unpaid }}</li>
        <li><i style="background:#fff"></i>{{ words.map_vacant }}</li>
        <li><i class="dot"></i>{{ words.map_aggrieved }}</li>
        <li><i class="ring"></i>{{ words.map_complaint }}</li>
        <li><i class="cross">×</i>{{ words.map_open }}</li>
      </ul>
      <details><summary>{{ words.map_table }}</summary>
        <div class="wide"><table><thead><tr><th scope="col"></th>
          <th scope="col" v-for="name in heads" :key="name">{{ name }}</th></tr></thead>
          <tbody><tr v-for="(row, k) in counts" :key="k"><th scope="row">{{ buildingName(k) }}</th>
            <td class="n" v-for="(cell, j) in row" :key="j">{{ cell }}</td></tr></tbody></table></div>
      </details>
    </div>`,
  props: { building: Array, stair: Array, floor: Array, months: Array, states: Array, problems: Array, collected: Array, when: Array, words: Object },
  data() { return { frame: 0, playing: false, timer: null }; },
  computed: {
    heads() {
      const w = this.words;
      return [w.map_paid, w.map_unpaid, w.map_vacant, w.map_aggrieved, w.map_complaint, w.map_open, w.map_problems];
    },
    counts() {
      const rows = this.problems[this.frame].map((open) => [0, 0, 0, 0, 0, 0, open]);
      const state = this.states[this.frame];
      for (let i = 0; i < state.length; i++) {
        const row = rows[this.building[i]], code = state.charCodeAt(i) - FIRST;
        if (code === VACANT) { row[2]++; continue; }
        row[code & PAID ? 0 : 1]++;
        if (code & AGGRIEVED) row[3]++;
        const stage = code >> 2;
        // As the indicators count them: who is in open conflict complains too.
        if (stage >= 2) row[4]++;
        if (stage >= 4) row[5]++;
      }
      return rows;
    },
    said() {
      const sum = [0, 1, 2, 3, 4, 5].map((k) => this.counts.reduce((a, row) => a + row[k], 0));
      const values = { month: this.when[this.frame], share: this.collected[this.frame], paid: sum[0], lived: sum[0] + sum[1],
        aggrieved: sum[3], complaint: sum[4], open: sum[5] };
      return this.words.map_say.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    },
    plan() {
      // Households of a stair stand in rows by floor; buildings stand side by side.
      const plan = [], width = [];
      const seen = new Map();
      for (let i = 0; i < this.building.length; i++) {
        const key = this.building[i] + "/" + this.stair[i] + "/" + this.floor[i];
        const place = seen.get(key) || 0;
        seen.set(key, place + 1);
        plan.push([this.building[i], this.stair[i], place, this.floor[i]]);
        const stairs = (width[this.building[i]] = width[this.building[i]] || []);
        stairs[this.stair[i]] = Math.max(stairs[this.stair[i]] || 1, place + 1);
      }
      const floors = this.floor.reduce((a, b) => Math.max(a, b), 1);
      return { plan, width, floors };
    },
  },
  watch: { states() { this.frame = Math.min(this.frame, this.states.length - 1); this.draw(); }, frame() { this.draw(); } },
  mounted() {
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.$el);
    if (document.fonts) document.fonts.ready.then(() => this.draw());
    this.draw();
  },
  unmounted() { this.pause(); this.observer.disconnect(); },
  methods: {
    toggle() { this.playing ? this.pause() : this.play(); },
    play() {
      if (this.frame >= this.months.length - 1) this.frame = 0;
      this.playing = true;
      this.timer = setInterval(() => {
        if (this.frame >= this.months.length - 1) this.pause(); else this.frame++;
      }, 250);
    },
    pause() { this.playing = false; clearInterval(this.timer); },
    seek(value) { this.pause(); this.frame = Number(value); },
    pick(event) {
      const box = this.$refs.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      const row = this.cells.findIndex(([left, top, size]) => x >= left && x < left + size && y >= top && y < top + size);
      if (row >= 0) this.$emit("picked", row);
    },
    buildingName(k) { return this.words.map_building.replace("{n}", k + 1); },
    draw() {
      const canvas = this.$refs.canvas;
      if (!canvas || !this.$el.clientWidth) return;
      const { plan, width, floors } = this.plan, across = this.$el.clientWidth;
      const columns = width.map((stairs) => Array.from(stairs, (n) => n || 1).reduce((a, b) => a + b, 0) + (stairs.length - 1) * 0.6);
      const widest = Math.max(...columns);
      const each = Math.max(1, Math.min(columns.length, across < 600 ? 3 : 6));
      const size = Math.max(3, Math.min(15, Math.floor((across / each - 18) / widest)));
      const wide = size * widest + 18, tall = size * floors + 36;
      const perRow = Math.max(1, Math.floor(across / wide)), rows = Math.ceil(columns.length / perRow);
      const ratio = window.devicePixelRatio || 1;
      canvas.width = across * ratio; canvas.height = rows * tall * ratio;
      canvas.style.width = across + "px"; canvas.style.height = rows * tall + "px";
      const g = canvas.getContext("2d");
      g.scale(ratio, ratio); g.clearRect(0, 0, across, rows * tall);
      g.font = "13px DeskSans, sans-serif"; g.fillStyle = "#1f2933"; g.textBaseline = "top";
      columns.forEach((_, k) => g.fillText(this.buildingName(k), (k % perRow) * wide + 2, Math.floor(k / perRow) * tall + size * floors + 6));
      const offset = width.map((stairs) => { let x = 0; return Array.from(stairs, (n) => { const at = x; x += (n || 1) + 0.6; return at; }); });
      const state = this.states[this.frame];
      this.cells = [];
      for (let i = 0; i < plan.length; i++) {
        const [b, s, place, floor] = plan[i], code = state.charCodeAt(i) - FIRST;
        const x = (b % perRow) * wide + (offset[b][s] + place) * size, y = Math.floor(b / perRow) * tall + (floors - floor) * size;
        const edge = size > 5 ? 1 : 0;
        this.cells.push([x, y, size]);
        g.fillStyle = code === VACANT ? COLOURS.vacant : code & PAID ? COLOURS.paid : COLOURS.unpaid;
        g.fillRect(x, y, size - edge, size - edge);
        if (code === VACANT) { g.strokeStyle = COLOURS.line; g.lineWidth = 0.5; g.strokeRect(x + 0.5, y + 0.5, size - 2, size - 2); continue; }
        const stage = code >> 2;
        if (stage >= 2) { g.strokeStyle = COLOURS.ring; g.lineWidth = 2; g.strokeRect(x + 1, y + 1, size - edge - 2, size - edge - 2); }
        if (stage >= 4) {
          g.strokeStyle = COLOURS.mark; g.lineWidth = 1.5; g.beginPath();
          g.moveTo(x + 2, y + 2); g.lineTo(x + size - 3, y + size - 3); g.moveTo(x + size - 3, y + 2); g.lineTo(x + 2, y + size - 3); g.stroke();
        } else if (code & AGGRIEVED) {
          g.fillStyle = COLOURS.mark; const dot = Math.max(2, size / 4);
          g.fillRect(x + (size - edge - dot) / 2, y + (size - edge - dot) / 2, dot, dot);
        }
      }
    },
  },
};
