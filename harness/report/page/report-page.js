/**
 * The script inside report.html: plots on one time axis, fault bands, zoom, the copy button.
 *
 * It runs in a browser from file://, reads its data from the page, asks nothing of any network and
 * puts text into the page by textContent only.
 */
const outcomes = ['ok', 'fail', 'info'];
const data = JSON.parse(document.getElementById('plot-data').textContent);
const range = { min: 0, max: data.durationS };
const shown = new Set(outcomes);
const plots = [];
const narrow = window.matchMedia('(max-width: 720px)');

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const element = (parent, name, className) => {
  const made = document.createElement(name);
  made.className = className;
  parent.append(made);
  return made;
};
const secondsText = (seconds) => `${Number(seconds.toFixed(3))} s`;
const latencyText = (ms) =>
  ms >= 1000 ? `${Number((ms / 1000).toFixed(2))} s` : `${Number(ms.toPrecision(3))} ms`;
const kindClass = (fault) =>
  `f-${fault.f.replace(/[^a-z-]/g, '')}${fault.tookEffect ? '' : ' no-effect'}`;
const faultText = (fault) =>
  `${fault.f}: ${fault.description} (${secondsText(fault.from)} to ${secondsText(fault.to)})` +
  (fault.tookEffect ? '' : ', took no effect');

/** Left and width in percent of what the plots show now; null when it is out of sight. */
function placeOf({ from, to }) {
  const left = Math.max(from, range.min);
  const right = Math.min(to, range.max);
  if (right < left) return null;
  const scale = 100 / (range.max - range.min);
  return { left: (left - range.min) * scale, width: (right - left) * scale };
}

function place(item, interval) {
  const at = placeOf(interval);
  item.hidden = at === null;
  item.style.display = at === null ? 'none' : '';
  if (at === null) return;
  item.style.left = `${at.left}%`;
  item.style.width = `${at.width}%`;
  item.classList.toggle('narrow', item.parentElement.clientWidth * at.width < 2800);
}

function makeTracks() {
  const box = document.getElementById('tracks');
  const items = [];
  const addTrack = (name, intervals, fill) => {
    const track = element(box, 'div', 'track');
    const label = element(track, 'div', 'track-name');
    label.textContent = name;
    label.title = name;
    const lane = element(track, 'div', 'track-lane');
    for (const interval of intervals) {
      const item = element(lane, interval.href ? 'a' : 'div', 'track-item');
      fill(item, interval);
      items.push({ item, interval });
    }
  };
  if (data.leaders.length > 0) {
    addTrack('leader', data.leaders, (item, { leader, term }) => {
      item.classList.add('leader', ...(leader === null ? ['nobody'] : []));
      item.textContent = leader === null ? 'nobody' : `${leader} · term ${term}`;
      item.title = item.textContent;
    });
  }
  const faults = data.faults.map((fault, index) => ({ ...fault, href: `#fault-${index + 1}` }));
  for (const f of new Set(faults.map((fault) => fault.f))) {
    const ofKind = faults.filter((fault) => fault.f === f);
    addTrack(f, ofKind, (item, fault) => {
      item.className += ` fault ${kindClass(fault)}`;
      item.textContent = fault.description;
      item.title = faultText(fault);
      item.href = fault.href;
    });
  }
  return () => {
    for (const { item, interval } of items) place(item, interval);
  };
}

/** Bands are elements below the canvas: they scale with the page and have a title. */
function makeBands(plot) {
  const bands = data.faults.map((fault) => {
    const band = element(plot.under, 'div', `band ${kindClass(fault)}`);
    band.dataset.fault = fault.f;
    return { band, fault };
  });
  return () => {
    for (const { band, fault } of bands) place(band, fault);
  };
}

function setRange(min, max) {
  range.min = Math.max(0, min);
  range.max = Math.min(data.durationS, max);
  document.getElementById('reset-zoom').hidden = range.min === 0 && range.max === data.durationS;
  for (const plot of plots) plot.setScale('x', { min: range.min, max: range.max });
  for (const update of updates) update();
}

const updates = [];
let settingRange = false;

