/**
 * The hands of the space-time diagram: what is shown, which time is in view, what is pointed at.
 */
const { spaceTime, spaceTimeDrawing: drawing } = globalThis;
const { data } = spaceTime;
const byId = (id) => document.getElementById(id);
const canvas = byId('diagram');
const overview = byId('overview');
const detail = byId('detail');
const leastUs = 200;
const reachPx = 7;

const view = { fromUs: 0, toUs: data.endUs };
const groups = new Set();
const layers = new Set();
const hiddenLanes = new Set();
let places = null;
let chosen = null;
let isDue = false;

const laneNumber = (name) => (name === 'clients' ? -1 : data.nodes.indexOf(name));
const lanes = () =>
  ['clients', ...data.nodes].filter((name) => !hiddenLanes.has(name)).map(laneNumber);

function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    places = drawing.draw(canvas, { view, lanes: lanes(), groups, layers, chosen });
    document.body.dataset.shown = String(places.shown);
    drawHeads();
    drawOverview();
    const span = spaceTime.lengthText(view.toUs - view.fromUs);
    byId('range').textContent = `${spaceTime.timeText(Math.round(view.fromUs))}, ${span}`;
  });
}

function drawHeads() {
  const box = byId('lanes');
  box.replaceChildren(
    ...lanes().map((lane) => {
      const head = document.createElement('b');
      head.textContent = lane < 0 ? 'clients' : data.nodes[lane];
      head.style.left = `${places.layout.xOf(lane)}px`;
      return head;
    }),
  );
}

/** The whole run: how much was said, the faults, the violation, and what is in view. */
function drawOverview() {
  const { context, width, height } = drawing.prepare(overview);
  const yOf = (us) => (us / data.endUs) * height;
  const bins = new Array(Math.max(1, Math.floor(height / 2))).fill(0);
  for (const { sentUs, group } of spaceTime.messages) {
    if (!groups.has(group)) continue;
    bins[Math.min(bins.length - 1, Math.floor((sentUs / data.endUs) * bins.length))]++;
  }
  const most = Math.max(1, ...bins);
  context.fillStyle = drawing.colour('lane');
  for (const [at, count] of bins.entries()) {
    const length = (count / most) * (width - 8);
    context.fillRect(width - length, at * 2, length, 1.5);
  }
  for (const { f, fromUs, toUs, tookEffect } of data.faults) {
    context.globalAlpha = tookEffect ? 0.8 : 0.3;
    context.fillStyle = drawing.faultColour(f);
    context.fillRect(0, yOf(fromUs), 5, Math.max(2, yOf(toUs) - yOf(fromUs)));
  }
  context.globalAlpha = 0.2;
  context.fillStyle = drawing.colour('accent');
  const top = yOf(view.fromUs);
  context.fillRect(0, top, width, Math.max(3, yOf(view.toUs) - top));
  context.globalAlpha = 1;
  if (data.violationUs === null) return;
  context.fillStyle = drawing.colour('invalid');
  context.fillRect(0, yOf(data.violationUs) - 1, width, 2.5);
}

function show(fromUs, toUs) {
  const span = Math.min(data.endUs, Math.max(leastUs, toUs - fromUs));
  view.fromUs = Math.max(0, Math.min(fromUs, data.endUs - span));
  view.toUs = view.fromUs + span;
  redraw();
}

function zoom(factor, share = 0.5) {
  const span = view.toUs - view.fromUs;
  const at = view.fromUs + span * share;
  const next = Math.min(data.endUs, Math.max(leastUs, span * factor));
  show(at - next * share, at - next * share + next);
}

function move(share) {
  const by = (view.toUs - view.fromUs) * share;
  show(view.fromUs + by, view.toUs + by);
}

const around = (us, beforeUs = 120_000, afterUs = 40_000) => show(us - beforeUs, us + afterUs);

/** The nearest thing: dots before lines, lines before areas, small areas before large ones. */
function thingAt(x, y) {
  if (places === null) return null;
  let best = null;
  let distance = reachPx;
  const consider = (each, away) => {
    if (away >= distance) return;
    best = each;
    distance = away;
  };
  for (const dot of places.dots) consider(dot, Math.hypot(dot.x - x, dot.y - y));
  if (best !== null) return best;
  for (const each of places.lines) consider(each, distanceTo(each, x, y));
  if (best !== null) return best;
  const inside = places.areas.filter(
    ({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom,
  );
  const sizeOf = ({ left, right, top, bottom }) => (right - left) * (bottom - top);
  return inside.sort((one, other) => sizeOf(one) - sizeOf(other))[0] ?? null;
}

function distanceTo({ x1, y1, x2, y2 }, x, y) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1);
  const at = Math.max(0, Math.min(1, share));
  return Math.hypot(x1 + at * dx - x, y1 + at * dy - y);
}

