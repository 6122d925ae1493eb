// A labelled slider made of the browser's own control: keyboards and screen readers know it.
let made = 0;

export default {
  template: `
    <div class="line">
      <label :for="own">{{ label }}</label>
      <input type="range" :id="own" :min="low" :max="high" :step="step" :value="now" :disabled="disabled" :data-name="name"
        :aria-valuetext="shown" @input="move" @change="$emit('settled', now)">
      <output class="value" :for="own">{{ shown }}</output>
    </div>`,
  props: { label: String, name: String, start: Number, low: Number, high: Number, step: Number, percent: Boolean, disabled: Boolean, marks: Object },
  data() { return { now: this.start, own: "range-" + ++made }; },
  computed: {
    shown() {
      const mark = (this.marks || {})[this.now];
      if (mark) return mark;
      const value = this.percent ? 100 * this.now : this.now;
      return String(Number(value.toFixed(2))) + (this.percent ? "%" : "");
    },
  },
  methods: {
    put(value) { this.now = value; },
    move(event) { this.now = Number(event.target.value); this.$emit("moved", this.now); },
  },
};