function baseOptions(height) {
  const stroke = () => colour('muted');
  const grid = { stroke: () => colour('grid'), width: 1 };
  const ticks = { show: false };
  const font = '12px system-ui, sans-serif';
  return {
    width: 600,
    height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'run' },
      y: false,
      points: { show: false },
      drag: { x: true, y: false },
    },
    xAxis: {
      stroke,
      grid,
      ticks,
      font,
      size: 28,
      space: 70,
      values: (_, splits) => splits.map((split) => `${Number(split.toFixed(3))} s`),
    },
    yAxis: { stroke, grid, ticks, font, size: 62 },
    hooks: {
      setScale: [
        (plot, scale) => {
          if (scale !== 'x' || settingRange || plots.length < 2) return;
          const { min, max } = plot.scales.x;
          if (min === range.min && max === range.max) return;
          settingRange = true;
          setRange(min, max);
          settingRange = false;
        },
      ],
    },
  };
}

function latencyRange() {
  const all = outcomes.flatMap((outcome) => data.latency[outcome].y);
  let low = 1;
  let high = 10;
  for (const y of all) {
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))];
}

function drawPoints(plot) {
  const { ctx, bbox } = plot;
  const dpr = window.devicePixelRatio || 1;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const outcome of outcomes) {
    if (!shown.has(outcome)) continue;
    const { x, y } = data.latency[outcome];
    ctx.fillStyle = colour(outcome);
    ctx.strokeStyle = ctx.fillStyle;
    const dense = x.length > 2000;
    const size = (dense ? 1.6 : 2.4) * dpr;
    ctx.globalAlpha = dense ? 0.5 : 0.85;
    ctx.lineWidth = (dense ? 1 : 1.5) * dpr;
    ctx.beginPath();
    for (let index = 0; index < x.length; index++) {
      if (x[index] < range.min || x[index] > range.max) continue;
      const left = plot.valToPos(x[index], 'x', true);
      addShape(ctx, outcome, { left, top: plot.valToPos(y[index], 'y', true), size });
    }
    if (outcome === 'ok') ctx.fill();
    else ctx.stroke();
  }
  ctx.restore();
}

/** ok is a dot, fail a cross, info a triangle: not by colour alone. */
function addShape(ctx, outcome, { left, top, size }) {
  if (outcome === 'ok') {
    ctx.moveTo(left + size * 0.8, top);
    ctx.arc(left, top, size * 0.8, 0, 6.3);
  } else if (outcome === 'fail') {
    ctx.moveTo(left - size, top - size);
    ctx.lineTo(left + size, top + size);
    ctx.moveTo(left - size, top + size);
    ctx.lineTo(left + size, top - size);
  } else {
    ctx.moveTo(left, top - size * 1.2);
    ctx.lineTo(left + size * 1.2, top + size);
    ctx.lineTo(left - size * 1.2, top + size);
    ctx.closePath();
  }
}

/** Of a logarithmic axis the lines at powers of ten: nine between any two are only noise. */
function decadesOnly(_, splits) {
  return splits.map((split) => {
    const exponent = Math.log10(split);
    return Math.abs(exponent - Math.round(exponent)) < 1e-6 ? split : null;
  });
}

function makeLatency() {
  const base = baseOptions(narrow.matches ? 230 : 290);
  const yRange = latencyRange();
  const box = document.getElementById('latency');
  const plot = new uPlot(
    {
      ...base,
      scales: { x: { time: false }, y: { distr: 3, range: () => yRange } },
      series: [{}, { show: true, paths: () => null, points: { show: false } }],
      axes: [
        base.xAxis,
        {
          ...base.yAxis,
          grid: { ...base.yAxis.grid, filter: decadesOnly },
          filter: decadesOnly,
          values: (_, splits) => splits.map((ms) => (ms === null ? '' : latencyText(ms))),
        },
      ],
      hooks: { ...base.hooks, draw: [drawPoints] },
    },
    [
      [0, data.durationS],
      [null, null],
    ],
    box,
  );
  addTip(plot, box, nearestPointText);
  return plot;
}

function nearestPointText(plot, left, top) {
  let best = 144;
  let text = null;
  for (const outcome of outcomes) {
    if (!shown.has(outcome)) continue;
    const { x, y, f, id } = data.latency[outcome];
    for (let index = 0; index < x.length; index++) {
      const dx = plot.valToPos(x[index], 'x') - left;
      if (dx > 12 || dx < -12) continue;
      const dy = plot.valToPos(y[index], 'y') - top;
      const distance = dx * dx + dy * dy;
      if (distance >= best) continue;
      best = distance;
      text =
        `op ${id[index]} · ${data.fs[f[index]]} · ${outcome} · ` +
        `${latencyText(y[index])} · at ${secondsText(x[index])}`;
    }
  }
  return text;
}