function point(event) {
  const { left, top } = canvas.getBoundingClientRect();
  const thing = thingAt(event.clientX - left, event.clientY - top);
  if (thing?.item === chosen?.item) return;
  chosen = thing;
  if (thing !== null) detail.textContent = spaceTime.wordsOf(thing);
  redraw();
}

function watchPointers() {
  const pointers = new Map();
  let pinch = null;
  const apart = () => {
    const [one, other] = [...pointers.values()];
    return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    pinch = pointers.size === 2 ? apart() : null;
    point(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return point(event);
    pointers.set(event.pointerId, event);
    if (pinch !== null && pointers.size === 2) {
      const now = apart();
      zoom(pinch / Math.max(1, now));
      pinch = now;
    } else move((before.clientY - event.clientY) / canvas.clientHeight);
  });
  const release = (event) => {
    pointers.delete(event.pointerId);
    pinch = null;
  };
  canvas.addEventListener('pointerup', release);
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const share = event.offsetY / canvas.clientHeight;
      if (event.ctrlKey || event.metaKey) zoom(1.0015 ** event.deltaY, share);
      else move(event.deltaY / canvas.clientHeight);
    },
    { passive: false },
  );
  canvas.addEventListener('dblclick', (event) => zoom(0.4, event.offsetY / canvas.clientHeight));
  const jump = (event) => {
    if (event.type === 'pointermove' && event.buttons === 0) return;
    const at = (event.offsetY / overview.clientHeight) * data.endUs;
    const half = (view.toUs - view.fromUs) / 2;
    show(at - half, at + half);
  };
  overview.addEventListener('pointerdown', jump);
  overview.addEventListener('pointermove', jump);
}

function watchKeys() {
  const keys = {
    ArrowDown: () => move(0.2),
    ArrowUp: () => move(-0.2),
    PageDown: () => move(0.9),
    PageUp: () => move(-0.9),
    Home: () => move(-1e9),
    End: () => move(1e9),
    '+': () => zoom(0.6),
    '=': () => zoom(0.6),
    '-': () => zoom(1 / 0.6),
  };
  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

function watchToggle(button, isOn) {
  isOn(button.getAttribute('aria-pressed') === 'true');
  button.addEventListener('click', () => {
    const now = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(now));
    isOn(now);
    chosen = null;
    redraw();
  });
}

function watchTools() {
  const into = (set, name) => (on) => (on ? set.add(name) : set.delete(name));
  for (const button of document.querySelectorAll('.toggle')) {
    const { group, layer, lane } = button.dataset;
    if (group !== undefined) watchToggle(button, into(groups, group));
    if (layer !== undefined) watchToggle(button, into(layers, layer));
    if (lane !== undefined) watchToggle(button, (on) => into(hiddenLanes, lane)(!on));
  }
  byId('zoom-in').addEventListener('click', () => zoom(0.5));
  byId('zoom-out').addEventListener('click', () => zoom(2));
  byId('zoom-all').addEventListener('click', () => show(0, data.endUs));
  const step = (isNext) => {
    const middle = (view.fromUs + view.toUs) / 2;
    const begins = data.faults.map(({ fromUs }) => fromUs);
    const found = isNext
      ? begins.find((at) => at > middle + 1)
      : begins.findLast((at) => at < middle - 1);
    const half = Math.min(view.toUs - view.fromUs, 1e6) / 2;
    if (found !== undefined) show(found - half, found + half);
  };
  byId('next').addEventListener('click', () => step(true));
  byId('previous').addEventListener('click', () => step(false));
}

/** `#violation`, or a moment in seconds: `#12.345`. */
function follow() {
  const word = location.hash.slice(1);
  const seconds = Number(word);
  if (word === 'violation' && data.violationUs !== null) around(data.violationUs);
  else if (word !== '' && Number.isFinite(seconds)) around(seconds * 1e6, 60_000, 60_000);
  else return false;
  return true;
}

/** The first operations: before them there is little more than an election. */
function showBegin() {
  const first = data.operations[0]?.fromUs ?? spaceTime.messages[0]?.sentUs ?? 0;
  show(first - 100_000, first + 200_000);
}

watchTools();
watchPointers();
watchKeys();
window.addEventListener('hashchange', follow);
byId('to-violation')?.addEventListener('click', () => around(data.violationUs));
new ResizeObserver(redraw).observe(canvas);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
if (!follow()) {
  if (data.violationUs === null) showBegin();
  else around(data.violationUs);
}