function makeRate() {
  const base = baseOptions(narrow.matches ? 150 : 180);
  const { x, bucketS } = data.rate;
  const series = outcomes.map((outcome) => ({
    label: outcome,
    stroke: () => colour(outcome),
    width: 1.75,
    fill: outcome === 'ok' ? () => `${colour('ok')}26` : undefined,
    paths: uPlot.paths.stepped({ align: 1 }),
    points: { show: false },
  }));
  // A step needs an end: the last bucket's value holds until the end of the run.
  const columns = outcomes.map((outcome) => [...data.rate[outcome], data.rate[outcome].at(-1)]);
  const box = document.getElementById('rate');
  const plot = new uPlot(
    {
      ...base,
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
      series: [{}, ...series],
      axes: [base.xAxis, { ...base.yAxis, values: (_, splits) => splits.map((s) => `${s}/s`) }],
    },
    [[...x, data.durationS], ...columns],
    box,
  );
  addTip(plot, box, (_, left) => {
    const bucket = Math.min(Math.floor(plot.posToVal(left, 'x') / bucketS), x.length - 1);
    if (bucket < 0) return null;
    const rates = outcomes.map((outcome) => `${outcome} ${data.rate[outcome][bucket]}/s`);
    return `${secondsText(x[bucket])}: ${rates.join(' · ')}`;
  });
  return plot;
}

function addTip(plot, box, textAt) {
  const tip = element(box, 'div', 'tip');
  tip.hidden = true;
  plot.over.addEventListener('mouseleave', () => {
    tip.hidden = true;
  });
  plot.over.addEventListener('mousemove', (event) => {
    const bounds = plot.over.getBoundingClientRect();
    const left = event.clientX - bounds.left;
    const top = event.clientY - bounds.top;
    const text = textAt(plot, left, top);
    tip.hidden = text === null;
    if (text === null) return;
    tip.textContent = text;
    const boxBounds = box.getBoundingClientRect();
    const x = bounds.left - boxBounds.left + left;
    const flip = x + tip.offsetWidth + 16 > boxBounds.width;
    tip.style.left = `${Math.max(0, flip ? x - tip.offsetWidth - 12 : x + 12)}px`;
    tip.style.top = `${bounds.top - boxBounds.top + top - 34}px`;
  });
}

function fitToWidth() {
  for (const plot of plots) {
    const width = plot.root.parentElement.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
  }
  for (const update of updates) update();
}

function redraw() {
  for (const plot of plots) plot.redraw(false, true);
}

function connectToggles() {
  for (const outcome of outcomes) {
    const toggle = document.getElementById(`toggle-${outcome}`);
    toggle.addEventListener('click', () => {
      if (shown.has(outcome)) shown.delete(outcome);
      else shown.add(outcome);
      toggle.setAttribute('aria-pressed', String(shown.has(outcome)));
      plots[1].setSeries(outcomes.indexOf(outcome) + 1, { show: shown.has(outcome) });
      redraw();
    });
  }
  document.getElementById('reset-zoom').addEventListener('click', () => {
    setRange(0, data.durationS);
  });
}

function connectCopy() {
  const button = document.getElementById('copy-repeat');
  button.hidden = false;
  button.addEventListener('click', async () => {
    const code = document.getElementById('repeat');
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch {
      // No clipboard without permission: then the text is selected for the person to copy.
      getSelection().selectAllChildren(code);
      button.textContent = 'Selected';
    }
  });
}

/** On a narrow screen the operation that fits nowhere would be outside the drawing's window. */
function showStuckOperation() {
  const box = document.querySelector('.lanes-box');
  const stuck = box?.querySelector('.bar.stuck');
  if (!stuck) return;
  const margin = 12;
  box.scrollLeft += Math.max(
    0,
    stuck.getBoundingClientRect().right + margin - box.getBoundingClientRect().right,
  );
}

updates.push(makeTracks());
plots.push(makeLatency(), makeRate());
for (const plot of plots) updates.push(makeBands(plot));
connectToggles();
connectCopy();
showStuckOperation();
setRange(0, data.durationS);
new ResizeObserver(fitToWidth).observe(document.getElementById('latency'));
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
fitToWidth();
document.documentElement.dataset.plots = 'ready';
